//! One verdict with every rule that was looked at.

use polity_proto::v1::{self, Action, ModeKind, VerdictKind};

use super::{Waits, facts};
use crate::context::{Authority, Block, Context};
use crate::judge::{
    Actor, Decision, Need, Trace, Verdict, judge, judge_proposal, power, strictness,
};
use crate::state::{Overlay, Read};
use crate::{Amount, Rejection, actions, form};

/// The verdict on an action of one actor, alone.
pub(super) fn of(state: &dyn Read, block: Block, actor: Actor, action: &Action) -> v1::Verdict {
    let alone = Action {
        actor: 0,
        acting_role: (actor.role != 0)
            .then(|| form::numbered(actor.role))
            .flatten(),
        seconds: Vec::new(),
        ..action.clone()
    };
    if let Err(rejection) = actions::check_form(&alone, 1) {
        return refused(rejection);
    }
    let mut overlay = Overlay::new(state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    context.signers = vec![actor.member];
    let mut verdict = assess(&mut context, 0, &alone);
    verdict.acting_role = actor.role;
    verdict
}

/// The verdict in the role in which the member gets furthest.
pub(super) fn in_best_role(
    state: &dyn Read,
    block: Block,
    member: u64,
    action: &Action,
    waits: Waits<'_>,
) -> Option<v1::Verdict> {
    let held = power::roles_of(state, member, block.now.time);
    let roles = std::iter::once(0).chain(held.into_iter().map(|(role, _)| role.number));
    let verdicts =
        roles.map(|role| waits().then(|| of(state, block, Actor { member, role }, action)));
    let verdicts: Vec<v1::Verdict> = verdicts.collect::<Option<_>>()?;
    // Of equals, the first: acting in no role where none is needed.
    verdicts.into_iter().min_by_key(rank)
}

/// How far a verdict is from yes.
fn rank(verdict: &v1::Verdict) -> u32 {
    match verdict.kind() {
        VerdictKind::Allowed => 0,
        VerdictKind::NeedsDecision => 1,
        VerdictKind::Refused => rank_of_refusal(verdict.code),
        VerdictKind::None => 6,
    }
}

fn rank_of_refusal(code: u32) -> u32 {
    match Rejection::from_code(code) {
        Some(Rejection::LimitPerTransfer | Rejection::LimitPerPeriod) => 2,
        // That there is nothing says least.
        Some(Rejection::NoGrant) => 5,
        // From 400 on, authority was there and the object's state or value said no.
        _ if code >= 400 => 3,
        _ => 4,
    }
}

/// The verdict on an action as the next of a run. The run is left as it was.
pub(super) fn assess(context: &mut Context<'_, '_>, index: u32, action: &Action) -> v1::Verdict {
    let begun = context
        .begin(index, action)
        .and_then(|()| actions::needs(context, action));
    let needs = match begun {
        Ok(needs) => needs,
        Err(rejection) => return refused(rejection),
    };
    let mut trace = Trace::on();
    let judged: Vec<Verdict> = needs
        .iter()
        .map(|need| {
            let account = need.value.as_ref().map(|value| value.account);
            let taken = account.map_or(Amount::ZERO, |account| context.taken(account));
            judge(
                context,
                context.now(),
                context.actor,
                need,
                taken,
                &mut trace,
            )
        })
        .collect();
    let mut verdict = match context.authorise(&needs) {
        Ok(()) => apply(context, action, &needs),
        Err(Rejection::NeedsDecision) => decision(context, action, &needs, &judged),
        Err(limit @ (Rejection::LimitPerTransfer | Rejection::LimitPerPeriod)) => {
            beyond(context, action, &needs, limit)
        }
        Err(rejection) => refusal(context, action, &needs, rejection),
    };
    verdict.looked = trace
        .into_looked()
        .into_iter()
        .map(|looked| v1::Looked {
            kind: looked.kind as i32,
            number: looked.number,
            outcome: looked.outcome.into(),
        })
        .collect();
    verdict
}

/// Authority is there; the object's state and value may still say no.
fn apply(context: &mut Context<'_, '_>, action: &Action, needs: &[Need]) -> v1::Verdict {
    match context.tried(|context| actions::apply(context, action)) {
        Ok(()) => v1::Verdict {
            kind: VerdictKind::Allowed as i32,
            basis: Some(context.basis),
            ..v1::Verdict::default()
        },
        Err(rejection) => refusal(context, action, needs, rejection),
    }
}

fn decision(
    context: &Context<'_, '_>,
    action: &Action,
    needs: &[Need],
    judged: &[Verdict],
) -> v1::Verdict {
    let decisions = judged.iter().filter_map(|verdict| match verdict {
        Verdict::NeedsDecision(decision) => Some(decision),
        Verdict::Allowed(_) | Verdict::Refused(_) => None,
    });
    match decisions.max_by_key(|decision| strictness(&decision.mode)) {
        Some(decision) => of_decision(context, decision),
        None => refusal(context, action, needs, Rejection::NeedsDecision),
    }
}

/// A limit that is exceeded, and beside it the decision that the actor may begin instead.
fn beyond(
    context: &Context<'_, '_>,
    action: &Action,
    needs: &[Need],
    limit: Rejection,
) -> v1::Verdict {
    let refusal = refusal(context, action, needs, limit);
    match to_begin(context, needs) {
        Some(decision) => v1::Verdict {
            unit: decision.unit,
            policy: decision.policy,
            mode: Some(decision.mode),
            ..refusal
        },
        None => refusal,
    }
}

/// The decision that the context's actor may begin about these needs; none where one of them is
/// refused, or nothing is left to decide.
pub(super) fn to_begin(context: &Context<'_, '_>, needs: &[Need]) -> Option<Decision> {
    let mut decisions = Vec::new();
    for need in needs {
        let trace = &mut Trace::off();
        match judge_proposal(context, context.now(), context.actor, need, trace) {
            Verdict::Allowed(_) => {}
            Verdict::NeedsDecision(decision) => decisions.push(decision),
            Verdict::Refused(_) => return None,
        }
    }
    decisions
        .into_iter()
        .max_by_key(|decision| strictness(&decision.mode))
}

/// A decision as a verdict, with what it takes.
pub(super) fn of_decision(state: &Context<'_, '_>, decision: &Decision) -> v1::Verdict {
    v1::Verdict {
        kind: VerdictKind::NeedsDecision as i32,
        unit: decision.unit,
        policy: decision.policy,
        mode: Some(decision.mode.clone()),
        code: Rejection::NeedsDecision.code(),
        rejection: Rejection::NeedsDecision.name().into(),
        facts: facts::of_decision(state, state.now(), decision),
        ..v1::Verdict::default()
    }
}

fn refusal(
    context: &Context<'_, '_>,
    action: &Action,
    needs: &[Need],
    rejection: Rejection,
) -> v1::Verdict {
    v1::Verdict {
        facts: facts::of_refusal(context, action, needs, rejection),
        ..refused(rejection)
    }
}

fn refused(rejection: Rejection) -> v1::Verdict {
    v1::Verdict {
        kind: VerdictKind::Refused as i32,
        code: rejection.code(),
        rejection: rejection.name().into(),
        ..v1::Verdict::default()
    }
}

/// The mode's name, as readers write it.
pub(super) fn mode_name(kind: ModeKind) -> &'static str {
    match kind {
        ModeKind::None => "none",
        ModeKind::Alone => "alone",
        ModeKind::Announce => "announce",
        ModeKind::Approve => "approve",
        ModeKind::Consent => "consent",
        ModeKind::Vote => "vote",
        ModeKind::Departments => "departments",
    }
}
