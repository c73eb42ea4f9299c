//! `leave`: the actor departs from the organisation, for good.

use polity_proto::v1::{
    Account, EndReason, Leave, Member, MemberState, ObjectKind, OwnerKind, Recovery,
};

use super::{Act, ending, membership};
use crate::Rejection;
use crate::context::Context;
use crate::decisions::closing;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names, objects};

impl Act for Leave {
    fn check(&self) -> Result<(), Rejection> {
        Ok(())
    }

    fn needs(&self, _: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.get(context.actor.member)?;
        let number = member.number;
        let listed_under = keys::owner_number(OwnerKind::Member, number);
        let accounts = lists::all(context, List::Accounts, listed_under);
        // Nobody could move what a departed member owns, nor collect what they owe.
        for account in &accounts {
            let account: Account = context.get(*account)?;
            if !ending::is_empty(&account) {
                return Err(Rejection::AccountNotEmpty);
            }
        }

        for assignment in lists::all(context, List::Assignments, number) {
            ending::end_assignment(context, assignment, EndReason::Member);
        }
        // What was opened in no role.
        closing::void_spending(context, number, 0);
        for delegation in lists::all(context, List::Delegations, number) {
            ending::end_grant(context, delegation, EndReason::Member);
        }
        for unit in lists::all(context, List::JoinedBy, number) {
            if membership::has_joined(context, number, unit) {
                membership::leave(context, number, unit, EndReason::Member);
            }
        }
        for account in accounts {
            ending::close_account(context, account, EndReason::Member);
        }
        end_recovery(context, member.recovery);
        names::release(
            context.state,
            ObjectKind::Member,
            0,
            &member.handle,
            &member.external_id,
        );
        let member: Member = context.get(number)?;
        context.put(&Member {
            state: MemberState::Departed as i32,
            recovery: 0,
            ..member
        });
        context.event(ObjectKind::Member, number, &[(ObjectKind::Member, number)]);
        Ok(())
    }
}

fn end_recovery(context: &mut Context<'_, '_>, number: u64) {
    let Some(recovery) = objects::get::<Recovery>(context, number) else {
        return;
    };
    let history = (ObjectKind::Member, recovery.member);
    context.put(&Recovery {
        ended: true,
        ..recovery
    });
    context.ended(ObjectKind::Recovery, number, EndReason::Member, &[history]);
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::world::{World, ended, euros};

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
    fn an_open_recovery_ends_with_the_departure() {
        let mut world = World::new();
        let recover = Kind::RecoverMember(world.recover("finn", "new"));
        let asked = crate::world::by("ada")
            .acting_as("acme#lead")
            .seconded("ben", "dev#lead");
        world.check_deed(asked.does(recover), "accepted");
        world.check("finn", None, Kind::Leave(Leave {}), "accepted");
        assert!(world.get::<Recovery>(1).ended);
        assert!(world.advance(100 * 3_600).is_empty());
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
}
