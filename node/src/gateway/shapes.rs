//! CometBFT v0.38's JSON for the answers that the node gives itself.
//!
//! Its habits: 64-bit numbers are strings, hashes upper-case hexadecimal, other bytes base64; an empty byte string is
//! `null` in results of the application and left out of events.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_engine::application::{ConsensusParams, Info, QueryResult, TxResult, ValidatorUpdate};
use serde_json::{Map, Value, json};

use super::backend::{CommittedBlock, FoundTransaction, Submitted};
use super::txproof::TxProof;

/// A hash as CometBFT writes it.
pub(super) fn hash_text(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

/// `abci_query`. The index is a remainder of older trees and always 0.
pub(super) fn query_result(result: &QueryResult) -> Value {
    let ops: Vec<Value> = result
        .proof_ops
        .iter()
        .map(|op| json!({"type": op.kind, "key": base64_text(&op.key), "data": base64_text(&op.data)}))
        .collect();
    json!({"response": {
        "code": result.code,
        "log": result.log,
        "info": "",
        "index": "0",
        "key": base64_or_null(&result.key),
        "value": base64_or_null(&result.value),
        "proofOps": if ops.is_empty() { Value::Null } else { json!({"ops": ops}) },
        "height": result.height.to_string(),
        "codespace": result.codespace,
    }})
}

/// `abci_info`. What is empty is left out.
pub(super) fn info(info: &Info) -> Value {
    let mut response = Map::new();
    put_text(&mut response, "data", &info.name);
    put_text(&mut response, "version", &info.version);
    put_number(&mut response, "app_version", info.app_version);
    put_number(&mut response, "last_block_height", info.last_block_height);
    put_text(
        &mut response,
        "last_block_app_hash",
        &base64_text(&info.last_block_app_hash),
    );
    json!({"response": response})
}

/// `tx`; the proof shows the transaction in its header's `data_hash`.
pub(super) fn transaction(found: &FoundTransaction, proof: Option<&TxProof>) -> Value {
    let transaction = &found.transaction;
    let mut answer = json!({
        "hash": hash_text(&transaction.hash),
        "height": found.height.to_string(),
        "index": found.index,
        "tx_result": tx_result(&transaction.result),
        "tx": base64_text(&transaction.bytes),
    });
    if let Some(proof) = proof {
        let aunts: Vec<String> = proof.aunts.iter().map(|aunt| base64_text(aunt)).collect();
        answer["proof"] = json!({
            "root_hash": hash_text(&proof.root),
            "data": base64_text(&transaction.bytes),
            "proof": {
                "total": proof.total.to_string(),
                "index": proof.index.to_string(),
                "leaf_hash": base64_text(&proof.leaf),
                "aunts": aunts,
            },
        });
    }
    answer
}

/// `block_results`.
pub(super) fn block_results(block: &CommittedBlock) -> Value {
    json!({
        "height": block.height.to_string(),
        "txs_results": list_or_null(tx_results(block)),
        "finalize_block_events": Value::Null,
        "validator_updates": list_or_null(validator_updates(&block.validator_updates)),
        "consensus_param_updates": block.consensus_param_updates.as_ref().map(consensus_params),
        "app_hash": base64_or_null(&block.app_hash),
    })
}

/// What a block did, inside the event of a new block; what is empty is left out, except the validators.
pub(super) fn finalized(block: &CommittedBlock) -> Value {
    let mut answer = Map::new();
    if !block.transactions.is_empty() {
        answer.insert("tx_results".to_owned(), tx_results(block).into());
    }
    answer.insert(
        "validator_updates".to_owned(),
        validator_updates(&block.validator_updates).into(),
    );
    if let Some(params) = &block.consensus_param_updates {
        answer.insert(
            "consensus_param_updates".to_owned(),
            consensus_params(params),
        );
    }
    put_text(&mut answer, "app_hash", &base64_text(&block.app_hash));
    answer.into()
}

/// The event of one transaction; what is empty or zero is left out. The empty list of events is not,
/// although CometBFT would: the Rust client cannot read a transaction without it.
pub(super) fn transaction_event(block: &CommittedBlock, index: usize) -> Value {
    let Some(transaction) = block.transactions.get(index) else {
        return Value::Null;
    };
    let mut result = Map::new();
    if transaction.result.code != 0 {
        result.insert("code".to_owned(), transaction.result.code.into());
    }
    put_text(&mut result, "data", &base64_text(&transaction.result.data));
    put_text(&mut result, "log", &transaction.result.log);
    result.insert("events".to_owned(), Vec::<Value>::new().into());

    let mut event = Map::new();
    put_number(&mut event, "height", block.height);
    if index != 0 {
        event.insert("index".to_owned(), index.into());
    }
    put_text(&mut event, "tx", &base64_text(&transaction.bytes));
    event.insert("result".to_owned(), result.into());
    json!({"TxResult": event})
}

/// `broadcast_tx_sync` and `broadcast_tx_async`.
pub(super) fn broadcast(submitted: &Submitted, hash: &[u8]) -> Value {
    json!({
        "code": submitted.code,
        "data": hash_text(&submitted.data),
        "log": submitted.log,
        "codespace": submitted.codespace,
        "hash": hash_text(hash),
    })
}

/// `broadcast_tx_commit`: the check, and the result with its height once there is one.
pub(super) fn broadcast_commit(
    checked: &Submitted,
    hash: &[u8],
    committed: Option<(&TxResult, u64)>,
) -> Value {
    let refused = TxResult::default();
    let (result, height) = committed.unwrap_or((&refused, 0));
    json!({
        "check_tx": execution(checked.code, &checked.data, &checked.log, &checked.codespace),
        "tx_result": tx_result(result),
        "hash": hash_text(hash),
        "height": height.to_string(),
    })
}

fn tx_results(block: &CommittedBlock) -> Vec<Value> {
    block
        .transactions
        .iter()
        .map(|transaction| tx_result(&transaction.result))
        .collect()
}

fn tx_result(result: &TxResult) -> Value {
    execution(result.code, &result.data, &result.log, "")
}

/// Gas is always zero: the ledger has no gas.
fn execution(code: u32, data: &[u8], log: &str, codespace: &str) -> Value {
    json!({
        "code": code,
        "data": base64_or_null(data),
        "log": log,
        "info": "",
        "gas_wanted": "0",
        "gas_used": "0",
        "events": [],
        "codespace": codespace,
    })
}

fn validator_updates(updates: &[ValidatorUpdate]) -> Vec<Value> {
    updates
        .iter()
        .map(|update| {
            let mut answer = json!({"pub_key": {"Sum": {
                "type": "tendermint.crypto.PublicKey_Ed25519",
                "value": {"ed25519": base64_text(&update.public_key)},
            }}});
            if update.power != 0 {
                answer["power"] = update.power.to_string().into();
            }
            answer
        })
        .collect()
}

fn consensus_params(params: &ConsensusParams) -> Value {
    let mut answer = Map::new();
    if let Some(block) = params.block {
        let block =
            json!({"max_bytes": block.max_bytes.to_string(), "max_gas": block.max_gas.to_string()});
        answer.insert("block".to_owned(), block);
    }
    if let Some(evidence) = params.evidence {
        let evidence = json!({
            "max_age_num_blocks": evidence.max_age_blocks.to_string(),
            "max_age_duration": evidence.max_age_nanos.to_string(),
            "max_bytes": evidence.max_bytes.to_string(),
        });
        answer.insert("evidence".to_owned(), evidence);
    }
    if let Some(version) = params.app_version {
        answer.insert("version".to_owned(), json!({"app": version.to_string()}));
    }
    answer.into()
}

fn put_text(map: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        map.insert(name.to_owned(), text.into());
    }
}

fn put_number(map: &mut Map<String, Value>, name: &str, number: u64) {
    if number != 0 {
        map.insert(name.to_owned(), number.to_string().into());
    }
}

fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn base64_or_null(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        Value::Null
    } else {
        base64_text(bytes).into()
    }
}

fn list_or_null(list: Vec<Value>) -> Value {
    if list.is_empty() {
        Value::Null
    } else {
        list.into()
    }
}
