//! The claim that these are CometBFT's bytes, checked against what others made of its rules: `tendermint-rs`, its
//! light client, and blocks that CometBFT itself showed.

use std::time::Duration;

use bytes::Bytes;
use tendermint::Time;
use tendermint_light_client_verifier::options::Options;
use tendermint_light_client_verifier::types::{LightBlock, TrustThreshold};
use tendermint_light_client_verifier::{ProdVerifier, Verdict, Verifier};

use super::super::sample::{CHAIN_ID, Chain, key, update, vote};
use super::validators::VALIDATORS_MAX;
use super::*;
use crate::application::Timestamp;

#[test]
fn a_block_is_read_as_it_was_written() {
    let mut chain = Chain::found(&[10, 10, 10, 7]);
    for transactions in [0, 1, 2, 5, 400] {
        chain.grow(transactions, 0, &[3], Vec::new());
    }
    for block in &chain.blocks {
        let again = SealedBlock::decode(block.bytes().clone()).unwrap();
        assert_eq!(again.id(), block.id());
        assert_eq!(again.block(), block.block());
        let id = block.id();
        assert_eq!(BlockId::from_bytes(&id.to_bytes()), Ok(id));
    }
    for commit in &chain.commits {
        assert_eq!(Commit::decode(&commit.encode()), Ok(commit.clone()));
    }
}

#[test]
fn what_is_signed_in_evidence_is_read_as_it_was_written() {
    let mut chain = Chain::found(&[10, 10, 10, 10]);
    chain.grow(0, 0, &[], Vec::new());
    let said = |block| vote(&key(2), VoteKind::Prevote, 1, 0, block);
    let name = BlockId::from_bytes(&[0; BlockId::BYTES]).ok();
    let (first, second) = DoubleVote::order(said(name), said(Some(chain.blocks[0].id())));
    let mut block = chain.next_block(Vec::new()).block().clone();
    block.evidence = vec![DoubleVote {
        first,
        second,
        validator_index: 1,
        validator_power: 10,
        total_power: 40,
        time: chain.tip.time,
    }];
    let sealed = block.seal();
    let read = SealedBlock::decode(sealed.bytes().clone()).unwrap();
    assert_eq!(read.block(), sealed.block());
}

#[test]
fn no_other_bytes_pass_for_the_block() {
    let mut chain = Chain::found(&[10, 10, 10, 10]);
    chain.grow(2, 0, &[], Vec::new());
    chain.grow(2, 1, &[0], Vec::new());
    let bytes = chain.blocks[1].bytes();
    let id = chain.blocks[1].id();

    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        let read = SealedBlock::decode(Bytes::from(changed));
        assert!(read.is_err() || read.unwrap().id() != id, "byte {at}");
    }
    for end in 0..bytes.len() {
        assert!(
            SealedBlock::decode(bytes.slice(..end)).is_err(),
            "{end} bytes"
        );
    }
    let longer = [&bytes[..], &[0x28, 0x00]].concat();
    assert!(SealedBlock::decode(longer.into()).is_err());
}

#[test]
fn a_block_whose_lists_are_longer_than_any_blocks_are_is_refused() {
    let mut chain = Chain::found(&[10; 4]);
    chain.grow(1, 0, &[], Vec::new());
    let good = chain.next_block(vec![Bytes::new(); TRANSACTIONS_MAX]);
    let is_read = |block: &Block| SealedBlock::decode(block.clone().seal().bytes().clone()).is_ok();
    assert!(is_read(good.block()));

    let mut more = good.block().clone();
    more.transactions.push(Bytes::new());
    assert!(!is_read(&more));
    let mut signed = chain.next_block(Vec::new()).block().clone();
    for (signatures, expected) in [(VALIDATORS_MAX, true), (VALIDATORS_MAX + 1, false)] {
        signed.last_commit.signatures = vec![CommitSignature::Absent; signatures];
        assert_eq!(is_read(&signed), expected);
    }
}

#[test]
fn hashes_and_sign_bytes_are_those_of_tendermint_rs() {
    let mut chain = Chain::found(&[20, 10, 10, 7]);
    for round in 0..4 {
        chain.grow(round as usize, round, &[round as usize], Vec::new());
    }
    for (height, block) in chain.blocks.iter().enumerate() {
        let header: tendermint::block::Header = block.header().to_wire().try_into().unwrap();
        assert_eq!(header.hash().as_bytes(), block.id().hash);
        assert_eq!(
            validators(&chain.validators[height]).hash().as_bytes(),
            block.header().validators_hash
        );
        let commit: tendermint::block::Commit = chain.commits[height].to_wire().try_into().unwrap();
        assert_eq!(commit.height.value(), block.header().height);
    }

    for (round, block) in [(0, None), (7, Some(chain.blocks[0].id()))] {
        for kind in [VoteKind::Prevote, VoteKind::Precommit] {
            let signed = vote(&key(1), kind, 3, round, block);
            let theirs: tendermint::vote::Vote = signed.to_wire(0).try_into().unwrap();
            let chain_id = CHAIN_ID.parse().unwrap();
            assert_eq!(
                theirs.into_signable_vec(chain_id),
                signed.vote.sign_bytes(CHAIN_ID)
            );
        }
    }
}

