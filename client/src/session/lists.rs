//! Listable sets, each read whole: its head and its pages are of one height, so nothing that moves between them is lost.

use std::iter::zip;

use futures_util::{StreamExt, TryStreamExt, stream};
use polity_ledger::state::keys::{self, List};
use polity_proto::v1::{Counter, ListHead, ListPage, ObjectKind};

use super::read::{KEYS_MAX, decode};
use super::view::{AsOf, View};
use super::{Moment, Session};
use crate::{Error, Result};

/// Most pages of one list that are believed: more than any organisation has.
const PAGES_MAX: u64 = 100_000;
/// How often a list that changes while it is read is read again.
const ATTEMPTS_MAX: u32 = 20;
/// Questions about one long list that are asked at once, so that most often their answers are of one height.
const QUESTIONS_AT_ONCE: usize = 8;

/// Values of the keys that were asked for, in that order.
type Values = Vec<Option<Vec<u8>>>;

impl Session {
    /// A listable set, whole, as it is now.
    pub async fn list(&self, list: List, owner: u64) -> Result<Vec<u64>> {
        self.view(AsOf::Newest).list(list, owner).await
    }
}

impl View<'_> {
    /// The numbers of everything of a kind that was ever made: objects stay. A counter only grows, so that the newest, which
    /// is proven, covers every earlier state.
    pub async fn every(&self, kind: ObjectKind) -> Result<Vec<u64>> {
        let key = keys::key(keys::COUNTER, &[kind as u64]);
        let counter: Option<Counter> = match self.at() {
            AsOf::Newest => self.value(key).await?,
            AsOf::Height(_) => self.session().value(key).await?,
        };
        Ok((1..=counter.map_or(0, |counter| counter.last)).collect())
    }

    /// A listable set, whole.
    pub async fn list(&self, list: List, owner: u64) -> Result<Vec<u64>> {
        Ok(self.lists(list, &[owner]).await?.concat())
    }

    /// The same listable set of several owners, each whole, in the order of the owners.
    pub async fn lists(&self, list: List, owners: &[u64]) -> Result<Vec<Vec<u64>>> {
        let mut lists = Vec::with_capacity(owners.len());
        // Most lists have no more than one page, so one question is enough for many of them.
        for owners in owners.chunks(KEYS_MAX / 2) {
            let keys = owners.iter().flat_map(|owner| keys_of(list, *owner, 1));
            let values = self.values(&keys.collect::<Vec<_>>()).await?;
            let (pairs, _) = values.as_chunks::<2>();
            for (owner, pair) in zip(owners, pairs) {
                lists.push(match read(pair)? {
                    Read::Whole(numbers) => numbers,
                    Read::OtherPages(pages) => self.of_pages(list, *owner, pages).await?,
                });
            }
        }
        Ok(lists)
    }

    /// A list that has so many pages, unless that has changed.
    async fn of_pages(&self, list: List, owner: u64, mut pages: u64) -> Result<Vec<u64>> {
        for _ in 0..ATTEMPTS_MAX {
            let keys: Vec<Vec<u8>> = keys_of(list, owner, pages).collect();
            let Some(values) = self.values_of_one_height(&keys).await? else {
                continue;
            };
            pages = match read(&values)? {
                Read::Whole(numbers) => return Ok(numbers),
                Read::OtherPages(pages) => pages,
            };
        }
        Err(Error::trouble(
            "the list changes faster than it can be read",
        ))
    }

    async fn values_of_one_height(&self, keys: &[Vec<u8>]) -> Result<Option<Values>> {
        let questions = keys.chunks(KEYS_MAX).map(|keys| self.values_then(keys));
        let answers: Vec<(Values, Moment)> = stream::iter(questions)
            .buffered(QUESTIONS_AT_ONCE)
            .try_collect()
            .await?;
        let (values, moments): (Vec<Values>, Vec<Moment>) = answers.into_iter().unzip();
        let is_one = moments
            .windows(2)
            .all(|pair| pair[0].height == pair[1].height);
        Ok(is_one.then(|| values.concat()))
    }
}

/// The keys of a list's head and of so many of its pages.
fn keys_of(list: List, owner: u64, pages: u64) -> impl Iterator<Item = Vec<u8>> {
    let pages = (0..pages).map(move |page| keys::list_page(list, owner, page));
    std::iter::once(keys::list_head(list, owner)).chain(pages)
}

/// What a head and pages of one height come to.
enum Read {
    /// All numbers.
    Whole(Vec<u64>),
    /// The list has so many pages, and others were asked for.
    OtherPages(u64),
}

