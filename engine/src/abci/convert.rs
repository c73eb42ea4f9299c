//! Translates between the messages of ABCI and our own types.
//!
//! What comes in is checked here (heights and powers are not negative, times are times), so the application never
//! sees a value out of its bounds. What goes out can be out of ABCI's bounds only by a fault of the application.

mod answers;
mod requests;

use super::frame::FrameError;

pub(super) use answers::{
    check_answer, commit_answer, finalize_block_answer, info_answer, init_chain_answer,
    process_proposal_answer, query_answer,
};
pub(super) use requests::{
    check, finalize_block, init_chain, prepare_proposal, process_proposal, query,
};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A request whose fields cannot be what they claim.
type Incoming<T> = Result<T, FrameError>;
