//! Questions to the judge: what would happen, and who could. The answers come from the code that
//! judges blocks; nothing here decides anything, and nothing that is done stays.

mod facts;
mod inbox;
mod outlook;
mod verdict;
mod wanted;
mod who_can;

use polity_proto::v1::{self, Action, Body, Receipt, SimulateAnswer};

use crate::context::{Block, Context};
use crate::state::{Overlay, Read};
use crate::{Rejection, actions, block};

pub use facts::{PEOPLE_MAX, length};
pub use inbox::inbox;
pub use outlook::outlook;
pub use verdict::mode_name;
pub use who_can::{MEMBERS_MAX, who_can};

/// Whether whoever asked still waits. A question that nobody waits for any more ends at its next action, without an answer.
pub type Waits<'w> = &'w dyn Fn() -> bool;

/// Whether a member may do an action, and if not, what it would take.
///
/// Judged in the action's acting role or, with `any_role`, in the best of all that the member
/// holds. Whoever would have to sign beside the member is left out.
pub fn can(
    state: &dyn Read,
    block: Block,
    member: u64,
    action: &Action,
    any_role: bool,
    waits: Waits<'_>,
) -> Option<v1::Verdict> {
    if any_role {
        return verdict::in_best_role(state, block, member, action, waits);
    }
    let role = action
        .acting_role
        .as_ref()
        .map_or(0, |reference| reference.number);
    let actor = crate::judge::Actor { member, role };
    Some(verdict::of(state, block, actor, action))
}

/// What a body would do on this state, signatures aside: the receipt, and a verdict for each
/// action up to the first that is refused. The height is the caller's to fill in.
pub fn simulate(
    state: &dyn Read,
    block: Block,
    body: &Body,
    waits: Waits<'_>,
) -> Option<SimulateAnswer> {
    let receipt = block::simulate(state, block, body);
    let rejection = Rejection::from_code(receipt.code);
    let mut answer = SimulateAnswer {
        rejection: rejection.map_or_else(String::new, |rejection| rejection.name().into()),
        ..SimulateAnswer::default()
    };
    if block::check_signers(state, body).is_ok() {
        explain(state, block, body, &receipt, waits, &mut answer)?;
    }
    answer.receipt = Some(receipt);
    Some(answer)
}

fn explain(
    state: &dyn Read,
    block: Block,
    body: &Body,
    receipt: &Receipt,
    waits: Waits<'_>,
    answer: &mut SimulateAnswer,
) -> Option<()> {
    let mut overlay = Overlay::new(state);
    let mut context = Context::signed(&mut overlay, block, 0, &body.signers);
    for (index, action) in body.actions.iter().enumerate() {
        if !waits() {
            return None;
        }
        let verdict = verdict::assess(&mut context, index as u32, action);
        let failed = receipt.code != 0 && receipt.failed_action as usize == index;
        if failed {
            answer.facts.clone_from(&verdict.facts);
        }
        answer.verdicts.push(verdict);
        if failed || actions::run(&mut context, index as u32, action).is_err() {
            break;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
