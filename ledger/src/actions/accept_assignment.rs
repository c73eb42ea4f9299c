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
