//! Decisions of units: the life of a proposal from its opening to its end.
//!
//! 1. `content` says what a proposal may contain, `governance` what a circle's proposal must say.
//! 2. `judging::judge_actions` judges its actions as they are now: which decision do they need?
//! 3. `opening::open` writes it; `mode::freeze` notes who decides, `timing::begin_version` until when.
//! 4. People answer (`responses::respond`), object (`objections::raise`) or, where it was announced,
//!    escalate (`announce::escalate`). The proposer amends: `versions::next`, and on with 2.
//! 5. After whatever may decide, and when time is over (`settling::fall_due`), `settling::settle`
//!    asks the mode how far it is: `mode::outcome`, with one file for each mode.
//! 6. The unit said yes: `adoption::decide` notes the wait, or at once calls `adoption::execute`,
//!    which does the actions by the authority of the proposal, as a whole or not at all.
//! 7. The unit said no, the proposer withdraws, time or what it is about is over: `closing::close`
//!    gives back what it counted and reserved.
//!
//! `stage` says what may still be done to it on the way.

pub mod adoption;
pub(crate) mod announce;
pub(crate) mod approve;
pub(crate) mod benefit;
pub(crate) mod closing;
mod consent;
pub(crate) mod content;
mod departments;
pub(crate) mod double_signing;
pub mod electorate;
mod exposure;
pub mod facilitation;
pub(crate) mod governance;
pub(crate) mod judging;
pub mod mode;
pub(crate) mod objections;
pub(crate) mod opening;
mod own_hand;
pub(crate) mod passages;
pub(crate) mod responses;
pub(crate) mod settling;
pub(crate) mod stage;
#[cfg(test)]
mod tests;
pub(crate) mod timing;
pub mod versions;
mod vote;

use crate::time::DAY;

/// Most actions of a proposal.
pub const ACTIONS_MAX: usize = 50;
/// Longest wait of a mode, in seconds.
pub const WAIT_MAX: u64 = 366 * DAY;
