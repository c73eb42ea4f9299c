//! `resign_role`: a holder gives an assignment back.

use polity_proto::v1::{Assignment, EndReason, Ref, ResignRole};

use super::{Act, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ResignRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.assignment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        holders_own(context, &self.assignment)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        check_open(context, &assignment)?;
        check_effective(context, &assignment)?;

        ending::end_assignment(context, assignment.number, EndReason::None);
        Ok(())
    }
}

/// Only the holder acts on their own assignment.
pub(super) fn holders_own(
    context: &Context<'_, '_>,
    assignment: &Option<Ref>,
) -> Result<Vec<Need>, Rejection> {
    let assignment: Assignment = context.find(assignment)?;
    let need = if assignment.member == context.actor.member {
        Need::own()
    } else {
        Need::not_yours()
    };
    Ok(vec![need])
}

/// Refuses an assignment that has ended, also where its timer waits.
pub(super) fn check_open(
    context: &Context<'_, '_>,
    assignment: &Assignment,
) -> Result<(), Rejection> {
    let over = assignment.until != 0 && assignment.until <= context.now().time;
    if assignment.ended_at != 0 || over {
        return Err(Rejection::AssignmentEnded);
    }
    Ok(())
}

/// Refuses a record of the past by which an assignment would end before it began.
pub(super) fn check_effective(
    context: &Context<'_, '_>,
    assignment: &Assignment,
) -> Result<(), Rejection> {
    if context.effective() < assignment.from {
        return Err(Rejection::TimeMalformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::world::{HOUR, World, by};

    #[test]
    fn the_holder_resigns_once() {
        let mut world = World::new();
        let number = world.assignment("finn", "dev#engineer").number;
        let finns = form::numbered(number);
        let resign = |assignment| Kind::ResignRole(ResignRole { assignment });
        for (actor, kind, expected) in [
            ("finn", resign(None), "rejected ref_malformed"),
            (
                "finn",
                resign(form::numbered(99)),
                "rejected object_unknown",
            ),
            ("gia", resign(finns), "rejected not_yours"),
        ] {
            world.check(actor, None, kind, expected);
        }
        let before = by("finn")
            .does(resign(finns))
            .effective(world.time - 24 * HOUR);
        world.check_deed(before, "rejected time_malformed");
        world.check("finn", None, resign(finns), "accepted");
        world.check("finn", None, resign(finns), "rejected assignment_ended");
        assert!(!world.holds("finn", "dev#engineer"));
        assert_eq!(
            world.get::<Assignment>(number).end_reason(),
            EndReason::None
        );
        assert!(world.get::<Assignment>(number).ended_at != 0);
    }

    #[test]
    fn the_past_is_recorded_with_its_own_date() {
        let mut world = World::new();
        let number = world.assignment("finn", "dev#engineer").number;
        world.advance(24 * HOUR);
        let then = world.time - HOUR;
        let kind = Kind::ResignRole(ResignRole {
            assignment: form::numbered(number),
        });
        world.check_deed(by("finn").does(kind).effective(then), "accepted");
        let ended: Assignment = world.get(number);
        assert_eq!(
            (ended.ended_at, ended.ended_effective_at),
            (world.time, then)
        );
    }
}
