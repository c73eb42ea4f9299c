//! What a member sends, and what departments found.

use std::collections::BTreeSet;

use polity_ledger::genesis::{self, Founding};
use polity_ledger::invariants::{self, State};
use polity_ledger::judge::Now;
use polity_ledger::{Block, block, check};
use polity_proto::v1::Genesis;
use polity_tests::fuzz::{Form, Outcome};
use polity_tests::simulator::founding;
use prost::Message;

use crate::sample;

/// Nobody can make a transaction that was not signed: what is accepted is what was.
#[test]
fn transactions() {
    let sample = sample();
    let organisation = &sample.memory.organisation;
    let corpus = signed();
    let known: BTreeSet<Vec<u8>> = corpus.iter().cloned().collect();
    crate::check(
        "transactions",
        Form::Wire,
        &corpus,
        20_000,
        |bytes| match check::check(bytes, organisation) {
            Err(_) => Ok(Outcome::Refused),
            Ok(_) if known.contains(bytes) => Ok(Outcome::Accepted),
            Ok(_) => Err("bytes that nobody signed are accepted".into()),
        },
    );
}

/// A body that decodes is the bytes that it was, and judging it never panics.
#[test]
fn bodies() {
    let sample = sample();
    let now = Now {
        time: sample.memory.time,
        paused: 0,
    };
    let block = Block {
        height: sample.memory.height + 1,
        now,
    };
    let body = |envelope: Vec<u8>| {
        let envelope = polity_proto::v1::Envelope::decode(envelope.as_slice());
        envelope.expect("the corpus is signed").body
    };
    let corpus: Vec<Vec<u8>> = signed().into_iter().map(body).collect();
    crate::check("bodies", Form::Wire, &corpus, 10_000, |bytes| {
        let Ok(body) = check::parse_body(bytes) else {
            return Ok(Outcome::Refused);
        };
        if body.encode_to_vec() != bytes {
            return Err("an encoding that is not the body's own is accepted".into());
        }
        let receipt = block::simulate(&sample.memory.state, block, &body);
        if receipt.code == 0 || receipt.events.is_empty() {
            Ok(Outcome::Accepted)
        } else {
            Err("a refused body did something".into())
        }
    });
}

/// Whatever founds an organisation, founds a sound one.
#[test]
fn foundings() {
    let corpus = [sample().genesis.encode_to_vec()];
    crate::check("foundings", Form::Wire, &corpus, 400, |bytes| {
        let founding = Founding {
            chain_id: founding::CHAIN_ID,
            time: founding::START,
            initial_height: 1,
            app_state: bytes,
        };
        let Ok(founded) = genesis::found(&founding) else {
            return Ok(Outcome::Refused);
        };
        let again = Genesis::decode(bytes).map(|genesis| genesis.encode_to_vec());
        if again.as_deref() != Ok(bytes) {
            return Err("an encoding that is not the genesis's own is accepted".into());
        }
        let changes = founded.changes.into_iter();
        let state: State = changes
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        let now = Now {
            time: founding::START,
            paused: 0,
        };
        let sound = invariants::check(&state, now);
        sound
            .map(|()| Outcome::Accepted)
            .map_err(|broken| broken.to_string())
    });
}

/// Envelopes of the sample that are good.
fn signed() -> Vec<Vec<u8>> {
    let sample = sample();
    let envelopes = sample.blocks.iter().flatten();
    envelopes
        .filter(|bytes| check::check(bytes, &sample.memory.organisation).is_ok())
        .cloned()
        .collect()
}
