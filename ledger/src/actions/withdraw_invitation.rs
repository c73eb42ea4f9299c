//! `withdraw_invitation`: the unit that invited somebody who never joined takes it back.

use polity_proto::v1::{Capability, Member, MemberState, ObjectKind, WithdrawInvitation};

use super::{Act, departure, enrolment, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for WithdrawInvitation {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        Ok(vec![ownership::need_about(
            context,
            Capability::AdmitMembers,
            &member,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.find(&self.member)?;
        if member.state() != MemberState::Invited {
            return Err(Rejection::MemberStateWrong);
        }

        departure::depart(context, member.number)?;
        let now = context.now().time;
        let mut member: Member = context.get(member.number)?;
        for key in &mut member.keys {
            // Nobody has proved to have this key, so it may be invited again.
            enrolment::forget(context, &key.public);
            key.revoked_at = now;
        }
        context.put(&member);
        let histories = [
            (ObjectKind::Member, member.number),
            (ObjectKind::Unit, member.unit),
        ];
        context.event(ObjectKind::Member, member.number, &histories);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{World, created};

    #[test]
    fn an_invitation_that_nobody_followed_is_taken_back_and_frees_key_and_handle() {
        let mut world = World::new();
        let invite = Kind::InviteMember(world.invite("ivy", "dev"));
        let lead = Some("dev#lead");
        world.check("ben", lead, invite.clone(), "accepted");
        let ivy = world.member_number("ivy");
        let withdraw = |number| {
            Kind::WithdrawInvitation(WithdrawInvitation {
                member: form::numbered(number),
            })
        };
        let finn = world.member_number("finn");
        for (actor, role, act, expected) in [
            ("ben", lead, withdraw(0), "rejected ref_malformed"),
            ("ben", lead, withdraw(99), "rejected object_unknown"),
            (
                "finn",
                Some("dev#engineer"),
                withdraw(ivy),
                "rejected no_grant",
            ),
            ("ben", lead, withdraw(finn), "rejected member_state_wrong"),
            ("ben", lead, withdraw(ivy), "accepted"),
            ("ben", lead, withdraw(ivy), "rejected member_state_wrong"),
        ] {
            world.check(actor, role, act, expected);
        }
        let gone: Member = world.get(ivy);
        assert_eq!(gone.state(), MemberState::Departed);
        world.check("ben", lead, invite, "accepted");
        assert_ne!(world.member_number("ivy"), ivy);
    }

    #[test]
    fn what_was_given_to_the_invited_ends_and_nobody_keeps_the_invitation_by_a_payment() {
        let mut world = World::with_treasury();
        let lead = Some("dev#lead");
        let invite = Kind::InviteMember(world.invite("ivy", "dev"));
        world.check("ben", lead, invite, "accepted");
        world.ada(Kind::AssignRole(world.assign("ivy", "dev#engineer")));
        let ivy = world.member_number("ivy");
        let open = OpenAccount {
            owner: Some(OwnerRef {
                kind: OwnerKind::Member as i32,
                number: form::numbered(ivy),
            }),
            asset: world.asset_ref("EUR"),
            handle: "main".into(),
            ..OpenAccount::default()
        };
        let opened = world.run("ben", lead, Kind::OpenAccount(open));
        let account = created(&opened.expect("a unit opens accounts of its members"));
        let withdraw = Kind::WithdrawInvitation(WithdrawInvitation {
            member: form::numbered(ivy),
        });
        world.fund("dev", 1);
        let pay = world.payment("dev:main", "ivy:main", 1);
        world.check("ben", lead, pay, "rejected member_state_wrong");
        world.check("ben", lead, withdraw, "accepted");
        assert_ne!(world.get::<Account>(account).closed_at, 0);
        assert!(world.list(List::Assignments, ivy).is_empty());
    }
}
