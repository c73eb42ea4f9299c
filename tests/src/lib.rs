//! What the suites share: real processes on real addresses, waited for by what they do; the ledger
//! in memory, told stories and driven at random.

pub mod addresses;
pub mod bench;
pub mod binaries;
pub mod charter;
pub mod checkout;
pub mod cluster;
pub mod damage;
pub mod deep;
pub mod dice;
pub mod engine;
pub mod fuzz;
pub mod http;
pub mod keys;
pub mod leads;
pub mod memory;
pub mod node;
pub mod process;
pub mod scenario;
pub mod simulator;
pub mod terminal;
pub mod traffic;
pub mod wait;
