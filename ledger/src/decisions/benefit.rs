//! Whom actions benefit: whose accounts they credit, and to whom they give power.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Account, Action, Assignment, Grant, ObjectKind, OwnerKind, Proposal, SodException, action::Kind,
};

use super::content;
use crate::actions;
use crate::context::{Authority, Context};
use crate::judge::{Need, power};

/// The owner of the credited account, where a person is paid.
pub(crate) fn of_need(need: &Need) -> Option<u64> {
    let value = need.value.as_ref()?;
    (value.counterparty.kind() == OwnerKind::Member).then_some(value.counterparty.number)
}

/// Whom the events since the one at `first` benefit.
pub(super) fn since(context: &Context<'_, '_>, first: usize) -> Vec<u64> {
    let mut members = credited_since(context, first);
    members.extend(empowered_since(context, first));
    members
}

/// Whom an action would benefit if the actor proposed it now, as far as it could be carried out.
pub(crate) fn of_action(context: &mut Context<'_, '_>, action: &Action) -> Vec<u64> {
    let proposer = context.actor;
    let carried_out = context.dry(Authority::Proposal(0), proposer, |context| {
        let first = context.events.len();
        context.begin(0, action)?;
        let needs = actions::needs(context, action)?;
        let mut members: Vec<u64> = needs.iter().filter_map(of_need).collect();
        if actions::apply(context, action).is_ok() {
            members.extend(since(context, first));
        }
        Ok(members)
    });
    // An action about something that does not exist yet benefits nobody whom one could name.
    carried_out.unwrap_or_default()
}

/// Who by now holds a role that a proposal would give a grant to. At the opening others may have held it.
pub(super) fn receiving(context: &Context<'_, '_>, proposal: &Proposal) -> Vec<u64> {
    let actions = content::actions_of(&proposal.actions).unwrap_or_default();
    let roles = actions.iter().filter_map(|action| match &action.kind {
        Some(Kind::GiveGrant(give)) => give.role.map(|role| role.number),
        _ => None,
    });
    let roles: BTreeSet<u64> = roles.collect();
    let now = context.now().time;
    roles
        .into_iter()
        .flat_map(|role| power::holders_of(context, role, now))
        .collect()
}

/// Members whose accounts were credited since the event at `first`, or changed, as by a limit of credit.
fn credited_since(context: &Context<'_, '_>, first: usize) -> Vec<u64> {
    context.events[first..]
        .iter()
        .filter_map(|event| match (&event.posting, event.object()) {
            (Some(posting), _) => Some(posting.to),
            (None, ObjectKind::Account) => Some(event.number),
            (None, _) => None,
        })
        .filter_map(|account| context.get::<Account>(account).ok())
        .filter_map(|account| account.owner)
        .filter(|owner| owner.kind() == OwnerKind::Member)
        .map(|owner| owner.number)
        .collect()
}

/// Members to whom the events since `first` give power: those who are put into a role or excepted
/// from a duty, and those who hold a role that receives a grant. Nobody approves that for
/// themselves.
fn empowered_since(context: &Context<'_, '_>, first: usize) -> Vec<u64> {
    let now = context.now().time;
    let about = |kind: ObjectKind| {
        let events = context.events[first..].iter();
        events
            .filter(move |event| event.object() == kind)
            .map(|event| event.number)
    };
    let assigned = about(ObjectKind::Assignment)
        .filter_map(|number| context.get::<Assignment>(number).ok())
        .filter(|assignment| assignment.ended_at == 0)
        .map(|assignment| assignment.member);
    let granted = about(ObjectKind::Grant)
        .filter_map(|number| context.get::<Grant>(number).ok())
        .filter(|grant| grant.ended_at == 0)
        .flat_map(|grant| power::holders_of(context, grant.role, now));
    let excepted = about(ObjectKind::SodException)
        .filter_map(|number| context.get::<SodException>(number).ok())
        .map(|exception| exception.member);
    assigned.chain(granted).chain(excepted).collect()
}
