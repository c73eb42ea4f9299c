//! The node: storage, queries, gateway and configuration around the pure ledger.

pub mod commands;
pub mod config;
pub mod crash_point;
pub mod fault;
pub mod gateway;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod store;
