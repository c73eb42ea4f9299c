//! `delegate`: a part of one's own grant goes to another member for an absence.

use polity_proto::v1::{
    Assignment, Capability, Delegate, EndReason, Grant, Member, MemberState, ObjectKind,
    PeriodLimit,
};

use super::{Act, ending, give_grant};
use crate::context::Context;
use crate::judge::{Need, duties, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Amount, Rejection, form};

/// Most delegations that one holder makes of one grant, to all together, before their ends.
const OF_A_HOLDER_MAX: usize = 16;

/// Most delegations that a member has: each of their acts looks at all, and nobody asked them.
const OF_A_MEMBER_MAX: u64 = 256;

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
        Ok(vec![if own {
            // What sleeps after a recovery is not handed on either.
            Need {
                capability: grant.capability(),
                ..Need::own()
            }
        } else {
            Need::not_yours()
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
        end_those_over(context, List::Delegations, member.number);
        end_those_over(context, List::DelegationsOf, source.number);
        if delegated_by(context, &source, &assignment) >= OF_A_HOLDER_MAX
            || lists::count(context, List::Delegations, member.number) >= OF_A_MEMBER_MAX
        {
            return Err(Rejection::ListTooLong);
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

/// Ends those delegations of a list whose time is over: they take no room in it any more.
fn end_those_over(context: &mut Context<'_, '_>, list: List, owner: u64) {
    let now = context.now().time;
    for number in lists::all(context, list, owner) {
        let is_over = context
            .get::<Grant>(number)
            .is_ok_and(|grant| grant.until <= now);
        if is_over {
            ending::end_grant(context, number, EndReason::Term);
        }
    }
}

/// How many delegations of a grant there are through an assignment.
fn delegated_by(context: &Context<'_, '_>, source: &Grant, assignment: &Assignment) -> usize {
    lists::objects::<Grant>(context, List::DelegationsOf, source.number)
        .filter(|grant| grant.source_assignment == assignment.number)
        .count()
}

/// The actor's assignment through which the grant is theirs.
fn carrying(context: &Context<'_, '_>, grant: &Grant) -> Option<Assignment> {
    let now = context.now().time;
    power::holding(context, context.actor.member, grant.role, now)
        .filter(|assignment| grant.source == 0 && power::assignment_carries_grants(assignment))
}

/// Whether a grant's limits are nowhere wider than another's: all of it could be delegated from that.
pub(super) fn is_narrower(grant: &Grant, source: &Grant) -> bool {
    narrower_transfer(&grant.per_transfer, &source.per_transfer).as_ref() == Ok(&grant.per_transfer)
        && narrower_period(&grant.per_period, &source.per_period).as_ref() == Ok(&grant.per_period)
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
    if fits {
        Ok(Some(asked.clone()))
    } else {
        Err(Rejection::DelegationWider)
    }
}

#[cfg(test)]
mod tests;
