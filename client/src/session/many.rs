//! Many objects and lists in few questions, of the newest state or as of a height.

use polity_ledger::state::keys::{self, List};
use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::{KeysAnswer, KeysRequest, ListHead, ListPage};
use prost::Message;

use super::read::{KEYS_MAX, decode, decode_object};
use super::{AsOf, Moment, Session};
use crate::{Error, Result};

/// Most pages of one list that are believed: more than any organisation has.
const PAGES_MAX: u64 = 100_000;
/// How often lists that change while they are read are read again.
const ATTEMPTS_MAX: u32 = 20;

impl Session {
    /// Values of keys. The newest are proven; those of a height are as the node remembers them.
    pub async fn read_at(
        &self,
        keys: &[Vec<u8>],
        at: AsOf,
    ) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        let AsOf::Height(height) = at else {
            return self.read(keys).await;
        };
        let mut values = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_MAX) {
            let request = KeysRequest {
                keys: chunk.to_vec(),
            };
            let answer = self
                .ask("/keys", &request.encode_to_vec(), height, false)
                .await?;
            let answer: KeysAnswer = decode(&answer.value)?;
            let fits = answer.answers.len() == chunk.len()
                && std::iter::zip(&answer.answers, chunk).all(|(one, key)| one.key == *key);
            if !fits {
                return Err(Error::trouble("the node answered another question"));
            }
            values.extend(
                answer
                    .answers
                    .into_iter()
                    .map(|one| Some(one.value).filter(|value| !value.is_empty())),
            );
        }
        Ok((
            values,
            Moment {
                height,
                is_proven: false,
            },
        ))
    }

    /// Several objects of one kind by their numbers, in that order; none where there is no such object.
    pub async fn get_all_at<T: Object>(
        &self,
        numbers: &[u64],
        at: AsOf,
    ) -> Result<(Vec<Option<T>>, Moment)> {
        let keys: Vec<Vec<u8>> = numbers
            .iter()
            .map(|number| objects::object_key(T::PREFIX, *number))
            .collect();
        let (values, moment) = self.read_at(&keys, at).await?;
        let objects = values
            .into_iter()
            .map(|value| value.map(|value| decode_object::<T>(&value)).transpose())
            .collect::<Result<_>>()?;
        Ok((objects, moment))
    }

    /// The same listable set of several owners, each whole, in the order of the owners.
    pub async fn lists(
        &self,
        list: List,
        owners: &[u64],
        at: AsOf,
    ) -> Result<(Vec<Vec<u64>>, Moment)> {
        for _ in 0..ATTEMPTS_MAX {
            // Heads and pages may be of two heights: a set that changed in between is read again.
            if let Some(lists) = self.lists_once(list, owners, at).await? {
                return Ok(lists);
            }
        }
        Err(Error::trouble(
            "the list changed again and again while it was read",
        ))
    }

    async fn lists_once(
        &self,
        list: List,
        owners: &[u64],
        at: AsOf,
    ) -> Result<Option<(Vec<Vec<u64>>, Moment)>> {
        let heads: Vec<Vec<u8>> = owners
            .iter()
            .map(|owner| keys::list_head(list, *owner))
            .collect();
        let (values, mut moment) = self.read_at(&heads, at).await?;
        let mut counts = Vec::new();
        let mut pages = Vec::new();
        for (index, (owner, value)) in owners.iter().zip(values).enumerate() {
            let head: ListHead = decode(&value.unwrap_or_default())?;
            if head.pages > PAGES_MAX {
                return Err(Error::trouble("the list has too many pages"));
            }
            counts.push(head.count);
            pages.extend((0..head.pages).map(|page| (index, keys::list_page(list, *owner, page))));
        }

        let page_keys: Vec<Vec<u8>> = pages.iter().map(|(_, key)| key.clone()).collect();
        let (values, read_at) = self.read_at(&page_keys, at).await?;
        if !page_keys.is_empty() {
            moment = read_at;
        }
        let mut lists = vec![Vec::new(); owners.len()];
        for ((index, _), value) in pages.iter().zip(values) {
            lists[*index].extend(decode::<ListPage>(&value.unwrap_or_default())?.numbers);
        }
        let is_whole =
            std::iter::zip(&lists, &counts).all(|(list, count)| list.len() as u64 == *count);
        Ok(is_whole.then_some((lists, moment)))
    }
}
