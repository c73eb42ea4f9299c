//! Transfers that their form forbids, and others that only the state can tell.

use polity_ledger::{Amount, Rejection, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{Ref, Transfer, TransferKind};
use polity_tests::charter;
use polity_tests::leads::Leads;
use prost::Message;

use super::{Case, body, envelope, good, transfer};

pub(super) fn transfers(leads: &Leads) -> Vec<Case> {
    let nothing = Some(Ref { number: 0, new: 0 });
    let with = |change: &dyn Fn(&mut Transfer)| transfer(leads, |one| change(one));
    let not_text = envelope(leads, |envelope| {
        let mut body = good(leads);
        if let Some(Kind::Transfer(transfer)) = &mut body.actions[0].kind {
            transfer.reference = "~~~~".into();
        }
        let mut bytes = body.encode_to_vec();
        let at = bytes
            .windows(4)
            .position(|four| four == b"~~~~")
            .expect("the reference");
        bytes[at] = 0xff;
        envelope.body = bytes;
    });
    vec![
        (
            "no account that pays",
            with(&|one| one.from = None),
            Rejection::RefMalformed,
        ),
        (
            "an account that is nothing",
            with(&|one| one.from = nothing),
            Rejection::RefMalformed,
        ),
        (
            "no account that is paid",
            with(&|one| one.to = None),
            Rejection::RefMalformed,
        ),
        (
            "an amount with a leading zero",
            with(&|one| one.amount = vec![0, 1]),
            Rejection::AmountMalformed,
        ),
        (
            "an amount of 17 bytes",
            with(&|one| one.amount = vec![1; 17]),
            Rejection::AmountMalformed,
        ),
        (
            "no kind",
            with(&|one| one.kind = 0),
            Rejection::FieldMissing,
        ),
        (
            "an unknown kind",
            with(&|one| one.kind = 99),
            Rejection::ValueUnknown,
        ),
        (
            "a negative kind",
            with(&|one| one.kind = -1),
            Rejection::ValueUnknown,
        ),
        (
            "a kind of another action",
            with(&|one| one.kind = TransferKind::Issue as i32),
            Rejection::KindReserved,
        ),
        (
            "a budget line that is nothing",
            with(&|one| one.line = nothing),
            Rejection::RefMalformed,
        ),
        (
            "a long reference",
            with(&|one| one.reference = "x".repeat(65)),
            Rejection::TextMalformed,
        ),
        (
            "a reference with a bell",
            with(&|one| one.reference = "\u{7}".into()),
            Rejection::TextMalformed,
        ),
        (
            "a reference that is no text",
            not_text,
            Rejection::Malformed,
        ),
        (
            "a short hash",
            with(&|one| one.document = vec![1; 31]),
            Rejection::HashMalformed,
        ),
    ]
}

/// These get into a block, because only the state can tell; there they are refused and recorded.
pub(super) fn refused_in_a_block(leads: &Leads) -> Vec<Case> {
    let with = |change: &dyn Fn(&mut Transfer)| transfer(leads, |one| change(one));
    let unknown = form::numbered(99);
    let role = |number| {
        body(leads, |body| {
            body.actions[0].acting_role = form::numbered(number)
        })
    };
    vec![
        (
            "from nowhere",
            with(&|one| one.from = unknown),
            Rejection::ObjectUnknown,
        ),
        (
            "to nowhere",
            with(&|one| one.to = unknown),
            Rejection::ObjectUnknown,
        ),
        (
            "to an earlier action that is none",
            with(&|one| one.to = form::created_by(5)),
            Rejection::ObjectUnknown,
        ),
        (
            "a budget line that is none",
            with(&|one| one.line = unknown),
            Rejection::ObjectUnknown,
        ),
        ("a role that is none", role(99), Rejection::RoleNotHeld),
        (
            "a role of somebody else",
            role(charter::number(1)),
            Rejection::RoleNotHeld,
        ),
        (
            "nothing",
            with(&|one| one.amount.clear()),
            Rejection::AmountZero,
        ),
        (
            "to itself",
            with(&|one| one.to = one.from),
            Rejection::SameAccount,
        ),
        (
            "more than the role may",
            with(&|one| one.amount = Amount(10_000_001).to_bytes()),
            Rejection::LimitPerTransfer,
        ),
        (
            "more than can be counted",
            with(&|one| one.amount = Amount(u128::MAX).to_bytes()),
            Rejection::LimitPerTransfer,
        ),
    ]
}
