//! Reads: every value is proven against a header that was verified, or it is not returned.

use polity_ledger::parameters;
use polity_ledger::state::keys;
use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::{KeysAnswer, KeysRequest, Organisation, Parameters, Record};
use prost::Message;

use super::{Moment, Session};
use crate::proof::verify_keys;
use crate::trust::{TrustRoot, VerifiedHeader};
use crate::{Error, Result};

/// Most keys of one question.
pub(super) const KEYS_MAX: usize = 100;

impl Session {
    /// An object by its number.
    pub async fn get<T: Object>(&self, number: u64) -> Result<Option<T>> {
        Ok(self.get_all(&[number]).await?.pop().flatten())
    }

    /// Several objects of one kind by their numbers, in that order; none where there is no such object.
    pub async fn get_all<T: Object>(&self, numbers: &[u64]) -> Result<Vec<Option<T>>> {
        let keys: Vec<Vec<u8>> = numbers
            .iter()
            .map(|number| objects::object_key(T::PREFIX, *number))
            .collect();
        let (values, _) = self.read(&keys).await?;
        decode_objects(values)
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

    /// The parameters that hold now.
    pub async fn parameters(&self) -> Result<Parameters> {
        let set = self.value(keys::key(keys::PARAMETERS, &[])).await?;
        Ok(set.unwrap_or_else(parameters::defaults))
    }

    /// Values of keys, all of one height, each proven present or absent. Of more than 100 keys each hundred is of
    /// one height.
    pub async fn read(&self, keys: &[Vec<u8>]) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        let mut values = Vec::with_capacity(keys.len());
        let mut moment: Option<Moment> = None;
        for chunk in keys.chunks(KEYS_MAX) {
            let (answer, header) = self.newest(chunk).await?;
            values.extend(verify_keys(&answer, chunk, &header)?);
            let read = Moment::proven(answer.height, &header);
            moment = Some(moment.map_or(read, |moment| moment.and(read)));
        }
        Ok((values, moment.unwrap_or_default()))
    }

    /// A node's newest values, and the header that proves them: none that lies below what was believed before. A node
    /// that is behind gets the time to catch up; one that shows the past as the present is not believed.
    async fn newest(&self, keys: &[Vec<u8>]) -> Result<(KeysAnswer, VerifiedHeader)> {
        self.tied.get_or_try_init(|| self.check_founding()).await?;
        self.newest_of(keys).await
    }

    /// Whether the genesis file is that of this chain. Where trust begins with the file, the first header tells; where it
    /// begins with a checkpoint, the state does, which keeps the digest of the founding.
    async fn check_founding(&self) -> Result<()> {
        if matches!(self.light().root(), TrustRoot::Genesis(_)) {
            return Ok(());
        }
        let keys = [objects::object_key(Organisation::PREFIX, 0)];
        let (answer, header) = self.newest_of(&keys).await?;
        let value = verify_keys(&answer, &keys, &header)?.pop().flatten();
        let organisation: Organisation = decode_object(&value.unwrap_or_default())?;
        if organisation.digest[..] != self.founded()[..] {
            return Err(Error::proof(
                "the chain that the checkpoint names was not founded by this genesis file",
            ));
        }
        Ok(())
    }

    async fn newest_of(&self, keys: &[Vec<u8>]) -> Result<(KeysAnswer, VerifiedHeader)> {
        let request = KeysRequest {
            keys: keys.to_vec(),
        }
        .encode_to_vec();
        let floor = self.light().floor().await;
        let mut behind = self.light().behind(floor);
        loop {
            let asked = self.rpc().query("/keys", &request, 0, true, decode);
            let answer: KeysAnswer = asked.await?;
            if answer.height.saturating_add(1) < floor {
                behind.wait(answer.height.saturating_add(1)).await?;
                continue;
            }
            let header = self.light().proven_at(answer.height, self.wait).await?;
            return Ok((answer, header));
        }
    }
}

/// Decodes objects, each in its place.
pub(super) fn decode_objects<T: Object>(values: Vec<Option<Vec<u8>>>) -> Result<Vec<Option<T>>> {
    let objects = values.into_iter();
    objects
        .map(|value| value.map(|value| decode_object::<T>(&value)).transpose())
        .collect()
}

/// Decodes an object out of its record, where a history stands beside it.
pub(crate) fn decode_object<T: Object>(value: &[u8]) -> Result<T> {
    if !T::HISTORY {
        return decode(value);
    }
    let record: Record = decode(value)?;
    decode(&record.object)
}

/// Whether bytes are an object, or why they are not.
pub(super) fn is_object<T: Object>(value: &[u8]) -> Result<()> {
    decode_object::<T>(value).map(|_| ())
}

pub(crate) fn decode<T: Message + Default>(bytes: &[u8]) -> Result<T> {
    T::decode(bytes)
        .map_err(|error| Error::trouble("the node's answer is malformed").with_source(error))
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Asset;
    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::made::Made;
    use crate::recorded::{Node, session_at};

    #[tokio::test]
    async fn with_a_checkpoint_a_genesis_file_of_another_founding_is_found_out() {
        for (digest, is_its_file) in [([1; 32], true), ([2; 32], false)] {
            let mut chain = Made::founded();
            chain.put(&Organisation {
                digest: digest.to_vec(),
                ..Organisation::default()
            });
            let chain = chain.block().block().block().clone().signed();
            let answering = chain.clone();
            let node = Node::start(move |method, params| {
                answering.answer(method, params).to_string().into()
            });
            let session = chain.session_from_checkpoint(2, [node.await.url.clone()]);

            let read = session.get::<Asset>(7).await;

            let kind = read.err().map(|error| error.kind());
            let expected = (!is_its_file).then_some(ErrorKind::ProofFailed);
            assert_eq!(kind, expected);
        }
    }

    #[tokio::test]
    async fn a_node_without_an_answer_is_passed_over_and_told_where_none_has_one() {
        let without = async |why: &'static str| {
            Node::start(move |_, _| {
                let answer = json!({"result": {"response": {"code": 14, "log": why}}});
                answer.to_string().into()
            })
            .await
        };
        let (first, second) = (without("below_history_base").await, without("busy").await);
        let third = Node::start(|_, _| {
            let answer = json!({"result": {"response": {"code": 0, "value": ""}}});
            answer.to_string().into()
        })
        .await;
        let urls = [&first, &second, &third].map(|node| node.url.clone());

        let session = session_at(urls.clone());
        let asked = session.rpc().query("/status", &[], 5, false, |_| Ok(()));
        asked.await.expect("the third answers");
        // It is asked first from then on.
        let asked = session.rpc().query("/status", &[], 5, false, |_| Ok(()));
        asked.await.expect("the third answers");
        assert_eq!((first.calls(), second.calls(), third.calls()), (1, 1, 2));

        let [first, second, _] = urls;
        let session = session_at([first, second]);
        let asked = session.rpc().query("/status", &[], 5, false, |_| Ok(()));
        let error = asked.await.expect_err("neither has one");
        assert_eq!(error.kind(), ErrorKind::Trouble);
        assert!(error.to_string().contains("below_history_base"), "{error}");
    }

    #[test]
    fn an_object_that_is_not_there_leaves_the_others_in_their_places() {
        let asset = Asset {
            number: 2,
            ..Asset::default()
        };
        let values = vec![None, Some(asset.encode_to_vec()), None];

        let decoded = decode_objects::<Asset>(values).expect("decodes");

        assert_eq!(decoded, [None, Some(asset), None]);
    }
}
