//! A proposal's actions, as the ledger wants them: encoded, without actor, role and seconds, because the proposer acts.

use polity_ledger::actions::{self, Topic};
use polity_proto::v1::{Action, ProposalKind};
use prost::Message;

use crate::{Error, Result};

/// Actions as a proposal carries them, and what sort of proposal they make.
pub fn proposed(actions: &[Action]) -> Result<(Vec<Vec<u8>>, ProposalKind)> {
    let mut common = None;
    for action in actions {
        let kind = action
            .kind
            .as_ref()
            .ok_or_else(|| Error::usage("an action says nothing"))?;
        let sort = match actions::topic(kind) {
            Topic::Operation => ProposalKind::Operation,
            Topic::Governance | Topic::People | Topic::Network => ProposalKind::Governance,
            Topic::Own => {
                return Err(Error::usage(
                    "what a person does for themselves cannot be proposed",
                ));
            }
        };
        if *common.get_or_insert(sort) != sort {
            return Err(Error::usage(
                "a proposal is about governance or about operations, not both",
            ));
        }
    }
    let sort = common.ok_or_else(|| Error::usage("a proposal has at least one action"))?;
    let encoded = actions.iter().map(|action| plain(action).encode_to_vec());
    Ok((encoded.collect(), sort))
}

/// An action that a proposal carries.
pub fn proposed_action(encoded: &[u8]) -> Result<Action> {
    Action::decode(encoded)
        .map_err(|error| Error::trouble("the proposal's action is malformed").with_source(error))
}

fn plain(action: &Action) -> Action {
    Action {
        actor: 0,
        acting_role: None,
        seconds: Vec::new(),
        ..action.clone()
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Leave, MoveUnit, Ref, Transfer, action::Kind};

    use super::*;

    fn action(kind: Kind) -> Action {
        Action {
            acting_role: Some(Ref { number: 9, new: 0 }),
            kind: Some(kind),
            ..Action::default()
        }
    }

    #[test]
    fn the_proposer_acts_whatever_role_the_words_named() {
        let pay = action(Kind::Transfer(Transfer::default()));
        let (encoded, sort) = proposed(std::slice::from_ref(&pay)).expect("a proposal");
        assert_eq!(sort, ProposalKind::Operation);
        let read = proposed_action(&encoded[0]).expect("an action");
        assert_eq!(read.acting_role, None);
        assert_eq!(read.kind, pay.kind);
    }

    #[test]
    fn topics_do_not_mix_and_own_acts_are_nobody_elses() {
        let pay = action(Kind::Transfer(Transfer::default()));
        let step = action(Kind::MoveUnit(MoveUnit::default()));
        assert!(proposed(&[pay, step]).is_err());
        assert!(proposed(&[action(Kind::Leave(Leave {}))]).is_err());
        assert!(proposed(&[]).is_err());
    }
}
