//! `amend_role`: a role as it shall be; every field replaces what was there.

use polity_proto::v1::{AmendRole, Capability, ObjectKind, Role, Unit};

use super::{Act, assign_role, create_role};
use crate::context::Context;
use crate::judge::{Need, kinds};
use crate::state::names;
use crate::{Rejection, form};

impl Act for AmendRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::handle(&self.handle)?;
        create_role::check_words(&self.purpose, &self.domains, &self.accountabilities)?;
        create_role::check_holders(self.holders_min, self.holders_max)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        Ok(vec![Need::of(Capability::Govern, role.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let role: Role = context.find(&self.role)?;
        check_alterable(context, &role)?;
        let amended = Role {
            handle: self.handle.clone(),
            purpose: self.purpose.clone(),
            domains: self.domains.clone(),
            accountabilities: self.accountabilities.clone(),
            holders_min: self.holders_min,
            holders_max: self.holders_max,
            term: self.term,
            ..role.clone()
        };
        let unit: Unit = context.get(role.unit)?;
        kinds::check_role(context, &unit, &amended)?;
        let holders = assign_role::open_of_role(context, role.number, now).len();
        if amended.holders_max != 0 && holders > amended.holders_max as usize {
            return Err(Rejection::RoleFull);
        }
        create_role::check_domains(context, &amended)?;
        if amended.handle != role.handle {
            names::check_handle(context, ObjectKind::Role, role.unit, &amended.handle)?;
        }

        create_role::release_domains(context, &role);
        create_role::claim_domains(context, &amended);
        names::release(context.state, ObjectKind::Role, role.unit, &role.handle, "");
        names::claim(
            context.state,
            ObjectKind::Role,
            role.unit,
            &amended.handle,
            "",
            role.number,
        );
        context.put(&amended);
        context.event(
            ObjectKind::Role,
            role.number,
            &[(ObjectKind::Role, role.number)],
        );
        Ok(())
    }
}

/// Refuses a role that is gone, or that the constitution gives.
pub(super) fn check_alterable(context: &Context<'_, '_>, role: &Role) -> Result<(), Rejection> {
    assign_role::check_lives(context, role)?;
    let unit: Unit = context.get(role.unit)?;
    if kinds::is_constitution_role(&unit, role) {
        return Err(Rejection::ConstitutionRole);
    }
    Ok(())
}
