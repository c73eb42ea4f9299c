//! Figures: what is promised about speed and size, each measured as the ratio of two things in one run.
//!
//! A row of the table of goals is one file here, with a function that measures it and answers its
//! [`Figure`]s. `scripts/bench` runs rows by number; `docs/performance.md` keeps what they found.

mod accounts;
mod audited;
mod bare;
mod catching_up;
mod comet_network;
mod cometbft;
mod comparison;
mod cosmos;
mod cpu;
mod crowd;
mod doors;
mod embedded;
mod figure;
mod fsyncs;
mod generator;
mod heights;
mod hot;
mod idle;
mod junk;
mod localnet;
mod network;
mod newest;
mod postgres;
mod proven;
mod replay;
mod restart;
mod root;
mod size;
mod solo;
mod start;
mod tigerbeetle;
mod timers;
mod validators;
mod verifications;
mod workload;

pub use figure::Figure;

/// A row: its number, what it compares, how it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The number by which people speak of it; numbers are never given again.
    pub number: u32,
    /// One line for people.
    pub title: &'static str,
    /// Measures it, saying on standard output what it does. No figure comes where that to which it is compared is not on
    /// this machine.
    pub measure: fn() -> Vec<Figure>,
}

/// Every row that there is, in order.
pub const ROWS: &[Row] = &[
    replay::ROW,
    cometbft::ROW,
    audited::SINGLE,
    audited::BATCHED,
    audited::UNSIGNED,
    cosmos::ROW,
    root::ROW,
    verifications::ROW,
    fsyncs::ROW,
    size::ROW,
    proven::ROW,
    restart::ROW,
    embedded::ROW,
    timers::ROW,
    idle::ROW,
    start::ROW,
    catching_up::ROW,
    hot::ROW,
    validators::ROW,
    heights::ROW,
    newest::ROW,
    accounts::ROW,
    junk::ROW,
];
