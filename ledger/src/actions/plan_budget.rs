//! `plan_budget`: what a unit may spend in a period for a category.

use polity_proto::v1::{Asset, BudgetLine, Capability, ClosedPeriod, ObjectKind, PlanBudget, Unit};

use super::{Act, budget};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Amount, Rejection, form, time};

/// Longest period of a line, in seconds.
const PERIOD_MAX: u64 = 1_100 * time::DAY;

impl Act for PlanBudget {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::reference(&self.asset)?;
        form::amount(&self.approved)?;
        let whole_days = self.from % time::DAY == 0 && self.until % time::DAY == 0;
        let fits = self.from < self.until && self.until - self.from <= PERIOD_MAX;
        if whole_days && fits {
            Ok(())
        } else {
            Err(Rejection::TimeMalformed)
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let _: Asset = context.find(&self.asset)?;
        Ok(vec![Need::of(Capability::PlanBudget, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let asset = context.resolve(&self.asset)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let index = index(unit.number, self.from, &self.category);
        match names::find(context, &index) {
            Some(number) => amend(self, context, number, asset),
            None => plan(self, context, unit.number, asset, index),
        }
    }
}

/// Key of the index of a unit's lines: period and category.
pub(super) fn index(unit: u64, from: u64, category: &str) -> Vec<u8> {
    keys::key_with(keys::BUDGET_LINE_OF, &[unit, from], category.as_bytes())
}

fn plan(
    act: &PlanBudget,
    context: &mut Context<'_, '_>,
    unit: u64,
    asset: u64,
    index: Vec<u8>,
) -> Result<(), Rejection> {
    let closed: ClosedPeriod = context.value(&keys::key(keys::CLOSED_PERIOD, &[unit]));
    if act.until <= closed.until {
        return Err(Rejection::PeriodClosed);
    }
    names::check_handle(context, ObjectKind::BudgetLine, unit, &act.category)?;

    let number = context.next_number(ObjectKind::BudgetLine);
    context.put(&BudgetLine {
        number,
        unit,
        category: act.category.clone(),
        from: act.from,
        until: act.until,
        asset,
        approved: act.approved.clone(),
        hard: act.hard,
        carry_forward: act.carry_forward,
        ..BudgetLine::default()
    });
    names::point(context.state, index, number);
    lists::append(context.state, List::BudgetLines, unit, number);
    context.event(ObjectKind::BudgetLine, number, &[(ObjectKind::Unit, unit)]);
    Ok(())
}

fn amend(
    act: &PlanBudget,
    context: &mut Context<'_, '_>,
    number: u64,
    asset: u64,
) -> Result<(), Rejection> {
    let line: BudgetLine = context.get(number)?;
    if line.asset != asset || line.until != act.until {
        return Err(Rejection::BudgetLineWrong);
    }
    if line.closed {
        return Err(Rejection::BudgetLineClosed);
    }
    let planned = BudgetLine {
        approved: act.approved.clone(),
        hard: act.hard,
        carry_forward: act.carry_forward,
        ..line
    };
    Amount::from_state(&planned.approved).plus(Amount::from_state(&planned.carried))?;
    if planned.hard && budget::line_available(&planned).is_none() {
        return Err(Rejection::BudgetExceeded);
    }

    context.put(&planned);
    context.event(
        ObjectKind::BudgetLine,
        number,
        &[(ObjectKind::Unit, planned.unit)],
    );
    Ok(())
}
