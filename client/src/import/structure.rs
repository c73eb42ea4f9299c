//! Every unit, role, member and assignment that the chain ever numbered, read by number and proven.

use std::collections::BTreeSet;

use polity_ledger::state::keys;
use polity_ledger::state::objects::{self, Object};
use polity_proto::v1::{Assignment, Counter, Member, Role, Unit};
use prost::Message;

use crate::session::Session;
use crate::{Error, Result};

/// Objects of one question.
const CHUNK: usize = 100;
/// How often a chain that moves on while it is read is read again.
const ATTEMPTS_MAX: u32 = 10;

/// The structure of an organisation, with what has ended.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    /// The height that proves all of it; none where the chain moved on while it was read.
    pub height: Option<u64>,
    /// Units, ascending by number, as are the others.
    pub units: Vec<Unit>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Members.
    pub members: Vec<Member>,
    /// Assignments.
    pub assignments: Vec<Assignment>,
}

impl Structure {
    /// Reads what is there. Where others write meanwhile, parts are of several heights.
    pub async fn read(session: &Session) -> Result<Structure> {
        let mut reader = Reader {
            session,
            heights: BTreeSet::new(),
        };
        let mut structure = Structure {
            units: reader.all().await?,
            roles: reader.all().await?,
            members: reader.all().await?,
            assignments: reader.all().await?,
            height: None,
        };
        if reader.heights.len() == 1 {
            structure.height = reader.heights.first().copied();
        }
        Ok(structure)
    }

    /// Reads what is there at one height, all of it proven by one header.
    pub async fn read_of_one_height(session: &Session) -> Result<(Structure, u64)> {
        for _ in 0..ATTEMPTS_MAX {
            let structure = Structure::read(session).await?;
            if let Some(height) = structure.height {
                return Ok((structure, height));
            }
        }
        Err(Error::trouble(
            "the chain moved on again and again while it was read",
        ))
    }

    /// The numbers of the units below a unit, those that are dissolved included.
    #[must_use]
    pub fn below(&self, top: u64) -> BTreeSet<u64> {
        let mut below = BTreeSet::from([top]);
        // A move can put a unit below one with a higher number, so one pass is not enough.
        loop {
            let before = below.len();
            for unit in &self.units {
                if below.contains(&unit.parent) {
                    below.insert(unit.number);
                }
            }
            if below.len() == before {
                below.remove(&top);
                return below;
            }
        }
    }
}

struct Reader<'s> {
    session: &'s Session,
    heights: BTreeSet<u64>,
}

impl Reader<'_> {
    async fn all<T: Object>(&mut self) -> Result<Vec<T>> {
        let counter = keys::key(keys::COUNTER, &[T::KIND as u64]);
        let malformed = |error| Error::trouble("the state value is malformed").with_source(error);
        let last = match self.values(&[counter]).await?.pop().flatten() {
            Some(value) => Counter::decode(&value[..]).map_err(malformed)?.last,
            None => 0,
        };

        let mut all = Vec::new();
        let numbers: Vec<u64> = (1..=last).collect();
        for numbers in numbers.chunks(CHUNK) {
            let keys: Vec<Vec<u8>> = numbers
                .iter()
                .map(|number| objects::object_key(T::PREFIX, *number))
                .collect();
            for value in self.values(&keys).await? {
                let value = value.ok_or_else(|| {
                    Error::proof("the chain has fewer objects than it has given numbers")
                })?;
                all.push(crate::session::decode_object::<T>(&value)?);
            }
        }
        Ok(all)
    }

    async fn values(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let (values, moment) = self.session.read(keys).await?;
        self.heights.insert(moment.height);
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_unit_is_whatever_leads_to_it() {
        let unit = |number, parent| Unit {
            number,
            parent,
            ..Unit::default()
        };
        let structure = Structure {
            units: vec![unit(1, 0), unit(2, 1), unit(3, 5), unit(4, 1), unit(5, 2)],
            ..Structure::default()
        };
        assert_eq!(structure.below(2), BTreeSet::from([3, 5]));
        assert_eq!(structure.below(4), BTreeSet::new());
    }
}
