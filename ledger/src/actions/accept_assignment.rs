//! `accept_assignment`: the holder says so; a record, since an assignment is effective at once.

use polity_proto::v1::{AcceptAssignment, Assignment, ObjectKind};

use super::{Act, assign_role, resign_role};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for AcceptAssignment {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.assignment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        resign_role::holders_own(context, &self.assignment)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        resign_role::check_open(context, &assignment)?;
        if assignment.accepted_at != 0 {
            return Err(Rejection::AlreadyAccepted);
        }

        let number = assignment.number;
        let histories = assign_role::histories(assignment.role, assignment.member);
        context.put(&Assignment {
            accepted_at: context.effective(),
            ..assignment
        });
        context.event(ObjectKind::Assignment, number, &histories);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::world::World;

    #[test]
    fn the_holder_accepts_once() {
        let mut world = World::new();
        let number = world.assignment("finn", "dev#engineer").number;
        let finns = form::numbered(number);
        let gias = form::numbered(world.assignment("gia", "dev#engineer").number);
        let accept = |assignment| Kind::AcceptAssignment(AcceptAssignment { assignment });
        for (actor, kind, expected) in [
            ("finn", accept(None), "rejected ref_malformed"),
            (
                "finn",
                accept(form::numbered(99)),
                "rejected object_unknown",
            ),
            ("gia", accept(finns), "rejected not_yours"),
            ("finn", accept(finns), "accepted"),
            ("finn", accept(finns), "rejected already_accepted"),
            (
                "gia",
                Kind::ResignRole(ResignRole { assignment: gias }),
                "accepted",
            ),
            ("gia", accept(gias), "rejected assignment_ended"),
        ] {
            world.check(actor, None, kind, expected);
        }
        assert!(world.get::<Assignment>(number).accepted_at != 0);
    }
}
