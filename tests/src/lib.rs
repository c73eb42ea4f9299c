//! What the suites share: real processes on real addresses, waited for by what they do.

pub mod addresses;
pub mod binaries;
pub mod charter;
pub mod cluster;
pub mod http;
pub mod node;
pub mod process;
pub mod wait;
