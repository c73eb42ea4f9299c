//! `allocate`: budget money moves from a unit to a unit below or beside it.

use polity_proto::v1::{Account, Allocate, BudgetLine, Capability, OwnerKind, TransferKind};

use super::Act;
use super::budget;
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for Allocate {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::optional_reference(&self.line)?;
        form::line(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        form::date(self.value_date)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        budget::find(context, &self.line)?;
        Ok(vec![Need {
            line: context.optional::<BudgetLine>(&self.line)?,
            ..posting::need_to_take(context, Capability::Allocate, &from, &to, amount)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        check_units(&from, &to)?;
        let movement = Move {
            from,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Allocation,
            line: context.optional::<BudgetLine>(&self.line)?,
            value_date: self.value_date,
        };
        posting::post(context, movement).map(|_| ())
    }
}

/// Refuses what is not between accounts of two units.
pub(super) fn check_units(from: &Account, to: &Account) -> Result<(), Rejection> {
    let units = [from, to].map(posting::owner);
    // An account twice is refused by its own name.
    let differ = units[0] != units[1] || from.number == to.number;
    Rejection::NotBetweenUnits
        .unless(differ && units.iter().all(|owner| owner.kind() == OwnerKind::Unit))
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{World, euros};

    const LEAD: Option<&str> = Some("acme#lead");

    #[test]
    fn a_line_of_a_later_period_is_not_spent_today() {
        let mut world = World::with_treasury();
        let today = world.line("tools", 100);
        let next = polity_proto::v1::PlanBudget {
            unit: world.unit_ref("acme"),
            from: today.until,
            until: today.until + 30 * crate::world::DAY,
            ..today
        };
        let from = next.from;
        world.ada(Kind::PlanBudget(next));
        let allocate = |world: &World| {
            Kind::Allocate(Allocate {
                from: world.account_ref("acme:main"),
                to: world.account_ref("ops:main"),
                amount: euros(50),
                line: form::numbered(1),
                value_date: from,
                ..Allocate::default()
            })
        };
        let act = allocate(&world);
        world.check("ada", LEAD, act, "rejected time_malformed");
        world.advance(30 * crate::world::DAY);
        let act = allocate(&world);
        world.check("ada", LEAD, act, "accepted");
    }

    #[test]
    fn budget_money_moves_between_units_and_each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = Allocate {
            from: world.account_ref("acme:main"),
            to: world.account_ref("ops:main"),
            amount: euros(200),
            ..Allocate::default()
        };
        world.ada(Kind::Allocate(good.clone()));
        assert_eq!(world.balance("ops:main"), 20_000);
        let last = world.account("ops:main").last.expect("it moved");
        assert_eq!(last.kind(), TransferKind::Allocation);

        let to = |path: &str| Allocate {
            to: world.account_ref(path),
            ..good.clone()
        };
        let (member, own, same) = (to("finn:main"), to("acme:reserve"), to("acme:main"));
        for (expected, act) in [
            (
                "rejected ref_malformed",
                Allocate {
                    to: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                Allocate {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected text_malformed",
                Allocate {
                    reference: "r".repeat(65),
                    ..good.clone()
                },
            ),
            (
                "rejected time_malformed",
                Allocate {
                    value_date: u64::MAX,
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                Allocate {
                    document: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                Allocate {
                    line: form::numbered(9),
                    ..good.clone()
                },
            ),
            ("rejected not_between_units", member),
            ("rejected not_between_units", own),
            ("rejected same_account", same),
            (
                "rejected insufficient_funds",
                Allocate {
                    amount: euros(9_999_999),
                    ..good.clone()
                },
            ),
        ] {
            world.check("ada", LEAD, Kind::Allocate(act), expected);
        }
        world.check(
            "cleo",
            Some("ops#lead"),
            Kind::Allocate(good),
            "rejected no_grant",
        );
    }
}
