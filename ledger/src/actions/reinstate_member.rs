//! `reinstate_member`: a suspended member has power again.

use polity_proto::v1::{Capability, Member, MemberState, ReinstateMember};

use super::{Act, ownership, suspend_member};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ReinstateMember {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        Ok(vec![ownership::need_about(
            context,
            Capability::SuspendMembers,
            &member,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.find(&self.member)?;
        suspend_member::change_state(context, member, MemberState::Suspended, MemberState::Active)
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::world::World;

    #[test]
    fn a_suspended_member_comes_back_with_their_roles() {
        let mut world = World::new();
        let reinstate = |member| Kind::ReinstateMember(ReinstateMember { member });
        let finn = world.member_ref("finn");
        let lead = Some("dev#lead");
        world.check("ben", lead, reinstate(None), "rejected ref_malformed");
        world.check(
            "ben",
            lead,
            reinstate(crate::form::numbered(99)),
            "rejected object_unknown",
        );
        world.check("ben", lead, reinstate(finn), "rejected member_state_wrong");
        world.suspend("finn");
        world.check(
            "gia",
            Some("dev#engineer"),
            reinstate(finn),
            "rejected no_grant",
        );
        world.check("ben", lead, reinstate(finn), "accepted");
        assert!(world.holds("finn", "dev#engineer"));
    }
}
