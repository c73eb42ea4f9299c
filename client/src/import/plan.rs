//! Which steps go into the next transaction.
//!
//! A transaction names what it creates itself by position, and all else by numbers that are proven. Steps that share
//! a unit or a member keep their order, so the history of each object is in the order of the file; what shares
//! nothing may be on its way at the same time.

use std::collections::{BTreeMap, BTreeSet};

use polity_ledger::check::ACTIONS_MAX;
use polity_proto::v1::{
    Action, AssignRole, Capability, CreateRole, CreateUnit, DissolveUnit, ImportMember, Manner,
    MoveUnit, ObjectKind, Receipt, Ref, RevokeAssignment, UnitKind, action::Kind,
};

use super::handles::Handles;
use super::recorded::Recorded;
use super::story::{Deed, Story, Thing, ThingIndex};
use super::structure::Structure;
use crate::session::actor;
use crate::{Error, Result};

/// Steps that are looked at for one transaction, past those that have to wait.
const LOOKAHEAD: usize = 4_000;
/// While others are on their way, a transaction with fewer actions is not worth its signature.
const ACTIONS_MIN: usize = ACTIONS_MAX / 2;

/// What an imported unit may pass on to those below it: what the import itself needs there.
const CONFERRED: [Capability; 3] = [
    Capability::Govern,
    Capability::AssignRoles,
    Capability::AdmitMembers,
];

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
        let steps = recorded.steps.iter().map(|is_recorded| match is_recorded {
            true => Progress::Recorded,
            false => Progress::Waits,
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
            let created = receipt
                .events
                .iter()
                .find(|event| event.action == index && event.object() == kind);
            self.numbers[thing] = created
                .ok_or_else(|| Error::proof("the receipt does not say what was created"))?
                .number;
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

    fn action(&mut self, step: usize, created: &BTreeMap<ThingIndex, u32>) -> Action {
        let step = &self.story.steps[step];
        let numbers = &self.numbers;
        let refer = |thing: ThingIndex| {
            Some(match created.get(&thing) {
                Some(new) => Ref {
                    number: 0,
                    new: *new,
                },
                None => Ref {
                    number: numbers[thing],
                    new: 0,
                },
            })
        };
        let top = Some(Ref {
            number: self.top,
            new: 0,
        });
        let below = |parent: Option<ThingIndex>| parent.map_or(top, refer);
        let external_id = |thing| self.story.external_id(thing);
        let kind = match step.deed {
            Deed::CreateUnit { unit, parent } => {
                let handle = self.units.take(&external_id(unit));
                self.unit_handles.insert(unit, handle.clone());
                Kind::CreateUnit(CreateUnit {
                    parent: below(parent),
                    kind: UnitKind::Team as i32,
                    handle,
                    label: label(&self.story.things[unit]),
                    external_id: external_id(unit),
                    confers: CONFERRED.map(|capability| capability as i32).to_vec(),
                    ..CreateUnit::default()
                })
            }
            Deed::MoveUnit { unit, parent } => Kind::MoveUnit(MoveUnit {
                unit: refer(unit),
                parent: below(parent),
            }),
            Deed::DissolveUnit { unit } => Kind::DissolveUnit(DissolveUnit { unit: refer(unit) }),
            Deed::CreateRole { role } => {
                let (unit, name) = self.story.role(role);
                Kind::CreateRole(CreateRole {
                    unit: refer(unit),
                    handle: self.roles.entry(unit).or_default().take(name),
                    external_id: external_id(role),
                    ..CreateRole::default()
                })
            }
            Deed::ImportMember { member } => Kind::ImportMember(ImportMember {
                handle: self.members.take(&external_id(member)),
                external_id: external_id(member),
                unit: top,
                ..ImportMember::default()
            }),
            Deed::Assign { assignment } => {
                let (role, member) = holding(&self.story.things[assignment]);
                Kind::AssignRole(AssignRole {
                    role: refer(role),
                    member: refer(member),
                    manner: Manner::Imported as i32,
                    ..AssignRole::default()
                })
            }
            Deed::Revoke { assignment } => Kind::RevokeAssignment(RevokeAssignment {
                assignment: refer(assignment),
            }),
        };
        Action {
            effective_at: step.at,
            ..actor(kind, self.role)
        }
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

fn label(thing: &Thing) -> String {
    match thing {
        Thing::Unit { kind, .. } => kind.clone(),
        Thing::Role { .. } | Thing::Member { .. } | Thing::Assignment { .. } => String::new(),
    }
}

fn holding(thing: &Thing) -> (ThingIndex, ThingIndex) {
    match thing {
        Thing::Assignment { role, member } => (*role, *member),
        Thing::Unit { .. } | Thing::Role { .. } | Thing::Member { .. } => (0, 0),
    }
}

#[cfg(test)]
mod tests;
