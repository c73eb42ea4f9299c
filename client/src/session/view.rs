//! A view of the state: the newest, or as of a height; and whether all that was read through it is proven.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use polity_ledger::state::keys::List;
use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::ObjectKind;
use prost::Message;

use super::read::{decode, decode_objects, is_object};
use super::{Moment, Session, kind_name};
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
    seen: Mutex<Seen>,
}

/// Kinds of objects, each by whether all of its objects are proven: where not everything is, because of the past no list is
/// proven, this much is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Those of which all are.
    pub proven: Vec<&'static str>,
    /// Those of which not all are.
    pub unproven: Vec<&'static str>,
}

/// What was read through a view.
#[derive(Debug, Default)]
struct Seen {
    moment: Option<Moment>,
    /// Of each kind of objects, whether all of them are proven.
    kinds: BTreeMap<ObjectKind, bool>,
}

impl Seen {
    fn add(&mut self, kind: Option<ObjectKind>, moment: Moment) {
        if let Some(kind) = kind {
            let proven = self.kinds.entry(kind).or_insert(true);
            *proven &= moment.is_proven;
        }
        self.moment = Some(self.moment.map_or(moment, |seen| seen.and(moment)));
    }

    fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        for (kind, is_proven) in &self.kinds {
            let kinds = if *is_proven {
                &mut kinds.proven
            } else {
                &mut kinds.unproven
            };
            kinds.push(kind_name(*kind));
        }
        kinds
    }
}

impl Session {
    /// A view of the state as of `at`, through which nothing was read yet.
    #[must_use]
    pub fn view(&self, at: AsOf) -> View<'_> {
        View {
            session: self,
            at,
            seen: Mutex::default(),
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
        let of_nothing = match self.at {
            AsOf::Newest => Moment::default(),
            AsOf::Height(height) => Moment::said(height),
        };
        self.seen().moment.unwrap_or(of_nothing)
    }

    /// Of which kinds the objects are that were read so far.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        self.seen().kinds()
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
        // What never changes was then as it is now, and no history has to prove it.
        let (kind, at) = if T::KIND == ObjectKind::Asset {
            (None, AsOf::Newest)
        } else {
            (Some(T::KIND), self.at)
        };
        let (values, mut moment) = match at {
            AsOf::Newest => self.session.read(&keys).await?,
            AsOf::Height(height) => {
                let is_object = is_object::<T>;
                self.session.remembered(&keys, height, is_object).await?
            }
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
        self.saw(&keys, kind, moment);
        decode_objects(values)
    }

    /// Those of these objects that there are, in that order.
    pub async fn existing<T: Object>(&self, numbers: &[u64]) -> Result<Vec<T>> {
        Ok(self.get_all(numbers).await?.into_iter().flatten().collect())
    }

    /// The objects in the same listable set of several owners, in the order of the owners.
    pub async fn listed<T: Object>(&self, list: List, owners: &[u64]) -> Result<Vec<T>> {
        self.existing(&self.lists(list, owners).await?.concat())
            .await
    }

    /// A value that is no object. Of the past it is as the node remembers it: no history holds it.
    pub async fn value<T: Message + Default>(&self, key: Vec<u8>) -> Result<Option<T>> {
        let value = self.values(&[key]).await?.pop().flatten();
        value.map(|value| decode(&value)).transpose()
    }

    pub(super) async fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        Ok(self.values_then(keys).await?.0)
    }

    /// Raw values that are not objects, and what can be said of them: up to 100 are of one height.
    pub(super) async fn values_then(
        &self,
        keys: &[Vec<u8>],
    ) -> Result<(Vec<Option<Vec<u8>>>, Moment)> {
        let (values, moment) = match self.at {
            AsOf::Newest => self.session.read(keys).await?,
            AsOf::Height(height) => self.session.remembered(keys, height, |_| Ok(())).await?,
        };
        self.saw(keys, None, moment);
        Ok((values, moment))
    }

    fn saw(&self, keys: &[Vec<u8>], kind: Option<ObjectKind>, moment: Moment) {
        if keys.is_empty() {
            return;
        }
        let moment = match self.at {
            AsOf::Newest => moment,
            AsOf::Height(height) => Moment {
                height,
                time: None,
                ..moment
            },
        };
        self.seen().add(kind, moment);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proven_beside_a_list_that_is_not_is_told_by_its_kind() {
        let proven = Moment {
            height: 7,
            is_proven: true,
            ..Moment::default()
        };
        let said = Moment::said(7);
        let mut seen = Seen::default();
        seen.add(Some(ObjectKind::Unit), proven);
        assert_eq!(seen.moment, Some(proven));

        seen.add(None, said);
        seen.add(Some(ObjectKind::Role), proven);
        seen.add(Some(ObjectKind::Role), said);
        seen.add(Some(ObjectKind::Role), proven);

        assert_eq!(seen.moment, Some(said));
        let kinds = Kinds {
            proven: vec!["unit"],
            unproven: vec!["role"],
        };
        assert_eq!(seen.kinds(), kinds);
    }
}
