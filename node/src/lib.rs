//! The node: storage, queries, gateway and configuration around the pure ledger.

use tikv_jemallocator::Jemalloc;

/// Of every program that holds a ledger: `polityd`, and what measures it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

pub mod app;
#[cfg(test)]
mod auditors_guide;
pub mod backend;
mod buckets;
pub mod charter;
pub mod commands;
pub mod config;
pub mod continuation;
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
pub mod query;
pub mod serve;
pub mod store;
pub mod verify;
