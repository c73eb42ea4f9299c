//! Envelopes that hold something else than they say, and encodings that are not the one.

use ed25519_dalek::Signer as _;
use polity_ledger::{Rejection, check};
use polity_tests::charter;
use polity_tests::leads::Leads;

use super::{Case, envelope};

pub(super) fn envelopes(leads: &Leads) -> Vec<Case> {
    let whole = leads.payment(0);
    vec![
        ("no bytes", Vec::new(), Rejection::WrongVersion),
        ("noise", vec![0xff; 64], Rejection::Malformed),
        ("text", b"{\"body\":{}}".to_vec(), Rejection::Malformed),
        (
            "half of it",
            whole[..whole.len() / 2].to_vec(),
            Rejection::Malformed,
        ),
        (
            "too large",
            vec![0; check::ENVELOPE_BYTES_MAX + 1],
            Rejection::TooLarge,
        ),
        (
            "a body that is noise",
            envelope(leads, |envelope| envelope.body = vec![0xff; 32]),
            Rejection::Malformed,
        ),
    ]
}

/// Bytes that decode and are not the bytes that their content encodes to.
pub(super) fn encodings(leads: &Leads) -> Vec<Case> {
    let whole = leads.payment(0);
    // The fields of an envelope begin with 0x0a, a body's first one is the version: 0x08 0x01.
    let of_body = |change: &dyn Fn(&mut Vec<u8>)| {
        envelope(leads, |envelope| {
            change(&mut envelope.body);
            let preimage = check::signing_bytes(leads.organisation(), &envelope.body);
            envelope.signatures = vec![charter::key(0).sign(&preimage).to_bytes().to_vec()];
        })
    };
    let with_end = |end: &[u8]| [&whole[..], end].concat();
    let cases = [
        (
            "an unknown field after the envelope",
            with_end(&[0x7a, 0x01, 0x00]),
        ),
        ("the envelope twice", with_end(&whole)),
        ("an empty body after the body", with_end(&[0x0a, 0x00])),
        (
            "an unknown field in the body",
            of_body(&|body| body.extend([0x7a, 0x01, 0x00])),
        ),
        (
            "a zero that is written",
            of_body(&|body| body.extend([0x18, 0x00])),
        ),
        (
            "a version twice",
            of_body(&|body| body.extend([0x08, 0x01])),
        ),
        (
            "a long form of a number",
            of_body(&|body| {
                body.splice(1..2, [0x81, 0x00]);
            }),
        ),
        ("fields out of order", of_body(&|body| body.rotate_left(2))),
        (
            "an action that nobody knows",
            of_body(&|body| body.extend([0x32, 0x04, 0xba, 0x3e, 0x01, 0x00])),
        ),
    ];
    cases
        .map(|(name, bytes)| (name, bytes, Rejection::NotCanonical))
        .to_vec()
}
