//! `grant_auditor`: it is on record that a member audits units, for a window and for a time. Nobody needs it to read: whoever
//! reaches a gateway reads everything.

use polity_proto::v1::{Auditor, Capability, GrantAuditor, Member, ObjectKind, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form};

impl Act for GrantAuditor {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        if self.units.is_empty() {
            return Err(Rejection::FieldMissing);
        }
        form::list(&self.units, form::ENTRIES_MAX)?;
        for unit in &self.units {
            form::reference(&Some(*unit))?;
        }
        Rejection::TimeMalformed.unless(self.window_from < self.window_until)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Member = context.find(&self.member)?;
        let units = units(self, context)?;
        Ok(units
            .into_iter()
            .map(|unit| Need::of(Capability::Audit, unit))
            .collect())
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member = context.resolve::<Member>(&self.member)?;
        let units = units(self, context)?;
        if context.gives_themselves(member) {
            return Err(Rejection::GrantToSelf);
        }
        if !power::member_is_active(context, member) {
            return Err(Rejection::MemberStateWrong);
        }
        let now = context.now().time;
        let latest = now.saturating_add(context.parameters().auditor_max);
        if self.until <= now || self.until > latest {
            return Err(Rejection::AuditorTerm);
        }

        let number = context.next_number(ObjectKind::Auditor);
        let histories: Vec<_> = units.iter().map(|unit| (ObjectKind::Unit, *unit)).collect();
        context.put(&Auditor {
            number,
            member,
            units,
            window_from: self.window_from,
            window_until: self.window_until,
            from: now,
            until: self.until,
        });
        lists::append(context.state, List::Auditors, 0, number);
        context.event(ObjectKind::Auditor, number, &histories);
        Ok(())
    }
}

fn units(act: &GrantAuditor, context: &Context<'_, '_>) -> Result<Vec<u64>, Rejection> {
    act.units
        .iter()
        .map(|unit| context.find::<Unit>(&Some(*unit)).map(|unit| unit.number))
        .collect()
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{MemberState, action::Kind};

    use super::*;
    use crate::world::{DAY, START, World};

    #[test]
    fn an_auditor_is_appointed_for_a_time_and_each_refusal_has_its_name() {
        let mut world = World::new();
        let lead = Some("acme#lead");
        let unit = |name: &str| world.unit_ref(name).into_iter();
        let good = GrantAuditor {
            member: world.member_ref("gia"),
            units: unit("dev").chain(unit("ops")).collect(),
            window_from: START - 365 * DAY,
            window_until: START,
            until: START + 90 * DAY,
        };
        let (twice, ada) = (
            unit("dev").chain(unit("dev")).collect(),
            world.member_ref("ada"),
        );
        world.check("ada", lead, Kind::GrantAuditor(good.clone()), "accepted");
        let auditor: Auditor = world.get(world.list(List::Auditors, 0)[0]);
        assert_eq!(auditor.member, world.member_number("gia"));
        assert_eq!((auditor.units.len(), auditor.from), (2, world.time));

        for (expected, act) in [
            (
                "rejected ref_malformed",
                GrantAuditor {
                    member: None,
                    ..good.clone()
                },
            ),
            (
                "rejected field_missing",
                GrantAuditor {
                    units: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected list_too_long",
                GrantAuditor {
                    units: twice,
                    ..good.clone()
                },
            ),
            (
                "rejected time_malformed",
                GrantAuditor {
                    window_until: 0,
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                GrantAuditor {
                    member: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected grant_to_self",
                GrantAuditor {
                    member: ada,
                    ..good.clone()
                },
            ),
            (
                "rejected auditor_term",
                GrantAuditor {
                    until: START,
                    ..good.clone()
                },
            ),
            (
                "rejected auditor_term",
                GrantAuditor {
                    until: START + 181 * DAY,
                    ..good.clone()
                },
            ),
        ] {
            world.check("ada", lead, Kind::GrantAuditor(act), expected);
        }
        let act = Kind::GrantAuditor(good);
        world.check("ben", Some("dev#lead"), act.clone(), "rejected no_grant");
        let mut departed = world.member("gia");
        departed.state = MemberState::Departed as i32;
        world.put_for_test(&departed);
        world.check("ada", lead, act, "rejected member_state_wrong");
    }

    #[test]
    fn nobody_appoints_a_second_self_nor_who_assigned_them_for_a_while() {
        let mut world = World::new();
        world.hire("ivy");
        world.ada(Kind::AssignRole(world.assign("finn", "acme#lead")));
        for (lead, auditor) in [("ada", "ivy"), ("finn", "ada")] {
            let appoint = |world: &World| {
                Kind::GrantAuditor(GrantAuditor {
                    member: world.member_ref(auditor),
                    units: world.unit_ref("dev").into_iter().collect(),
                    window_until: START,
                    until: world.time + DAY,
                    ..GrantAuditor::default()
                })
            };
            let mut world = world.clone();
            let early = appoint(&world);
            world.check(lead, Some("acme#lead"), early, "rejected grant_to_self");
            world.advance(31 * DAY);
            let late = appoint(&world);
            world.check(lead, Some("acme#lead"), late, "accepted");
        }
    }
}
