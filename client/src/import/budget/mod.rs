//! A finance team's own table of budgets: one row a unit, a period and an amount.
//!
//! For each row the unit gets an account of its own, such as `fy2012`, a budget line of the same amount, and that
//! amount as an allocation, all three in one transaction. So a row is on the chain whole or not at all, and cannot come
//! there twice: the account's handle would be taken. A unit below another is funded from that one's account.

mod actions;
mod chain;
pub mod mapping;
pub mod plan;
mod rehearsal;
pub mod run;
pub mod table;
mod transactions;
pub mod verify;

pub use actions::CONFERRED;
