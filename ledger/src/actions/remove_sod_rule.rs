//! `remove_sod_rule`: a duty rule no longer holds.

use polity_proto::v1::{EndReason, RemoveSodRule, SodRule};

use super::{Act, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RemoveSodRule {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.rule)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        Ok(vec![context.to_govern(rule.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        if rule.removed_at != 0 {
            return Err(Rejection::RuleRemoved);
        }

        ending::end_sod_rule(context, rule.number, EndReason::None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, SetSodRule, action::Kind};

    use super::*;
    use crate::state::keys::List;
    use crate::world::{World, created};

    #[test]
    fn a_rule_is_removed_once_by_whoever_governs_its_unit() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let set = Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev"),
            first: Capability::Freeze as i32,
            second: Capability::Trade as i32,
        });
        let number = created(&world.run("ben", lead, set).expect("set"));
        let remove = |number| {
            Kind::RemoveSodRule(RemoveSodRule {
                rule: form::numbered(number),
            })
        };
        for (act, who, role, expected) in [
            (remove(99), "ben", lead, "rejected object_unknown"),
            (remove(0), "ben", lead, "rejected ref_malformed"),
            (
                remove(number),
                "finn",
                Some("dev#engineer"),
                "rejected no_grant",
            ),
            (remove(number), "ben", lead, "accepted"),
            (remove(number), "ben", lead, "rejected rule_removed"),
        ] {
            world.check(who, role, act, expected);
        }
        assert!(world.list(List::SodRules, 0).is_empty());
    }
}
