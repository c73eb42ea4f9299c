//! Row 22: what a million accounts cost a payment that ten thousand do not.
//!
//! Two nodes execute and commit the same blocks of payments, whose payees are drawn from all accounts: those of the
//! first node do not fit in the memory that it keeps for what was used lately.

use bytes::Bytes;
use polity_ledger::form;
use polity_proto::v1::{Action, OpenAccount, OwnerKind, OwnerRef, Transfer, action::Kind};

use super::Row;
use super::comparison::{PAIRS, Side, alternate};
use super::figure::{Bound, Figure, Goal};
use super::solo::{Organisation, Solo, store_options};
use super::workload::{MEMBERS, Payments, scattered};
use crate::charter;

pub(super) const ROW: Row = Row {
    number: 22,
    title: "transfers a second among a million accounts ÷ among ten thousand",
    measure,
};

const MANY: u64 = 1_000_000;
const FEW: u64 = 10_000;
/// Accounts opened by a transaction, and transactions of a block in which they are.
const OPENED: u64 = 100;
const OPENINGS: u64 = 20;
const BLOCKS: u64 = 10;
const TRANSACTIONS: u64 = 2_000;

fn measure() -> Vec<Figure> {
    let organisation = Organisation::new();
    let payments = organisation.payments(1);
    let [mut many, mut few] = [MANY, FEW].map(|accounts| {
        let mut solo = Solo::found(&organisation, store_options());
        for first in (0..accounts / OPENED).step_by(OPENINGS as usize) {
            let openings = first..first + OPENINGS;
            solo.commit(
                &openings
                    .map(|number| opening(&payments, number))
                    .collect::<Vec<_>>(),
            );
        }
        println!("  {accounts} accounts are open");
        solo
    });
    let goal = Goal {
        bound: Bound::AtLeast,
        target: 0.75,
        stretch: None,
    };
    let ratios = alternate(
        PAIRS,
        side("a million", &mut many, &payments, MANY),
        side("ten thousand", &mut few, &payments, FEW),
    );
    vec![Figure::new("22", goal, ratios)]
}

fn side<'s>(name: &'s str, solo: &'s mut Solo, payments: &'s Payments, accounts: u64) -> Side<'s> {
    let mut next = MANY;
    let run = move || {
        let numbers = next..next + BLOCKS * TRANSACTIONS;
        next = numbers.end;
        let signed: Vec<Bytes> = numbers
            .map(|number| payment(payments, number, accounts))
            .collect();
        solo.commit_in_blocks(&signed, TRANSACTIONS as usize)
    };
    Side {
        name,
        run: Box::new(run),
    }
}

/// A member opens accounts of their own.
fn opening(payments: &Payments, number: u64) -> Bytes {
    let owner = number as usize % MEMBERS;
    let member = charter::member_number(payments.departments, owner);
    let open = |place: u64| {
        let open = OpenAccount {
            owner: Some(OwnerRef {
                kind: OwnerKind::Member as i32,
                number: form::numbered(member),
            }),
            asset: form::numbered(1),
            handle: format!("account-{number}-{place}"),
            ..OpenAccount::default()
        };
        Action {
            kind: Some(Kind::OpenAccount(open)),
            ..Action::default()
        }
    };
    let actions = (0..OPENED).map(open).collect();
    payments.sign_as(number, member, &charter::member_key(owner), actions)
}

/// A cent from a member's first account to one of those that were opened.
fn payment(payments: &Payments, number: u64, accounts: u64) -> Bytes {
    let payer = scattered(number) as usize % MEMBERS;
    let first = charter::member_account(payments.departments, MEMBERS);
    let drawn = scattered(!number) % accounts;
    // What stays with its owner is no payment.
    let payee = match (drawn / OPENED) as usize % MEMBERS == payer {
        true => (drawn + OPENED) % accounts,
        false => drawn,
    };
    let transfer = Transfer {
        to: form::numbered(first + payee),
        ..payments.cent(payer, payer)
    };
    let action = Action {
        kind: Some(Kind::Transfer(transfer)),
        ..Action::default()
    };
    let member = charter::member_number(payments.departments, payer);
    payments.sign_as(number, member, &charter::member_key(payer), vec![action])
}
