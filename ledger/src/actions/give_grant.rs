//! `give_grant`: a role may use a capability alone, inside a scope and limits.

use polity_proto::v1::{
    Account, Asset, BudgetLine, Capability, GiveGrant, Grant, ObjectKind, Owner, OwnerKind,
    PeriodKind, PeriodLimit, Role, Scope, ScopeKind, ScopeRef, Unit,
};

use super::{Act, ending, giving, ownership};
use crate::context::Context;
use crate::judge::{Need, duties, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Amount, Rejection, form};

/// Longest rolling period of a limit, in days: grants' use is kept so long.
const ROLLING_DAYS_MAX: u32 = crate::window::GRANT_DAYS;

/// Most grants that a role has: each act in it looks at all of them. Whoever imports a budget is given three in each
/// new unit.
pub const GRANTS_OF_A_ROLE_MAX: u64 = 1_024;

/// As many more may be over the role's own unit: other units give grants without asking it, and do
/// not use up its room.
const OF_ITS_UNIT: u64 = 512;

impl Act for GiveGrant {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::known::<Capability>(self.capability)?;
        check_scope(self.scope.as_ref().ok_or(Rejection::FieldMissing)?)?;
        form::optional_reference(&self.asset)?;
        form::amount(&self.per_transfer)?;
        check_period(self.per_period.as_ref())?;
        form::list(&self.counterparties, form::ENTRIES_MAX)?;
        for owner in &self.counterparties {
            form::owner(&Some(*owner))?;
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        let scope = resolve_scope(context, &self.scope)?;
        if self.asset.is_some() {
            let _: Asset = context.find(&self.asset)?;
        }
        counterparties(self, context)?;
        let now = context.now().time;
        let need = Need::empowering(context, self.capability(), scope.unit, now);
        let mut needs = vec![need];
        let grant = Grant {
            role: role.number,
            capability: self.capability,
            scope: Some(scope),
            ..Grant::default()
        };
        // When the exception ends, its holder uses neither capability, and gives nothing back as they could a role or a
        // delegation. So nobody above takes by it from a unit's people what the unit alone gives.
        if duties::is_by_exception(context, now, &grant) {
            needs.push(Need::empowering(
                context,
                Capability::Govern,
                role.unit,
                now,
            ));
        }
        Ok(needs)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let role: Role = context.find(&self.role)?;
        let scope = resolve_scope(context, &self.scope)?;
        let capability = self.capability();
        if !power::unit_capabilities(context, scope.unit).contain(capability) {
            return Err(Rejection::GrantExceedsGiver);
        }
        let has_period = self.per_period.is_some();
        if matches!(capability, Capability::Spend | Capability::Trade) && !has_period {
            return Err(Rejection::GrantNeedsPeriod);
        }
        if context
            .people_behind()
            .iter()
            .any(|giver| power::holding(context, *giver, role.number, now).is_some())
        {
            return Err(Rejection::GrantToSelf);
        }
        let mut grant = Grant {
            number: 0,
            role: role.number,
            capability: self.capability,
            scope: Some(scope),
            asset: context.optional::<Asset>(&self.asset)?,
            per_transfer: self.per_transfer.clone(),
            per_period: self.per_period.clone(),
            counterparties: counterparties(self, context)?,
            // A grant never reaches back.
            from: self.from.max(now),
            until: self.until,
            given_by: context.basis.member,
            basis: Some(context.basis),
            ..Grant::default()
        };
        giving::check_bounds(context, &grant)?;
        if !context.is_genesis() {
            duties::check_grant(context, now, &grant)?;
        }
        if role.removed_at != 0 {
            return Err(Rejection::RoleRemoved);
        }
        if !power::unit_lives(context, scope.unit) {
            return Err(Rejection::UnitDissolved);
        }
        if grant.until != 0 && grant.until <= grant.from {
            return Err(Rejection::TimeMalformed);
        }
        let max = if scope.unit == role.unit {
            GRANTS_OF_A_ROLE_MAX + OF_ITS_UNIT
        } else {
            GRANTS_OF_A_ROLE_MAX
        };
        if lists::count(context, List::Grants, role.number) >= max {
            return Err(Rejection::ListTooLong);
        }

        grant.number = context.next_number(ObjectKind::Grant);
        context.put(&grant);
        lists::append(context.state, List::Grants, role.number, grant.number);
        lists::append(context.state, List::GrantsOver, scope.unit, grant.number);
        context.event(
            ObjectKind::Grant,
            grant.number,
            &[(ObjectKind::Role, role.number)],
        );
        for holder in duties::holders(context, role.number, now) {
            ending::end_colliding(context, holder);
        }
        Ok(())
    }
}

