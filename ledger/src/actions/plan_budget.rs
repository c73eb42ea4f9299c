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

/// Most lines of a unit that are not closed: closing a period looks at all.
const OPEN_MAX: u64 = 1_024;

impl Act for PlanBudget {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::reference(&self.asset)?;
        form::amount(&self.approved)?;
        form::handle(&self.category)?;
        form::date(self.until)?;
        let whole_days =
            self.from.is_multiple_of(time::DAY) && self.until.is_multiple_of(time::DAY);
        let fits = self.from < self.until && self.until - self.from <= PERIOD_MAX;
        Rejection::TimeMalformed.unless(whole_days && fits)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let _: Asset = context.find(&self.asset)?;
        Ok(vec![Need::of(Capability::PlanBudget, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let asset = context.resolve::<Asset>(&self.asset)?;
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
    if lists::count(context, List::OpenLines, unit) >= OPEN_MAX {
        return Err(Rejection::ListTooLong);
    }

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
    lists::append(context.state, List::OpenLines, unit, number);
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

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{World, euros};

    const LEAD: Option<&str> = Some("dev#lead");

    #[test]
    fn a_line_is_planned_once_and_then_amended() {
        let mut world = World::with_treasury();
        let plan = world.line("tools", 100);
        let unit = world.unit("dev").number;
        world.check("ben", LEAD, Kind::PlanBudget(plan.clone()), "accepted");
        let more = PlanBudget {
            approved: euros(200),
            hard: false,
            ..plan
        };
        world.check("ben", LEAD, Kind::PlanBudget(more), "accepted");
        assert_eq!(world.list(List::BudgetLines, unit), [1]);
        let line: BudgetLine = world.get(1);
        assert_eq!((line.approved, line.hard), (euros(200), false));
    }

    #[test]
    fn a_unit_has_a_bounded_number_of_open_lines_and_closing_makes_room() {
        let mut world = World::with_treasury();
        let unit = world.unit("dev").number;
        for number in 0..OPEN_MAX {
            let plan = Kind::PlanBudget(world.line(&format!("c{number}"), 1));
            world.check("ben", LEAD, plan, "accepted");
        }
        let more = Kind::PlanBudget(world.line("more", 1));
        world.check("ben", LEAD, more, "rejected list_too_long");
        world.advance(31 * time::DAY);
        let line = world.line("more", 1);
        let close = Kind::ClosePeriod(polity_proto::v1::ClosePeriod {
            unit: world.unit_ref("dev"),
            until: line.until,
        });
        world.check("ben", LEAD, close, "accepted");
        assert!(world.list(List::OpenLines, unit).is_empty());
        let next = PlanBudget {
            from: line.until,
            until: line.until + time::DAY,
            ..line
        };
        world.check("ben", LEAD, Kind::PlanBudget(next), "accepted");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = world.line("tools", 100);
        world.check("ben", LEAD, Kind::PlanBudget(good.clone()), "accepted");
        let pay = Kind::Transfer(polity_proto::v1::Transfer {
            line: form::numbered(1),
            ..world.transfer(
                "dev:main",
                "ops:main",
                60,
                polity_proto::v1::TransferKind::Payment,
            )
        });
        world.check("ben", LEAD, pay, "accepted");
        let later = good.until + time::DAY;
        for (expected, act) in [
            (
                "rejected ref_malformed",
                PlanBudget {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected ref_malformed",
                PlanBudget {
                    asset: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                PlanBudget {
                    approved: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected time_malformed",
                PlanBudget {
                    from: good.from + 1,
                    ..good.clone()
                },
            ),
            (
                "rejected time_malformed",
                PlanBudget {
                    until: good.from,
                    ..good.clone()
                },
            ),
            (
                "rejected time_malformed",
                PlanBudget {
                    from: time::LATEST + 1,
                    until: time::LATEST + 1 + time::DAY,
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                PlanBudget {
                    asset: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected handle_malformed",
                PlanBudget {
                    category: "T".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected budget_line_wrong",
                PlanBudget {
                    until: later,
                    ..good.clone()
                },
            ),
            (
                "rejected budget_line_wrong",
                PlanBudget {
                    asset: world.asset_ref("HOURS"),
                    ..good.clone()
                },
            ),
            (
                "rejected budget_exceeded",
                PlanBudget {
                    approved: euros(59),
                    ..good.clone()
                },
            ),
        ] {
            world.check("ben", LEAD, Kind::PlanBudget(act), expected);
        }
        let act = Kind::PlanBudget(good.clone());
        world.check(
            "finn",
            Some("dev#engineer"),
            act.clone(),
            "rejected no_grant",
        );
        let line: BudgetLine = world.get(1);
        world.put_for_test(&BudgetLine {
            closed: true,
            ..line
        });
        world.check("ben", LEAD, act, "rejected budget_line_closed");

        world.advance(31 * time::DAY);
        let close = Kind::ClosePeriod(polity_proto::v1::ClosePeriod {
            unit: world.unit_ref("dev"),
            until: good.until,
        });
        world.check("ben", LEAD, close, "accepted");
        let late = Kind::PlanBudget(PlanBudget {
            category: "travel".into(),
            ..good
        });
        world.check("ben", LEAD, late, "rejected period_closed");
    }
}
