use super::*;
use crate::ErrorKind;
use crate::recorded::{alterations, chain, genesis_root, light_block, options, try_light_block};

fn now() -> Time {
    options().now().expect("a moment")
}

fn try_step(from: u64, to: u64) -> Result<Step> {
    let chain = chain();
    step(
        &light_block(&chain, from),
        &light_block(&chain, to),
        &options(),
        now(),
    )
}

#[test]
fn the_first_block_follows_from_the_genesis() {
    let first = light_block(&chain(), 1);

    assert!(rooted(&genesis_root(), &first, &options(), now()).is_ok());
}

#[test]
fn every_block_follows_from_its_neighbour() {
    for height in 2..=15 {
        let step = try_step(height - 1, height).expect("follows");
        assert_eq!(step, Step::Trusted, "{height}");
    }
}

#[test]
fn a_step_reaches_as_far_as_a_third_of_those_trusted_signed() {
    for (from, to, expected) in [
        (1, 6, Step::Trusted),
        (1, 12, Step::Trusted),
        (1, 13, Step::TooFar),
        (1, 15, Step::TooFar),
        (6, 15, Step::Trusted),
        (8, 15, Step::Trusted),
    ] {
        assert_eq!(try_step(from, to).expect("valid"), expected, "{from}..{to}");
    }
}

#[test]
fn a_step_never_goes_down_or_stays() {
    for (from, to) in [(8, 8), (8, 7), (15, 1)] {
        assert!(try_step(from, to).is_err(), "{from}..{to}");
    }
}

#[test]
fn a_header_or_commit_with_any_field_altered_is_refused() {
    check_alterations("commits", 9, 9);
}

#[test]
fn validators_with_any_key_or_power_altered_are_refused() {
    check_alterations("validators", 9, 9);
    check_alterations("validators", 10, 9);
}

/// Alters each field of one recorded answer in turn: the block of `height` that is put together
/// from it must be the same as before or be refused, beside a neighbour and further away.
fn check_alterations(kind: &str, answer: u64, height: u64) {
    let original = chain();
    let block = light_block(&original, height);
    let mut refused = 0;
    for (place, altered) in alterations(&original[kind][answer.to_string()]) {
        let mut chain = original.clone();
        chain[kind][answer.to_string()] = altered;
        let Ok(candidate) = try_light_block(&chain, height) else {
            refused += 1;
            continue;
        };
        if candidate == block {
            continue;
        }

        let beside = light_block(&original, height - 1);
        let result = step(&beside, &candidate, &options(), now());
        assert!(
            result
                .as_ref()
                .is_err_and(|e| e.kind() == ErrorKind::ProofFailed),
            "{place}: {result:?}"
        );
        // From further away a missing signature may look like a step too far, never like trust.
        let below = light_block(&original, 2);
        let result = step(&below, &candidate, &options(), now());
        assert!(!matches!(result, Ok(Step::Trusted)), "{place}");
        refused += 1;
    }
    assert!(refused > 4, "the alterations reached the block");
}

#[test]
fn a_first_block_with_any_field_altered_is_refused() {
    let original = chain();
    let block = light_block(&original, 1);
    for (place, altered) in alterations(&original["commits"]["1"]) {
        let mut chain = original.clone();
        chain["commits"]["1"] = altered;
        let Ok(candidate) = try_light_block(&chain, 1) else {
            continue;
        };
        if candidate != block {
            let result = rooted(&genesis_root(), &candidate, &options(), now());
            assert!(result.is_err(), "{place}");
        }
    }
}

#[test]
fn a_genesis_of_others_is_not_the_root_of_this_chain() {
    let original = chain();
    let mut others = original["genesis"].clone();
    others["validators"] = original["validators"]["13"]["validators"].clone();
    others["validators"][0]["power"] = "15".into();
    let others = Genesis::parse(others.to_string().as_bytes()).expect("a genesis");

    let root = TrustRoot::Genesis(others);

    assert!(rooted(&root, &light_block(&original, 1), &options(), now()).is_err());
}

#[test]
fn a_checkpoint_names_exactly_one_header() {
    let block = light_block(&chain(), 8);
    let checkpoint = |height, header_hash| {
        TrustRoot::Checkpoint(Checkpoint {
            chain_id: "polity-fixture".into(),
            height,
            header_hash,
        })
    };
    let hash = header_hash(&block);

    assert!(rooted(&checkpoint(8, hash), &block, &options(), now()).is_ok());
    assert!(rooted(&checkpoint(8, [0; 32]), &block, &options(), now()).is_err());
    assert!(rooted(&checkpoint(9, hash), &block, &options(), now()).is_err());
}

#[test]
fn too_few_signatures_are_refused_wherever_they_are_missing() {
    for (height, index) in [(9, 0), (9, 1), (14, 0)] {
        let mut chain = chain();
        let signature = &mut chain["commits"][height.to_string()]["signed_header"]["commit"]["signatures"]
            [index];
        *signature = serde_json::json!({
            "block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z",
            "signature": null
        });

        let candidate = light_block(&chain, height);

        let trusted = light_block(&chain, height - 1);
        assert!(step(&trusted, &candidate, &options(), now()).is_err());
    }
}

#[test]
fn a_header_older_than_the_trusting_period_vouches_for_nothing() {
    let chain = chain();
    let (seven, eight) = (light_block(&chain, 7), light_block(&chain, 8));
    let late = crate::recorded::moment(Duration::from_secs(31 * 24 * 60 * 60));
    let mut options = TrustOptions {
        at: Some(late),
        ..TrustOptions::default()
    };
    let now = options.now().expect("a moment");

    let refused = step(&seven, &eight, &options, now).expect_err("too old");
    assert!(refused.to_string().contains("trusting period"), "{refused}");

    options.trusting_period = None;
    assert_eq!(
        step(&seven, &eight, &options, now).expect("for ever"),
        Step::Trusted
    );
}

#[test]
fn a_header_from_the_future_is_refused() {
    let chain = chain();
    let early = TrustOptions {
        at: Some(crate::recorded::moment(Duration::ZERO)),
        clock_drift: Duration::ZERO,
        ..TrustOptions::default()
    };
    let now = early.now().expect("a moment");

    let result = step(
        &light_block(&chain, 7),
        &light_block(&chain, 8),
        &early,
        now,
    );

    assert!(result.is_err());
}

#[test]
fn a_block_survives_its_file() {
    let block = light_block(&chain(), 9);

    let text = serde_json::to_string(&block).expect("writes");

    let again: LightBlock = serde_json::from_str(&text).expect("reads");
    assert!(whole(&again) && header_hash(&again) == header_hash(&block));
}
