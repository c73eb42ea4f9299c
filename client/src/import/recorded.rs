//! Which steps of a story the chain has already: found in the chain's own objects, never in a file beside it.

use std::collections::{BTreeMap, BTreeSet};

use polity_proto::v1::{Assignment, MoveUnit, ObjectKind, Unit, action::Kind};

use super::story::{Deed, Step, Story, Thing, ThingIndex};
use super::structure::Structure;
use crate::session::Session;
use crate::{Error, Result};

/// What the chain has of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// For each thing its number; 0 while it has none.
    pub numbers: Vec<u64>,
    /// For each step, whether the chain has it.
    pub steps: Vec<bool>,
}

impl Recorded {
    /// Looks for a story below a unit. A chain that tells it otherwise is a usage error that names the event.
    pub async fn find(
        session: &Session,
        story: &Story,
        structure: &Structure,
        top: u64,
    ) -> Result<Recorded> {
        let matched = Match::of(story, structure, top);
        let mut moves = BTreeMap::new();
        for step in &story.steps {
            if let Deed::MoveUnit { unit, .. } = step.deed
                && matched.numbers[unit] != 0
                && !moves.contains_key(&unit)
            {
                moves.insert(unit, moves_of(session, matched.numbers[unit]).await?);
            }
        }
        matched.recorded(story, moves)
    }
}

/// How often a unit was moved, each time proven.
async fn moves_of(session: &Session, unit: u64) -> Result<usize> {
    let moved = polity_ledger::actions::tag(&crate::session::action(
        Kind::MoveUnit(MoveUnit::default()),
        0,
    ));
    let history = session.history(ObjectKind::Unit, unit).await?;
    let mut evidence = session.evidence();
    let mut count = 0;
    for item in &history.items {
        // Each, whatever a node tells beside it: a move that was missed would be recorded twice.
        let event = evidence.event(item).await?.event;
        count += usize::from(event.did == moved && event.number == unit);
    }
    Ok(count)
}

/// Things of a story matched with objects of the chain, by name and order.
struct Match<'s> {
    numbers: Vec<u64>,
    dates: Vec<u64>,
    units: BTreeMap<u64, &'s Unit>,
    assignments: BTreeMap<u64, &'s Assignment>,
}

impl<'s> Match<'s> {
    fn of(story: &Story, structure: &'s Structure, top: u64) -> Match<'s> {
        let below = structure.below(top);
        let mut found = Found::of(structure, &below);
        let mut numbers = vec![0; story.things.len()];
        let mut dates = vec![0; story.things.len()];
        // A role stands behind its unit, and an assignment behind its role and member.
        for (index, thing) in story.things.iter().enumerate() {
            let queue = match thing {
                Thing::Unit { name, .. } => found.units.get_mut(name.as_str()),
                Thing::Member { name } => found.members.get_mut(name.as_str()),
                Thing::Role { unit, .. } => {
                    let id = story.external_id(index);
                    found.roles.get_mut(&(numbers[*unit], id))
                }
                Thing::Assignment { role, member } => found
                    .assignments
                    .get_mut(&(numbers[*role], numbers[*member])),
            };
            if let Some((number, date)) = queue.and_then(Iterator::next) {
                (numbers[index], dates[index]) = (number, date);
            }
        }
        Match {
            numbers,
            dates,
            units: by_number(&structure.units, |unit| unit.number),
            assignments: by_number(&structure.assignments, |one| one.number),
        }
    }

    fn recorded(self, story: &Story, mut moves: BTreeMap<ThingIndex, usize>) -> Result<Recorded> {
        let mut waits = BTreeSet::new();
        let mut steps = Vec::with_capacity(story.steps.len());
        for step in &story.steps {
            let is_recorded = self.has(step, &mut moves)?;
            if is_recorded && step.touches.iter().any(|thing| waits.contains(thing)) {
                return Err(differs(step));
            }
            if !is_recorded {
                waits.extend(step.touches.iter().copied());
            }
            steps.push(is_recorded);
        }
        Ok(Recorded {
            numbers: self.numbers,
            steps,
        })
    }

    fn has(&self, step: &Step, moves: &mut BTreeMap<ThingIndex, usize>) -> Result<bool> {
        if let Some(thing) = step.deed.creates() {
            if self.numbers[thing] != 0 && self.dates[thing] != step.at {
                return Err(differs(step));
            }
            return Ok(self.numbers[thing] != 0);
        }
        let is_recorded = match step.deed {
            Deed::DissolveUnit { unit } => self
                .units
                .get(&self.numbers[unit])
                .is_some_and(|unit| unit.dissolved_at != 0),
            Deed::Revoke { assignment } => self
                .assignments
                .get(&self.numbers[assignment])
                .is_some_and(|assignment| assignment.ended_at != 0),
            Deed::MoveUnit { unit, .. } => match moves.get_mut(&unit) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                Some(_) | None => false,
            },
            Deed::CreateUnit { .. }
            | Deed::CreateRole { .. }
            | Deed::ImportMember { .. }
            | Deed::Assign { .. } => false,
        };
        Ok(is_recorded)
    }
}

fn differs(step: &Step) -> Error {
    Error::usage(format!(
        "event {}: the chain records this otherwise; it does not come from this file",
        step.event
    ))
}

/// Objects of the chain by the names that a story gives them, each with its date, in the order of their numbers.
struct Found<'s> {
    units: BTreeMap<&'s str, Queue>,
    members: BTreeMap<&'s str, Queue>,
    roles: BTreeMap<(u64, String), Queue>,
    assignments: BTreeMap<(u64, u64), Queue>,
}

type Queue = std::vec::IntoIter<(u64, u64)>;

impl<'s> Found<'s> {
    fn of(structure: &'s Structure, below: &BTreeSet<u64>) -> Found<'s> {
        let units = structure
            .units
            .iter()
            .filter(|unit| below.contains(&unit.number))
            .map(|unit| (unit.external_id.as_str(), (unit.number, unit.effective_at)));
        let members = structure
            .members
            .iter()
            .map(|one| (one.external_id.as_str(), (one.number, one.effective_at)));
        let roles = structure.roles.iter().map(|role| {
            let name = (role.unit, role.external_id.clone());
            (name, (role.number, role.effective_at))
        });
        let assignments = structure
            .assignments
            .iter()
            .map(|one| ((one.role, one.member), (one.number, one.effective_at)));
        Found {
            units: queues(units),
            members: queues(members),
            roles: queues(roles),
            assignments: queues(assignments),
        }
    }
}

fn queues<K: Ord>(named: impl Iterator<Item = (K, (u64, u64))>) -> BTreeMap<K, Queue> {
    let mut lists: BTreeMap<K, Vec<(u64, u64)>> = BTreeMap::new();
    for (name, one) in named {
        lists.entry(name).or_default().push(one);
    }
    let lists = lists.into_iter();
    lists.map(|(name, list)| (name, list.into_iter())).collect()
}

fn by_number<T>(objects: &[T], number: impl Fn(&T) -> u64) -> BTreeMap<u64, &T> {
    objects
        .iter()
        .map(|object| (number(object), object))
        .collect()
}

#[cfg(test)]
mod tests;