/// To whom alone the grant lets value go.
fn counterparties(act: &GiveGrant, context: &Context<'_, '_>) -> Result<Vec<Owner>, Rejection> {
    let owners = act.counterparties.iter();
    owners
        .map(|owner| context.resolve_owner(&Some(*owner)))
        .collect()
}

/// The form of a limit per period: a calendar month, or so many rolling days.
pub(crate) fn check_period(limit: Option<&PeriodLimit>) -> Result<(), Rejection> {
    let Some(limit) = limit else {
        return Ok(());
    };
    let fits = match form::known::<PeriodKind>(limit.kind)? {
        PeriodKind::None => false,
        PeriodKind::CalendarMonth => limit.days == 0,
        PeriodKind::RollingDays => (1..=ROLLING_DAYS_MAX).contains(&limit.days),
    };
    if !fits {
        return Err(Rejection::ValueUnknown);
    }
    if Amount::from_bytes(&limit.amount)?.is_zero() {
        return Err(Rejection::FieldMissing);
    }
    Ok(())
}

fn check_scope(scope: &ScopeRef) -> Result<(), Rejection> {
    match form::known::<ScopeKind>(scope.kind)? {
        ScopeKind::None => Err(Rejection::FieldMissing),
        ScopeKind::Unit | ScopeKind::UnitAndBelow => {
            form::reference(&scope.unit)?;
            Rejection::ValueUnknown
                .when(scope.object.is_some() || scope.object_kind() != ObjectKind::None)
        }
        ScopeKind::Object => {
            form::reference(&scope.object)?;
            let known = matches!(
                scope.object_kind(),
                ObjectKind::Account | ObjectKind::Asset | ObjectKind::BudgetLine
            );
            Rejection::ValueUnknown.unless(scope.unit.is_none() && known)
        }
    }
}

/// The scope in numbers. An object's scope carries the unit that the object belongs to.
fn resolve_scope(context: &Context<'_, '_>, scope: &Option<ScopeRef>) -> Result<Scope, Rejection> {
    let scope = scope.as_ref().ok_or(Rejection::FieldMissing)?;
    if scope.kind() != ScopeKind::Object {
        let unit: Unit = context.find(&scope.unit)?;
        return Ok(Scope {
            kind: scope.kind,
            unit: unit.number,
            ..Scope::default()
        });
    }
    let kind = scope.object_kind();
    let object = context.resolve_kind(kind, &scope.object)?;
    let unit = match kind {
        ObjectKind::Account => unit_of_account(context, object)?,
        ObjectKind::Asset => ownership::issuer(context, &context.get(object)?),
        ObjectKind::BudgetLine => context.get::<BudgetLine>(object)?.unit,
        // The form admits no other.
        _ => return Err(Rejection::ValueUnknown),
    };
    Ok(Scope {
        kind: scope.kind,
        unit,
        object_kind: scope.object_kind,
        object,
    })
}

fn unit_of_account(context: &Context<'_, '_>, account: u64) -> Result<u64, Rejection> {
    let account: Account = context.get(account)?;
    let owner = account.owner.unwrap_or_default();
    match owner.kind() {
        OwnerKind::Unit => Ok(owner.number),
        // What is a member's own, nobody grants.
        OwnerKind::Member
        | OwnerKind::Party
        | OwnerKind::Issuance
        | OwnerKind::Escrow
        | OwnerKind::None => Err(Rejection::NotYours),
    }
}

#[cfg(test)]
mod tests;
