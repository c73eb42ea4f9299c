use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use ed25519_dalek::{Signer as _, SigningKey};
use polity_engine::application::{FinalizeBlock, ProcessProposal, ProposalVerdict};
use polity_ledger::{Amount, form};
use polity_proto::v1::{Action, Envelope, Signer, Transfer, TransferKind, action::Kind};
use prometheus_client::registry::Registry;
use prost::Message;

use super::*;
use crate::app::{App, AppOptions};
use crate::store::{Store, StoreOptions};

const ORGANISATION: [u8; 32] = [7; 32];
/// Three batches of one call on two cores.
const ENVELOPES: u64 = 1_300;
const THREADS: usize = 8;

fn verifier() -> Verifier {
    Verifier::new(Arc::new(Metrics::register(
        &mut Registry::default(),
        "test",
    )))
}

fn envelope(number: u64) -> Bytes {
    let key = SigningKey::from_bytes(&[1; 32]);
    let transfer = Transfer {
        from: form::numbered(1),
        to: form::numbered(2),
        amount: Amount(1).to_bytes(),
        kind: TransferKind::Payment as i32,
        ..Transfer::default()
    };
    let body = Body {
        version: check::VERSION,
        organisation: ORGANISATION.to_vec(),
        valid_until: 1,
        salt: u128::from(number).to_be_bytes().to_vec(),
        signers: vec![Signer {
            member: 1,
            key: key.verifying_key().to_bytes().to_vec(),
        }],
        actions: vec![Action {
            kind: Some(Kind::Transfer(transfer)),
            ..Action::default()
        }],
    }
    .encode_to_vec();
    let signature = key.sign(&check::signing_bytes(&ORGANISATION, &body));
    let signatures = vec![signature.to_bytes().to_vec()];
    Envelope { body, signatures }.encode_to_vec().into()
}

fn envelopes() -> Vec<Bytes> {
    (0..ENVELOPES).map(envelope).collect()
}

#[test]
fn threads_that_ask_for_the_same_envelopes_at_once_verify_each_once() {
    let (verifier, envelopes) = (verifier(), envelopes());
    let start = Barrier::new(THREADS);
    let ask = |thread: usize| {
        // Each begins elsewhere, so that batches overlap in every way.
        let mut envelopes = envelopes.clone();
        envelopes.rotate_left(thread * 37);
        if thread % 2 == 1 {
            envelopes.reverse();
        }
        start.wait();
        let checked = verifier.check_all(&ORGANISATION, &envelopes);
        for (checked, envelope) in checked.iter().zip(&envelopes) {
            let checked = checked.as_ref().expect("the signature is good");
            assert_eq!(checked.envelope_hash()[..], Sha256::digest(envelope)[..]);
        }
        assert_eq!(checked.len(), envelopes.len());
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || ask(thread));
        }
    });

    assert_eq!(verifier.metrics.signature_verifications.get(), ENVELOPES);
}

#[test]
fn an_envelope_that_a_block_holds_twice_is_verified_once() {
    let verifier = verifier();
    let twice = [envelopes(), envelopes()].concat();
    let checked = verifier.check_all(&ORGANISATION, &twice);

    assert!(checked.iter().all(Result::is_ok));
    assert_eq!(verifier.metrics.signature_verifications.get(), ENVELOPES);
}

#[test]
fn a_bad_signature_is_refused_beside_good_ones_and_remembered() {
    let verifier = verifier();
    let mut envelopes = envelopes();
    let mut bad = Envelope::decode(envelopes[5].as_ref()).unwrap();
    bad.signatures[0][40] ^= 1;
    envelopes[5] = bad.encode_to_vec().into();
    for _ in 0..2 {
        let checked = verifier.check_all(&ORGANISATION, &envelopes);
        let refused = checked.iter().position(Result::is_err);
        assert_eq!(refused, Some(5));
        assert_eq!(checked[5].as_ref().err(), Some(&Rejection::BadSignature));
    }

    assert_eq!(verifier.metrics.signature_verifications.get(), ENVELOPES);
}

#[test]
fn what_was_executed_is_forgotten() {
    let (verifier, envelopes) = (verifier(), envelopes());
    let checked = verifier.check_all(&ORGANISATION, &envelopes);
    verifier.forget(&checked[..1_000]);
    verifier.check_all(&ORGANISATION, &envelopes);
    assert_eq!(
        verifier.metrics.signature_verifications.get(),
        ENVELOPES + 1_000
    );
    verifier.forget(&checked);
    assert!(verifier.memory.is_empty());
}

