//! What a proposal may contain: actions of one sort, in their one form, and none about proposals.

use polity_proto::v1::{Action, ProposalKind};
use prost::Message;

use super::ACTIONS_MAX;
use crate::Rejection;
use crate::actions::{self, Topic};

/// Checks what the bytes of a proposal's actions alone can tell.
pub(crate) fn check_form(encoded: &[Vec<u8>]) -> Result<(), Rejection> {
    if encoded.is_empty() || encoded.len() > ACTIONS_MAX {
        return Err(Rejection::ProposalEmpty);
    }
    for bytes in encoded {
        let action = Action::decode(bytes.as_slice()).map_err(|_| Rejection::Malformed)?;
        if action.encode_to_vec() != *bytes {
            return Err(Rejection::NotCanonical);
        }
        // Bytes could nest without end; so this is no matter of a block.
        if decides(&action) {
            return Err(Rejection::ProposalNested);
        }
        actions::check_form(&action, 1)?;
    }
    Ok(())
}

/// Checks what a proposal of this kind may contain. Judged in the block, so that the attempt to
/// decide what is not to be decided is recorded.
pub(crate) fn check_content(actions: &[Action], kind: ProposalKind) -> Result<(), Rejection> {
    let mut common = None;
    for action in actions {
        // The proposer acts, in the role in which the proposal was opened.
        let plain = action.actor == 0 && action.acting_role.is_none() && action.seconds.is_empty();
        let topic = action.kind.as_ref().map(actions::topic);
        if !plain || topic.is_some_and(|topic| !topic.is_proposable()) {
            return Err(Rejection::ActionNotProposable);
        }
        let sort = topic.and_then(sort_of);
        if *common.get_or_insert(sort) != sort || !fits(kind, topic) {
            return Err(Rejection::ProposalKindWrong);
        }
    }
    Ok(())
}

/// Operations carry value actions, governance never does.
fn fits(kind: ProposalKind, topic: Option<Topic>) -> bool {
    match kind {
        ProposalKind::None => false,
        ProposalKind::Governance => {
            matches!(
                topic,
                Some(Topic::Governance | Topic::People | Topic::Network)
            )
        }
        ProposalKind::Operation => matches!(topic, Some(Topic::Operation)),
    }
}

/// The sorts of proposals by their names.
pub(crate) const SORTS: [(&str, Topic); 3] = [
    ("governance", Topic::Governance),
    ("operation", Topic::Operation),
    ("network", Topic::Network),
];

/// Topics that can stand in one proposal have one sort; a person's own act has none.
pub(crate) fn sort_of(topic: Topic) -> Option<Topic> {
    match topic {
        Topic::Own | Topic::Deciding | Topic::Electing => None,
        Topic::Governance | Topic::People => Some(Topic::Governance),
        Topic::Operation => Some(Topic::Operation),
        Topic::Network => Some(Topic::Network),
    }
}

/// Whether it decides or elects: a proposal holds actions that are something else.
fn decides(action: &Action) -> bool {
    let topic = action.kind.as_ref().map(actions::topic);
    matches!(topic, Some(Topic::Deciding | Topic::Electing))
}

/// The actions of a proposal whose form was checked.
pub(crate) fn actions_of(encoded: &[Vec<u8>]) -> Result<Vec<Action>, Rejection> {
    encoded
        .iter()
        .map(|bytes| Action::decode(bytes.as_slice()).map_err(|_| Rejection::Malformed))
        .collect()
}
