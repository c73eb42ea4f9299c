//! `give_grant`: a role may use a capability alone, inside a scope and limits.

use polity_proto::v1::{
    Account, Asset, BasisSource, BudgetLine, Capability, GiveGrant, Grant, ObjectKind, OwnerKind,
    PeriodKind, PeriodLimit, Role, Scope, ScopeKind, ScopeRef,
};

use super::Act;
use crate::context::{Authority, Context};
use crate::judge::{Need, duties, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Amount, Rejection, form};

/// Longest rolling period of a limit, in days: grants' use is kept so long.
const ROLLING_DAYS_MAX: u32 = crate::window::GRANT_DAYS;

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
        let _: Role = context.find(&self.role)?;
        let scope = resolve_scope(context, &self.scope)?;
        if self.asset.is_some() {
            let _: Asset = context.find(&self.asset)?;
        }
        let now = context.now().time;
        let need = Need::empowering(context, self.capability(), scope.unit, now);
        Ok(vec![need])
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
        if givers(context)
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
            asset: context.optional(&self.asset)?,
            per_transfer: self.per_transfer.clone(),
            per_period: self.per_period.clone(),
            counterparties: self
                .counterparties
                .iter()
                .map(|owner| context.resolve_owner(&Some(*owner)))
                .collect::<Result<_, _>>()?,
            // A grant never reaches back.
            from: self.from.max(now),
            until: self.until,
            given_by: context.actor.member,
            basis: Some(context.basis),
            ..Grant::default()
        };
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

        grant.number = context.next_number(ObjectKind::Grant);
        context.put(&grant);
        lists::append(context.state, List::Grants, role.number, grant.number);
        lists::append(context.state, List::GrantsOver, scope.unit, grant.number);
        context.event(
            ObjectKind::Grant,
            grant.number,
            &[(ObjectKind::Role, role.number)],
        );
        Ok(())
    }
}

/// Who gives: who acts, who seconds and, where a delegation is used, who delegated.
fn givers(context: &Context<'_, '_>) -> Vec<u64> {
    let mut givers: Vec<u64> = std::iter::once(&context.actor)
        .chain(&context.seconds)
        .map(|actor| actor.member)
        .collect();
    if context.basis.source() == BasisSource::Grant
        && let Ok(grant) = context.get::<Grant>(context.basis.number)
    {
        givers.extend(power::delegator(context, &grant));
    }
    givers
}

/// Refuses that whoever assigns takes a role whose grant they gave: it would be a grant to
/// themselves in the other order. What a unit decided, or the genesis gave, was no one person's.
pub(super) fn check_assignment(
    context: &Context<'_, '_>,
    member: u64,
    role: u64,
) -> Result<(), Rejection> {
    if context.authority != Authority::Signed || !givers(context).contains(&member) {
        return Ok(());
    }
    let now = context.now().time;
    let to_self = lists::all(context, List::Grants, role)
        .into_iter()
        .filter_map(|number| context.get::<Grant>(number).ok())
        .filter(|grant| grant.ended_at == 0 && (grant.until == 0 || now < grant.until))
        .any(|grant| grant.given_by == member && is_of_one_person(&grant));
    match to_self {
        true => Err(Rejection::GrantToSelf),
        false => Ok(()),
    }
}

/// Whether one person gave the grant by their own authority.
fn is_of_one_person(grant: &Grant) -> bool {
    let source = grant
        .basis
        .map_or(BasisSource::None, |basis| basis.source());
    match source {
        BasisSource::Grant | BasisSource::Policy | BasisSource::Own => true,
        BasisSource::None | BasisSource::Genesis | BasisSource::Proposal | BasisSource::Timer => {
            false
        }
    }
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
            match scope.object.is_some() || scope.object_kind() != ObjectKind::None {
                true => Err(Rejection::ValueUnknown),
                false => Ok(()),
            }
        }
        ScopeKind::Object => {
            form::reference(&scope.object)?;
            let known = matches!(
                scope.object_kind(),
                ObjectKind::Account | ObjectKind::Asset | ObjectKind::BudgetLine
            );
            match scope.unit.is_none() && known {
                true => Ok(()),
                false => Err(Rejection::ValueUnknown),
            }
        }
    }
}

