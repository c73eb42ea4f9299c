//! `remove_role`: a role ends, with its assignments and grants.

use polity_proto::v1::{Capability, EndReason, RemoveRole, Role};

use super::{Act, amend_role, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RemoveRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        Ok(vec![Need::of(Capability::Govern, role.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let role: Role = context.find(&self.role)?;
        amend_role::check_alterable(context, &role)?;

        ending::end_role(context, role.number, EndReason::None);
        Ok(())
    }
}
