//! `delegate`: a part of one's own grant goes to another member for an absence.

use polity_proto::v1::{
    Assignment, Capability, Delegate, Grant, Member, MemberState, ObjectKind, PeriodLimit,
};

use super::{Act, give_grant};
use crate::context::Context;
use crate::judge::{Need, duties, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Amount, Rejection, form};

impl Act for Delegate {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.grant)?;
        form::reference(&self.member)?;
        form::amount(&self.per_transfer)?;
        give_grant::check_period(self.per_period.as_ref())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let grant: Grant = context.find(&self.grant)?;
        let _: Member = context.find(&self.member)?;
        let own = grant.source != 0 && grant.member == context.actor.member
            || carrying(context, &grant).is_some();
        Ok(vec![match own {
            // What sleeps after a recovery is not handed on either.
            true => Need {
                capability: grant.capability(),
                ..Need::own()
            },
            false => Need::not_yours(),
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let source: Grant = context.find(&self.grant)?;
        let member: Member = context.find(&self.member)?;
        // Whoever operates a validator is assigned by its department, never by a holder.
        if source.source != 0 || source.capability() == Capability::OperateValidator {
            return Err(Rejection::NotDelegable);
        }
        // The genesis delegates nothing: nobody there is absent.
        let assignment = carrying(context, &source).ok_or(Rejection::NotYours)?;
        if member.number == context.actor.member {
            return Err(Rejection::GrantToSelf);
        }
        let mut delegation = Grant {
            number: 0,
            role: source.role,
            member: member.number,
            source: source.number,
            source_assignment: assignment.number,
            per_transfer: narrower_transfer(&self.per_transfer, &source.per_transfer)?,
            per_period: narrower_period(&self.per_period, &source.per_period)?,
            from: self.from.max(now),
            until: self.until,
            given_by: context.actor.member,
            basis: Some(context.basis),
            ended_at: 0,
            ..source.clone()
        };
        if source.until != 0 && self.until > source.until {
            return Err(Rejection::DelegationWider);
        }
        duties::check_delegation(context, now, &delegation)?;
        if member.state() != MemberState::Active {
            return Err(Rejection::MemberStateWrong);
        }
        if !power::grant_holds(context, &source, now) {
            return Err(Rejection::GrantEnded);
        }
        // An absence has an end.
        if delegation.until <= delegation.from {
            return Err(Rejection::TimeMalformed);
        }

        delegation.number = context.next_number(ObjectKind::Grant);
        let scope_unit = delegation.scope.as_ref().map_or(0, |scope| scope.unit);
        context.put(&delegation);
        for (list, owner) in [
            (List::Delegations, member.number),
            (List::DelegationsOf, source.number),
            (List::GrantsOver, scope_unit),
        ] {
            lists::append(context.state, list, owner, delegation.number);
        }
        context.event(
            ObjectKind::Grant,
            delegation.number,
            &[(ObjectKind::Member, member.number)],
        );
        Ok(())
    }
}

/// The actor's assignment through which the grant is theirs.
fn carrying(context: &Context<'_, '_>, grant: &Grant) -> Option<Assignment> {
    let now = context.now().time;
    power::holding(context, context.actor.member, grant.role, now)
        .filter(|assignment| grant.source == 0 && power::assignment_carries_grants(assignment))
}

/// A limit per transfer that is not wider than its source's; none asked: the source's.
fn narrower_transfer(asked: &[u8], source: &[u8]) -> Result<Vec<u8>, Rejection> {
    if asked.is_empty() {
        return Ok(source.to_vec());
    }
    if !source.is_empty() && Amount::from_bytes(asked)? > Amount::from_state(source) {
        return Err(Rejection::DelegationWider);
    }
    Ok(asked.to_vec())
}

/// A limit per period that is not wider than its source's: the same sort of period, not more in it.
fn narrower_period(
    asked: &Option<PeriodLimit>,
    source: &Option<PeriodLimit>,
) -> Result<Option<PeriodLimit>, Rejection> {
    let (Some(asked), Some(source)) = (asked, source) else {
        return Ok(asked.clone().or_else(|| source.clone()));
    };
    let fits = asked.kind == source.kind
        && asked.days == source.days
        && Amount::from_bytes(&asked.amount)? <= Amount::from_state(&source.amount);
    match fits {
        true => Ok(Some(asked.clone())),
        false => Err(Rejection::DelegationWider),
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{RevokeAssignment, SetSodRule, action::Kind};

    use super::*;
    use crate::world::{DAY, World, euros};

    fn spend_of_engineers(world: &World) -> u64 {
        world.list(List::Grants, world.role("dev#engineer").number)[0]
    }

    fn to(world: &World, member: &str, grant: u64) -> Delegate {
        Delegate {
            grant: form::numbered(grant),
            member: world.member_ref(member),
            per_transfer: euros(300),
            until: world.time + 3 * DAY,
            ..Delegate::default()
        }
    }

    #[test]
    fn a_delegate_spends_within_both_limits_until_the_absence_ends() {
        let mut world = World::new();
        world.fund("dev", 10_000);
        let delegation = to(&world, "hal", spend_of_engineers(&world));
        world.check(
            "finn",
            Some("dev#engineer"),
            Kind::Delegate(delegation),
            "accepted",
        );
        let pay = |world: &World, amount| world.payment("dev:main", "ops:main", amount);
        let over = pay(&world, 301);
        world.check("hal", None, over, "rejected limit_per_transfer");
        for _ in 0..6 {
            let payment = pay(&world, 300);
            world.check("hal", None, payment, "accepted");
        }
        // 1,800 of the source's 2,000 are used: by whomever.
        let over = pay(&world, 300);
        world.check("hal", None, over, "rejected limit_per_period");
        let over = pay(&world, 201);
        world.check(
            "finn",
            Some("dev#engineer"),
            over,
            "rejected limit_per_period",
        );
        world.advance(3 * DAY);
        let late = pay(&world, 10);
        world.check("hal", None, late, "rejected no_grant");
    }

    #[test]
    fn a_delegation_is_narrower_ends_with_its_source_and_goes_no_further() {
        let mut world = World::new();
        let grant = spend_of_engineers(&world);
        let role = Some("dev#engineer");
        let with = |world: &World, change: &dyn Fn(&mut Delegate)| {
            let mut delegation = to(world, "hal", grant);
            change(&mut delegation);
            Kind::Delegate(delegation)
        };
        let period = |kind, days, amount| {
            Some(PeriodLimit {
                kind,
                days,
                amount: euros(amount),
            })
        };
        let unknown = form::numbered(99);
        let themselves = world.member_ref("finn");
        for (act, expected) in [
            (
                with(&world, &|act| act.grant = unknown),
                "rejected object_unknown",
            ),
            (
                with(&world, &|act| act.member = unknown),
                "rejected object_unknown",
            ),
            (
                with(&world, &|act| act.member = None),
                "rejected ref_malformed",
            ),
            (
                with(&world, &|act| act.per_transfer = vec![0]),
                "rejected amount_malformed",
            ),
            (
                with(&world, &|act| act.per_transfer = euros(600)),
                "rejected delegation_wider",
            ),
            (
                with(&world, &|act| act.per_period = period(2, 30, 2_001)),
                "rejected delegation_wider",
            ),
            (
                with(&world, &|act| act.per_period = period(1, 0, 1)),
                "rejected delegation_wider",
            ),
            (
                with(&world, &|act| act.per_period = period(2, 0, 1)),
                "rejected value_unknown",
            ),
            (
                with(&world, &|act| act.member = themselves),
                "rejected grant_to_self",
            ),
            (
                with(&world, &|act| act.until = 0),
                "rejected time_malformed",
            ),
        ] {
            world.check("finn", role, act, expected);
        }
        let act = with(&world, &|_| ());
        world.check(
            "eve",
            Some("finance#lead"),
            act.clone(),
            "rejected not_yours",
        );
        let receipt = world.run("finn", role, act).expect("delegated");
        let delegation = receipt.events[0].number;
        let further = Kind::Delegate(to(&world, "gia", delegation));
        world.check("hal", None, further, "rejected not_delegable");

        let assignment = form::numbered(world.assignment("finn", "dev#engineer").number);
        let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
        world.check("ben", Some("dev#lead"), revoke, "accepted");
        assert!(
            world
                .list(List::Delegations, world.member_number("hal"))
                .is_empty()
        );
    }

    #[test]
    fn operating_a_validator_is_not_delegated_nor_anything_to_the_suspended() {
        let mut world = World::new();
        let lead = world.role("dev#lead").number;
        let of = |world: &World, capability: Capability| {
            world
                .list(List::Grants, lead)
                .into_iter()
                .find(|number| world.get::<Grant>(*number).capability() == capability)
                .expect("the lead has the grant")
        };
        let role = Some("dev#lead");
        let operate = Delegate {
            per_transfer: Vec::new(),
            ..to(&world, "hal", of(&world, Capability::OperateValidator))
        };
        world.check(
            "ben",
            role,
            Kind::Delegate(operate),
            "rejected not_delegable",
        );
        let approve = Delegate {
            per_transfer: Vec::new(),
            ..to(&world, "gia", of(&world, Capability::Approve))
        };
        let rule = Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev"),
            first: Capability::Approve as i32,
            second: Capability::Freeze as i32,
        });
        world.check("ben", role, rule, "accepted");
        let freeze = Kind::GiveGrant(world.grant("dev#engineer", Capability::Freeze, "dev"));
        world.check("ben", role, freeze, "accepted");
        let act = Kind::Delegate(approve);
        world.check("ben", role, act, "rejected duty_conflict");
        let anchor = Delegate {
            per_transfer: Vec::new(),
            ..to(&world, "gia", of(&world, Capability::Anchor))
        };
        world.suspend("gia");
        let act = Kind::Delegate(anchor);
        world.check("ben", role, act, "rejected member_state_wrong");
    }

    #[test]
    fn an_ended_grant_is_not_delegated() {
        let mut world = World::new();
        let grant = spend_of_engineers(&world);
        let revoke = Kind::RevokeGrant(polity_proto::v1::RevokeGrant {
            grant: form::numbered(grant),
        });
        world.check("ben", Some("dev#lead"), revoke, "accepted");
        let late = Kind::Delegate(to(&world, "hal", grant));
        world.check("finn", Some("dev#engineer"), late, "rejected grant_ended");
    }
}
