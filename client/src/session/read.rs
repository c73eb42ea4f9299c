//! Reads: every value is proven against a header that was verified, or it is not returned.

use polity_ledger::state::keys::{self, List};
use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::{KeysAnswer, KeysRequest, ListHead, ListPage, Record};
use prost::Message;
use sha2::{Digest, Sha256};

use super::Session;
use crate::proof::verify_keys;
use crate::rpc::QueryAnswer;
use crate::{Error, ErrorKind, Result};

/// Most keys of one question.
pub(super) const KEYS_MAX: usize = 100;
/// How often a list that grew in the meantime is read again.
const LIST_ATTEMPTS: usize = 8;

/// At which height an answer holds, and whether a header proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The height whose state was read.
    pub height: u64,
    /// Whether it was verified against a signed header. The past of what has no history of its own is not.
    pub is_proven: bool,
}

/// Which state to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest.
    #[default]
    Newest,
    /// After the block of this height.
    Height(u64),
}

impl Session {
    /// An object by its number.
    pub async fn get<T: Object>(&self, number: u64) -> Result<Option<T>> {
        Ok(self.get_at(number, AsOf::Newest).await?.0)
    }

    /// An object by its number, as of a height.
    pub async fn get_at<T: Object>(&self, number: u64, at: AsOf) -> Result<(Option<T>, Moment)> {
        let key = objects::object_key(T::PREFIX, number);
        match at {
            AsOf::Newest => {
                let (mut values, moment) = self.read(&[key]).await?;
                Ok((
                    values
                        .pop()
                        .flatten()
                        .map(|value| decode_object::<T>(&value))
                        .transpose()?,
                    moment,
                ))
            }
            AsOf::Height(height) => self.object_as_of(number, height).await,
        }
    }

    /// Several objects of one kind by their numbers, in that order.
    pub async fn get_all<T: Object>(&self, numbers: &[u64]) -> Result<Vec<T>> {
        let keys: Vec<Vec<u8>> = numbers
            .iter()
            .map(|number| objects::object_key(T::PREFIX, *number))
            .collect();
        let (values, _) = self.read(&keys).await?;
        values
            .into_iter()
            .flatten()
            .map(|value| decode_object::<T>(&value))
            .collect()
    }

    /// A value that is no object.
    pub async fn value<T: Message + Default>(&self, key: Vec<u8>) -> Result<Option<T>> {
        let (mut values, _) = self.read(&[key]).await?;
        values
            .pop()
            .flatten()
            .map(|value| decode(&value))
            .transpose()
    }

    /// A listable set, whole: its head and pages are read as one answer, so they are of one height. Of a set that
    /// needs more than one answer (over 25,000 numbers) the pages must still add up to what the head counts.
    pub async fn list(&self, list: List, owner: u64) -> Result<Vec<u64>> {
        let mut pages = 1;
        for _ in 0..LIST_ATTEMPTS {
            let mut wanted = vec![keys::list_head(list, owner)];
            wanted.extend((0..pages).map(|page| keys::list_page(list, owner, page)));
            let (values, _) = self.read(&wanted).await?;
            let mut values = values.into_iter();
            let head = values.next().flatten();
            let head: ListHead = head.map(|v| decode(&v)).transpose()?.unwrap_or_default();
            if head.pages > pages {
                pages = head.pages;
                continue;
            }

            let mut numbers = Vec::new();
            for value in values.flatten() {
                numbers.extend(decode::<ListPage>(&value)?.numbers);
            }
            if numbers.len() as u64 == head.count {
                return Ok(numbers);
            }
        }
        Err(Error::new(
            ErrorKind::Trouble,
            "the list changes faster than it can be read",
        ))
    }

    /// Values of keys, all of one height, each proven present or absent. Of more than 100 keys each hundred is of
    /// one height.
    pub async fn read(&self, keys: &[Vec<u8>]) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        let mut values = Vec::with_capacity(keys.len());
        let mut height = 0;
        for chunk in keys.chunks(KEYS_MAX) {
            let request = KeysRequest {
                keys: chunk.to_vec(),
            };
            let answer = self.ask("/keys", &request.encode_to_vec(), 0, true).await?;
            let answer: KeysAnswer = decode(&answer.value)?;
            let header = self.light().proven_at(answer.height, self.wait).await?;
            values.extend(verify_keys(&answer, chunk, &header)?);
            height = answer.height;
        }
        Ok((
            values,
            Moment {
                height,
                is_proven: true,
            },
        ))
    }

    /// The past of an object: what the node remembers, proven by the object's own history where it has one.
    async fn object_as_of<T: Object>(
        &self,
        number: u64,
        height: u64,
    ) -> Result<(Option<T>, Moment)> {
        let key = objects::object_key(T::PREFIX, number);
        let answer = self.ask("/key", &key, height, false).await?;
        if answer.value.is_empty() {
            return Ok((
                None,
                Moment {
                    height,
                    is_proven: false,
                },
            ));
        }
        let object = decode_object::<T>(&answer.value)?;
        if !T::HISTORY {
            return Ok((
                Some(object),
                Moment {
                    height,
                    is_proven: false,
                },
            ));
        }
        let record: Record = decode(&answer.value)?;
        let history = self.history(T::KIND, number).await?;
        let last = history
            .items
            .iter()
            .rev()
            .find(|item| item.entry.height <= height);
        let is_proven = last.is_some_and(|item| {
            item.entry.object_hash == Sha256::digest(&record.object).as_slice()
        });
        Ok((Some(object), Moment { height, is_proven }))
    }

    /// Asks a node; a code in the answer is an error. The answer is hearsay until it is proven.
    pub async fn ask(
        &self,
        path: &str,
        data: &[u8],
        height: u64,
        prove: bool,
    ) -> Result<QueryAnswer> {
        let answer = self.rpc().abci_query(path, data, height, prove).await?;
        if answer.code != 0 {
            return Err(Error::trouble(format!(
                "the node has no answer: {}",
                answer.log
            )));
        }
        Ok(answer)
    }
}

/// Decodes an object out of its record, where a history stands beside it.
pub(crate) fn decode_object<T: Object>(value: &[u8]) -> Result<T> {
    if !T::HISTORY {
        return decode(value);
    }
    let record: Record = decode(value)?;
    decode(&record.object)
}

pub(crate) fn decode<T: Message + Default>(bytes: &[u8]) -> Result<T> {
    T::decode(bytes)
        .map_err(|error| Error::trouble("the node's answer is malformed").with_source(error))
}
