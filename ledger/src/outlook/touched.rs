//! Which parts of a state some actions touch.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Account, Action, Assignment, CreateUnit, DissolveUnit, Grant, Hold, HoldState, MoveUnit,
    ObjectKind, OwnerKind, Role, Unit, action::Kind,
};

use super::{UNITS_MAX, places};
use crate::Rejection;
use crate::actions::ending;
use crate::context::Context;
use crate::judge::power;
use crate::state::keys::{self, List};
use crate::state::{Read, lists, objects};

/// Collected while the actions run.
#[derive(Default)]
pub(super) struct Touched {
    units: BTreeSet<u64>,
    /// Units that end, or that others succeed.
    left: BTreeSet<u64>,
    grants: BTreeSet<u64>,
    assignments: BTreeSet<u64>,
}

impl Touched {
    /// What an action names, before it is carried out.
    pub(super) fn by_action(&mut self, context: &Context<'_, '_>, action: &Action) {
        if let Some(Kind::DissolveUnit(DissolveUnit { unit })) = &action.kind {
            self.left.extend(context.resolve::<Unit>(unit));
        }
        if let Some(Kind::CreateUnit(CreateUnit { succeeds, .. })) = &action.kind
            && succeeds.is_some()
        {
            self.left.extend(context.resolve::<Unit>(succeeds));
        }
        // With a unit moves all that is below it.
        if let Some(Kind::MoveUnit(MoveUnit { unit, .. })) = &action.kind
            && let Ok(unit) = context.resolve::<Unit>(unit)
        {
            let moved = power::subtree(context, unit, UNITS_MAX + 1);
            self.units.extend(moved);
        }
    }

    /// What the actions did.
    pub(super) fn by_events(&mut self, context: &Context<'_, '_>, first: usize) {
        for event in &context.events[first..] {
            let (object, number) = (event.object(), event.number);
            if object == ObjectKind::Unit {
                self.units.insert(number);
            }
            if object == ObjectKind::Role {
                self.units.extend(unit_of_role(context, number));
            }
            if object == ObjectKind::Assignment
                && let Some(assignment) = objects::get::<Assignment>(context, number)
            {
                self.units.extend(unit_of_role(context, assignment.role));
                if assignment.ended_at != 0 {
                    self.assignments.insert(number);
                }
            }
            if object == ObjectKind::Grant
                && let Some(grant) = objects::get::<Grant>(context, number)
            {
                self.units.extend(grant.scope.map(|scope| scope.unit));
                if grant.ended_at != 0 {
                    self.grants.insert(number);
                }
            }
        }
        self.units.remove(&0);
    }

    /// The units, ascending.
    pub(super) fn units(&self) -> Result<Vec<u64>, Rejection> {
        if self.units.len() <= UNITS_MAX {
            Ok(self.units.iter().copied().collect())
        } else {
            Err(Rejection::OutlookWide)
        }
    }

    /// Grants and assignments that were there before and ended.
    pub(super) fn ended(&self, before: &dyn Read) -> (Vec<u64>, Vec<u64>) {
        let grants = self.grants.iter().copied();
        let assignments = self.assignments.iter().copied();
        (
            grants
                .filter(|number| objects::look::<Grant>(before, *number).is_some())
                .collect(),
            assignments
                .filter(|number| objects::look::<Assignment>(before, *number).is_some())
                .collect(),
        )
    }

    /// Accounts and open holds of units that are left: they need another home.
    pub(super) fn value(&self, before: &dyn Read) -> (Vec<String>, Vec<u64>) {
        let mut accounts = Vec::new();
        let mut holds = BTreeSet::new();
        for unit in &self.left {
            let owner = keys::owner_number(OwnerKind::Unit, *unit);
            for account in lists::objects::<Account>(before, List::Accounts, owner) {
                if !ending::is_empty(&account) {
                    accounts.push(places::account(before, *unit, &account));
                }
                let of_account = lists::objects::<Hold>(before, List::Holds, account.number);
                let open = of_account.filter(|hold| hold.state() == HoldState::Open);
                holds.extend(open.map(|hold| hold.number));
            }
        }
        (accounts, holds.into_iter().collect())
    }
}

fn unit_of_role(state: &dyn Read, role: u64) -> Option<u64> {
    objects::get::<Role>(state, role).map(|role| role.unit)
}
