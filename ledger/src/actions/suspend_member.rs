//! `suspend_member`: two people of different units take a member's power, for the time being.
//! Objections of the member stay, and no vote is decided by it.

use polity_proto::v1::{Capability, Member, MemberState, ObjectKind, SuspendMember};

use super::{Act, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for SuspendMember {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        Ok(vec![Need {
            people: 2,
            ..ownership::need_about(context, Capability::SuspendMembers, &member)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.find(&self.member)?;
        change_state(context, member, MemberState::Active, MemberState::Suspended)
    }
}

/// Takes a member from one state to another, or refuses where the member is in a third.
pub(super) fn change_state(
    context: &mut Context<'_, '_>,
    member: Member,
    from: MemberState,
    to: MemberState,
) -> Result<(), Rejection> {
    if member.state() != from {
        return Err(Rejection::MemberStateWrong);
    }

    let number = member.number;
    context.put(&Member {
        state: to as i32,
        ..member
    });
    context.event(ObjectKind::Member, number, &[(ObjectKind::Member, number)]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::world::{Charter, DAY, World, able, alone, by, joined, tier};
    use crate::{Rejection, form};

    fn suspend(world: &World, member: &str) -> Kind {
        Kind::SuspendMember(SuspendMember {
            member: world.member_ref(member),
        })
    }

    #[test]
    fn whoever_uses_what_another_delegated_signs_for_them() {
        let mut world = World::new();
        let (suspends, until) = (Capability::SuspendMembers, world.time + DAY);
        let delegate = world.delegation("acme#lead", suspends, "hal", until);
        world.ada(delegate);
        let finn = suspend(&world, "finn");
        let ada = by("ada").acting_as("acme#lead");
        let deed = ada.seconded("hal", "ops#engineer").does(finn.clone());
        world.check_deed(deed, "rejected people_missing");
        let hal = by("hal").acting_as("ops#engineer");
        let deed = hal.clone().seconded("ada", "acme#lead").does(finn.clone());
        world.check_deed(deed, "rejected people_missing");
        // Ada's grant in another hand is still one person's, beside somebody of another unit.
        world.check_deed(hal.seconded("ben", "dev#lead").does(finn), "accepted");
    }

    #[test]
    fn whom_one_person_made_the_second_signs_for_them_for_a_while() {
        let mut world = World::new();
        world.advance(31 * DAY);
        let grant = GiveGrant {
            scope: Some(ScopeRef {
                kind: ScopeKind::UnitAndBelow as i32,
                unit: world.unit_ref("acme"),
                ..ScopeRef::default()
            }),
            ..world.grant("ops#engineer", Capability::SuspendMembers, "acme")
        };
        world.ada(Kind::GiveGrant(grant));
        let finn = suspend(&world, "finn");
        let ada = by("ada").acting_as("acme#lead");
        let deed = ada.seconded("hal", "ops#engineer").does(finn);
        world.check_deed(deed.clone(), "rejected people_missing");
        world.advance(31 * DAY);
        world.check_deed(deed, "accepted");
    }

    /// A world in which, from a month on, dev lets whom `by` names suspend its members alone.
    fn where_dev_lets(by: impl Fn(&Charter) -> Who) -> World {
        let mut charter = Charter::acme();
        charter.role("dev", "scribe", RoleKind::Ordinary);
        charter.grant("dev#scribe", Capability::Anchor, ScopeKind::Unit, "dev");
        charter.assign("finn", "ops#engineer");
        let policy = SetPolicy {
            unit: charter.named("dev"),
            capability: Capability::SuspendMembers as i32,
            tiers: vec![tier(0, by(&charter), alone())],
            ..SetPolicy::default()
        };
        charter.push("policy", Kind::SetPolicy(policy));
        World::founded(&charter)
    }

    #[test]
    fn one_of_the_units_people_is_none_of_another_by_a_role_that_they_hold_there() {
        let mut world = where_dev_lets(|_| joined());
        let gia = suspend(&world, "gia");
        let ben = by("ben").acting_as("dev#lead");
        let deed = ben.seconded("finn", "ops#engineer").does(gia);
        world.check_deed(deed, "rejected people_missing");
    }

    #[test]
    fn whom_one_person_let_a_policy_name_signs_for_them_in_whatever_role() {
        let ben = || by("ben").acting_as("dev#lead");
        let hal_too = |world: &World| {
            let gia = suspend(world, "gia");
            ben().seconded("hal", "ops#engineer").does(gia)
        };
        // A role that has the capability, or the capability to the role that Hal has.
        let mut world = where_dev_lets(|_| able(Capability::Anchor));
        world.advance(31 * DAY);
        let assign = Kind::AssignRole(world.assign("hal", "dev#scribe"));
        world.check("ben", Some("dev#lead"), assign, "accepted");
        let deed = hal_too(&world);
        world.check_deed(deed.clone(), "rejected people_missing");
        // In a role of dev, Hal is one of its people for good.
        world.advance(31 * DAY);
        world.check_deed(deed, "rejected people_missing");

        let mut world = where_dev_lets(|_| able(Capability::Anchor));
        world.advance(31 * DAY);
        let grant = Kind::GiveGrant(world.grant("ops#engineer", Capability::Anchor, "dev"));
        world.check("ben", Some("dev#lead"), grant, "accepted");
        let deed = hal_too(&world);
        world.check_deed(deed.clone(), "rejected people_missing");
        world.advance(31 * DAY);
        world.check_deed(deed, "accepted");

        let mut world = where_dev_lets(|_| able(Capability::Anchor));
        world.advance(31 * DAY);
        let until = world.time + DAY;
        let delegate = world.delegation("dev#lead", Capability::Anchor, "hal", until);
        world.check("ben", Some("dev#lead"), delegate, "accepted");
        let deed = hal_too(&world);
        world.check_deed(deed, "rejected people_missing");
    }

    #[test]
    fn whoever_was_suspended_before_in_one_transaction_does_nothing_after_that() {
        let mut charter = Charter::acme();
        charter.member("kim", "dev", "dev#engineer");
        charter.role("sales", "helper", RoleKind::Ordinary);
        charter.member("lou", "dev", "sales#helper");
        let mut world = World::founded(&charter);
        world.fund("dev", 5_000);
        let until = world.time + 10 * DAY;
        let delegate = world.delegation("dev#engineer", Capability::Spend, "lou", until);
        world.check("kim", Some("dev#engineer"), delegate, "accepted");
        let ada = by("ada").acting_as("acme#lead");
        let lou = suspend(&world, "lou");
        let first = ada.clone().seconded("ben", "dev#lead").does(lou);
        let pay = || world.payment("dev:main", "ops:main", 100);
        let own = Kind::Leave(Leave {});
        let acts = [
            by("lou").does(pay()),
            by("lou").does(own),
            ada.seconded_plainly("lou").does(pay()),
        ];
        for act in acts {
            let both = world.submit(&[first.clone(), act]);
            assert_eq!(both.err(), Some(Rejection::MemberInactive));
        }
    }

    #[test]
    fn a_service_is_no_second_person() {
        let mut world = World::new();
        let member = world.get::<Member>(world.member_number("ben"));
        world.put_for_test(&Member {
            kind: MemberKind::Service as i32,
            ..member
        });
        let finn = suspend(&world, "finn");
        let ada = by("ada").acting_as("acme#lead");
        let ben = by("ben").acting_as("dev#lead");
        for deed in [
            ada.seconded("ben", "dev#lead"),
            ben.seconded("ada", "acme#lead"),
        ] {
            world.check_deed(deed.does(finn.clone()), "rejected people_missing");
        }
    }

    #[test]
    fn two_people_of_different_units_suspend_a_member() {
        let mut world = World::new();
        let ada = by("ada").acting_as("acme#lead");
        let malformed = Kind::SuspendMember(SuspendMember { member: None });
        let unknown = Kind::SuspendMember(SuspendMember {
            member: form::numbered(99),
        });
        let finn = suspend(&world, "finn");
        for (deed, expected) in [
            (ada.clone().does(malformed), "rejected ref_malformed"),
            (ada.clone().does(unknown), "rejected object_unknown"),
            (ada.clone().does(finn.clone()), "rejected people_missing"),
            (
                ada.clone().seconded_plainly("ben").does(finn.clone()),
                "rejected people_missing",
            ),
            (
                ada.clone().seconded("cleo", "ops#lead").does(finn.clone()),
                "rejected people_missing",
            ),
            (
                by("gia").acting_as("dev#engineer").does(finn.clone()),
                "rejected no_grant",
            ),
            (
                ada.clone().seconded("ben", "acme#lead").does(finn.clone()),
                "rejected role_not_held",
            ),
            (
                ada.clone().seconded("ben", "dev#lead").does(finn.clone()),
                "accepted",
            ),
            (
                ada.seconded("ben", "dev#lead").does(finn),
                "rejected member_state_wrong",
            ),
        ] {
            world.check_deed(deed, expected);
        }
        assert_eq!(world.member("finn").state(), MemberState::Suspended);
        assert!(!world.holds("finn", "dev#engineer"));
        world.check(
            "finn",
            None,
            Kind::Leave(Leave {}),
            "rejected member_inactive",
        );
    }

    #[test]
    fn whom_a_dissolved_unit_admitted_the_unit_above_answers_for() {
        let mut world = World::new();
        let admits = CreateUnit {
            confers: vec![Capability::AdmitMembers as i32],
            ..world.create_unit("dev", "past", UnitKind::Team)
        };
        world.ada(Kind::CreateUnit(admits));
        for name in ["kim", "lou"] {
            world.ada(Kind::InviteMember(world.invite(name, "dev/past")));
        }
        world.check("kim", None, Kind::Join(world.join("kim")), "accepted");
        let unit = world.unit_ref("dev/past");
        world.ada(Kind::DissolveUnit(DissolveUnit { unit }));
        let ben = || by("ben").acting_as("dev#lead");
        let both = || ben().seconded("ada", "acme#lead");
        let kim = world.member_ref("kim");
        let recover = Kind::RecoverMember(world.recover("kim", "kim's other"));
        world.check_deed(both().does(recover), "accepted");
        world.check_deed(both().does(suspend(&world, "kim")), "accepted");
        let reinstate = Kind::ReinstateMember(ReinstateMember { member: kim });
        world.check_deed(ben().does(reinstate), "accepted");
        let member = world.member_ref("lou");
        let withdraw = Kind::WithdrawInvitation(WithdrawInvitation { member });
        world.check_deed(ben().does(withdraw), "accepted");
    }
}