#[test]
fn a_light_client_follows_the_chain_step_by_step_and_by_leaps() {
    let mut chain = Chain::found(&[10, 10, 10, 10]);
    for number in 5..=6 {
        chain.keys.push(key(number));
    }
    for height in 1..=60u64 {
        let updates = match height {
            10 => vec![update(&key(5), 10)],
            20 => vec![update(&key(1), 3), update(&key(6), 12)],
            30 => vec![update(&key(2), 0)],
            _ => Vec::new(),
        };
        let round = (height % 3) as u32;
        chain.grow(
            (height % 4) as usize,
            round,
            &[(height % 4) as usize],
            updates,
        );
    }

    let now = Time::from_unix_timestamp(1_700_000_100, 0).unwrap();
    let options = Options {
        trust_threshold: TrustThreshold::ONE_THIRD,
        trusting_period: Duration::from_secs(10_000),
        clock_drift: Duration::from_secs(5),
    };
    let verify = |from: usize, to: usize| {
        let (trusted, untrusted) = (light_block(&chain, from), light_block(&chain, to));
        ProdVerifier::default().verify_update_header(
            untrusted.as_untrusted_state(),
            trusted.as_trusted_state(),
            &options,
            now,
        )
    };
    for from in 1..59 {
        assert_eq!(
            verify(from, from + 1),
            Verdict::Success,
            "{from} → {}",
            from + 1
        );
    }
    for (from, to) in [(1, 9), (1, 21), (5, 31), (12, 40), (33, 59)] {
        assert_eq!(verify(from, to), Verdict::Success, "{from} → {to}");
    }
}

#[test]
fn a_commit_without_enough_good_signatures_decides_nothing() {
    let chain = Chain::found(&[10, 10, 10, 10]);
    let id = chain.next_block(Vec::new()).id();
    let validators = &chain.tip.validators;
    let decided = |commit: &Commit| commit.is_decided_by(CHAIN_ID, validators);

    let whole = chain.sign(id, 2, &[]);
    assert!(decided(&whole));
    assert!(decided(&chain.sign(id, 2, &[1])));
    assert!(!decided(&chain.sign(id, 2, &[1, 2])));
    assert!(!whole.is_decided_by("another", validators));
    for (change, name) in [
        ((|commit| commit.round = 3) as fn(&mut Commit), "round"),
        (|commit| commit.height = 9, "height"),
        (|commit| commit.block_id.parts = 2, "parts"),
        (|commit| commit.signatures.swap(0, 1), "order"),
        (|commit| commit.signatures.truncate(3), "too few"),
        (
            |commit| commit.signatures.push(CommitSignature::Absent),
            "too many",
        ),
    ] {
        let mut changed = whole.clone();
        change(&mut changed);
        assert!(!decided(&changed), "{name}");
    }
}

#[test]
fn only_signatures_that_are_known_for_the_very_same_decision_are_not_verified_again() {
    let chain = Chain::found(&[10, 10, 10, 10]);
    let id = chain.next_block(Vec::new()).id();
    let decided = |commit: &Commit, verified: &Commit| {
        commit.is_decided_beside(verified, CHAIN_ID, &chain.tip.validators)
    };
    // Nobody who verified them would call these good: whoever takes them does not look.
    let mut blind = chain.sign(id, 2, &[]);
    for entry in &mut blind.signatures {
        if let CommitSignature::ForBlock { signature, .. } = entry {
            signature.0[0] ^= 1;
        }
    }
    assert!(!decided(&blind, &Commit::default()));
    assert!(decided(&blind, &blind));

    let mut other_round = blind.clone();
    other_round.round = 3;
    let mut partly = blind.clone();
    partly.signatures[1] = CommitSignature::Absent;
    for (verified, name) in [(other_round, "round"), (partly, "a signature more")] {
        assert!(!decided(&blind, &verified), "{name}");
    }
    let good = chain.sign(id, 2, &[]);
    assert!(decided(&good, &blind), "what is not known is verified");
}

#[test]
fn the_empty_parent_of_the_first_block_is_written_as_go_writes_it() {
    let chain = Chain::found(&[10]);
    let block = chain.next_block(Vec::new());
    let bytes = hex::encode(block.bytes());

    // Header field 5 and block field 4: an empty block id with an empty part set.
    assert!(bytes.contains("2a021200"), "the parent's name");
    assert!(
        bytes.ends_with("12001a0022041a021200"),
        "no transactions, no evidence, the parent's commit"
    );
}

