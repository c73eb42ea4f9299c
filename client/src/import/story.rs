//! Events as steps of the ledger. Whatever the file alone can tell is checked here, before anything is sent.
//!
//! What happened in one instant is taken together: units are dissolved last, those below before those above. A name
//! that is used again is another unit. A role is created when somebody first holds it.

use super::events::Event;
use super::teller;
use crate::Result;

/// Something that has a number once the chain has it; named by its place in [`Story::things`].
pub type ThingIndex = usize;

/// A unit in one of its lives, a role, a member or an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A unit, from its creation to its end.
    Unit {
        /// Its name in the source.
        name: String,
        /// The source's word for its kind.
        kind: String,
    },
    /// A role of a unit.
    Role {
        /// The unit.
        unit: ThingIndex,
        /// Its name in the source.
        name: String,
    },
    /// A member.
    Member {
        /// The name in the source.
        name: String,
    },
    /// A member holding a role, once.
    Assignment {
        /// The role.
        role: ThingIndex,
        /// The member.
        member: ThingIndex,
    },
}

/// What one step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Creates a unit below another, or at the top of what is imported.
    CreateUnit {
        /// The unit.
        unit: ThingIndex,
        /// Its parent.
        parent: Option<ThingIndex>,
    },
    /// Moves a unit.
    MoveUnit {
        /// The unit.
        unit: ThingIndex,
        /// Its new parent.
        parent: Option<ThingIndex>,
    },
    /// Dissolves a unit.
    DissolveUnit {
        /// The unit.
        unit: ThingIndex,
    },
    /// Creates a role.
    CreateRole {
        /// The role.
        role: ThingIndex,
    },
    /// Imports a member.
    ImportMember {
        /// The member.
        member: ThingIndex,
    },
    /// Assigns a role.
    Assign {
        /// The assignment.
        assignment: ThingIndex,
    },
    /// Ends an assignment.
    Revoke {
        /// The assignment.
        assignment: ThingIndex,
    },
}

/// One step, which becomes one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The event that it comes from.
    pub event: u64,
    /// When that happened, Unix seconds.
    pub at: u64,
    /// What it does.
    pub deed: Deed,
    /// Units and members that it is about. Steps that share one keep their order; others may go side by side.
    pub touches: Vec<ThingIndex>,
}

/// Everything that happened, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// What is told of.
    pub things: Vec<Thing>,
    /// What happened.
    pub steps: Vec<Step>,
}

impl Story {
    /// Makes steps of events. An event that cannot follow the ones before it is a usage error that names it.
    pub fn of(events: &[Event]) -> Result<Story> {
        teller::tell(events)
    }

    /// A role's unit and name.
    pub(super) fn role(&self, role: ThingIndex) -> (ThingIndex, &str) {
        match &self.things[role] {
            Thing::Role { unit, name } => (*unit, name),
            Thing::Unit { .. } | Thing::Member { .. } | Thing::Assignment { .. } => (0, ""),
        }
    }

    /// The name that the chain keeps for a thing: unique among the living of its kind. An assignment has none.
    pub(super) fn external_id(&self, thing: ThingIndex) -> String {
        match &self.things[thing] {
            Thing::Unit { name, .. } | Thing::Member { name } => name.clone(),
            Thing::Role { unit, name } => role_id(&self.external_id(*unit), name),
            Thing::Assignment { .. } => String::new(),
        }
    }
}

/// Roles of several units have the same name, so a role is known by its unit's name and its own.
pub(super) fn role_id(unit: &str, role: &str) -> String {
    format!("{unit}#{role}")
}

impl Deed {
    /// What the step creates.
    #[must_use]
    pub fn creates(self) -> Option<ThingIndex> {
        match self {
            Deed::CreateUnit { unit, .. } => Some(unit),
            Deed::CreateRole { role } => Some(role),
            Deed::ImportMember { member } => Some(member),
            Deed::Assign { assignment } => Some(assignment),
            Deed::MoveUnit { .. } | Deed::DissolveUnit { .. } | Deed::Revoke { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
