//! Transactions that are wrong in one place: every field in turn, every encoding that is not the one.

mod bodies;
mod envelopes;
mod signatures;
mod transfers;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_ledger::Rejection;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{Body, Envelope, Transfer};
use polity_tests::engine::Engine;
use polity_tests::http;
use polity_tests::leads::{Leads, hash, signed};
use prost::Message;
use serde_json::json;

use super::{patient_node, state, tell};
use crate::trial::BLOCK;

/// What is wrong with it, its bytes, and the refusal that says so.
type Case = (&'static str, Vec<u8>, Rejection);

/// The door refuses these, so no block ever has them.
fn refused_at_the_door(leads: &Leads) -> Vec<Case> {
    [
        envelopes::envelopes(leads),
        signatures::signatures(leads),
        envelopes::encodings(leads),
        bodies::bodies(leads),
        bodies::signers(leads),
        bodies::actions(leads),
        transfers::transfers(leads),
        signatures::small_order_keys(leads),
    ]
    .concat()
}

fn good(leads: &Leads) -> Body {
    leads.body(0, Kind::Transfer(leads.euro(0)))
}

/// A signed transaction whose body was changed before it was signed.
fn body(leads: &Leads, change: impl FnOnce(&mut Body)) -> Vec<u8> {
    let mut body = good(leads);
    change(&mut body);
    signed(0, &body)
}

fn envelope(leads: &Leads, change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut envelope = Envelope::decode(&leads.payment(0)[..]).expect("an envelope");
    change(&mut envelope);
    envelope.encode_to_vec()
}

fn transfer(leads: &Leads, change: impl FnOnce(&mut Transfer)) -> Vec<u8> {
    let mut transfer = leads.euro(0);
    change(&mut transfer);
    signed(0, &leads.body(0, Kind::Transfer(transfer)))
}

pub(crate) fn every_bad_transaction_is_refused_by_name_and_changes_nothing(engine: Engine) {
    let mut cluster = patient_node(engine);
    let leads = cluster.leads().clone();
    let gateway = cluster.nodes[0].gateway();
    let send = |bytes: &[u8]| {
        let params = json!({"tx": STANDARD.encode(bytes)});
        http::call(gateway, "broadcast_tx_sync", &params)
    };
    let code = |bytes: &[u8]| {
        let answer = send(bytes).expect("the node answers");
        answer["code"].as_u64().expect("a code")
    };
    let before = state(&cluster);

    let at_the_door = refused_at_the_door(&leads);
    for (name, bytes, expected) in &at_the_door {
        // Under CometBFT the gateway looks before it hands anything to the engine, so that one's pool never sees such bytes.
        // It would answer as the embedded engine's does.
        if (engine, *expected) == (Engine::Embedded, Rejection::TooLarge) {
            let refused = send(bytes).expect_err("no block could carry it");
            assert!(refused.contains("-32603"), "{name}: {refused}");
            assert!(refused.contains("too_large: "), "{name}: {refused}");
            continue;
        }
        let expected_code = u64::from(expected.code());
        assert_eq!(code(bytes), expected_code, "{name}: {}", expected.name());
    }
    assert_eq!(state(&cluster), before);

    let in_a_block = transfers::refused_in_a_block(&leads);
    for (name, bytes, expected) in &in_a_block {
        assert_eq!(code(bytes), 0, "{name}");
        let (_, code) = cluster.wait_for(0, &hash(bytes), BLOCK);
        assert_eq!(
            code,
            u64::from(expected.code()),
            "{name}: {}",
            expected.name()
        );
    }
    assert_eq!(state(&cluster).1, before.1, "the account");

    // What was in a block is not taken again, however it is signed.
    let payment = leads.payment(0);
    let hash = cluster.send(0, &payment).expect("a good one is let in");
    assert_eq!(cluster.wait_for(0, &hash, BLOCK).1, 0);
    let paid = state(&cluster);
    assert_ne!(paid.1, before.1, "a payment is seen in the account");
    let replayed = send(&payment).expect_err("it is known");
    assert!(
        replayed.contains("tx already exists in cache"),
        "{replayed}"
    );
    let mut other_signature = Envelope::decode(&payment[..]).expect("an envelope");
    other_signature.signatures[0][5] ^= 1;
    assert_eq!(
        code(&other_signature.encode_to_vec()),
        u64::from(Rejection::Consumed.code())
    );
    assert_eq!(state(&cluster).1, paid.1, "the account");

    tell("transactions refused at the door", at_the_door.len() + 2);
    tell("transactions refused in a block", in_a_block.len());
    assert!(cluster.nodes[0].runs());
}
