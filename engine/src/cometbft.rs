//! Running CometBFT for a department.

pub mod app_state;
