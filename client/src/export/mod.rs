//! Books for other programs: what moved in accounts, each movement proven, the sums equal to the balances.
//!
//! - [`books`]: reads and proves them.
//! - [`hledger`]: a journal of plain text accounting.
//! - [`table`]: CSV.

pub mod books;
pub mod hledger;
pub mod table;

#[cfg(test)]
mod testing;
