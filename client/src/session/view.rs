//! A view of the state: the newest, or as of a height; and whether all that was read through it is proven.

use std::sync::{Mutex, PoisonError};

use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::ObjectKind;
use prost::Message;

use super::read::{decode, decode_objects};
use super::{Moment, Session};
use crate::Result;

/// Of so many objects together the past is held to their histories; that of more would take longer than people wait.
const PROVEN_PAST_MAX: usize = 64;

/// Which state to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest.
    #[default]
    Newest,
    /// After the block of this height.
    Height(u64),
}

/// A view of the state. It remembers of which height everything was that was read through it, and whether all of it is
/// proven: so nothing that is shown can be left out of what is said about it.
pub struct View<'s> {
    session: &'s Session,
    at: AsOf,
    seen: Mutex<Option<Moment>>,
}

impl Session {
    /// A view of the state as of `at`, through which nothing was read yet.
    #[must_use]
    pub fn view(&self, at: AsOf) -> View<'_> {
        View {
            session: self,
            at,
            seen: Mutex::new(None),
        }
    }
}

impl<'s> View<'s> {
    /// The session through which it is read.
    #[must_use]
    pub fn session(&self) -> &'s Session {
        self.session
    }

    /// Which state it is of.
    #[must_use]
    pub fn at(&self) -> AsOf {
        self.at
    }

    /// What can be said of everything that was read so far; of nothing, nothing is proven.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.unwrap_or_default()
    }

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
        // What never changes was then as it is now.
        let at = match T::KIND == ObjectKind::Asset {
            true => AsOf::Newest,
            false => self.at,
        };
        let (values, mut moment) = match at {
            AsOf::Newest => self.session.read(&keys).await?,
            AsOf::Height(height) => self.session.remembered(&keys, height).await?,
        };
        if let AsOf::Height(height) = at
            && T::HISTORY
            && numbers.len() <= PROVEN_PAST_MAX
        {
            moment.is_proven = true;
            for (number, value) in std::iter::zip(numbers, &values) {
                let value = value.as_deref();
                moment.is_proven &= self.session.is_past::<T>(*number, height, value).await?;
            }
        }
        self.saw(&keys, moment);
        decode_objects(values)
    }

    /// A value that is no object. Of the past it is as the node remembers it: no history holds it.
    pub async fn value<T: Message + Default>(&self, key: Vec<u8>) -> Result<Option<T>> {
        let value = self.values(&[key]).await?.pop().flatten();
        value.map(|value| decode(&value)).transpose()
    }

    pub(super) async fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        Ok(self.values_then(keys).await?.0)
    }

    /// Values of keys, and what can be said of them: up to 100 are of one height.
    pub(super) async fn values_then(
        &self,
        keys: &[Vec<u8>],
    ) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        let (values, moment) = match self.at {
            AsOf::Newest => self.session.read(keys).await?,
            AsOf::Height(height) => self.session.remembered(keys, height).await?,
        };
        self.saw(keys, moment);
        Ok((values, moment))
    }

    fn saw(&self, keys: &[Vec<u8>], moment: Moment) {
        if keys.is_empty() {
            return;
        }
        self.merge(match self.at {
            AsOf::Newest => moment,
            AsOf::Height(height) => Moment {
                height,
                time: None,
                ..moment
            },
        });
    }

    fn merge(&self, moment: Moment) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(seen.map_or(moment, |seen| seen.and(moment)));
    }
}
