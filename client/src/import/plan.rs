//! Which steps go into the next transaction.
//!
//! A transaction names what it creates itself by position, and all else by numbers that are proven. Steps that share
//! a unit or a member keep their order, so the history of each object is in the order of the file; what shares
//! nothing may be on its way at the same time.

mod actions;

use std::collections::{BTreeMap, BTreeSet};

use polity_ledger::check::ACTIONS_MAX;
use polity_proto::v1::{Action, ObjectKind, Receipt};

use super::deliver::created;
use super::handles::Handles;
use super::recorded::Recorded;
use super::story::{Deed, Story, Thing, ThingIndex};
use super::structure::Structure;
use crate::Result;

/// Steps that are looked at for one transaction, past those that have to wait.
const LOOKAHEAD: usize = 4_000;
/// While others are on their way, a transaction with fewer actions is not worth its signature.
const ACTIONS_MIN: usize = ACTIONS_MAX / 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waits,
    OnItsWay,
    Recorded,
}

/// A story on its way to the chain.
#[derive(Debug)]
pub struct Plan<'s> {
    story: &'s Story,
    /// The unit below which everything is, and the role in which the registrar acts.
    top: u64,
    role: u64,
    numbers: Vec<u64>,
    steps: Vec<Progress>,
    /// The first step that is not recorded.
    first: usize,
    units: Handles,
    members: Handles,
    roles: BTreeMap<ThingIndex, Handles>,
    unit_handles: BTreeMap<ThingIndex, String>,
}

/// The actions of one transaction, and the steps that they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Indexes of the steps, one for each action.
    pub steps: Vec<usize>,
    /// The actions.
    pub actions: Vec<Action>,
}

impl<'s> Plan<'s> {
    /// A plan for what the chain does not have yet.
    #[must_use]
    pub fn new(
        story: &'s Story,
        recorded: Recorded,
        structure: &Structure,
        top: u64,
        role: u64,
    ) -> Plan<'s> {
        let steps = recorded.steps.iter().map(|is_recorded| {
            if *is_recorded {
                Progress::Recorded
            } else {
                Progress::Waits
            }
        });
        let mut plan = Plan {
            story,
            top,
            role,
            steps: steps.collect(),
            numbers: recorded.numbers,
            first: 0,
            units: Handles::default(),
            members: Handles::default(),
            roles: BTreeMap::new(),
            unit_handles: BTreeMap::new(),
        };
        plan.take_handles(structure);
        plan
    }

    /// Actions of the whole story: one for each step.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.steps.len() as u64
    }

    /// Steps that are recorded.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        let recorded = self
            .steps
            .iter()
            .filter(|step| **step == Progress::Recorded);
        recorded.count() as u64
    }

    /// The next transaction that can be signed now; none where everything waits for what is on its way, or nothing is
    /// left.
    pub fn next_batch(&mut self) -> Option<Batch> {
        let steps = self.choose();
        let others = self.steps.contains(&Progress::OnItsWay);
        if steps.is_empty() || others && steps.len() < ACTIONS_MIN {
            return None;
        }
        let mut created = BTreeMap::new();
        let mut actions = Vec::with_capacity(steps.len());
        for (step, position) in steps.iter().zip(1..) {
            actions.push(self.action(*step, &created));
            if let Some(thing) = self.story.steps[*step].deed.creates() {
                created.insert(thing, position);
            }
            self.steps[*step] = Progress::OnItsWay;
        }
        Some(Batch { steps, actions })
    }

    /// Learns from a proven receipt of an accepted transaction.
    pub fn landed(&mut self, batch: &Batch, receipt: &Receipt) -> Result<()> {
        for (index, step) in (0_u32..).zip(&batch.steps) {
            self.steps[*step] = Progress::Recorded;
            let deed = self.story.steps[*step].deed;
            if let Deed::DissolveUnit { unit } = deed
                && let Some(handle) = self.unit_handles.remove(&unit)
            {
                self.units.remove(&handle);
            }
            let Some(thing) = deed.creates() else {
                continue;
            };
            let kind = self.kind_of(thing);
            self.numbers[thing] = created(receipt, index, kind)?;
        }
        Ok(())
    }

    /// The event that an action of a batch comes from.
    #[must_use]
    pub fn event(&self, batch: &Batch, action: u32) -> u64 {
        let step = batch.steps.get(action as usize);
        step.map_or(0, |step| self.story.steps[*step].event)
    }

    fn choose(&mut self) -> Vec<usize> {
        let mut blocked: BTreeSet<ThingIndex> = BTreeSet::new();
        for (step, progress) in self.story.steps.iter().zip(&self.steps) {
            if *progress == Progress::OnItsWay {
                blocked.extend(&step.touches);
            }
        }
        while self.steps.get(self.first) == Some(&Progress::Recorded) {
            self.first += 1;
        }

        let mut chosen = Vec::new();
        let end = self.steps.len().min(self.first + LOOKAHEAD);
        for index in self.first..end {
            if self.steps[index] != Progress::Waits {
                continue;
            }
            let touches = &self.story.steps[index].touches;
            if touches.iter().any(|thing| blocked.contains(thing)) {
                blocked.extend(touches);
                continue;
            }
            chosen.push(index);
            if chosen.len() == ACTIONS_MAX {
                break;
            }
        }
        chosen
    }

    /// Handles that are in use where the import writes.
    fn take_handles(&mut self, structure: &Structure) {
        let below = structure.below(self.top);
        for unit in &structure.units {
            if below.contains(&unit.number) && unit.dissolved_at == 0 {
                self.units.insert(&unit.handle);
            }
        }
        for member in &structure.members {
            self.members.insert(&member.handle);
        }
        let mut things = BTreeMap::new();
        for (index, thing) in self.story.things.iter().enumerate() {
            if matches!(thing, Thing::Unit { .. }) && self.numbers[index] != 0 {
                things.insert(self.numbers[index], index);
            }
        }
        for unit in &structure.units {
            if let Some(thing) = things.get(&unit.number) {
                self.unit_handles.insert(*thing, unit.handle.clone());
            }
        }
        for role in structure.roles.iter().filter(|role| role.removed_at == 0) {
            if let Some(thing) = things.get(&role.unit) {
                self.roles.entry(*thing).or_default().insert(&role.handle);
            }
        }
    }

    fn kind_of(&self, thing: ThingIndex) -> ObjectKind {
        match self.story.things[thing] {
            Thing::Unit { .. } => ObjectKind::Unit,
            Thing::Role { .. } => ObjectKind::Role,
            Thing::Member { .. } => ObjectKind::Member,
            Thing::Assignment { .. } => ObjectKind::Assignment,
        }
    }
}

#[cfg(test)]
mod tests;
