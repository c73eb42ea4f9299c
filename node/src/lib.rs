//! The node: storage, queries, gateway and configuration around the pure ledger.
//!
//! | modules | what they are |
//! |---|---|
//! | [`commands`], [`config`], [`serve`] | the program `polityd`: its command line, its settings, a running node |
//! | [`app`] | the ledger behind the trait that every engine drives: the door, proposals, execution, commit |
//! | [`store`], [`verify`], [`home_backup`] | RocksDB and what is written to it, computing all of it again, backups |
//! | [`query`], [`backend`], [`gateway`] | questions to the committed state, and how members ask them |
//! | [`charter`], [`genesis_file`], [`keys`], [`member_key`] | founding an organisation |
//! | [`continuation`] | a chain that goes on as another one |
//! | [`fault`], [`logs`], [`metrics`] | what stops the process, and what it says and counts |
//! | [`crash_point`], [`death`] | dying on purpose, in tests |

use tikv_jemallocator::Jemalloc;

/// Of every program that holds a ledger: `polityd`, and what measures it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

pub mod app;
#[cfg(test)]
mod auditors_guide;
pub mod backend;
mod bounded_file;
mod buckets;
pub mod charter;
pub mod commands;
pub mod config;
pub mod continuation;
mod cores;
pub mod crash_point;
pub mod death;
pub mod fault;
pub mod gateway;
pub mod genesis_file;
pub mod home_backup;
pub mod keys;
pub mod logs;
pub mod member_key;
pub mod metrics;
mod open_files;
pub mod query;
pub mod serve;
pub mod store;
pub mod verify;
mod whole_file;
