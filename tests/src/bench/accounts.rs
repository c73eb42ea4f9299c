//! Row 22: what a million accounts cost a payment that ten thousand do not.
//!
//! Two nodes execute and commit the same blocks of payments, whose payees are drawn from all accounts: those of the
//! first node do not fit in the memory that it keeps for what was used lately. The deep form opens ten million.

use super::Row;
use super::comparison::{PAIRS, Side, alternate};
use super::crowd::Crowd;
use super::figure::{Figure, Goal};
use super::solo::{Solo, store_options};
use crate::deep;

pub(super) const ROW: Row = Row {
    number: 22,
    title: "transfers a second among a million accounts, or ten ÷ among ten thousand",
    measure,
};

const MANY: u64 = 1_000_000;
const MANY_DEEP: u64 = 10_000_000;
const FEW: u64 = 10_000;
const BLOCKS: u64 = 10;
const TRANSACTIONS: u64 = 2_000;

fn measure() -> Vec<Figure> {
    let crowd = Crowd::new();
    let accounts = deep::number("POLITY_BENCH_ACCOUNTS", MANY, MANY_DEEP);
    let [mut many, mut few] = [accounts, FEW].map(|accounts| {
        let mut solo = Solo::found(&crowd.organisation, store_options());
        crowd.open(&mut solo, accounts);
        solo
    });
    let goal = Goal::at_least(0.75);
    let ratios = alternate(
        PAIRS,
        side("many", &mut many, &crowd, accounts),
        side("few", &mut few, &crowd, FEW),
    );
    vec![Figure::new("22", goal, ratios)]
}

fn side<'s>(name: &'s str, solo: &'s mut Solo, crowd: &'s Crowd, accounts: u64) -> Side<'s> {
    let mut next = 0;
    let run = move || {
        let numbers = next..next + BLOCKS * TRANSACTIONS;
        next = numbers.end;
        let signed = crowd.payments(numbers, accounts);
        solo.commit_in_blocks(&signed, TRANSACTIONS as usize)
    };
    Side {
        name,
        run: Box::new(run),
    }
}
