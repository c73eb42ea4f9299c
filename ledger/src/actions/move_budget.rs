//! `move_budget`: approved money moves between two lines of one unit.

use polity_proto::v1::{BudgetLine, Capability, MoveBudget, ObjectKind};

use super::{Act, budget, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for MoveBudget {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: BudgetLine = context.find(&self.from)?;
        let to: BudgetLine = context.find(&self.to)?;
        // Whoever plans one line does not plan another with what they take from it.
        let to_plan = |line: &BudgetLine| Need {
            object: Some((ObjectKind::BudgetLine, line.number)),
            ..Need::of(Capability::PlanBudget, from.unit)
        };
        Ok(vec![to_plan(&from), to_plan(&to)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut from: BudgetLine = context.find(&self.from)?;
        let mut to: BudgetLine = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        if from.closed || to.closed {
            return Err(Rejection::BudgetLineClosed);
        }
        if from.number == to.number || from.unit != to.unit || from.asset != to.asset {
            return Err(Rejection::BudgetLineWrong);
        }
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        // Only what is free moves: what is committed stays covered, on soft lines too.
        if budget::line_available(&from).is_none_or(|left| left < amount) {
            return Err(Rejection::BudgetExceeded);
        }
        take(&mut from, amount);
        posting::add(&mut to.approved, amount)?;
        Amount::from_state(&to.approved).plus(Amount::from_state(&to.carried))?;

        context.put(&from);
        context.put(&to);
        let unit = from.unit;
        context.event(
            ObjectKind::BudgetLine,
            from.number,
            &[(ObjectKind::Unit, unit)],
        );
        context.event(
            ObjectKind::BudgetLine,
            to.number,
            &[(ObjectKind::Unit, unit)],
        );
        Ok(())
    }
}

/// Takes from what was approved and, where that is not enough, from what was carried.
fn take(line: &mut BudgetLine, amount: Amount) {
    let approved = Amount::from_state(&line.approved);
    let from_approved = approved.min(amount);
    posting::subtract(&mut line.approved, from_approved);
    let rest = Amount(amount.0 - from_approved.0);
    posting::subtract(&mut line.carried, rest);
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{GiveGrant, ScopeKind, ScopeRef, action::Kind};

    use super::*;
    use crate::world::{World, euros};

    const LEAD: Option<&str> = Some("dev#lead");

    #[test]
    fn approved_money_moves_and_each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        for category in ["tools", "travel"] {
            let plan = Kind::PlanBudget(world.line(category, 100));
            world.check("ben", LEAD, plan, "accepted");
        }
        let hours = polity_proto::v1::PlanBudget {
            asset: world.asset_ref("HOURS"),
            ..world.line("hours", 100)
        };
        world.check("ben", LEAD, Kind::PlanBudget(hours), "accepted");
        let good = MoveBudget {
            from: form::numbered(1),
            to: form::numbered(2),
            amount: euros(30),
        };
        let act = Kind::MoveBudget(good.clone());
        world.check(
            "finn",
            Some("dev#engineer"),
            act.clone(),
            "rejected no_grant",
        );
        world.check("ben", LEAD, act, "accepted");
        let approved = |number| world.get::<BudgetLine>(number).approved;
        assert_eq!((approved(1), approved(2)), (euros(70), euros(130)));

        for (expected, act) in [
            (
                "rejected ref_malformed",
                MoveBudget {
                    from: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                MoveBudget {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                MoveBudget {
                    to: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected budget_line_wrong",
                MoveBudget {
                    to: form::numbered(1),
                    ..good.clone()
                },
            ),
            (
                "rejected budget_line_wrong",
                MoveBudget {
                    to: form::numbered(3),
                    ..good.clone()
                },
            ),
            (
                "rejected amount_zero",
                MoveBudget {
                    amount: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected budget_exceeded",
                MoveBudget {
                    amount: euros(71),
                    ..good.clone()
                },
            ),
        ] {
            world.check("ben", LEAD, Kind::MoveBudget(act), expected);
        }
        let line: BudgetLine = world.get(2);
        world.put_for_test(&BudgetLine {
            closed: true,
            ..line
        });
        world.check(
            "ben",
            LEAD,
            Kind::MoveBudget(good),
            "rejected budget_line_closed",
        );
    }

    #[test]
    fn whoever_plans_one_line_moves_nothing_into_another() {
        let mut world = World::with_treasury();
        for category in ["tools", "travel"] {
            let plan = Kind::PlanBudget(world.line(category, 100));
            world.check("ben", LEAD, plan, "accepted");
        }
        let engineer = Some("dev#engineer");
        let (tools, travel) = (form::numbered(1), form::numbered(2));
        let act = Kind::MoveBudget(MoveBudget {
            from: tools,
            to: travel,
            amount: euros(30),
        });
        for (line, expected) in [(tools, "rejected no_grant"), (travel, "accepted")] {
            let grant = GiveGrant {
                role: world.role_ref("dev#engineer"),
                capability: Capability::PlanBudget as i32,
                scope: Some(ScopeRef {
                    kind: ScopeKind::Object as i32,
                    object_kind: ObjectKind::BudgetLine as i32,
                    object: line,
                    ..ScopeRef::default()
                }),
                ..GiveGrant::default()
            };
            world.check("ben", LEAD, Kind::GiveGrant(grant), "accepted");
            world.check("finn", engineer, act.clone(), expected);
        }
    }

    #[test]
    fn what_was_carried_moves_last() {
        let mut line = BudgetLine {
            approved: euros(10),
            carried: euros(5),
            ..BudgetLine::default()
        };
        take(&mut line, Amount(1_200));
        assert_eq!((line.approved, line.carried), (Vec::new(), euros(3)));
    }
}
