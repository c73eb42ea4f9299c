//! The action of each step.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Action, AssignRole, Capability, CreateRole, CreateUnit, DissolveUnit, ImportMember, Manner,
    MoveUnit, Ref, RevokeAssignment, UnitKind, action::Kind,
};

use super::super::story::{Deed, Thing, ThingIndex};
use super::Plan;
use crate::session::action;

/// What an imported unit may pass on to those below it: what the import itself needs there.
const CONFERRED: [Capability; 3] = [
    Capability::Govern,
    Capability::AssignRoles,
    Capability::AdmitMembers,
];

impl Plan<'_> {
    /// The action of a step; `created` says what this transaction creates, and where.
    pub(super) fn action(&mut self, step: usize, created: &BTreeMap<ThingIndex, u32>) -> Action {
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
            ..action(kind, self.role)
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
