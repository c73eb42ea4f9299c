//! Row 18: what it costs that almost everybody pays the same account.
//!
//! Two nodes execute and commit blocks of payments. In the first, ninety-nine of a hundred go to one account, whose
//! history grows by as many entries a block; in the second, whoever is paid is drawn from all members.

use bytes::Bytes;

use super::Row;
use super::comparison::{PAIRS, Side, alternate};
use super::figure::{Figure, Goal};
use super::solo::{Organisation, Solo, store_options};
use super::workload::Payments;

pub(super) const ROW: Row = Row {
    number: 18,
    title: "transfers a second where ninety-nine of a hundred pay one account ÷ where everybody is paid alike",
    measure,
};

pub(super) const HOT_PERCENT: usize = 99;
const BLOCKS: u64 = 10;
const TRANSACTIONS: u64 = 2_000;

fn measure() -> Vec<Figure> {
    let organisation = Organisation::new();
    let even = organisation.payments(1);
    let hot = Payments {
        hot_percent: HOT_PERCENT,
        ..even.clone()
    };
    let ratios = alternate(
        PAIRS,
        side("one account", &organisation, &hot),
        side("all alike", &organisation, &even),
    );
    vec![Figure::new("18", Goal::at_least(0.9), ratios)]
}

/// The same payments each time, to a new node.
fn side<'s>(name: &'s str, organisation: &'s Organisation, payments: &Payments) -> Side<'s> {
    let signed: Vec<Bytes> = payments.sign(0..BLOCKS * TRANSACTIONS);
    let run = move || {
        let mut solo = Solo::found(organisation, store_options());
        solo.commit_in_blocks(&signed, TRANSACTIONS as usize)
    };
    Side {
        name,
        run: Box::new(run),
    }
}
