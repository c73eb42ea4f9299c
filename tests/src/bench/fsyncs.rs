//! Row 9: how often a commit syncs. Counted, not timed.

use polity_node::store::StoreOptions;

use super::Row;
use super::figure::{Figure, Goal};
use super::solo::{Organisation, Solo, store_options};

pub(super) const ROW: Row = Row {
    number: 9,
    title: "own fsyncs of a commit",
    measure,
};

const BLOCKS: u64 = 100;
const TRANSACTIONS: u64 = 100;

fn measure() -> Vec<Figure> {
    let syncs = syncs_of_each_commit(BLOCKS, TRANSACTIONS);
    println!(
        "  {BLOCKS} commits of {TRANSACTIONS} transfers: {} fsyncs of the log",
        syncs.iter().sum::<u64>()
    );
    let goal = Goal::at_most(1.0);
    let syncs = syncs.into_iter().map(|syncs| syncs as f64);
    vec![Figure::new("9", goal, syncs.collect())]
}

/// For each of some commits, how often the storage library says that it synced its log. Moving memory to files
/// syncs too, but beside commits and not because of one.
fn syncs_of_each_commit(blocks: u64, transactions: u64) -> Vec<u64> {
    let organisation = Organisation::new();
    let counting = StoreOptions {
        statistics: true,
        ..store_options()
    };
    let mut solo = Solo::found(&organisation, counting);
    let payments = organisation.payments(1);
    (0..blocks)
        .map(|block| {
            let signed = payments.sign(block * transactions..(block + 1) * transactions);
            let before = solo.store().counters().log_syncs;
            solo.commit(&signed);
            solo.store().counters().log_syncs - before
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_commit_syncs_once() {
        assert_eq!(super::syncs_of_each_commit(5, 10), [1; 5]);
    }
}
