//! Bodies with a wrong field, wrong signers, or actions that do not fit them.

use polity_ledger::{Rejection, check};
use polity_proto::v1::{Ref, Second, Signer};
use polity_tests::charter;
use polity_tests::leads::Leads;

use super::{Case, body};

pub(super) fn bodies(leads: &Leads) -> Vec<Case> {
    let year = 366 * 86_400;
    vec![
        (
            "version 0",
            body(leads, |body| body.version = 0),
            Rejection::WrongVersion,
        ),
        (
            "version 2",
            body(leads, |body| body.version = 2),
            Rejection::WrongVersion,
        ),
        (
            "no organisation",
            body(leads, |body| body.organisation.clear()),
            Rejection::WrongOrganisation,
        ),
        (
            "a short organisation",
            body(leads, |body| body.organisation.truncate(31)),
            Rejection::WrongOrganisation,
        ),
        (
            "another organisation",
            body(leads, |body| body.organisation = vec![7; 32]),
            Rejection::WrongOrganisation,
        ),
        (
            "valid until 1970",
            body(leads, |body| body.valid_until = 0),
            Rejection::Expired,
        ),
        (
            "valid until an hour ago",
            body(leads, |body| body.valid_until -= 7_200),
            Rejection::Expired,
        ),
        (
            "valid for a year",
            body(leads, |body| body.valid_until += year),
            Rejection::ValidTooLong,
        ),
        (
            "valid for ever",
            body(leads, |body| body.valid_until = u64::MAX),
            Rejection::ValidTooLong,
        ),
        (
            "no salt",
            body(leads, |body| body.salt.clear()),
            Rejection::SaltMalformed,
        ),
        (
            "a short salt",
            body(leads, |body| body.salt.truncate(15)),
            Rejection::SaltMalformed,
        ),
        (
            "a long salt",
            body(leads, |body| body.salt.push(0)),
            Rejection::SaltMalformed,
        ),
    ]
}

pub(super) fn signers(leads: &Leads) -> Vec<Case> {
    let many = |count: u64| {
        let key = charter::key(0).verifying_key().to_bytes().to_vec();
        let signers = (1..=count)
            .map(|member| Signer {
                member,
                key: key.clone(),
            })
            .collect();
        body(leads, |body| body.signers = signers)
    };
    let member = |member: u64| body(leads, |body| body.signers[0].member = member);
    let key = |key: Vec<u8>| body(leads, |body| body.signers[0].key = key);
    vec![
        ("no signer", many(0), Rejection::SignerCount),
        (
            "too many signers",
            many(check::SIGNERS_MAX as u64 + 1),
            Rejection::SignerCount,
        ),
        (
            "a signer without signature",
            many(2),
            Rejection::SignerCount,
        ),
        (
            "a signer twice",
            body(leads, |body| body.signers.push(body.signers[0].clone())),
            Rejection::SignerTwice,
        ),
        ("member 0", member(0), Rejection::MemberUnknown),
        ("nobody's number", member(99), Rejection::MemberUnknown),
        (
            "the largest number",
            member(u64::MAX),
            Rejection::MemberUnknown,
        ),
        ("no key", key(Vec::new()), Rejection::KeyUnknown),
        ("a short key", key(vec![1; 31]), Rejection::KeyUnknown),
        ("a long key", key(vec![1; 33]), Rejection::KeyUnknown),
        (
            "a key of small order",
            key(vec![0; 32]),
            Rejection::KeyUnknown,
        ),
        (
            "another person's key",
            key(charter::key(1).verifying_key().to_bytes().to_vec()),
            Rejection::KeyUnknown,
        ),
    ]
}

pub(super) fn actions(leads: &Leads) -> Vec<Case> {
    let action = |change: fn(&mut polity_proto::v1::Action)| {
        body(leads, |body| change(&mut body.actions[0]))
    };
    let second = |signer| Second {
        signer,
        acting_role: None,
    };
    let seconds = |signers: &[u32]| {
        let seconds = signers.iter().map(|signer| second(*signer)).collect();
        body(leads, |body| body.actions[0].seconds = seconds)
    };
    vec![
        (
            "no action",
            body(leads, |body| body.actions.clear()),
            Rejection::ActionCount,
        ),
        (
            "too many actions",
            body(leads, |body| {
                body.actions = vec![body.actions[0].clone(); check::ACTIONS_MAX + 1]
            }),
            Rejection::ActionCount,
        ),
        (
            "an empty action",
            action(|action| action.kind = None),
            Rejection::ActionMissing,
        ),
        (
            "an actor who does not sign",
            action(|action| action.actor = 1),
            Rejection::SignerIndex,
        ),
        (
            "a second who does not sign",
            seconds(&[1]),
            Rejection::SignerIndex,
        ),
        ("a second twice", seconds(&[0, 0]), Rejection::ListTooLong),
        ("too many seconds", seconds(&[0; 9]), Rejection::ListTooLong),
        (
            "a role that is nothing",
            action(|action| action.acting_role = Some(Ref { number: 0, new: 0 })),
            Rejection::RefMalformed,
        ),
        (
            "a role that is two things",
            action(|action| action.acting_role = Some(Ref { number: 1, new: 1 })),
            Rejection::RefMalformed,
        ),
    ]
}
