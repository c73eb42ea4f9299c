//! What a circle decides about itself: the form of a proposal, and what it may contain.

use polity_proto::v1::{Action, ProposalKind, Unit, UnitKind};

use super::content::actions_of;
use crate::Rejection;
use crate::actions::{self, Topic};
use crate::context::Context;
use crate::judge::self_government;

/// What a proposer says beside the actions.
pub(crate) struct Words<'a> {
    /// What they sense.
    pub(crate) tension: &'a str,
    /// A situation that shows it.
    pub(crate) example: &'a str,
    /// How the proposal would have reduced it.
    pub(crate) explanation: &'a str,
}

/// Checks a proposal in a circle. Elsewhere, and for what the departments decide, nothing is asked.
///
/// Holacracy Constitution 5.0, 5.3.1: the proposer describes a tension, gives an example, and
/// explains how the proposal would have reduced it. 5.2: roles, policies, moves of roles and
/// elections are the only outputs. We read a grant and a duty rule as policies (5.2.1), and a unit
/// in a circle as a role that is a circle inside (1.3.1). Of a root that nobody governs, the departments say who does.
pub(crate) fn check(
    context: &Context<'_, '_>,
    unit: &Unit,
    kind: ProposalKind,
    words: &Words<'_>,
    encoded: &[Vec<u8>],
) -> Result<(), Rejection> {
    let is_asked = unit.kind() == UnitKind::Circle
        && kind == ProposalKind::Governance
        && !self_government::is_root_without_governors(context, unit.number, context.now());
    if !is_asked {
        return Ok(());
    }
    let actions = actions_of(encoded)?;
    if actions
        .iter()
        .all(|action| is_about(action, Topic::Network))
    {
        return Ok(());
    }
    if !actions
        .iter()
        .all(|action| is_about(action, Topic::Governance))
    {
        return Err(Rejection::NotGovernanceOutput);
    }
    let said = [words.tension, words.example, words.explanation];
    Rejection::TensionMissing.when(said.iter().any(|words| words.trim().is_empty()))
}

fn is_about(action: &Action, topic: Topic) -> bool {
    action.kind.as_ref().map(actions::topic) == Some(topic)
}
