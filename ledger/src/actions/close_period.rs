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
        if self.until == 0 || !self.until.is_multiple_of(time::DAY) {
            return Err(Rejection::TimeMalformed);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::PlanBudget, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
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
    let mut lines: Vec<_> = lists::objects::<BudgetLine>(context, List::OpenLines, unit)
        .filter(|line| line.until <= until)
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
    lists::remove(context.state, List::OpenLines, line.unit, number);
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

#[cfg(test)]
mod tests {
    use polity_proto::v1::{PlanBudget, Transfer, TransferKind, action::Kind};

    use super::*;
    use crate::world::{DAY, START, World, euros};

    const LEAD: Option<&str> = Some("dev#lead");

    fn close(world: &World, until: u64) -> Kind {
        Kind::ClosePeriod(ClosePeriod {
            unit: world.unit_ref("dev"),
            until,
        })
    }

    #[test]
    fn what_is_left_goes_on_through_the_next_lines() {
        let mut world = World::with_treasury();
        let first = world.line("tools", 100);
        let following = |line: &PlanBudget| PlanBudget {
            from: line.until,
            until: line.until + 30 * DAY,
            ..line.clone()
        };
        let (second, third) = (following(&first), following(&following(&first)));
        for line in [&first, &second, &third] {
            world.check("ben", LEAD, Kind::PlanBudget(line.clone()), "accepted");
        }
        let pay = Kind::Transfer(Transfer {
            line: form::numbered(1),
            ..world.transfer("dev:main", "ops:main", 30, TransferKind::Payment)
        });
        world.check("ben", LEAD, pay, "accepted");
        world.advance(70 * DAY);
        let act = close(&world, second.until);
        world.check("ben", LEAD, act, "accepted");

        let [first, second, third]: [BudgetLine; 3] = [1, 2, 3].map(|number| world.get(number));
        assert_eq!((first.closed, first.carried_out.clone()), (true, euros(70)));
        assert_eq!(
            (second.carried.clone(), second.carried_out.clone()),
            (euros(70), euros(170))
        );
        assert_eq!((third.closed, third.carried.clone()), (false, euros(170)));
        assert_eq!(budget::line_available(&second).unwrap_or_default().0, 0);
        assert_eq!(budget::line_available(&third).unwrap_or_default().0, 27_000);
    }

    #[test]
    fn what_does_not_carry_stays() {
        let mut world = World::with_treasury();
        let line = PlanBudget {
            carry_forward: false,
            ..world.line("tools", 100)
        };
        let next = PlanBudget {
            from: line.until,
            until: line.until + DAY,
            ..line.clone()
        };
        for line in [&line, &next] {
            world.check("ben", LEAD, Kind::PlanBudget(line.clone()), "accepted");
        }
        world.advance(31 * DAY);
        let act = close(&world, line.until);
        world.check("ben", LEAD, act, "accepted");
        let [line, next]: [BudgetLine; 2] = [1, 2].map(|number| world.get(number));
        assert!(line.closed && line.carried_out.is_empty() && next.carried.is_empty());
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        world.advance(2 * DAY);
        let nothing = Kind::ClosePeriod(ClosePeriod {
            unit: None,
            until: START,
        });
        let unknown = Kind::ClosePeriod(ClosePeriod {
            unit: form::numbered(99),
            until: START,
        });
        let (within, today, tomorrow) = (
            close(&world, START + 1),
            close(&world, START + DAY),
            close(&world, START + 3 * DAY),
        );
        world.check("ben", LEAD, nothing, "rejected ref_malformed");
        world.check("ben", LEAD, within, "rejected time_malformed");
        world.check("ben", LEAD, unknown, "rejected object_unknown");
        world.check("ben", LEAD, tomorrow, "rejected period_not_over");
        world.check(
            "finn",
            Some("dev#engineer"),
            today.clone(),
            "rejected no_grant",
        );
        world.check("ben", LEAD, today.clone(), "accepted");
        world.check("ben", LEAD, today, "rejected period_already_closed");
    }
}
