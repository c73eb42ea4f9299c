//! `recover_member`: a member who lost every key gets a new one, after a wait in which the owner can
//! stop it.
//!
//! Two people of different units ask for it. The owner's stop works once: a second recovery within
//! the window takes three people of three units and cannot be stopped.

use polity_proto::v1::{
    Capability, EndReason, Member, MemberState, ObjectKind, Parameters, RecoverMember, Recovery,
    TimerKind,
};

use super::{Act, enrolment, ownership};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::{objects, timers};
use crate::{Rejection, form};

impl Act for RecoverMember {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        enrolment::check_fit(&self.key)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        let people = if is_second(&member, &context.parameters(), context.now().time) {
            3
        } else {
            2
        };
        Ok(vec![Need {
            people,
            ..ownership::need_about(context, Capability::RecoverMembers, &member)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now();
        let parameters = context.parameters();
        let member: Member = context.find(&self.member)?;
        let supporters: Vec<u64> = std::iter::once(&context.actor)
            .chain(&context.seconds)
            .map(|actor| actor.member)
            .collect();
        if supporters.contains(&member.number) {
            return Err(Rejection::SamePerson);
        }
        match member.state() {
            MemberState::Active | MemberState::Suspended => {}
            MemberState::None
            | MemberState::Invited
            | MemberState::Departed
            | MemberState::Imported => return Err(Rejection::MemberStateWrong),
        }
        if member.recovery != 0 {
            return Err(Rejection::RecoveryOpen);
        }
        enrolment::check_free(context, &self.key)?;
        enrolment::check_possession(context, member.number, &self.key, &self.possession)?;
        let wait = parameters.recovery_wait;
        let due = now.time.saturating_add(wait);

        let number = context.next_number(ObjectKind::Recovery);
        let stoppable = !is_second(&member, &parameters, now.time);
        let history = (ObjectKind::Member, member.number);
        enrolment::reserve(context, member.number, &self.key);
        context.put(&Recovery {
            number,
            member: member.number,
            key: self.key.clone(),
            opened_at: now.time,
            due: now.waiting().saturating_add(wait),
            supporters,
            stoppable,
            ended: false,
            stopped: false,
        });
        context.put(&Member {
            recovery: number,
            ..member
        });
        timers::set_about(context.state, due, TimerKind::Recovery, number);
        context.event(ObjectKind::Recovery, number, &[history]);
        Ok(())
    }
}

/// Whether the member was recovered, or stopped a recovery, within the window.
fn is_second(member: &Member, parameters: &Parameters, now: u64) -> bool {
    [member.recovered_at, member.recovery_stopped_at]
        .into_iter()
        .any(|at| at != 0 && now < at.saturating_add(parameters.recovery_window))
}

/// Completes a recovery whose wait is over; the wait does not run during outages. Where one of those who asked for it has no
/// power any more, it comes to nothing, and others may ask anew.
pub(crate) fn wait_over(context: &mut Context<'_, '_>, number: u64) {
    let now = context.now();
    let Some(recovery) = objects::get::<Recovery>(context, number) else {
        return;
    };
    if recovery.ended {
        return;
    }
    if now.waiting() < recovery.due {
        let again = recovery.due.saturating_add(now.paused);
        return timers::set_about(context.state, again, TimerKind::Recovery, number);
    }
    let Some(mut member) = objects::get::<Member>(context, recovery.member) else {
        return;
    };
    let history = (ObjectKind::Member, member.number);
    let is_supported = |supporter: &u64| power::member_is_active(context, *supporter);
    if !recovery.supporters.iter().all(is_supported) {
        end_without(context, recovery, member);
        return context.ended(ObjectKind::Recovery, number, EndReason::Lapsed, &[history]);
    }

    for key in &mut member.keys {
        if key.revoked_at == 0 {
            key.revoked_at = now.time;
        }
    }
    enrolment::enrol(&mut member, &recovery.key, now);
    member.recovery = 0;
    member.recovered_at = now.time;
    member.recovered_paused = now.paused;
    member.sleeps_until = now.time.saturating_add(context.parameters().recovery_sleep);
    context.put(&member);
    context.put(&Recovery {
        ended: true,
        ..recovery
    });
    context.ended(
        ObjectKind::Recovery,
        number,
        EndReason::Completed,
        &[history],
    );
}

/// Ends a recovery by which the member keeps their keys: the new one is free again. The caller records the event.
pub(super) fn end_without(context: &mut Context<'_, '_>, recovery: Recovery, member: Member) {
    enrolment::forget(context, &recovery.key);
    context.put(&Recovery {
        ended: true,
        stopped: true,
        ..recovery
    });
    context.put(&Member {
        recovery: 0,
        ..member
    });
}

#[cfg(test)]
mod tests;
