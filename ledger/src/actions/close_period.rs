//! `close_period`: no value date before a day counts any more for a unit's accounts. Budget lines
//! that end by then are closed, and what is left of them goes on where that was planned.

use polity_proto::v1::{BudgetLine, Capability, ClosePeriod, ClosedPeriod, ObjectKind, Unit};

use super::{Act, budget, plan_budget, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form, time};

impl Act for ClosePeriod {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        if self.until == 0 || self.until % time::DAY != 0 {
            return Err(Rejection::TimeMalformed);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::PlanBudget, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve(&self.unit)?;
        let key = keys::key(keys::CLOSED_PERIOD, &[unit]);
        let closed: ClosedPeriod = context.value(&key);
        if self.until <= closed.until {
            return Err(Rejection::PeriodAlreadyClosed);
        }
        if self.until > context.now().time {
            return Err(Rejection::PeriodNotOver);
        }

        let period = ClosedPeriod { until: self.until };
        context.put_value(key, &period);
        context.event(ObjectKind::Unit, unit, &[(ObjectKind::Unit, unit)]);
        for line in ending(context, unit, self.until) {
            close(context, line);
        }
        Ok(())
    }
}

/// Open lines that end by `until`, in the order of their periods: what is carried from one into
/// the next may go on from there.
fn ending(context: &Context<'_, '_>, unit: u64, until: u64) -> Vec<u64> {
    let mut lines: Vec<BudgetLine> = lists::all(context, List::BudgetLines, unit)
        .into_iter()
        .filter_map(|number| context.get(number).ok())
        .filter(|line: &BudgetLine| !line.closed && line.until <= until)
        .collect();
    lines.sort_by_key(|line| (line.from, line.number));
    lines.into_iter().map(|line| line.number).collect()
}

fn close(context: &mut Context<'_, '_>, number: u64) {
    let Ok(mut line) = context.get::<BudgetLine>(number) else {
        return;
    };
    line.closed = true;
    if let Some(next) = carried(context, &line) {
        let left = budget::line_available(&line).unwrap_or_default();
        line.carried_out = left.to_bytes();
        context.put(&next);
        event(context, &next);
    }
    context.put(&line);
    event(context, &line);
}

/// The line of the same category that begins where this one ends, with what is left of this one.
fn carried(context: &Context<'_, '_>, line: &BudgetLine) -> Option<BudgetLine> {
    let left = budget::line_available(line).filter(|left| !left.is_zero())?;
    let index = plan_budget::index(line.unit, line.until, &line.category);
    let mut next: BudgetLine = context.get(names::find(context, &index)?).ok()?;
    let fits = line.carry_forward && !next.closed && next.asset == line.asset;
    posting::add(&mut next.carried, left).ok()?;
    fits.then_some(next)
}

fn event(context: &mut Context<'_, '_>, line: &BudgetLine) {
    context.event(
        ObjectKind::BudgetLine,
        line.number,
        &[(ObjectKind::Unit, line.unit)],
    );
}
