//! Point reads: one key or several, with proofs at the newest height.

use polity_engine::application::{Query, QueryResult};
use polity_ledger::state::{Read, keys};
use polity_proto::v1::{KeyAnswer, KeysAnswer, KeysRequest};
use sha2::{Digest, Sha256};

use super::{QueryError, decode, key_result};
use crate::app::{App, ics23_proof};
use crate::fault::Fault;
use crate::store::{KEY_BYTES_MAX, Snapshot};

/// Most keys of one question.
const KEYS_MAX: usize = 100;

impl App {
    /// Path /key: `data` is the raw key.
    pub(super) fn key(&self, query: &Query) -> Result<QueryResult, QueryError> {
        let key = query.data.to_vec();
        check_key(&key)?;
        if keys::DERIVED.contains(&key[0]) {
            return Err(QueryError::BadRequest(
                "right edges follow from entries and nodes, and are not stored",
            ));
        }
        if !query.prove {
            let view = self.view(query.height)?;
            let value = Read::get(&view, &key).unwrap_or_default();
            return Ok(key_result(key, value.into(), None, view.height));
        }
        if !keys::is_leaf(&key) {
            return Err(QueryError::BadRequest("rows beside the tree have no proof"));
        }
        let (proven, height) = self.prove(query.height, &[key])?;
        let answer = proven.into_iter().next().unwrap_or_default();
        Ok(key_result(
            answer.key,
            answer.value,
            Some(answer.proof),
            height,
        ))
    }

    /// Path /keys.
    pub(super) fn keys(&self, query: &Query) -> Result<KeysAnswer, QueryError> {
        let request: KeysRequest = decode(&query.data)?;
        if request.keys.is_empty() || request.keys.len() > KEYS_MAX {
            return Err(QueryError::BadRequest("1 to 100 keys"));
        }
        for key in &request.keys {
            check_key(key)?;
            if !keys::is_leaf(key) {
                return Err(QueryError::BadRequest("rows beside the tree have no proof"));
            }
        }
        if query.prove {
            let (answers, height) = self.prove(query.height, &request.keys)?;
            return Ok(KeysAnswer { height, answers });
        }
        let view = self.view(query.height)?;
        let answers = request
            .keys
            .into_iter()
            .map(|key| KeyAnswer {
                value: Read::get(&view, &key).unwrap_or_default().into(),
                key,
                proof: Vec::new(),
            })
            .collect();
        Ok(KeysAnswer {
            height: view.height,
            answers,
        })
    }

    fn prove(&self, height: u64, keys: &[Vec<u8>]) -> Result<(Vec<KeyAnswer>, u64), QueryError> {
        let hashes: Vec<[u8; 32]> = keys.iter().map(|key| Sha256::digest(key).into()).collect();
        let shown = self.tree.show(|| self.snapshot(), &hashes);
        let (shown, snapshot) = shown.ok_or(QueryError::Busy)?;
        if snapshot.organisation()?.is_none() {
            return Err(QueryError::NotFounded);
        }
        let proven_height = proven_height(&snapshot)?;
        if height != 0 && height != proven_height && height != snapshot.height() {
            return Err(crate::app::ProofError::NotNewest.into());
        }
        let answers = keys
            .iter()
            .zip(&shown)
            .map(|(key, shown)| {
                let value = snapshot.try_get(key)?;
                let proof = ics23_proof(&snapshot, key, value.as_deref(), shown)?;
                Ok(KeyAnswer {
                    key: key.clone(),
                    value: value.unwrap_or_default(),
                    proof,
                })
            })
            .collect::<Result<_, crate::app::ProofError>>()?;
        Ok((answers, proven_height))
    }
}

/// The height whose root the newest state has and whose next header may be there already.
fn proven_height(snapshot: &Snapshot) -> Result<u64, Fault> {
    let newest = snapshot.height();
    // The first block of an idle network leaves the root of the genesis, which its own header proves.
    let before = snapshot.app_hash_before()?;
    Ok(if before == Some(snapshot.app_hash()) {
        newest.saturating_sub(1)
    } else {
        newest
    })
}

fn check_key(key: &[u8]) -> Result<(), QueryError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(QueryError::BadRequest(
            "a key has 1 byte or more, up to the store's bound",
        ));
    }
    Ok(())
}
