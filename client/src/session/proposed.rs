//! A proposal's actions, as the ledger wants them: encoded, without actor, role and seconds, because the proposer acts.

use polity_ledger::actions::{self, Topic};
use polity_proto::v1::{Action, ProposalKind};
use prost::Message;

use crate::{Error, Result};

/// Actions as a proposal carries them, and what sort of proposal the first of them makes. Whether
/// the others fit, and whether anybody may propose them, is the ledger's to say.
pub fn proposed(actions: &[Action]) -> Result<(Vec<Vec<u8>>, ProposalKind)> {
    let first = actions
        .first()
        .and_then(|action| action.kind.as_ref())
        .ok_or_else(|| Error::usage("a proposal has at least one action"))?;
    let sort = match actions::topic(first) {
        Topic::Operation | Topic::Own | Topic::Deciding | Topic::Electing => {
            ProposalKind::Operation
        }
        Topic::Governance | Topic::People | Topic::Network => ProposalKind::Governance,
    };
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
    fn the_first_action_says_what_sort_it_is_and_the_ledger_judges_the_rest() {
        let pay = action(Kind::Transfer(Transfer::default()));
        let step = action(Kind::MoveUnit(MoveUnit::default()));
        let sort = |actions: &[Action]| proposed(actions).map(|(_, sort)| sort).ok();
        assert_eq!(
            sort(&[step.clone(), pay.clone()]),
            Some(ProposalKind::Governance)
        );
        assert_eq!(sort(&[pay, step]), Some(ProposalKind::Operation));
        let leave = action(Kind::Leave(Leave {}));
        assert_eq!(sort(&[leave]), Some(ProposalKind::Operation));
        assert_eq!(sort(&[]), None);
    }
}
