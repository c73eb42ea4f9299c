//! Decisions of units: the life of a proposal from its opening to its end.
//!
//! A proposal is opened with actions that are judged as they are then (`opening`), answered
//! (`responses`), decided by the mode of its policy (`mode`, one file for each mode) and
//! adopted (`adoption`), or it ends without (`closing`).

pub mod adoption;
mod approve;
pub(crate) mod closing;
mod departments;
pub(crate) mod double_signing;
mod exposure;
pub mod mode;
pub(crate) mod opening;
pub(crate) mod responses;
#[cfg(test)]
mod tests;

/// Most actions of a proposal.
pub const ACTIONS_MAX: usize = 50;
/// Longest wait of a mode, in seconds.
pub const WAIT_MAX: u64 = 366 * 86_400;
