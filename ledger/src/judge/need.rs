//! What an action asks for.

use polity_proto::v1::{Capability, ObjectKind, Owner};

use super::self_government;
use crate::Amount;
use crate::state::Read;

/// The authority that an action needs. An action may have several needs; each must be met.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Need {
    /// The kind of act; `None` where only the owner may act.
    pub capability: Capability,
    /// The unit in whose name it happens: where grants and policies are looked up.
    pub unit: u64,
    /// The object, for grants whose scope is one object.
    pub object: Option<(ObjectKind, u64)>,
    /// The budget line that it is spent from, for grants whose scope is one; 0: none.
    pub line: u64,
    /// The actor acts on what is theirs: nothing more is asked.
    pub own: bool,
    /// What value moves, for limits and tiers.
    pub value: Option<ValueNeed>,
    /// How many different people of different units must sign, each with the capability; 0 and 1: the actor.
    pub people: usize,
    /// An ancestor's scope does not count: only the unit itself decides.
    pub own_decision: bool,
    /// The validators' departments decide, whatever is granted.
    pub departments: bool,
    /// A policy whose strictest tier must be passed: the one that is about to be changed.
    pub passes_policy: Option<u64>,
}

/// Value that leaves an account of a unit, an issuance or an external party.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueNeed {
    /// Number of the asset.
    pub asset: u64,
    /// How much.
    pub amount: Amount,
    /// The source account.
    pub account: u64,
    /// To whom grants see it go: whoever owns the credited account or, where a bank record says what came in, the external party.
    pub counterparty: Owner,
    /// Who owns the credited account: what went there lately counts for a tier, too.
    pub payee: Owner,
}

impl Need {
    /// The actor acts on what is theirs.
    pub fn own() -> Need {
        Need {
            own: true,
            ..Need::default()
        }
    }

    /// Only an owner could do this, and the actor is none.
    pub fn not_yours() -> Need {
        Need::default()
    }

    /// A capability over a unit.
    pub fn of(capability: Capability, unit: u64) -> Need {
        Need {
            capability,
            unit,
            ..Need::default()
        }
    }

    /// To govern a unit. A circle that governs itself does so alone, whatever an ancestor's scope
    /// says (Holacracy Constitution 5.0, 5.1: its own role leads change its governance).
    pub fn governing(state: &dyn Read, unit: u64, now: u64) -> Need {
        Need {
            own_decision: self_government::is_self_governed_circle(state, unit, now),
            ..Need::of(Capability::Govern, unit)
        }
    }

    /// To say who has a capability in a unit. What a unit alone can give is its own decision.
    pub fn empowering(state: &dyn Read, capability: Capability, unit: u64, now: u64) -> Need {
        let governing = Need::governing(state, unit, now);
        Need {
            own_decision: governing.own_decision
                || self_government::decides_itself(state, capability, unit, now),
            ..governing
        }
    }

    /// The validators' departments decide, by their operators.
    pub fn departments(root: u64) -> Need {
        Need {
            capability: Capability::GovernNetwork,
            unit: root,
            departments: true,
            ..Need::default()
        }
    }
}
