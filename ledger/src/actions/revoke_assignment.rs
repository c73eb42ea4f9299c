//! `revoke_assignment`: whoever may fill a role takes it back from a holder. Whom the unit elected, nobody removes
//! alone: it elects somebody else, or decides that nobody shall hold it.

use polity_proto::v1::{Assignment, EndReason, Manner, RevokeAssignment, Role};

use super::resign_role::{check_effective, check_open};
use super::{Act, assign_role, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RevokeAssignment {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.assignment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        let role: Role = context.get(assignment.role)?;
        Ok(assign_role::needs_to_assign(context, &role))
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        check_open(context, &assignment)?;
        check_effective(context, &assignment)?;
        if assignment.manner() == Manner::Elected && context.is_of_one() {
            return Err(Rejection::ElectedOnly);
        }

        ending::end_assignment(context, assignment.number, EndReason::None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::world::{HOUR, World, by};

    #[test]
    fn whoever_may_assign_may_revoke() {
        let mut world = World::new();
        let number = world.assignment("finn", "dev#engineer").number;
        let finns = form::numbered(number);
        let revoke = |assignment| Kind::RevokeAssignment(RevokeAssignment { assignment });
        let lead = Some("dev#lead");
        let before = by("ben").acting_as("dev#lead").does(revoke(finns));
        world.check_deed(
            before.effective(world.time - 24 * HOUR),
            "rejected time_malformed",
        );
        for (actor, role, kind, expected) in [
            ("ben", lead, revoke(None), "rejected ref_malformed"),
            (
                "ben",
                lead,
                revoke(form::numbered(99)),
                "rejected object_unknown",
            ),
            (
                "gia",
                Some("dev#engineer"),
                revoke(finns),
                "rejected no_grant",
            ),
            ("ben", lead, revoke(finns), "accepted"),
            ("ben", lead, revoke(finns), "rejected assignment_ended"),
        ] {
            world.check(actor, role, kind, expected);
        }
        assert!(!world.holds("finn", "dev#engineer"));
        let role = world.role("dev#engineer");
        assert_eq!(role.vacated, number);
    }
}
