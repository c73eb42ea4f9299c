//! Row 10: what an audited transfer leaves on the disk, against PostgreSQL with an audit trigger.
//!
//! Ours are the signed transaction, the receipt, both accounts as of every height, their histories and what proves
//! them; PostgreSQL's are the transfer, and both accounts before and after. Both are measured in their smallest
//! form and without their logs, which both keep bounded.

use super::Row;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::postgres::Postgres;
use super::solo::{Organisation, Solo, store_options};
use super::workload::MEMBERS;

pub(super) const ROW: Row = Row {
    number: 10,
    title: "bytes on disk of an audited transfer ÷ PostgreSQL's with an audit trigger",
    measure,
};

/// Transfers between two looks at the disk.
const TRANSFERS: u64 = 20_000;
const BLOCK: usize = 1_000;

fn measure() -> Vec<Figure> {
    let goal = |target, stretch| Goal::at_most(target).with_stretch(stretch);
    let single = ratios("single", 1);
    let batched = ratios("in batches of 100", 100);
    vec![
        Figure::new("10a", goal(0.8, 0.5), single),
        Figure::new("10b", goal(0.3, 0.15), batched),
    ]
}

fn ratios(name: &str, per_transaction: u64) -> Vec<f64> {
    let organisation = Organisation::new();
    let payments = organisation.payments(per_transaction as usize);
    let mut solo = Solo::found(&organisation, store_options());
    let postgres = Postgres::start(MEMBERS);
    let mut before = (bytes(&solo), postgres.bytes());
    let transactions = TRANSFERS / per_transaction;
    let growth = |pair: u64| {
        let signed = payments.sign(pair * transactions..(pair + 1) * transactions);
        signed
            .chunks(BLOCK / per_transaction as usize)
            .for_each(|block| solo.commit(block));
        let transferred = postgres.transfer(TRANSFERS, per_transaction);
        let after = (bytes(&solo), postgres.bytes());
        let ours = (after.0 - before.0) as f64 / TRANSFERS as f64;
        let theirs = (after.1 - before.1) as f64 / transferred.count as f64;
        before = after;
        println!(
            "  {name}: polity {ours:.0} bytes, PostgreSQL {theirs:.0} · ratio {:.2}",
            ours / theirs
        );
        ours / theirs
    };
    (0..PAIRS as u64).map(growth).collect()
}

fn bytes(solo: &Solo) -> u64 {
    solo.store().compact().expect("the store is compacted");
    solo.store()
        .file_bytes()
        .expect("the store knows its files")
}
