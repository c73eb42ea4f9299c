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
    let need = match assignment.member == context.actor.member {
        true => Need::own(),
        false => Need::not_yours(),
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
