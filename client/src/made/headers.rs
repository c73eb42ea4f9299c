//! Headers of a chain that a test makes, signed by its one validator.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tendermint::block::signed_header::SignedHeader;
use tendermint::block::{Commit, CommitSig, Header, Id};
use tendermint::validator::{Info, Set};
use tendermint::vote::{Type, Vote};
use tendermint::{PublicKey, Signature, Time};

use super::Made;
use crate::keys::Signer;
use crate::recorded;
use crate::trust::Genesis;

pub(super) const CHAIN_ID: &str = "made";

/// The founding, Unix seconds. A second later there is the first block, and one each second.
pub(crate) const FOUNDED: u64 = 1_795_000_000;

const POWER: u64 = 10;

fn signer() -> Signer {
    Signer::from_seed(&[9; 32])
}

fn validator() -> Info {
    let key = PublicKey::from_raw_ed25519(&signer().public_key()).expect("a key");
    Info::new(key, POWER.try_into().expect("in range"))
}

/// The time of a block.
pub(super) fn time(height: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(FOUNDED + height)
}

/// The root of trust.
pub(super) fn genesis() -> Genesis {
    let key = signer().public_key();
    let validators = std::iter::once((&key[..], POWER));
    Genesis::of_founding(CHAIN_ID, FOUNDED, validators, CHAIN_ID.as_bytes()).expect("a genesis")
}

/// The validators of a height, as a node lists them.
pub(super) fn validators(height: u64) -> Value {
    let key = STANDARD.encode(signer().public_key());
    json!({
        "block_height": height.to_string(),
        "validators": [{
            "pub_key": {"type": "tendermint/PubKeyEd25519", "value": key},
            "voting_power": POWER.to_string(),
        }],
        "total": "1",
    })
}

/// The headers of a chain, from its first block on.
pub(super) fn of(chain: &Made) -> Vec<SignedHeader> {
    let recorded = recorded::chain()["commits"]["2"]["signed_header"]["header"].clone();
    let recorded: Header = serde_json::from_value(recorded).expect("the fixture");
    let set = Set::without_proposer(vec![validator()]).hash();
    let mut headers: Vec<SignedHeader> = Vec::new();
    for height in 1..=chain.newest() {
        let seconds = i64::try_from(FOUNDED + height).expect("a time");
        let header = Header {
            chain_id: CHAIN_ID.parse().expect("a name"),
            height: height.try_into().expect("a height"),
            time: Time::from_unix_timestamp(seconds, 0).expect("a time"),
            last_block_id: headers.last().map(|last| last.commit.block_id),
            validators_hash: set,
            next_validators_hash: set,
            app_hash: chain
                .state(height - 1)
                .root()
                .to_vec()
                .try_into()
                .expect("bytes"),
            data_hash: Some(tendermint::Hash::Sha256(chain.roots(height).0)),
            last_results_hash: Some(tendermint::Hash::Sha256(chain.roots(height - 1).1)),
            proposer_address: validator().address,
            ..recorded.clone()
        };
        headers.push(signed(header));
    }
    headers
}

fn signed(header: Header) -> SignedHeader {
    let block_id = Id {
        hash: header.hash(),
        part_set_header: tendermint::block::parts::Header::new(1, header.hash()).expect("a part"),
    };
    let vote = Vote {
        vote_type: Type::Precommit,
        height: header.height,
        round: 0_u16.into(),
        block_id: Some(block_id),
        timestamp: Some(header.time),
        validator_address: validator().address,
        validator_index: 0_u32.try_into().expect("an index"),
        signature: None,
        extension: Vec::new(),
        extension_signature: None,
    };
    let signature = signer().sign(&vote.into_signable_vec(header.chain_id.clone()));
    let commit = Commit {
        height: header.height,
        round: 0_u16.into(),
        block_id,
        signatures: vec![CommitSig::BlockIdFlagCommit {
            validator_address: validator().address,
            timestamp: header.time,
            signature: Signature::new(signature).expect("a signature"),
        }],
    };
    SignedHeader::new(header, commit).expect("a header with its commit")
}
