//! Refused transactions by member and by unit: a local index, each entry proven by its receipt.

use std::collections::BTreeMap;

use polity_engine::application::TxResult;
use polity_ledger::Rejection;
use polity_proto::v1::{
    Body, Envelope, ObjectKind, Receipt, Refusal, RefusalsAnswer, RefusalsRequest, Role,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{QueryError, View};
use crate::app::{BlockRecord, Checked};
use crate::fault::{Fault, FaultKind};
use crate::store::{IndexRange, Position, Snapshot};

/// First byte of the index of refusals: kind, number, height, index.
const REFUSALS: u8 = 1;
/// First byte of the index of envelopes: the first eight bytes of the hash, height, index.
const ENVELOPES: u8 = 2;
/// Both hold a position, so no entry is ever put twice.
pub(crate) const PUT_ONCE_INDEXES: [u8; 2] = [REFUSALS, ENVELOPES];
/// Most refusals of an answer.
const REFUSALS_MAX: u32 = 100;

/// What a block adds to the local indexes. Derived from the block and its parent alone.
pub(crate) fn index(
    parent: &dyn polity_ledger::state::Read,
    height: u64,
    envelopes: &[bytes::Bytes],
    results: &[TxResult],
    checked: &[Checked],
) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let mut rows = BTreeMap::new();
    for (index, (envelope, checked)) in envelopes.iter().zip(checked).enumerate() {
        let hash = match checked {
            Ok(checked) => *checked.envelope_hash(),
            Err(_) => Sha256::digest(envelope).into(),
        };
        rows.insert(
            envelope_key(
                &hash,
                Position {
                    height,
                    index: index as u32,
                },
            ),
            Some(Vec::new()),
        );
    }
    for (index, (result, checked)) in results.iter().zip(checked).enumerate() {
        let (true, Ok(checked)) = (result.code != 0, checked) else {
            continue;
        };
        let mut about = Vec::new();
        for signer in &checked.body().signers {
            about.push((ObjectKind::Member, signer.member));
        }
        for action in &checked.body().actions {
            let role = action.acting_role.as_ref().map_or(0, |role| role.number);
            let role: Option<Role> = polity_ledger::state::objects::get(parent, role);
            if let Some(role) = role {
                about.push((ObjectKind::Unit, role.unit));
            }
        }
        for (kind, number) in about {
            let key = refusal_key(
                kind,
                number,
                Position {
                    height,
                    index: index as u32,
                },
            );
            rows.insert(key, Some(Vec::new()));
        }
    }
    rows
}

/// Path /refusals: newest first.
pub(super) fn list(view: &View, request: &RefusalsRequest) -> Result<RefusalsAnswer, QueryError> {
    let kind = ObjectKind::try_from(request.kind)
        .ok()
        .filter(|kind| matches!(kind, ObjectKind::Member | ObjectKind::Unit))
        .ok_or(QueryError::BadRequest(
            "refusals are listed by member or unit",
        ))?;
    let last = match request.before_height {
        0 => view.height,
        before => before - 1,
    };
    let range = IndexRange {
        from: refusal_key(
            kind,
            request.number,
            Position {
                height: 0,
                index: 0,
            },
        ),
        to: Some(refusal_key(
            kind,
            request.number,
            Position {
                height: last + 1,
                index: 0,
            },
        )),
        limit: request.limit.clamp(1, REFUSALS_MAX) as usize,
        is_backward: true,
    };
    let entries = view.snapshot.index_range(&range)?;
    view.count_read(entries.len());
    let refusals = entries
        .iter()
        .map(|(key, _)| refusal(&view.snapshot, key))
        .collect::<Result<_, Fault>>()?;
    Ok(RefusalsAnswer {
        height: view.height,
        refusals,
    })
}

/// Where an envelope with this hash stands, if it is in a block.
pub(crate) fn position_of_envelope(
    snapshot: &Snapshot,
    hash: &[u8; 32],
) -> Result<Option<Position>, Fault> {
    let range = IndexRange {
        from: [&[ENVELOPES], &hash[..8]].concat(),
        to: Some([&[ENVELOPES], &hash[..8], &[0xff; 13]].concat()),
        limit: 16,
        is_backward: false,
    };
    for (key, _) in snapshot.index_range(&range)? {
        let position = position(&key[9..]).ok_or_else(damaged)?;
        let bytes = snapshot.transaction(position)?.ok_or_else(damaged)?;
        if Sha256::digest(&bytes)[..] == hash[..] {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// What an entry of the index stands for. It was refused in its block with what it needs to be read.
fn refusal(snapshot: &Snapshot, key: &[u8]) -> Result<Refusal, Fault> {
    let position = key.get(10..).and_then(position).ok_or_else(damaged)?;
    let receipt = snapshot.receipt(position)?.ok_or_else(damaged)?;
    let receipt = Receipt::decode(&receipt[..]).map_err(|_| damaged())?;
    let rejection = Rejection::from_code(receipt.code).ok_or_else(damaged)?;
    let transaction = snapshot.transaction(position)?.ok_or_else(damaged)?;
    let envelope = Envelope::decode(&transaction[..]).map_err(|_| damaged())?;
    let body = Body::decode(&envelope.body[..]).map_err(|_| damaged())?;
    let block = snapshot.block(position.height)?.ok_or_else(damaged)?;
    let block = BlockRecord::read(&block)?;
    let actor = body
        .actions
        .get(receipt.failed_action as usize)
        .and_then(|action| body.signers.get(action.actor as usize))
        .or(body.signers.first());
    Ok(Refusal {
        height: position.height,
        index: position.index,
        time: block.time,
        transaction_id: Sha256::digest(&envelope.body).to_vec(),
        member: actor.map_or(0, |signer| signer.member),
        code: receipt.code,
        rejection: rejection.name().into(),
        action: receipt.failed_action,
    })
}

fn damaged() -> Fault {
    let words = "an entry of the index of transactions stands for none that can be read";
    Fault::new(FaultKind::StoreDamaged, words)
}

fn refusal_key(kind: ObjectKind, number: u64, at: Position) -> Vec<u8> {
    let mut key = vec![REFUSALS, kind as u8];
    key.extend_from_slice(&number.to_be_bytes());
    key.extend_from_slice(&at.height.to_be_bytes());
    key.extend_from_slice(&at.index.to_be_bytes());
    key
}

fn envelope_key(hash: &[u8], at: Position) -> Vec<u8> {
    [
        &[ENVELOPES],
        &hash[..8],
        &at.height.to_be_bytes(),
        &at.index.to_be_bytes(),
    ]
    .concat()
}

fn position(bytes: &[u8]) -> Option<Position> {
    let (height, index) = bytes.split_first_chunk::<8>()?;
    Some(Position {
        height: u64::from_be_bytes(*height),
        index: u32::from_be_bytes(index.try_into().ok()?),
    })
}
