//! What the suites share: real processes on real addresses, waited for by what they do.

pub mod addresses;
pub mod binaries;
pub mod process;
pub mod wait;
