//! `create_role`: a named place in a unit.

use polity_proto::v1::{CreateRole, ObjectKind, Role, RoleKind, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, kinds};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Rejection, form};

impl Act for CreateRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known_or_zero::<RoleKind>(self.kind)?;
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        check_words(&self.purpose, &self.domains, &self.accountabilities)?;
        check_holders(self.holders_min, self.holders_max)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![context.to_govern(unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let mut role = Role {
            number: 0,
            unit: unit.number,
            kind: self.kind,
            handle: self.handle.clone(),
            purpose: self.purpose.clone(),
            domains: self.domains.clone(),
            accountabilities: self.accountabilities.clone(),
            holders_min: self.holders_min,
            holders_max: self.holders_max,
            term: self.term,
            elected: self.elected,
            external_id: self.external_id.clone(),
            effective_at: context.effective_at,
            basis: Some(context.basis),
            ..Role::default()
        };
        kinds::check_role(context, &unit, &role)?;
        check_domains(context, &role)?;
        names::check_handle(context, ObjectKind::Role, unit.number, &self.handle)?;
        names::check_external_id(context, ObjectKind::Role, &self.external_id)?;

        role.number = context.next_number(ObjectKind::Role);
        context.put(&role);
        names::claim(
            context.state,
            ObjectKind::Role,
            unit.number,
            &self.handle,
            &self.external_id,
            role.number,
        );
        claim_domains(context, &role);
        lists::append(context.state, List::Roles, unit.number, role.number);
        let histories = [
            (ObjectKind::Role, role.number),
            (ObjectKind::Unit, unit.number),
        ];
        context.event(ObjectKind::Role, role.number, &histories);
        Ok(())
    }
}

/// Bounds of a role's words.
pub(super) fn check_words(
    purpose: &str,
    domains: &[String],
    accountabilities: &[String],
) -> Result<(), Rejection> {
    form::line(purpose, form::TEXT_BYTES_MAX)?;
    form::list(domains, form::ENTRIES_MAX)?;
    form::list(accountabilities, form::ENTRIES_MAX)?;
    for domain in domains {
        form::filled_line(domain, form::SHORT_BYTES_MAX)?;
    }
    for accountability in accountabilities {
        form::filled_line(accountability, form::TEXT_BYTES_MAX)?;
    }
    Ok(())
}

/// A maximum of holders is not below the minimum; 0: no maximum.
pub(super) fn check_holders(min: u32, max: u32) -> Result<(), Rejection> {
    if max != 0 && min > max {
        return Err(Rejection::ValueUnknown);
    }
    Ok(())
}

/// A domain is held by one role of a unit.
pub(super) fn check_domains(state: &dyn Read, role: &Role) -> Result<(), Rejection> {
    for domain in &role.domains {
        let holder = names::find(state, &domain_key(role.unit, domain));
        if holder.is_some_and(|holder| holder != role.number) {
            return Err(Rejection::DomainTaken);
        }
    }
    Ok(())
}

/// Points each domain of a role to it.
pub(super) fn claim_domains(context: &mut Context<'_, '_>, role: &Role) {
    for domain in &role.domains {
        names::point(context.state, domain_key(role.unit, domain), role.number);
    }
}

/// Frees each domain of a role.
pub(super) fn release_domains(context: &mut Context<'_, '_>, role: &Role) {
    for domain in &role.domains {
        context.state.delete(domain_key(role.unit, domain));
    }
}

pub(crate) fn domain_key(unit: u64, domain: &str) -> Vec<u8> {
    keys::key_with(keys::DOMAIN, &[unit], domain.as_bytes())
}

#[cfg(test)]
mod tests;
