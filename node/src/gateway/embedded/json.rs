//! CometBFT v0.38's JSON of blocks, commits and validators.
//!
//! Its habits: 64-bit numbers are texts, 32-bit numbers are numbers, hashes upper-case hexadecimal, other bytes base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_engine::application::Timestamp;
use polity_engine::cometbft::node_id;
use polity_engine::embedded::canonical::{
    BLOCK_PROTOCOL, BlockId, Commit, CommitSignature, DoubleVote, Header, Outline, SealedBlock,
    SignedVote, Validator, VoteKind, vote_time,
};
use polity_engine::embedded::{Chain, ConnectedPeer, Params};
use serde_json::{Value, json};

use super::About;

/// How CometBFT shows a time that is not there.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

pub(super) fn block(block: &SealedBlock) -> Value {
    let content = block.block();
    let transactions: Vec<String> = content
        .transactions
        .iter()
        .map(|bytes| STANDARD.encode(bytes))
        .collect();
    let evidence: Vec<Value> = content.evidence.iter().map(double_vote).collect();
    json!({
        "block_id": block_id(&block.id()),
        "block": {
            "header": header(&content.header),
            "data": {"txs": transactions},
            "evidence": {"evidence": evidence},
            "last_commit": commit(&content.last_commit),
        },
    })
}

/// What CometBFT answers for a hash that it does not know.
pub(super) fn no_block() -> Value {
    json!({"block_id": block_id(&BlockId::default()), "block": null})
}

pub(super) fn meta(block: &Outline) -> Value {
    json!({
        "block_id": block_id(&block.id),
        "block_size": block.bytes.to_string(),
        "header": header(&block.header),
        "num_txs": block.transactions.to_string(),
    })
}

pub(super) fn header(header: &Header) -> Value {
    json!({
        "version": {"block": BLOCK_PROTOCOL.to_string(), "app": header.app_version.to_string()},
        "chain_id": header.chain_id,
        "height": header.height.to_string(),
        "time": time(header.time),
        "last_block_id": block_id(&header.last_block_id),
        "last_commit_hash": hash(&header.last_commit_hash),
        "data_hash": hash(&header.data_hash),
        "validators_hash": hash(&header.validators_hash),
        "next_validators_hash": hash(&header.next_validators_hash),
        "consensus_hash": hash(&header.consensus_hash),
        "app_hash": hash(&header.app_hash),
        "last_results_hash": hash(&header.last_results_hash),
        "evidence_hash": hash(&header.evidence_hash),
        "proposer_address": header.proposer_address.to_string(),
    })
}

pub(super) fn commit(commit: &Commit) -> Value {
    let signatures: Vec<Value> = commit
        .signatures
        .iter()
        .map(|entry| match entry {
            CommitSignature::Absent => json!({
                "block_id_flag": 1,
                "validator_address": "",
                "timestamp": NO_TIME,
                "signature": null,
            }),
            CommitSignature::ForBlock { address, signature } => json!({
                "block_id_flag": 2,
                "validator_address": address.to_string(),
                "timestamp": time(vote_time()),
                "signature": STANDARD.encode(signature.0),
            }),
        })
        .collect();
    json!({
        "height": commit.height.to_string(),
        "round": commit.round,
        "block_id": block_id(&commit.block_id),
        "signatures": signatures,
    })
}

/// Priorities do not exist here: whose turn it is follows from the height and the round.
pub(super) fn validator(validator: &Validator) -> Value {
    json!({
        "address": validator.address.to_string(),
        "pub_key": public_key(validator.public_key.as_bytes()),
        "voting_power": validator.power.to_string(),
        "proposer_priority": "0",
    })
}

pub(super) fn params(params: &Params) -> Value {
    json!({
        "block": {
            "max_bytes": params.block.max_bytes.to_string(),
            "max_gas": params.block.max_gas.to_string(),
        },
        "evidence": {
            "max_age_num_blocks": params.evidence.max_age_blocks.to_string(),
            "max_age_duration": params.evidence.max_age_nanos.to_string(),
            "max_bytes": params.evidence.max_bytes.to_string(),
        },
        "validator": {"pub_key_types": ["ed25519"]},
        "version": {"app": params.app_version.to_string()},
        "abci": {"vote_extensions_enable_height": "0"},
    })
}

