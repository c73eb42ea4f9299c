//! What is true of some units in one state; the difference of two such is an outlook.

use std::collections::BTreeSet;

use polity_proto::v1::{Appearing, DutyConflict, Outlook, Role, Warning, WarningKind};

use super::places;
use crate::context::Context;
use crate::health;
use crate::judge::{duties, power};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// What an outlook compares.
#[derive(Debug, Default)]
pub(super) struct Facts {
    unfilled: BTreeSet<String>,
    conflicts: BTreeSet<(u64, u64)>,
    /// Kind, place, found, bound.
    warnings: BTreeSet<(i32, String, u32, u32)>,
}

impl Facts {
    /// Reads what is true of these units; of those that do not live, nothing is.
    pub(super) fn read(context: &Context<'_, '_>, units: &[u64]) -> Facts {
        let now = context.now().time;
        let mut facts = Facts::default();
        for unit in units
            .iter()
            .filter(|unit| power::unit_lives(context, **unit))
        {
            for role in lists::objects::<Role>(context, List::Roles, *unit) {
                if power::holders_of(context, role.number, now).is_empty() {
                    facts.unfilled.insert(places::role(context, &role));
                }
            }
            let warnings = health::of_unit(context, now, 0, *unit);
            let appearing = warnings.iter().filter(|warning| is_structural(warning));
            facts
                .warnings
                .extend(appearing.map(|warning| written(context, warning)));
        }
        facts.conflicts = conflicts(context, now, units);
        facts
    }

    /// What is true here and was not before.
    pub(super) fn without(self, before: &Facts) -> Outlook {
        let conflicts = self.conflicts.difference(&before.conflicts);
        let warnings = self.warnings.difference(&before.warnings);
        Outlook {
            unfilled_roles: self
                .unfilled
                .difference(&before.unfilled)
                .cloned()
                .collect(),
            duty_conflicts: conflicts
                .map(|(rule, member)| DutyConflict {
                    rule: *rule,
                    member: *member,
                })
                .collect(),
            warnings: warnings
                .map(|(kind, place, found, bound)| Appearing {
                    kind: *kind,
                    place: place.clone(),
                    found: *found,
                    bound: *bound,
                })
                .collect(),
            ..Outlook::default()
        }
    }
}

/// Unfilled roles are told by themselves, and terms end without any proposal.
fn is_structural(warning: &Warning) -> bool {
    match warning.kind() {
        WarningKind::UnderStrength | WarningKind::CeilingNear => true,
        // A squad without the role at all, or a role with too few.
        WarningKind::ProductOwnerVacant | WarningKind::RoleUnfilled => {
            warning.role == 0 || warning.found != 0
        }
        WarningKind::None | WarningKind::TermEnding => false,
    }
}

fn written(state: &dyn Read, warning: &Warning) -> (i32, String, u32, u32) {
    let place = match objects::get::<Role>(state, warning.role) {
        Some(role) => places::role(state, &role),
        None => places::unit(state, warning.unit),
    };
    (warning.kind, place, warning.found, warning.bound)
}

/// Duty conflicts of everybody who holds something over one of the units.
fn conflicts(state: &dyn Read, now: u64, units: &[u64]) -> BTreeSet<(u64, u64)> {
    if duties::rules(state).is_empty() {
        return BTreeSet::new();
    }
    let people = duties::people_over(state, now, units);
    duties::conflicts(state, now, &people)
}
