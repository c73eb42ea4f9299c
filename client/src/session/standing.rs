//! Why no block takes a transaction, as the proven state tells it: a door's own rules, asked of values under a header.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use polity_ledger::block::check_signers;
use polity_ledger::check::CheckedTransaction;
use polity_ledger::state::keys;
use polity_ledger::state::objects::{Object, object_key};
use polity_ledger::validity::Validity;
use polity_ledger::{Rejection, parameters};
use polity_proto::v1::{Member, Signer};

use super::{FRESH, Session};
use crate::time::length;
use crate::{Error, Refusal, Result};

impl Session {
    /// The refusal that the newest proven state has for a transaction's size, validity and signers; none where these
    /// are in order, or where the state is old: it may be kept back what came since, and all that the past says of now is
    /// that a time is over. Whether it is consumed is not asked: then it has a receipt.
    pub(super) async fn refusal_by_state(
        &self,
        transaction: &CheckedTransaction,
    ) -> Result<Option<Refusal>> {
        let body = transaction.body();
        let members = body.signers.iter().map(|signer| signer.member);
        let mut wanted = vec![keys::key(keys::PARAMETERS, &[])];
        wanted.extend(members.map(|member| object_key(Member::PREFIX, member)));
        let (values, moment) = self.read(&wanted).await?;
        let state: BTreeMap<_, _> = std::iter::zip(wanted, values)
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        let time = moment
            .time
            .ok_or_else(|| Error::proof("the header has no time"))?;
        let is_fresh = time + FRESH >= self.light().now();
        let now = time
            .duration_since(UNIX_EPOCH)
            .map_err(|error| Error::proof("a block is before 1970").with_source(error))?
            .as_secs();

        let judged = Validity::at(&state, now)
            .check(transaction)
            .and_then(|()| check_signers(&state, body));
        let certain = judged
            .err()
            .filter(|rejection| is_fresh || *rejection == Rejection::Expired);
        Ok(certain.map(|rejection| {
            let proven = format!(
                "by the state of height {}; no node shows that an earlier block has it",
                moment.height
            );
            let recorded = "by no block that a node shows".to_owned();
            let mut facts = vec![("recorded".into(), recorded), ("proven".into(), proven)];
            if rejection == Rejection::ValidTooLong {
                let bound = parameters::get(&state).validity_max;
                facts.push(("validity_max".into(), length(bound)));
            }
            let clock = clock_behind(rejection, body.valid_until, now);
            facts.extend(clock.map(|words| ("clock".into(), words)));
            Refusal {
                code: rejection.code(),
                log: rejection.to_string(),
                facts,
            }
        }))
    }
}

impl Session {
    /// Whether a draft's signer is a member with this key: whoever makes a draft can name any key beside any member.
    pub async fn is_enrolled(&self, signer: &Signer) -> Result<bool> {
        let member: Option<Member> = self.get(signer.member).await?;
        let keys = member.unwrap_or_default().keys;
        let mut active = keys.iter().filter(|key| key.revoked_at == 0);
        Ok(active.any(|key| key.public == signer.key))
    }
}

/// That a transaction is over by the chain's time and not by this machine's, which is behind.
fn clock_behind(rejection: Rejection, valid_until: u64, now: u64) -> Option<String> {
    let here = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if rejection != Rejection::Expired || here > valid_until {
        return None;
    }
    let behind = now.checked_sub(here)?;
    Some(format!(
        "this machine's is at least {} behind that of the network",
        length(behind)
    ))
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Key;

    use super::*;
    use crate::made::Made;
    use crate::recorded::Node;

    #[tokio::test]
    async fn a_key_that_somebody_wrote_beside_a_name_is_not_that_members() {
        let key = |byte: u8, revoked_at| Key {
            public: vec![byte; 32],
            revoked_at,
            ..Key::default()
        };
        let mut chain = Made::founded();
        chain.put(&Member {
            number: 3,
            keys: vec![key(7, 0), key(8, 5)],
            ..Member::default()
        });
        let chain = chain.block().block().clone().signed();
        let answering = chain.clone();
        let node =
            Node::start(move |method, params| answering.answer(method, params).to_string().into());
        let session = chain.session([node.await.url.clone()]);
        for (member, key, is_theirs) in [(3, 7, true), (3, 8, false), (3, 9, false), (4, 7, false)]
        {
            let signer = Signer {
                member,
                key: vec![key; 32],
            };
            let found = session.is_enrolled(&signer).await.expect("proven");
            assert_eq!(found, is_theirs, "m{member} {key}");
        }
    }

    #[test]
    fn whoever_is_behind_the_network_is_told_so_where_that_is_why_it_is_over() {
        let here = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let (ended, ends, ahead) = (here - 5, here + 600, here + 7_200);
        let told = clock_behind(Rejection::Expired, ends, ahead).expect("behind");
        assert!(told.contains("behind that of the network"), "{told}");
        assert_eq!(clock_behind(Rejection::KeyUnknown, ends, ahead), None);
        assert_eq!(clock_behind(Rejection::Expired, ends, here - 60), None);
        // It is over by both clocks, so that theirs need not agree.
        assert_eq!(clock_behind(Rejection::Expired, ended, ahead), None);
    }
}
