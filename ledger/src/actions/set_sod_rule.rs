//! `set_sod_rule`: from now on no member holds both capabilities in a unit and below.

use polity_proto::v1::{Capability, ObjectKind, SetSodRule, SodRule, Unit};

use super::{Act, ending};
use crate::context::Context;
use crate::judge::{Need, duties, power};
use crate::state::keys::List;
use crate::state::{Read, lists};
use crate::{Rejection, form};

/// Most rules of one unit, so that no unit takes all that there may be.
const OF_A_UNIT_MAX: usize = 16;

/// Most rules of a branch of the root, which is one of its units with all below it: making more units makes no more
/// room.
const OF_A_BRANCH_MAX: usize = 64;

impl Act for SetSodRule {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<Capability>(self.first)?;
        form::known::<Capability>(self.second)?;
        Rejection::ValueUnknown.when(self.first == self.second)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![context.to_govern(unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let mut rule = SodRule {
            number: 0,
            unit: unit.number,
            first: self.first,
            second: self.second,
            removed_at: 0,
        };
        // A rule begins where nobody breaks it: powers are sorted out first.
        if !context.is_genesis() && !duties::breakers(context, context.now().time, &rule).is_empty()
        {
            return Err(Rejection::DutyConflict);
        }
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let standing = duties::rules(context);
        let of_unit: Vec<&SodRule> = standing
            .iter()
            .filter(|standing| standing.unit == unit.number)
            .collect();
        let is_said = of_unit
            .iter()
            .any(|standing| says_the_same(standing, &rule));
        let is_full = of_unit.len() >= OF_A_UNIT_MAX
            || standing.len() as u64 >= duties::RULES_MAX
            || is_branch_full(context, unit.number, &standing);
        if is_said || is_full {
            return Err(Rejection::ListTooLong);
        }

        rule.number = context.next_number(ObjectKind::SodRule);
        context.put(&rule);
        lists::append(context.state, List::SodRules, 0, rule.number);
        context.event(
            ObjectKind::SodRule,
            rule.number,
            &[(ObjectKind::Unit, unit.number)],
        );
        for member in duties::breakers_by_delegation(context, context.now().time, &rule) {
            ending::end_colliding(context, member);
        }
        Ok(())
    }
}

fn is_branch_full(state: &dyn Read, unit: u64, standing: &[SodRule]) -> bool {
    let lineage = power::lineage(state, unit);
    let Some(branch) = lineage.iter().rev().nth(1) else {
        return false;
    };
    let of_branch = standing
        .iter()
        .filter(|rule| power::is_within(state, rule.unit, branch.number));
    of_branch.count() >= OF_A_BRANCH_MAX
}

/// Whether two rules of a unit keep the same two capabilities apart.
fn says_the_same(one: &SodRule, other: &SodRule) -> bool {
    let of = |rule: &SodRule| (rule.first, rule.second);
    of(one) == of(other) || of(one) == (other.second, other.first)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{UnitKind, action::Kind};

    use super::*;
    use crate::state::objects;
    use crate::world::World;

    fn rule(world: &World, first: Capability, second: Capability) -> SetSodRule {
        SetSodRule {
            unit: world.unit_ref("dev"),
            first: first as i32,
            second: second as i32,
        }
    }

    #[test]
    fn a_rule_begins_where_nobody_breaks_it() {
        let mut world = World::new();
        let (freeze, trade) = (Capability::Freeze, Capability::Trade);
        let lead = Some("dev#lead");
        // The lead spends and approves; the root's lead governs and assigns below.
        for second in [Capability::Approve, Capability::Spend] {
            let broken = rule(&world, Capability::PlanBudget, second);
            world.check(
                "ben",
                lead,
                Kind::SetSodRule(broken),
                "rejected duty_conflict",
            );
        }
        let from_above = rule(&world, Capability::Audit, Capability::Arbitrate);
        world.check(
            "ben",
            lead,
            Kind::SetSodRule(from_above),
            "rejected duty_conflict",
        );

        let good = rule(&world, freeze, trade);
        for (act, expected) in [
            (rule(&world, freeze, freeze), "rejected value_unknown"),
            (SetSodRule { second: 0, ..good }, "rejected field_missing"),
            (SetSodRule { unit: None, ..good }, "rejected ref_malformed"),
            (
                SetSodRule {
                    unit: form::numbered(99),
                    ..good
                },
                "rejected object_unknown",
            ),
        ] {
            world.check("ben", lead, Kind::SetSodRule(act), expected);
        }
        let past = SetSodRule {
            unit: world.dissolved(),
            ..good
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::SetSodRule(past),
            "rejected unit_dissolved",
        );
        world.check("finn", None, Kind::SetSodRule(good), "rejected no_grant");
        let before = world.history_count(ObjectKind::Unit, world.unit("dev").number);
        world.check("ben", lead, Kind::SetSodRule(good), "accepted");
        let after = world.history_count(ObjectKind::Unit, world.unit("dev").number);
        assert_eq!(
            (world.list(List::SodRules, 0).len(), after),
            (1, before + 1)
        );
    }

    #[test]
    fn a_unit_says_a_rule_once_and_an_organisation_has_a_bounded_number() {
        let (freeze, trade) = (Capability::Freeze, Capability::Trade);
        let lead = Some("dev#lead");
        let mut world = World::new();
        let said = Kind::SetSodRule(rule(&world, freeze, trade));
        world.check("ben", lead, said.clone(), "accepted");
        for again in [said, Kind::SetSodRule(rule(&world, trade, freeze))] {
            world.check("ben", lead, again, "rejected list_too_long");
        }
        for (of, most) in [
            ("dev", OF_A_UNIT_MAX),
            ("dev/lab", OF_A_BRANCH_MAX),
            ("ops", duties::RULES_MAX as usize),
        ] {
            let mut world = World::new();
            world.ada(Kind::CreateUnit(world.create_unit(
                "dev",
                "lab",
                UnitKind::Team,
            )));
            let unit = world.unit(of).number;
            world.change_for_test(|state| {
                for number in (1_000..).take(most) {
                    let rule = SodRule {
                        number,
                        unit,
                        ..SodRule::default()
                    };
                    objects::put(state, &rule);
                    lists::append(state, List::SodRules, 0, number);
                }
            });
            let one_more = Kind::SetSodRule(rule(&world, freeze, trade));
            world.check("ben", lead, one_more, "rejected list_too_long");
            // One branch keeps nothing from another.
            if most == OF_A_BRANCH_MAX {
                let elsewhere = SetSodRule {
                    unit: world.unit_ref("ops"),
                    ..rule(&world, freeze, trade)
                };
                let of_ops = Kind::SetSodRule(elsewhere);
                world.check("cleo", Some("ops#lead"), of_ops, "accepted");
            }
        }
    }
}
