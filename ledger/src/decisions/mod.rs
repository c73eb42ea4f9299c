//! Decisions of units: the life of a proposal from its opening to its end.
//!
//! A proposal is opened with actions that are judged as they are then (`opening`), answered
//! (`responses`), objected to (`objections`), amended (`versions`), decided by the mode of its
//! policy (`mode`, one file for each mode) when somebody acts or time is over (`settling`,
//! `timing`), and adopted (`adoption`), or it ends without (`closing`).

pub mod adoption;
pub(crate) mod announce;
pub(crate) mod approve;
pub(crate) mod benefit;
pub(crate) mod closing;
mod consent;
mod departments;
pub(crate) mod double_signing;
pub mod electorate;
mod exposure;
pub mod facilitation;
pub(crate) mod governance;
pub mod mode;
pub(crate) mod objections;
pub(crate) mod opening;
pub(crate) mod passages;
pub(crate) mod responses;
pub(crate) mod settling;
#[cfg(test)]
mod tests;
pub(crate) mod timing;
pub mod versions;
mod vote;

/// Most actions of a proposal.
pub const ACTIONS_MAX: usize = 50;
/// Longest wait of a mode, in seconds.
pub const WAIT_MAX: u64 = 366 * 86_400;
