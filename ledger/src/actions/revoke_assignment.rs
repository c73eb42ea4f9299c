//! `revoke_assignment`: whoever may fill a role takes it back from a holder.

use polity_proto::v1::{Assignment, EndReason, RevokeAssignment, Role};

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

        ending::end_assignment(context, assignment.number, EndReason::None);
        Ok(())
    }
}
