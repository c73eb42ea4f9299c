//! `leave`: the actor departs from the organisation, for good.

use polity_proto::v1::{Leave, Member, ObjectKind};

use super::{Act, departure};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{self, Need};

impl Act for Leave {
    fn check(&self) -> Result<(), Rejection> {
        Ok(())
    }

    fn needs(&self, _: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.get(context.actor.member)?;
        // It may be the thief of a key who leaves, and who stopped the recovery. So nobody leaves while one is open, or
        // within its wait after one was stopped: those who asked for it can ask again.
        let wait = context.parameters().recovery_wait;
        let (now, stopped_at) = (context.now(), member.recovery_stopped_at);
        let stopped = now.later_by_outages(stopped_at, member.recovery_stopped_paused);
        let is_stopped = stopped_at != 0 && now.time < stopped.saturating_add(wait);
        if member.recovery != 0 || is_stopped {
            return Err(Rejection::RecoveryOpen);
        }
        // Nor with the new key of a recovery, as long as it may be a stranger's.
        if now.time < judge::sleeps_until(now, &member) {
            return Err(Rejection::Sleeping);
        }

        departure::depart(context, member.number)?;
        let histories = [(ObjectKind::Member, member.number)];
        context.event(ObjectKind::Member, member.number, &histories);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::world::{World, by, ended, euros};

    #[test]
    fn a_departure_takes_roles_units_accounts_and_the_handle_with_it() {
        let mut world = World::new();
        let finn = world.member_number("finn");
        let role = world.role("dev#engineer").number;
        let receipt = world
            .run("finn", None, Kind::Leave(Leave {}))
            .expect("finn leaves");

        assert_eq!(receipt.events.len(), 4, "{receipt:?}");
        let member: Member = world.get(finn);
        assert_eq!(member.state(), MemberState::Departed);
        assert_eq!(world.member_number("finn"), 0);
        assert_eq!(world.list(List::Holders, role).len(), 1);
        for list in [List::Assignments, List::JoinedBy, List::Delegations] {
            assert!(world.list(list, finn).is_empty());
        }
        assert!(!world.list(List::Joined, 2).contains(&finn));
        assert!(world.list(List::Members, 0).contains(&finn));
        // The handle is free, the key is not.
        world.ada(Kind::InviteMember(InviteMember {
            key: crate::world::public("other"),
            ..world.invite("finn", "dev")
        }));
    }

    #[test]
    fn nobody_departs_with_money() {
        let mut world = World::new();
        let pay = Kind::Transfer(Transfer {
            from: world.account_ref("acme:main"),
            to: world.account_ref("finn:main"),
            amount: euros(5),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        });
        world.ada(pay);
        world.check(
            "finn",
            None,
            Kind::Leave(Leave {}),
            "rejected account_not_empty",
        );
    }

    #[test]
    fn nobody_departs_while_a_recovery_of_their_keys_is_open() {
        let mut world = World::new();
        let recover = Kind::RecoverMember(world.recover("finn", "new"));
        let asked = crate::world::by("ada")
            .acting_as("acme#lead")
            .seconded("ben", "dev#lead");
        world.check_deed(asked.does(recover), "accepted");
        let leave = Kind::Leave(Leave {});
        world.check("finn", None, leave.clone(), "rejected recovery_open");
        let stop = Kind::StopRecovery(StopRecovery {
            recovery: crate::form::numbered(1),
        });
        world.check("finn", None, stop, "accepted");
        world.check("finn", None, leave.clone(), "rejected recovery_open");
        world.outage(48 * crate::world::HOUR);
        world.check("finn", None, leave.clone(), "rejected recovery_open");
        world.advance(48 * 3_600);
        let finn = world.get::<Member>(world.member_number("finn"));
        world.put_for_test(&Member {
            sleeps_until: world.time + 60,
            recovered_paused: 48 * crate::world::HOUR,
            ..finn
        });
        world.check("finn", None, leave.clone(), "rejected sleeping");
        world.advance(60);
        world.check("finn", None, leave, "accepted");
    }

    #[test]
    fn what_was_delegated_to_and_by_the_departed_ends() {
        let mut world = World::new();
        let grants = |world: &World, role| world.list(List::Grants, world.role(role).number);
        let spend = grants(&world, "dev#engineer")[0];
        let delegate = |world: &World, grant, member| {
            Kind::Delegate(Delegate {
                grant: crate::form::numbered(grant),
                member: world.member_ref(member),
                until: world.time + 86_400,
                ..Delegate::default()
            })
        };
        let given = world
            .run("finn", Some("dev#engineer"), delegate(&world, spend, "hal"))
            .map(|receipt| receipt.events[0].number);
        let approve = grants(&world, "ops#lead")
            .into_iter()
            .find(|grant| world.get::<Grant>(*grant).capability() == Capability::Approve)
            .expect("the lead approves");
        let taken = world
            .run("cleo", Some("ops#lead"), delegate(&world, approve, "finn"))
            .map(|receipt| receipt.events[0].number);
        let receipt = world
            .run("finn", None, Kind::Leave(Leave {}))
            .expect("finn leaves");

        let ends = ended(&receipt);
        for (grant, reason) in [(given, EndReason::Source), (taken, EndReason::Member)] {
            let grant = grant.expect("it was delegated");
            assert!(
                ends.contains(&(ObjectKind::Grant, grant, reason)),
                "{ends:?}"
            );
            assert!(world.get::<Grant>(grant).ended_at != 0);
        }
        assert!(
            world
                .list(List::Delegations, world.member_number("hal"))
                .is_empty()
        );
        assert!(world.list(List::DelegationsOf, approve).is_empty());
    }

    #[test]
    fn no_assignment_ends_before_it_began_where_a_departure_is_recorded_for_the_past() {
        let mut world = World::new();
        let before: Assignment = world.assignment("finn", "dev#engineer");
        world.advance(10);
        for (then, expected) in [
            (before.from - 60, before.from),
            (before.from + 5, before.from + 5),
        ] {
            let leave = by("finn").does(Kind::Leave(Leave {})).effective(then);
            let mut world = world.clone();
            world.check_deed(leave, "accepted");
            let ended: Assignment = world.get(before.number);
            assert_eq!(ended.ended_effective_at, expected);
        }
    }
}