pub(super) fn status(
    chain: &Chain,
    about: &About,
    first: Option<&Outline>,
    newest: Option<&Outline>,
    power: u64,
) -> Value {
    let own = chain.own();
    let progress = chain.progress();
    let height = |block: Option<&Outline>| block.map_or(0, |block| block.header.height);
    let hash_of =
        |block: Option<&Outline>| block.map_or_else(String::new, |block| hash(&block.id.hash));
    let time_of = |block: Option<&Outline>| {
        block.map_or_else(|| NO_TIME.to_owned(), |block| time(block.header.time))
    };
    json!({
        "node_info": {
            "protocol_version": {"p2p": "8", "block": BLOCK_PROTOCOL.to_string(), "app": "1"},
            "id": node_id(&own.node_key),
            "listen_addr": format!("tcp://{}", about.listen),
            "network": chain.chain_id(),
            "version": env!("CARGO_PKG_VERSION"),
            "channels": "",
            "moniker": about.moniker,
            "other": {"tx_index": "on", "rpc_address": format!("tcp://{}", about.gateway)},
        },
        "sync_info": {
            "latest_block_hash": hash_of(newest),
            "latest_app_hash": hash(&progress.app_hash),
            "latest_block_height": height(newest).to_string(),
            "latest_block_time": time_of(newest),
            "earliest_block_hash": hash_of(first),
            "earliest_app_hash": first.map_or_else(String::new, |block| hash(&block.header.app_hash)),
            "earliest_block_height": height(first).to_string(),
            "earliest_block_time": time_of(first),
            "catching_up": progress.is_catching_up,
        },
        "validator_info": {
            "address": own.address.to_string(),
            "pub_key": public_key(&own.consensus_key),
            "voting_power": power.to_string(),
        },
    })
}

pub(super) fn net_info(peers: &[ConnectedPeer], chain_id: &str, listen: &str) -> Value {
    let shown: Vec<Value> = peers
        .iter()
        .map(|peer| {
            json!({
                "node_info": {
                    "protocol_version": {"p2p": "8", "block": BLOCK_PROTOCOL.to_string(), "app": "1"},
                    "id": node_id(&peer.public_key),
                    "listen_addr": peer.address,
                    "network": chain_id,
                    "version": "",
                    "channels": "",
                    "moniker": peer.moniker,
                    "other": {"tx_index": "on", "rpc_address": ""},
                },
                "is_outbound": peer.is_outbound,
                "remote_ip": remote_ip(&peer.address),
            })
        })
        .collect();
    json!({
        "listening": true,
        "listeners": [format!("Listener(@{listen})")],
        "n_peers": peers.len().to_string(),
        "peers": shown,
    })
}

fn double_vote(double: &DoubleVote) -> Value {
    json!({
        "type": "tendermint/DuplicateVoteEvidence",
        "value": {
            "vote_a": vote(&double.first, double.validator_index),
            "vote_b": vote(&double.second, double.validator_index),
            "TotalVotingPower": double.total_power.to_string(),
            "ValidatorPower": double.validator_power.to_string(),
            "Timestamp": time(double.time),
        },
    })
}

fn vote(signed: &SignedVote, index: u32) -> Value {
    let vote = &signed.vote;
    json!({
        "type": match vote.kind {
            VoteKind::Prevote => 1,
            VoteKind::Precommit => 2,
        },
        "height": vote.height.to_string(),
        "round": vote.round,
        "block_id": block_id(&vote.block.unwrap_or_default()),
        "timestamp": time(vote_time()),
        "validator_address": vote.address.to_string(),
        "validator_index": index,
        "signature": STANDARD.encode(signed.signature.0),
        "extension": null,
        "extension_signature": null,
    })
}

fn block_id(id: &BlockId) -> Value {
    let text = |bytes: &[u8]| {
        if id.is_none() {
            String::new()
        } else {
            hash(bytes)
        }
    };
    json!({
        "hash": text(&id.hash),
        "parts": {"total": id.parts, "hash": text(&id.parts_hash)},
    })
}

fn public_key(key: &[u8]) -> Value {
    json!({"type": "tendermint/PubKeyEd25519", "value": STANDARD.encode(key)})
}

fn hash(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

/// RFC 3339 as Go writes it: no zeros at the end of the fraction.
fn time(time: Timestamp) -> String {
    let Ok(seconds) = u64::try_from(time.seconds) else {
        return NO_TIME.to_owned();
    };
    let moment = std::time::UNIX_EPOCH + std::time::Duration::new(seconds, time.nanos);
    let text = humantime::format_rfc3339_nanos(moment).to_string();
    let text = text.trim_end_matches('Z').trim_end_matches('0');
    format!("{}Z", text.trim_end_matches('.'))
}

/// The IP address in libp2p's form of an address.
fn remote_ip(address: &str) -> &str {
    address.split('/').nth(2).unwrap_or_default()
}
