//! Row 21: the newest fifty entries of an account that almost everybody pays, with what proves them, when it has few
//! entries and when it has many.

use std::time::{Duration, Instant};

use polity_proto::v1::{HistoryAnswer, HistoryRequest, ObjectKind};
use prost::Message as _;

use super::Row;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::hot::HOT_PERCENT;
use super::solo::{Organisation, Solo, store_options};
use super::workload::Payments;
use crate::{charter, deep};

pub(super) const ROW: Row = Row {
    number: 21,
    title: "time of the newest fifty entries of an account, proven, after 400,000 transactions, or ten million ÷ after 10,000",
    measure,
};

const FEW: u64 = 10_000;
const MANY: u64 = 400_000;
const MANY_DEEP: u64 = 10_000_000;
/// Transactions of a block.
const BLOCK: u64 = 2_000;
const ENTRIES: u32 = 50;
const QUESTIONS: usize = 2_000;

fn measure() -> Vec<Figure> {
    let organisation = Organisation::new();
    let payments = Payments {
        hot_percent: HOT_PERCENT,
        ..organisation.payments(1)
    };
    let account = charter::member_account(payments.departments, 0);
    let transactions = deep::number("POLITY_BENCH_TRANSACTIONS", MANY, MANY_DEEP);
    let [few, many] = [FEW, transactions].map(|transactions| {
        let mut solo = Solo::found(&organisation, store_options());
        pay(&mut solo, &payments, transactions);
        solo
    });
    let ratios = (0..PAIRS).map(|_| {
        let few = look(&few, account);
        look(&many, account) / few
    });
    vec![Figure::new("21", Goal::at_most(1.5), ratios.collect())]
}

fn pay(solo: &mut Solo, payments: &Payments, transactions: u64) {
    for block in 0..transactions / BLOCK {
        solo.commit(&payments.sign(block * BLOCK..(block + 1) * BLOCK));
    }
}

/// Microseconds within which ninety-nine of a hundred questions were answered.
fn look(solo: &Solo, account: u64) -> f64 {
    let request = HistoryRequest {
        kind: ObjectKind::Account as i32,
        number: account,
        limit: ENTRIES,
        newest: true,
        ..HistoryRequest::default()
    };
    let mut times: Vec<Duration> = (0..QUESTIONS)
        .map(|_| {
            let started = Instant::now();
            let answer = solo.ask("/history", request.encode_to_vec());
            let took = started.elapsed();
            let answer = HistoryAnswer::decode(answer).expect("an answer is of the form");
            assert_eq!(answer.entries.len(), ENTRIES as usize);
            took
        })
        .collect();
    times.sort_unstable();
    let slow = times[times.len() * 99 / 100].as_secs_f64() * 1e6;
    let (height, _) = solo.newest();
    println!("  height {height}: 99 of 100 answers within {slow:.0} µs");
    slow
}
