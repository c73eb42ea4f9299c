//! Who stands where in the pool, and whose transactions a block may have spoiled.

use bytes::Bytes;
use polity_engine::application::Recheck;
use polity_ledger::state::{Changes, keys};
use polity_proto::v1::Body;

/// The lane of a transaction: its first signer. Whoever signs beside others uses up their own turn only once.
pub(super) fn lane(body: &Body) -> Bytes {
    body.signers
        .first()
        .map_or_else(Bytes::new, |signer| lane_of(&signer.member.to_be_bytes()))
}

/// What a block's changes may have spoiled: the transactions of members whose keys or standing it changed, and, where
/// the bounds of transactions changed, all.
pub(super) fn spoiled(changes: &Changes) -> Recheck {
    if changes.contains_key(&keys::key(keys::PARAMETERS, &[])) {
        return Recheck::All;
    }
    let members = changes
        .range(vec![keys::MEMBER]..vec![keys::MEMBER + 1])
        .map(|(key, _)| lane_of(&key[1..]));
    Recheck::Lanes(members.collect())
}

fn lane_of(member: &[u8]) -> Bytes {
    Bytes::copy_from_slice(member)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Signer;

    use super::*;

    fn changed(keys: &[Vec<u8>]) -> Recheck {
        spoiled(&keys.iter().map(|key| (key.clone(), None)).collect())
    }

    #[test]
    fn a_block_spoils_the_lanes_of_members_that_it_changed() {
        let body = Body {
            signers: [7, 8]
                .map(|member| Signer {
                    member,
                    ..Signer::default()
                })
                .into(),
            ..Body::default()
        };

        let member = keys::key(keys::MEMBER, &[7]);
        let account = keys::key(keys::ACCOUNT, &[8]);
        let parameters = keys::key(keys::PARAMETERS, &[]);

        assert_eq!(
            changed(&[member, account.clone()]),
            Recheck::Lanes(vec![lane(&body)])
        );
        assert_eq!(
            changed(std::slice::from_ref(&account)),
            Recheck::Lanes(Vec::new())
        );
        assert_eq!(changed(&[account, parameters]), Recheck::All);
    }
}
