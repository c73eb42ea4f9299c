//! Every event has a basis that was effective when it happened.

use polity_proto::v1::{
    Action, Assignment, Basis, BasisSource, Event, Grant, Member, MemberState, ObjectKind, Policy,
    Proposal, ReinstateMember, action::Kind,
};

use super::{Broken, Step, ensure, find};
use crate::actions;
use crate::decisions::stage;
use crate::judge::Now;

/// Each event names an authority that was there when it happened, and nothing happens in a refusal.
pub(super) fn bases(step: &Step<'_>) -> Result<(), Broken> {
    for receipt in step.receipts {
        ensure(
            9,
            receipt.code == 0 || receipt.events.is_empty(),
            || "a refused transaction did something",
        )?;
    }
    let of_transactions = step.receipts.iter().flat_map(|receipt| &receipt.events);
    let of_timers = step
        .timer_receipts
        .iter()
        .flat_map(|receipt| &receipt.events);
    let events = of_transactions
        .map(|event| (event, false))
        .chain(of_timers.map(|event| (event, true)));
    for (event, by_timer) in events {
        let basis = event.basis.unwrap_or_default();
        let holds = match basis.source() {
            BasisSource::None | BasisSource::Genesis => false,
            BasisSource::Timer => by_timer,
            BasisSource::Own => !by_timer && acts_for_themselves(step, event),
            BasisSource::Grant => !by_timer && had_grant(step, &basis),
            BasisSource::Policy => {
                !by_timer
                    && find::<Policy>(step.after, basis.number)
                        .is_some_and(|policy| held(policy.ended_at, step.now))
            }
            BasisSource::Proposal => find::<Proposal>(step.after, basis.number)
                .is_some_and(|proposal| !stage::is_pending(&proposal)),
        };
        ensure(9, holds, || format!("{event:?} has no basis that held"))?;
    }
    Ok(())
}

/// Whether what may have ended in this block still held when the block began.
fn held(ended_at: u64, now: Now) -> bool {
    ended_at == 0 || ended_at == now.time
}

/// Whether a member was there; of one who was suspended and not reinstated in between it was the stop of their recovery.
fn acts_for_themselves(step: &Step<'_>, event: &Event) -> bool {
    let member = event.basis.map_or(0, |basis| basis.member);
    let state = |state| find::<Member>(state, member).map(|member| member.state());
    let before = state(step.before);
    matches!(before, Some(MemberState::Active | MemberState::Invited))
        || before == Some(MemberState::Suspended)
            && (event.object() == ObjectKind::Recovery || is_reinstated(step, member))
        || state(step.after) == Some(MemberState::Active)
}

fn is_reinstated(step: &Step<'_>, member: u64) -> bool {
    let reinstates = actions::tag(&Action {
        kind: Some(Kind::ReinstateMember(ReinstateMember::default())),
        ..Action::default()
    });
    let mut events = step.receipts.iter().flat_map(|receipt| &receipt.events);
    events.any(|event| {
        event.did == reinstates && event.object() == ObjectKind::Member && event.number == member
    })
}

/// Whether the grant was in its time, and its user held the role or was the one delegated to.
fn had_grant(step: &Step<'_>, basis: &Basis) -> bool {
    let Some(grant) = find::<Grant>(step.after, basis.number) else {
        return false;
    };
    let time = step.now.time;
    let in_time = grant.from <= time && (grant.until == 0 || time < grant.until);
    let used = match grant.source {
        0 => find::<Assignment>(step.after, basis.assignment).is_some_and(|assignment| {
            assignment.role == grant.role
                && assignment.member == basis.member
                && assignment.from <= time
                && (assignment.until == 0 || time < assignment.until)
                && held(assignment.ended_at, step.now)
        }),
        _ => grant.member == basis.member,
    };
    in_time && used && held(grant.ended_at, step.now)
}