fn read(values: &[Option<Vec<u8>>]) -> Result<Read> {
    let Some((head, pages)) = values.split_first() else {
        return Err(Error::proof("the list has no head"));
    };
    let head: ListHead = decode(head.as_deref().unwrap_or_default())?;
    if head.pages > PAGES_MAX {
        return Err(Error::trouble("the list has too many pages"));
    }
    // Of a list that is empty the first page is asked for nevertheless.
    if head.pages.max(1) != pages.len() as u64 {
        return Ok(Read::OtherPages(head.pages.max(1)));
    }

    let mut numbers = Vec::new();
    for page in pages {
        numbers.extend(decode::<ListPage>(page.as_deref().unwrap_or_default())?.numbers);
    }
    if numbers.len() as u64 == head.count {
        Ok(Read::Whole(numbers))
    } else {
        Err(Error::proof(
            "the list has not as many numbers as its head counts",
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use polity_proto::v1::{KeyAnswer, KeysAnswer, KeysRequest};
    use prost::Message;
    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::recorded::{Node, session_at};

    const LIST: List = List::Children;

    /// The pages of a list, and what its head counts.
    type Pages = (Vec<Vec<u64>>, u64);

    fn counted(pages: Vec<Vec<u64>>) -> Pages {
        let count = pages.concat().len() as u64;
        (pages, count)
    }

    fn values(lists: &BTreeMap<u64, Pages>) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut values = BTreeMap::new();
        for (owner, (pages, count)) in lists {
            let head = ListHead {
                count: *count,
                pages: pages.len() as u64,
            };
            values.insert(keys::list_head(LIST, *owner), head.encode_to_vec());
            for (index, numbers) in (0..).zip(pages) {
                let numbers = numbers.clone();
                let page = ListPage { numbers }.encode_to_vec();
                values.insert(keys::list_page(LIST, *owner, index), page);
            }
        }
        values
    }

    /// A node that answers each question from the next of these states, and in the end from the last one.
    async fn changing(states: Vec<BTreeMap<u64, Pages>>) -> Node {
        let states: Vec<_> = states.iter().map(values).collect();
        let asked = AtomicUsize::new(0);
        Node::start(move |_, params| {
            let state = asked.fetch_add(1, Ordering::SeqCst).min(states.len() - 1);
            let data = hex::decode(params["data"].as_str().unwrap_or_default());
            let request = KeysRequest::decode(&data.expect("hex")[..]).expect("a question");
            let answers = request.keys.into_iter().map(|key| KeyAnswer {
                value: states[state].get(&key).cloned().unwrap_or_default(),
                key,
                proof: Vec::new(),
            });
            let answer = KeysAnswer {
                height: 5,
                answers: answers.collect(),
            };
            let value = STANDARD.encode(answer.encode_to_vec());
            let answer = json!({"result": {"response": {"code": 0, "value": value}}});
            answer.to_string().into()
        })
        .await
    }

    async fn shown(node: &Node, owners: &[u64]) -> Result<Vec<Vec<u64>>> {
        let session = session_at([node.url.clone()]);
        session.view(AsOf::Height(5)).lists(LIST, owners).await
    }

    #[tokio::test]
    async fn a_list_that_changes_while_it_is_read_is_shown_as_it_was_at_one_moment() {
        // One of a full page goes and two come: that page is full again, and the other new one is on the next.
        let before: Vec<u64> = (1..=256).collect();
        let after: Vec<u64> = (2..=257).collect();
        let page = |pages| BTreeMap::from([(7, counted(pages))]);
        let longer = page(vec![after, vec![258]]);
        let node = changing(vec![page(vec![before.clone()]), longer.clone()]).await;
        assert_eq!(shown(&node, &[7]).await.expect("whole"), [before]);

        // The same where it has two pages when it is first seen, and one of them goes.
        let shorter = page(vec![vec![258, 259]]);
        let node = changing(vec![longer, shorter]).await;
        assert_eq!(shown(&node, &[7]).await.expect("whole"), [[258, 259]]);
    }

    #[tokio::test]
    async fn lists_of_many_owners_come_in_the_order_of_the_owners() {
        let mut lists = BTreeMap::new();
        for owner in 1..=120 {
            let pages = (0..owner % 4).map(|page| vec![1_000 * page + owner, owner]);
            lists.insert(owner, counted(pages.collect()));
        }
        let owners: Vec<u64> = (1..=130).rev().collect();
        let expected = owners.iter().map(|owner| match lists.get(owner) {
            Some((pages, _)) => pages.concat(),
            None => Vec::new(),
        });
        let expected: Vec<Vec<u64>> = expected.collect();
        let node = changing(vec![lists]).await;
        assert_eq!(shown(&node, &owners).await.expect("whole"), expected);
    }

    #[tokio::test]
    async fn a_list_of_more_pages_than_a_question_has_keys_is_whole() {
        let pages: Vec<Vec<u64>> = (0..250).map(|page| vec![page]).collect();
        let all = pages.concat();
        let node = changing(vec![BTreeMap::from([(7, counted(pages))])]).await;
        assert_eq!(shown(&node, &[7]).await.expect("whole"), [all]);
    }

    #[tokio::test]
    async fn a_list_that_has_not_what_its_head_counts_is_a_failed_proof() {
        for count in [2, 4] {
            let lists = BTreeMap::from([(7, (vec![vec![1, 2], vec![3]], count))]);
            let error = shown(&changing(vec![lists]).await, &[7]).await;
            let error = error.expect_err("a number is missing, or too many");
            assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
        }
    }
}
