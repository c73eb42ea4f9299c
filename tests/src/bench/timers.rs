//! Row 14: what ten thousand timers that fall due at once do to the time of a block.
//!
//! Two nodes execute and commit the same payments. In the first, a unit has a thousand open proposals, whose time to
//! object ends when nine thousand holds expire too; in the second, nothing ever falls due. A block runs a bounded
//! number of timers, and the rest wait for the next: so the blocks that follow take longer, each by no more than that.

use std::cell::RefCell;

use bytes::Bytes;
use polity_ledger::form;
use polity_ledger::state::keys;
use polity_ledger::timer::TIMERS_MAX;
use polity_proto::v1::{
    Action, CreateRole, ModeKind, OpenProposal, PlaceHold, ProposalKind, action::Kind,
};
use prost::Message as _;

use super::Row;
use super::comparison::{Sample, Side, alternate};
use super::figure::{Figure, Goal};
use super::solo::{FOUNDED_AT, Organisation, Solo, store_options};
use super::workload::{MEMBERS, Payments};
use crate::charter;

pub(super) const ROW: Row = Row {
    number: 14,
    title: "time of a block of payments while ten thousand timers are due, a thousand of them open proposals ÷ while none is",
    measure,
};

const PROPOSALS: u64 = 1_000;
const HOLDS: u64 = 9_000;
/// Payments of a block.
const BLOCK: u64 = 2_000;
/// What is due is over after so many blocks.
const BLOCKS: usize = (PROPOSALS + HOLDS) as usize / TIMERS_MAX;
/// From opening the proposals until everything falls due: seconds.
const WAIT: u64 = 600;
/// As many as end in one minute, beside the proposals: more are refused.
const HELD_AT_ONCE: u64 = 1_000;

const POLICY: &str = "
[[policies]]
unit = \"root/department-0\"
capability = \"govern\"
[[policies.tiers]]
by = \"role holders\"
mode = { kind = \"consent\", deadline = \"600s\" }
";

fn measure() -> Vec<Figure> {
    let organisation = Organisation::with(&format!("{POLICY}{}", charter::colleague(0)));
    let payments = organisation.payments(1);
    let mut waiting = Solo::found(&organisation, store_options());
    let calm = RefCell::new(Solo::found(&organisation, store_options()));
    let due = FOUNDED_AT + 1 + WAIT;
    waiting.commit(&proposals(&payments));
    // A minute after the other; the first block that is measured comes when the last is over.
    for (minute, first) in (1..).zip((0..HOLDS).step_by(HELD_AT_ONCE as usize)) {
        let ends = due - 30 * minute;
        waiting.commit(&holds(&payments, first..first + HELD_AT_ONCE, ends));
    }
    let waiting = RefCell::new(waiting);

    let blocks: Vec<Vec<Bytes>> = (1..=BLOCKS as u64 + 1)
        .map(|block| payments.sign(block * BLOCK..(block + 1) * BLOCK))
        .collect();
    // Block by block on either side; the one that warms up runs a thousand timers too.
    let commit = |solo: &RefCell<Solo>, next: &mut std::slice::Iter<'_, Vec<Bytes>>| {
        let block = next.next().expect("a block for each sample");
        let mut solo = solo.borrow_mut();
        let time = due.max(solo.newest().1 + 1);
        Sample::of(BLOCK, || solo.commit_at(time, block))
    };
    let (mut one, mut other) = (blocks.iter(), blocks.iter());
    let slower: Vec<f64> = alternate(
        BLOCKS - 1,
        Side {
            name: "timers due",
            run: Box::new(|| {
                let sample = commit(&waiting, &mut one);
                assert_eq!(timers_of(&waiting.borrow()), TIMERS_MAX);
                sample
            }),
        },
        Side {
            name: "none due",
            run: Box::new(|| commit(&calm, &mut other)),
        },
    );
    let goal = Goal::at_most(2.0);
    let times = slower.into_iter().map(f64::recip);
    vec![Figure::new("14", goal, times.collect())]
}

/// How many timers did something in the newest block.
fn timers_of(solo: &Solo) -> usize {
    let snapshot = solo.store().snapshot();
    let (height, _) = solo.newest();
    let receipt = |place: u64| snapshot.get(&keys::key(keys::TIMER_RECEIPT, &[height, place]));
    (0..).take_while(|place| receipt(*place).is_some()).count()
}

/// The lead proposes a role in each.
fn proposals(payments: &Payments) -> Vec<Bytes> {
    let open = |number: u64| {
        let role = CreateRole {
            unit: form::numbered(charter::unit(0)),
            handle: format!("role-{number}"),
            ..CreateRole::default()
        };
        let proposed = Action {
            kind: Some(Kind::CreateRole(role)),
            ..Action::default()
        };
        let proposal = OpenProposal {
            unit: form::numbered(charter::unit(0)),
            kind: ProposalKind::Governance as i32,
            actions: vec![proposed.encode_to_vec()],
            expected: ModeKind::Consent as i32,
            title: format!("Role {number}"),
            ..OpenProposal::default()
        };
        let action = Action {
            acting_role: form::numbered(charter::number(0)),
            kind: Some(Kind::OpenProposal(proposal)),
            ..Action::default()
        };
        payments.sign_as(number, charter::number(0), &charter::key(0), vec![action])
    };
    (0..PROPOSALS).map(open).collect()
}

/// Members reserve a cent for each other, all of these until the same second.
fn holds(payments: &Payments, numbers: std::ops::Range<u64>, until: u64) -> Vec<Bytes> {
    let place = |number: u64| {
        let payer = number as usize % MEMBERS;
        let hold = PlaceHold {
            transfer: Some(payments.cent(payer, (payer + 1) % MEMBERS)),
            expires_at: until,
        };
        let action = Action {
            kind: Some(Kind::PlaceHold(hold)),
            ..Action::default()
        };
        let member = charter::member_number(payments.departments, payer);
        payments.sign_as(number, member, &charter::member_key(payer), vec![action])
    };
    numbers.map(place).collect()
}
