//! `give_sod_exception`: a member may break a duty rule for a while, under a compensating control.

use polity_proto::v1::{GiveSodException, Member, MemberState, ObjectKind, SodException, SodRule};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::{lists, objects};
use crate::{Rejection, form};

/// Most exceptions of a rule in force: each act that the rule speaks of looks at all.
const OF_A_RULE_MAX: u64 = 64;

impl Act for GiveSodException {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.rule)?;
        form::reference(&self.member)?;
        form::filled_text(&self.control, form::TEXT_BYTES_MAX)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        let _: Member = context.find(&self.member)?;
        Ok(vec![context.to_govern(rule.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let rule: SodRule = context.find(&self.rule)?;
        let member: Member = context.find(&self.member)?;
        if context.gives_themselves(member.number) {
            return Err(Rejection::GrantToSelf);
        }
        if rule.removed_at != 0 {
            return Err(Rejection::RuleRemoved);
        }
        if member.state() == MemberState::Departed {
            return Err(Rejection::MemberStateWrong);
        }
        let last = now.saturating_add(context.parameters().exception_max);
        if self.until <= now || self.until > last {
            return Err(Rejection::TimeMalformed);
        }

        forget_ended(context, rule.number, now);
        if lists::count(context, List::SodExceptions, rule.number) >= OF_A_RULE_MAX {
            return Err(Rejection::ListTooLong);
        }
        let number = context.next_number(ObjectKind::SodException);
        context.put(&SodException {
            number,
            rule: rule.number,
            member: member.number,
            from: now,
            until: self.until,
            control: self.control.clone(),
            given_by: context.basis.member,
        });
        lists::append(context.state, List::SodExceptions, rule.number, number);
        context.event(
            ObjectKind::SodException,
            number,
            &[
                (ObjectKind::Unit, rule.unit),
                (ObjectKind::Member, member.number),
            ],
        );
        Ok(())
    }
}

/// The list names exceptions that may still be in force; the others stay as objects.
fn forget_ended(context: &mut Context<'_, '_>, rule: u64, now: u64) {
    for number in lists::all(context, List::SodExceptions, rule) {
        let ended = objects::look::<SodException>(context, number)
            .is_some_and(|exception| exception.until <= now);
        if ended {
            lists::remove(context.state, List::SodExceptions, rule, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, GiveGrant, RemoveSodRule, SetSodRule, action::Kind};

    use super::*;
    use crate::world::{DAY, World, created};

    const LEAD: Option<&str> = Some("dev#lead");

    /// A rule, and engineers who hold the first of its capabilities.
    fn world() -> (World, u64) {
        let mut world = World::new();
        let set = Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev"),
            first: Capability::OpenAccounts as i32,
            second: Capability::Freeze as i32,
        });
        let rule = created(&world.run("ben", LEAD, set).expect("set"));
        let grant = world.grant("dev#engineer", Capability::OpenAccounts, "dev");
        world.check("ben", LEAD, Kind::GiveGrant(grant), "accepted");
        (world, rule)
    }

    fn exception(world: &World, rule: u64, member: &str) -> GiveSodException {
        GiveSodException {
            rule: form::numbered(rule),
            member: world.member_ref(member),
            until: world.time + 10 * DAY,
            control: "eve looks at every account".into(),
        }
    }

    #[test]
    fn a_rule_has_a_bounded_number_of_exceptions_in_force() {
        let (mut world, rule) = world();
        for _ in 0..OF_A_RULE_MAX {
            let act = Kind::GiveSodException(exception(&world, rule, "finn"));
            world.check("ben", LEAD, act, "accepted");
        }
        let act = Kind::GiveSodException(exception(&world, rule, "gia"));
        world.check("ben", LEAD, act.clone(), "rejected list_too_long");
        world.advance(10 * DAY);
        let act = Kind::GiveSodException(exception(&world, rule, "gia"));
        world.check("ben", LEAD, act, "accepted");
    }

    #[test]
    fn an_exception_lasts_until_its_end_and_then_neither_can_be_used() {
        let (mut world, rule) = world();
        let grant: GiveGrant = world.grant("dev#engineer", Capability::Freeze, "dev");
        let freeze = Kind::GiveGrant(grant);
        world.check("ben", LEAD, freeze.clone(), "rejected duty_conflict");
        for member in ["finn", "gia"] {
            let act = Kind::GiveSodException(exception(&world, rule, member));
            world.check("ben", LEAD, act, "accepted");
        }
        world.check("ben", LEAD, freeze, "accepted");

        let open = |world: &World, handle: &str| {
            Kind::OpenAccount(polity_proto::v1::OpenAccount {
                owner: Some(polity_proto::v1::OwnerRef {
                    kind: polity_proto::v1::OwnerKind::Unit as i32,
                    number: world.unit_ref("dev"),
                }),
                asset: world.asset_ref("EUR"),
                handle: handle.into(),
                ..Default::default()
            })
        };
        let first = open(&world, "first");
        world.check("finn", Some("dev#engineer"), first, "accepted");
        world.advance(10 * DAY);
        let second = open(&world, "second");
        world.check(
            "finn",
            Some("dev#engineer"),
            second,
            "rejected duty_conflict",
        );
    }

    #[test]
    fn an_exception_is_of_another_member_and_short() {
        let (mut world, rule) = world();
        let good = exception(&world, rule, "finn");
        let now = world.time;
        for (act, expected) in [
            (
                GiveSodException {
                    rule: form::numbered(99),
                    ..good.clone()
                },
                "rejected object_unknown",
            ),
            (
                GiveSodException {
                    member: form::numbered(99),
                    ..good.clone()
                },
                "rejected object_unknown",
            ),
            (
                GiveSodException {
                    member: None,
                    ..good.clone()
                },
                "rejected ref_malformed",
            ),
            (
                GiveSodException {
                    control: String::new(),
                    ..good.clone()
                },
                "rejected field_missing",
            ),
            (
                GiveSodException {
                    control: "x".repeat(5_000),
                    ..good.clone()
                },
                "rejected text_malformed",
            ),
            (
                GiveSodException {
                    until: now,
                    ..good.clone()
                },
                "rejected time_malformed",
            ),
            (
                GiveSodException {
                    until: now + 31 * DAY,
                    ..good.clone()
                },
                "rejected time_malformed",
            ),
            (exception(&world, rule, "ben"), "rejected grant_to_self"),
        ] {
            world.check("ben", LEAD, Kind::GiveSodException(act), expected);
        }
        let act = Kind::GiveSodException(good);
        world.check(
            "finn",
            Some("dev#engineer"),
            act.clone(),
            "rejected no_grant",
        );
        let remove = Kind::RemoveSodRule(RemoveSodRule {
            rule: form::numbered(rule),
        });
        world.check("ben", LEAD, remove, "accepted");
        world.check("ben", LEAD, act, "rejected rule_removed");
    }

    #[test]
    fn whom_one_person_assigned_excepts_them_from_nothing_for_a_while() {
        let (mut world, rule) = world();
        let assign = Kind::AssignRole(world.assign("finn", "dev#lead"));
        world.check("ben", LEAD, assign, "accepted");
        for (member, expected) in [("ben", "rejected grant_to_self"), ("gia", "accepted")] {
            let act = Kind::GiveSodException(exception(&world, rule, member));
            world.check("finn", LEAD, act, expected);
        }
        world.advance(31 * DAY);
        let act = Kind::GiveSodException(exception(&world, rule, "ben"));
        world.check("finn", LEAD, act, "accepted");
    }

    #[test]
    fn whoever_has_left_needs_no_exception() {
        let (mut world, rule) = world();
        let act = Kind::GiveSodException(exception(&world, rule, "hal"));
        let leave = Kind::Leave(polity_proto::v1::Leave {});
        world.check("hal", None, leave, "accepted");
        world.check("ben", LEAD, act, "rejected member_state_wrong");
    }
}