#[test]
fn turns_to_propose_follow_power_and_a_dead_proposer_costs_one_round() {
    let powers = [50u64, 30, 15, 5];
    let chain = Chain::found(&powers);
    let set = &chain.tip.validators;
    let mut turns = [0u64; 4];
    for height in 1..=1_000 {
        turns[set.index_of(&set.proposer(height, 0).address).unwrap()] += 1;
        let mut seen: Vec<_> = (0..4)
            .map(|round| set.proposer(height, round).address)
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(
            seen.len(),
            4,
            "four rounds of height {height} have four proposers"
        );
        assert_eq!(set.proposer(height, 4), set.proposer(height, 0));
    }
    assert_eq!(turns, powers.map(|power| power * 10));

    let equal = Chain::found(&[10; 4]).tip.validators;
    for height in 1..100 {
        assert_ne!(equal.proposer(height, 0), equal.proposer(height + 1, 0));
    }
}

#[test]
fn powers_that_hardly_divide_still_give_everybody_a_turn() {
    let set = Chain::found(&[1_000_003, 777, 12, 1]).tip.validators;
    for place in 0..4 {
        let address = set.get(place).unwrap().address;
        assert!((1..=10_000).any(|height| set.proposer(height, 0).address == address));
    }
}

#[test]
fn a_set_that_cannot_be_is_refused() {
    let one = ValidatorSet::new(&[update(&key(1), 5)]).unwrap();
    let remove = update(&key(1), 0);
    assert_eq!(one.updated(&[remove]), Err(ValidatorSetError::Empty));
    let most = update(&key(2), TOTAL_POWER_MAX);
    assert_eq!(one.updated(&[most]), Err(ValidatorSetError::TooMuch));
    assert_eq!(ValidatorSet::new(&[]), Err(ValidatorSetError::Empty));
}

#[test]
fn two_votes_of_a_round_are_proof_and_nothing_less_is() {
    let chain = Chain::found(&[10; 4]);
    let (one, other) = (
        chain.next_block(vec![]).id(),
        chain.next_block(vec![Bytes::from_static(b"x")]).id(),
    );
    let double = |first: SignedVote, second: SignedVote| {
        let (first, second) = DoubleVote::order(first, second);
        DoubleVote {
            first,
            second,
            validator_index: 0,
            validator_power: 10,
            total_power: 40,
            time: Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            },
        }
    };
    let said = |number: u8, kind, round, block| vote(&key(number), kind, 1, round, block);
    let public = key(1).verifying_key();
    let proven = |first, second| double(first, second).is_proven(CHAIN_ID, &public);

    use VoteKind::{Precommit, Prevote};
    assert!(proven(
        said(1, Prevote, 0, Some(one)),
        said(1, Prevote, 0, Some(other))
    ));
    assert!(proven(
        said(1, Precommit, 0, None),
        said(1, Precommit, 0, Some(other))
    ));
    assert!(!proven(
        said(1, Prevote, 0, Some(one)),
        said(1, Prevote, 0, Some(one))
    ));
    assert!(!proven(
        said(1, Prevote, 0, Some(one)),
        said(1, Precommit, 0, Some(other))
    ));
    assert!(!proven(
        said(1, Prevote, 0, Some(one)),
        said(1, Prevote, 1, Some(other))
    ));
    assert!(!proven(
        said(1, Prevote, 0, Some(one)),
        said(2, Prevote, 0, Some(other))
    ));
    assert!(!proven(
        said(2, Prevote, 0, Some(one)),
        said(2, Prevote, 0, Some(other))
    ));

    let mut block = chain.next_block(vec![]).block().clone();
    block.evidence.push(double(
        said(1, Prevote, 0, Some(one)),
        said(1, Prevote, 0, Some(other)),
    ));
    let sealed = block.seal();
    let again = SealedBlock::decode(sealed.bytes().clone()).unwrap();
    assert_eq!(again.block().evidence, sealed.block().evidence);
    let theirs: tendermint::Block = sealed.block().to_wire().try_into().unwrap();
    assert_eq!(theirs.evidence.iter().count(), 1);
}

fn validators(set: &ValidatorSet) -> tendermint::validator::Set {
    let infos = set
        .iter()
        .map(|validator| {
            let key = tendermint::PublicKey::from_raw_ed25519(validator.public_key.as_bytes());
            let power = validator.power.try_into().unwrap();
            tendermint::validator::Info::new(key.unwrap(), power)
        })
        .collect();
    tendermint::validator::Set::without_proposer(infos)
}

fn light_block(chain: &Chain, height: usize) -> LightBlock {
    let header = chain.blocks[height - 1].header().to_wire();
    let commit = chain.commits[height - 1].to_wire();
    let next = chain
        .validators
        .get(height)
        .unwrap_or(&chain.tip.validators);
    LightBlock {
        signed_header: tendermint::block::signed_header::SignedHeader::new(
            header.try_into().unwrap(),
            commit.try_into().unwrap(),
        )
        .unwrap(),
        validators: validators(&chain.validators[height - 1]),
        next_validators: validators(next),
        provider: "0000000000000000000000000000000000000000".parse().unwrap(),
    }
}