#[test]
fn a_proposal_that_is_executed_next_is_not_looked_up_again() {
    let (verifier, envelopes) = (verifier(), envelopes());
    let verified = || verifier.metrics.signature_verifications.get();
    let proposed = verifier.check_all(&ORGANISATION, &envelopes);
    let execute = |expected_of: [u8; 32], envelopes: &[Bytes]| {
        verifier.expect(expected_of, self::envelopes(), proposed.clone());
        // Whatever is looked up now is verified again.
        verifier.forget(&proposed);
        let before = verified();
        let check = |checked: &mut dyn Iterator<Item = Checked>| checked.collect::<Vec<_>>();
        let checked = verifier.check_ahead(&ORGANISATION, envelopes, check);
        assert_eq!(checked, proposed[..envelopes.len()]);
        assert!(verifier.expected().is_none());
        verified() - before
    };
    assert_eq!(execute(ORGANISATION, &envelopes), 0);
    let fewer = &envelopes[..1_000];
    assert_eq!(execute(ORGANISATION, fewer), 1_000, "another block");
    assert_eq!(execute([8; 32], &envelopes), ENVELOPES, "another chain");
}

#[test]
fn an_accepted_proposal_is_executed_without_another_look_and_a_refused_one_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::of_the_ledger()
    };
    let store = Arc::new(Store::open(directory.path(), options).unwrap());
    let metrics = Arc::new(Metrics::register(&mut Registry::default(), "test"));
    let app = App::open(store, AppOptions::default(), metrics).unwrap();
    *app.organisation.write().unwrap() = ORGANISATION;
    let process = |transactions: Vec<Bytes>| {
        app.process(&ProcessProposal {
            transactions,
            height: 1,
            ..ProcessProposal::default()
        })
    };

    let mut with_a_copy = envelopes();
    with_a_copy.push(with_a_copy[0].clone());
    assert_eq!(process(with_a_copy), ProposalVerdict::Reject);
    assert!(app.verifier.expected().is_none());
    assert_eq!(process(envelopes()), ProposalVerdict::Accept);
    // Whatever is looked up now is verified again.
    let checked = app.verifier.check_all(&ORGANISATION, &envelopes());
    app.verifier.forget(&checked);
    let before = app.metrics.signature_verifications.get();
    let executed = app.finalize(FinalizeBlock {
        transactions: envelopes(),
        height: 1,
        ..FinalizeBlock::default()
    });

    assert_eq!(executed.unwrap().transactions.len(), envelopes().len());
    assert_eq!(app.metrics.signature_verifications.get(), before);
}

#[test]
fn whoever_verifies_ahead_stops_when_the_block_was_faster() {
    let (verifier, envelopes) = (verifier(), envelopes());
    for (executed, verified) in [(1, ENVELOPES), (2, 0)] {
        let before = verifier.metrics.signature_verifications.get();
        let until = verifier.executed.load(Ordering::Relaxed) + 2;
        (0..executed).for_each(|_| verifier.forget(&[]));
        verifier.check_early(&ORGANISATION, &envelopes, until, |_| {});
        let after = verifier.metrics.signature_verifications.get();
        assert_eq!(after - before, verified);
        verifier.forget(&verifier.check_all(&ORGANISATION, &envelopes));
    }
}

#[test]
fn what_a_thread_gave_up_by_a_panic_is_verified_by_whoever_waits_for_it() {
    let (verifier, envelopes) = (verifier(), envelopes());
    let claimed = Barrier::new(2);
    let checked = thread::scope(|scope| {
        scope.spawn(|| {
            let gave_up = catch_unwind(AssertUnwindSafe(|| {
                let hashes = envelopes.iter().map(|one| Sha256::digest(one).into());
                let _claim = verifier.memory.claim(hashes);
                claimed.wait();
                panic!("in the midst of verifying");
            }));
            assert!(gave_up.is_err());
        });
        claimed.wait();
        verifier.check_all(&ORGANISATION, &envelopes)
    });

    assert!(checked.iter().all(Result::is_ok));
}

#[test]
fn whoever_checks_ahead_is_told_their_number_and_has_each_in_order() {
    let verifier = verifier();
    for count in [0, 1, 130, 1_300] {
        let envelopes: Vec<Bytes> = (0..count).map(envelope).collect();
        let hashes = verifier.check_ahead(&ORGANISATION, &envelopes, |checked| {
            assert_eq!(
                checked.size_hint(),
                (envelopes.len(), Some(envelopes.len()))
            );
            checked
                .map(|one| *one.expect("it was signed").envelope_hash())
                .collect::<Vec<_>>()
        });
        let expected = envelopes.iter().map(|bytes| Sha256::digest(bytes).into());
        assert_eq!(hashes, expected.collect::<Vec<[u8; 32]>>());
    }
}