/// The scope in numbers. An object's scope carries the unit that the object belongs to.
fn resolve_scope(context: &Context<'_, '_>, scope: &Option<ScopeRef>) -> Result<Scope, Rejection> {
    let scope = scope.as_ref().ok_or(Rejection::FieldMissing)?;
    if scope.kind() != ScopeKind::Object {
        let unit: polity_proto::v1::Unit = context.find(&scope.unit)?;
        return Ok(Scope {
            kind: scope.kind,
            unit: unit.number,
            ..Scope::default()
        });
    }
    let object = context.resolve(&scope.object)?;
    let kind = scope.object_kind();
    let unit = if kind == ObjectKind::Account {
        unit_of_account(context, object)?
    } else if kind == ObjectKind::Asset {
        context.get::<Asset>(object)?.unit
    } else {
        context.get::<BudgetLine>(object)?.unit
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
mod tests {
    use polity_proto::v1::{
        AssignRole, Manner, OwnerRef, PeriodLimit, RenewAssignment, SetSodRule, action::Kind,
    };

    use super::*;
    use crate::world::{World, euros, monthly};

    const LEAD: Option<&str> = Some("dev#lead");

    fn give(world: &mut World, change: impl FnOnce(&mut GiveGrant), expected: &str) {
        let mut grant = world.grant("dev#engineer", Capability::Anchor, "dev");
        change(&mut grant);
        world.check("ben", LEAD, Kind::GiveGrant(grant), expected);
    }

    #[test]
    fn a_grant_is_listed_with_its_role_and_its_scope() {
        let mut world = World::new();
        let role = world.role("dev#engineer").number;
        let unit = world.unit("dev").number;
        let before = world.history_count(ObjectKind::Role, role);
        give(&mut world, |_| (), "accepted");
        let number = *world.list(List::Grants, role).last().expect("a grant");
        assert!(world.list(List::GrantsOver, unit).contains(&number));
        assert_eq!(world.history_count(ObjectKind::Role, role), before + 1);
        let grant: Grant = world.get(number);
        assert_eq!(grant.given_by, world.member_number("ben"));
        assert_eq!(grant.from, world.time);
    }

    #[test]
    fn whoever_gave_a_grant_does_not_take_its_role() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(world.create_role("dev", "keeper")));
        let grant = world.grant("dev#keeper", Capability::Anchor, "dev");
        world.check("ben", LEAD, Kind::GiveGrant(grant), "accepted");
        let take = |world: &World, manner: Manner| {
            Kind::AssignRole(AssignRole {
                manner: manner as i32,
                ..world.assign("ben", "dev#keeper")
            })
        };
        let now = take(&world, Manner::Assigned);
        world.check("ben", LEAD, now.clone(), "rejected grant_to_self");
        let imported = take(&world, Manner::Imported);
        world.check("ben", LEAD, imported, "accepted");
        let renew = Kind::RenewAssignment(RenewAssignment {
            assignment: form::numbered(world.assignment("ben", "dev#keeper").number),
            ..RenewAssignment::default()
        });
        world.check("ben", LEAD, renew.clone(), "rejected grant_to_self");
        // Somebody else may.
        world.check("ada", Some("acme#lead"), renew, "accepted");
    }

    #[test]
    fn forms_that_fit_nothing_are_refused() {
        let mut world = World::new();
        let period = |kind: PeriodKind, days| {
            Some(PeriodLimit {
                kind: kind as i32,
                days,
                amount: euros(1),
            })
        };
        give(
            &mut world,
            |grant| grant.role = None,
            "rejected ref_malformed",
        );
        give(
            &mut world,
            |grant| grant.capability = 0,
            "rejected field_missing",
        );
        give(
            &mut world,
            |grant| grant.capability = 99,
            "rejected value_unknown",
        );
        give(
            &mut world,
            |grant| grant.scope = None,
            "rejected field_missing",
        );
        give(
            &mut world,
            |grant| grant.scope = Some(ScopeRef::default()),
            "rejected field_missing",
        );
        let account = world.account_ref("dev:main");
        give(
            &mut world,
            |grant| {
                if let Some(scope) = &mut grant.scope {
                    scope.object = account;
                }
            },
            "rejected value_unknown",
        );
        give(
            &mut world,
            |grant| {
                grant.scope = Some(ScopeRef {
                    kind: ScopeKind::Object as i32,
                    object_kind: ObjectKind::Member as i32,
                    object: account,
                    unit: None,
                });
            },
            "rejected value_unknown",
        );
        give(
            &mut world,
            |grant| grant.per_transfer = vec![0],
            "rejected amount_malformed",
        );
        for limit in [
            period(PeriodKind::RollingDays, 0),
            period(PeriodKind::RollingDays, 367),
            period(PeriodKind::CalendarMonth, 3),
        ] {
            give(
                &mut world,
                |grant| grant.per_period = limit,
                "rejected value_unknown",
            );
        }
        give(
            &mut world,
            |grant| grant.per_period = monthly(0),
            "rejected field_missing",
        );
        let owner = OwnerRef {
            kind: OwnerKind::Unit as i32,
            number: world.unit_ref("ops"),
        };
        give(
            &mut world,
            |grant| grant.counterparties = vec![owner; 2],
            "rejected list_too_long",
        );
    }

    #[test]
    fn a_unit_gives_what_it_holds_and_nobody_gives_to_themselves() {
        let mut world = World::new();
        let unknown = form::numbered(99);
        give(
            &mut world,
            |grant| grant.role = unknown,
            "rejected object_unknown",
        );
        give(
            &mut world,
            |grant| grant.asset = unknown,
            "rejected object_unknown",
        );
        let issue = Capability::Issue as i32;
        give(
            &mut world,
            |grant| grant.capability = issue,
            "rejected grant_exceeds_giver",
        );
        let spend = Capability::Spend as i32;
        give(
            &mut world,
            |grant| grant.capability = spend,
            "rejected grant_needs_period",
        );
        let own = world.role_ref("dev#lead");
        give(
            &mut world,
            |grant| grant.role = own,
            "rejected grant_to_self",
        );
        give(
            &mut world,
            |grant| grant.until = 5,
            "rejected time_malformed",
        );
        let members = world.account_ref("finn:main");
        give(
            &mut world,
            |grant| {
                grant.scope = Some(ScopeRef {
                    kind: ScopeKind::Object as i32,
                    object_kind: ObjectKind::Account as i32,
                    object: members,
                    unit: None,
                });
            },
            "rejected not_yours",
        );
        let grant = Kind::GiveGrant(world.grant("dev#engineer", Capability::Anchor, "dev"));
        world.check(
            "finn",
            Some("dev#engineer"),
            grant.clone(),
            "rejected no_grant",
        );
        world.check(
            "finn",
            Some("dev#lead"),
            grant.clone(),
            "rejected role_not_held",
        );
        world.check("ada", Some("acme#lead"), grant, "accepted");
    }

    #[test]
    fn power_over_value_and_over_a_governed_unit_is_its_own_to_give() {
        let mut world = World::new();
        let spend = GiveGrant {
            per_period: monthly(100),
            ..world.grant("acme#lead", Capability::Spend, "dev")
        };
        let govern = world.grant("ops#lead", Capability::Govern, "dev");
        let operate = world.grant("ops#lead", Capability::OperateValidator, "dev");
        for grant in [spend, govern, operate] {
            let act = Kind::GiveGrant(grant);
            world.check("ada", Some("acme#lead"), act, "rejected own_decision_only");
        }
    }

    #[test]
    fn removed_roles_and_dissolved_units_are_given_nothing() {
        let mut world = World::new();
        let past = world.dissolved();
        let role = world.role_ref("dev#engineer");
        let grant = GiveGrant {
            scope: Some(ScopeRef {
                kind: ScopeKind::Unit as i32,
                unit: past,
                ..ScopeRef::default()
            }),
            ..world.grant("dev#engineer", Capability::Anchor, "dev")
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::GiveGrant(grant),
            "rejected unit_dissolved",
        );
        let remove = Kind::RemoveRole(polity_proto::v1::RemoveRole { role });
        world.check("ben", LEAD, remove, "accepted");
        give(
            &mut world,
            |grant| grant.role = role,
            "rejected role_removed",
        );
    }

    #[test]
    fn a_rule_of_duties_keeps_two_grants_apart() {
        let mut world = World::new();
        let rule = Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev"),
            first: Capability::Freeze as i32,
            second: Capability::Arbitrate as i32,
        });
        world.check("ben", LEAD, rule, "accepted");
        let of = |capability: Capability| capability as i32;
        give(
            &mut world,
            |grant| grant.capability = of(Capability::Freeze),
            "accepted",
        );
        give(
            &mut world,
            |grant| grant.capability = of(Capability::Arbitrate),
            "rejected duty_conflict",
        );
    }
}
