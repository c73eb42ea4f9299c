//! `withdraw_invitation`: the unit that invited somebody who never joined takes it back.

use polity_proto::v1::{Capability, Member, MemberState, ObjectKind, WithdrawInvitation};

use super::{Act, enrolment};
use crate::context::Context;
use crate::judge::Need;
use crate::state::names;
use crate::{Rejection, form};

impl Act for WithdrawInvitation {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        Ok(vec![Need::of(Capability::AdmitMembers, member.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut member: Member = context.find(&self.member)?;
        if member.state() != MemberState::Invited {
            return Err(Rejection::MemberStateWrong);
        }

        let now = context.now().time;
        for key in &mut member.keys {
            // Nobody ever proved to have it: whoever does may be invited with it again.
            enrolment::forget(context, &key.public);
            key.revoked_at = now;
        }
        names::release(
            context.state,
            ObjectKind::Member,
            0,
            &member.handle,
            &member.external_id,
        );
        let histories = [
            (ObjectKind::Member, member.number),
            (ObjectKind::Unit, member.unit),
        ];
        member.state = MemberState::Departed as i32;
        context.put(&member);
        context.event(ObjectKind::Member, member.number, &histories);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::world::World;

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
}
