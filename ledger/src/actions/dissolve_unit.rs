//! `dissolve_unit`: an empty unit ends, with its roles, policies and the grants over it.

use polity_proto::v1::{
    Account, BudgetLine, DissolveUnit, EndReason, ObjectKind, OwnerKind, Role, SodRule, Unit,
};

use super::amend_unit::{departments, governed_by, validates};
use super::{Act, assign_role, ending, membership};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for DissolveUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if validates(context, unit.number) {
            return departments(context);
        }
        Ok(vec![context.to_govern(governed_by(&unit))])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let number = unit.number;
        if unit.parent == 0 {
            return Err(Rejection::RootFixed);
        }
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        if validates(context, number) {
            return Err(Rejection::UnitValidates);
        }
        check_empty(context, number)?;

        end_all_of(context, number)?;
        names::release(
            context.state,
            ObjectKind::Unit,
            unit.parent,
            &unit.handle,
            &unit.external_id,
        );
        lists::remove(context.state, List::Children, unit.parent, number);
        note_level(context, &unit)?;
        let histories = [number, unit.parent].map(|unit| (ObjectKind::Unit, unit));
        context.put(&Unit {
            dissolved_at: context.now().time,
            ..unit
        });
        context.event(ObjectKind::Unit, number, &histories);
        Ok(())
    }
}

/// Notes in the parent how many levels of dissolved units hang below it: they stay there, and move along with it.
fn note_level(context: &mut Context<'_, '_>, unit: &Unit) -> Result<(), Rejection> {
    let parent: Unit = context.get(unit.parent)?;
    let dissolved_levels = parent.dissolved_levels.max(unit.dissolved_levels + 1);
    context.put(&Unit {
        dissolved_levels,
        ..parent
    });
    Ok(())
}

/// Most joined members whom a dissolution takes out of the unit: each has an event.
const JOINED_MAX: u64 = 500;

/// Refuses a unit that still has units, value, holds, proposals, elections, nodes or filled roles.
fn check_empty(context: &Context<'_, '_>, unit: u64) -> Result<(), Rejection> {
    let now = context.now().time;
    for list in [
        List::Children,
        List::Proposals,
        List::Elections,
        List::Nodes,
    ] {
        if lists::count(context, list, unit) != 0 {
            return Err(Rejection::UnitNotEmpty);
        }
    }
    // What one action writes is bounded: where more have joined, they leave or are taken out first.
    if lists::count(context, List::Joined, unit) > JOINED_MAX {
        return Err(Rejection::UnitNotEmpty);
    }
    for account in accounts(context, unit) {
        let account: Account = context.get(account)?;
        if !ending::is_empty(&account) {
            return Err(Rejection::UnitNotEmpty);
        }
    }
    for role in lists::objects::<Role>(context, List::Roles, unit) {
        if !assign_role::open_of_role(context, role.number, now).is_empty() {
            return Err(Rejection::UnitNotEmpty);
        }
        ending::check_unnamed(context, &role, |policy| policy.unit == unit)?;
    }
    Ok(())
}

fn accounts(context: &Context<'_, '_>, unit: u64) -> Vec<u64> {
    let owner = keys::owner_number(OwnerKind::Unit, unit);
    lists::all(context, List::Accounts, owner)
}

fn end_all_of(context: &mut Context<'_, '_>, unit: u64) -> Result<(), Rejection> {
    for member in lists::all(context, List::Joined, unit) {
        membership::leave(context, member, unit, EndReason::Unit);
    }
    for role in lists::all(context, List::Roles, unit) {
        ending::end_role(context, role, EndReason::Unit);
    }
    // Grants of other units' roles that reach here; those of its own roles have ended.
    for grant in lists::all(context, List::GrantsOver, unit) {
        ending::end_grant(context, grant, EndReason::Unit);
    }
    for policy in lists::all(context, List::Policies, unit) {
        ending::end_policy(context, policy, EndReason::Unit);
    }
    for number in lists::all(context, List::SodRules, 0) {
        let rule: SodRule = context.get(number)?;
        if rule.unit == unit {
            ending::end_sod_rule(context, number, EndReason::Unit);
        }
    }
    for account in accounts(context, unit) {
        ending::close_account(context, account, EndReason::Unit);
    }
    for number in lists::all(context, List::OpenLines, unit) {
        let line: BudgetLine = context.get(number)?;
        context.put(&BudgetLine {
            closed: true,
            ..line
        });
        lists::remove(context.state, List::OpenLines, unit, number);
        let histories = [(ObjectKind::Unit, unit)];
        context.ended(ObjectKind::BudgetLine, number, EndReason::Unit, &histories);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
