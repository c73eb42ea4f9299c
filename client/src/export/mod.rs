//! Books for other programs: what moved in accounts, each movement proven, the sums equal to the balances.
//!
//! [`books`] reads and proves them; [`hledger`] writes a journal of plain text accounting, and [`mod@table`] CSV.

pub mod books;
pub mod hledger;
pub mod table;

#[cfg(test)]
mod testing;
