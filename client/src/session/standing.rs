//! Why no block takes a transaction, as the proven state tells it: a door's own rules, asked of values under a header.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use polity_ledger::block::check_signers;
use polity_ledger::check::CheckedTransaction;
use polity_ledger::state::keys;
use polity_ledger::state::objects::{Object, object_key};
use polity_ledger::validity::Validity;
use polity_ledger::{Rejection, parameters};
use polity_proto::v1::Member;

use super::Session;
use crate::time::length;
use crate::{Error, Refusal, Result};

impl Session {
    /// The refusal that the newest proven state has for a transaction's size, validity and signers; none where these
    /// are in order. Whether it is consumed is not asked: then it has a receipt.
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
        let now = moment
            .time
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .ok_or_else(|| Error::proof("the header has no time"))?
            .as_secs();

        let judged = Validity::at(&state, now)
            .check(transaction)
            .and_then(|()| check_signers(&state, body));
        Ok(judged.err().map(|rejection| {
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
    use super::*;

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
