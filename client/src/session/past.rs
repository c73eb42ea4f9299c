//! The past: what a node remembers of a height, held to the object's own history, which the newest state proves.

mod account;

use polity_ledger::state::objects::{Object, object_key};
use polity_proto::v1::{KeysAnswer, KeysRequest, ObjectKind, Record};
use prost::Message;
use sha2::{Digest, Sha256};

use super::read::{KEYS_MAX, decode};
use super::{Moment, Session};
use crate::{Error, Result};

impl Session {
    /// Values of keys as a node remembers them of a height: hearsay. Where `is_value` says why one of them is not a
    /// value, the whole answer cannot be read.
    pub(super) async fn remembered(
        &self,
        keys: &[Vec<u8>],
        height: u64,
        is_value: impl Fn(&[u8]) -> Result<()>,
    ) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        if height == 0 {
            // To a node it is the newest height.
            return Err(Error::usage("heights begin with 1"));
        }
        let mut values = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_MAX) {
            let request = KeysRequest {
                keys: chunk.to_vec(),
            };
            let read = |bytes: &[u8]| {
                let answers = decode::<KeysAnswer>(bytes)?.answers;
                let fits = answers.len() == chunk.len()
                    && std::iter::zip(&answers, chunk).all(|(one, key)| one.key == *key);
                if !fits {
                    return Err(Error::trouble("the node answered another question"));
                }
                let values = answers.into_iter().map(|one| one.value);
                values
                    .map(|value| {
                        if value.is_empty() {
                            Ok(None)
                        } else {
                            is_value(&value).map(|()| Some(value))
                        }
                    })
                    .collect::<Result<Vec<_>>>()
            };
            let request = request.encode_to_vec();
            values.extend(
                self.rpc()
                    .query("/keys", &request, height, false, read)
                    .await?,
            );
        }
        Ok((values, Moment::said(height)))
    }

    /// Whether an object's history proves what a node remembers of it: the last entry that is not above the height has
    /// the hash of the object as it was then. `false` where the history says nothing about it, or where the state that proves
    /// it does not reach the height: what came in between may be kept back.
    ///
    /// # Errors
    /// [`crate::ErrorKind::ProofFailed`] where the history says something else.
    pub(super) async fn is_past<T: Object>(
        &self,
        number: u64,
        height: u64,
        value: Option<&[u8]>,
    ) -> Result<bool> {
        let (mut now, moment) = self.read(&[object_key(T::PREFIX, number)]).await?;
        if moment.height < height {
            return Ok(false);
        }
        if now.pop().flatten().is_none() {
            // Nothing that has a history is ever taken away.
            return match value {
                None => Ok(true),
                Some(_) => Err(Error::proof("what is not there now was not there before")),
            };
        }
        let record: Record = decode(value.unwrap_or_default())?;
        let count = record.history_count;
        let from = count.saturating_sub(1);
        let (entries, head) = self.history_part(T::KIND, number, from, 2).await?;
        let next = match count {
            0 => entries.first(),
            _ => entries.get(1),
        };
        let is_newest = next.is_none() && count == head.count;
        if !is_newest && next.is_none_or(|next| next.height <= height) {
            return Err(another(height));
        }
        if count == 0 {
            // It may have been there before anything of it was told in its own history.
            return Ok(false);
        }

        let last = entries
            .first()
            .filter(|last| last.height <= height)
            .ok_or_else(|| another(height))?;
        if T::KIND == ObjectKind::Account {
            let account = decode(&record.object)?;
            return self.is_past_account(&account, last, height).await;
        }
        if last.object_hash == Sha256::digest(&record.object)[..] {
            Ok(true)
        } else {
            Err(another(height))
        }
    }
}

pub(super) fn another(height: u64) -> Error {
    Error::proof(format!(
        "the object's history proves another past than the node remembers of height {height}"
    ))
}

#[cfg(test)]
mod tests;
