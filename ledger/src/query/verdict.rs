//! One verdict with every rule that was looked at.

use polity_proto::v1::{self, Action, ModeKind, VerdictKind};

use super::wanted::Wanted;
use super::{Waits, facts};
use crate::context::{Authority, Block, Context};
use crate::judge::{
    Actor, Decision, Need, Trace, Verdict, judge, judge_proposal, power, strictness,
};
use crate::state::{Overlay, Read};
use crate::{Amount, Family, Rejection, actions, form};

/// An action as it was judged for one actor. To tell why is more work, and not always asked for.
struct Judged {
    verdict: Verdict,
    needs: Vec<Need>,
    looked: Vec<v1::Looked>,
}

/// The verdict on an action of one actor, alone.
pub(super) fn of(state: &dyn Read, block: Block, actor: Actor, action: &Action) -> v1::Verdict {
    let told = alone(state, block, actor, action, tell);
    let verdict = told.unwrap_or_else(refused);
    v1::Verdict {
        acting_role: actor.role,
        ..verdict
    }
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
    let rank_of = |actor| {
        let judged = alone(state, block, actor, action, |_, _, judged| judged.verdict);
        rank(&judged.unwrap_or_else(Verdict::Refused))
    };
    let ranked = roles.map(|role| {
        let actor = Actor { member, role };
        waits().then(|| (rank_of(actor), actor))
    });
    let ranked: Vec<(u32, Actor)> = ranked.collect::<Option<_>>()?;
    // Of equals, the first: acting in no role where none is needed.
    let (_, best) = ranked.into_iter().min_by_key(|(rank, _)| *rank)?;
    Some(of(state, block, best, action))
}

/// The verdict on an action of one actor who may do it, who may begin a decision about it, also
/// instead of going over a grant's limit, or who may sign it where one is not enough.
pub(super) fn of_able(
    state: &dyn Read,
    block: Block,
    actor: Actor,
    action: &Action,
) -> Option<v1::Verdict> {
    let told = alone(
        state,
        block,
        actor,
        action,
        |context, action, judged| match judged.verdict {
            Verdict::Allowed(_) | Verdict::NeedsDecision(_) => Some(tell(context, action, judged)),
            Verdict::Refused(Rejection::PeopleMissing) => Some(refused(Rejection::PeopleMissing)),
            Verdict::Refused(_) => {
                let decision = to_begin(context, &judged.needs)?;
                let wanted = Wanted::of(context, action, &judged.needs);
                Some(of_decision(context, &wanted, &decision))
            }
        },
    );
    told.ok().flatten()
}

/// Judges an action of one actor, without whoever would sign beside them. Refuses its form.
fn alone<T>(
    state: &dyn Read,
    block: Block,
    actor: Actor,
    action: &Action,
    tell: impl FnOnce(&mut Context<'_, '_>, &Action, Judged) -> T,
) -> Result<T, Rejection> {
    let action = of_one(actor, action);
    actions::check_form(&action, 1)?;
    let mut overlay = Overlay::new(state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    context.signers = vec![actor.member];
    let judged = judged(&mut context, 0, &action);
    Ok(tell(&mut context, &action, judged))
}

/// An action as one signer does it in one role.
pub(super) fn of_one(actor: Actor, action: &Action) -> Action {
    Action {
        actor: 0,
        acting_role: form::optional_number(actor.role),
        seconds: Vec::new(),
        ..action.clone()
    }
}

/// How far a verdict is from yes.
fn rank(verdict: &Verdict) -> u32 {
    match verdict {
        Verdict::Allowed(_) => 0,
        Verdict::NeedsDecision(_) => 1,
        Verdict::Refused(rejection) if is_beyond(*rejection) => 2,
        // That there is nothing says least.
        Verdict::Refused(Rejection::NoGrant) => 5,
        // Authority was there, and people beside the actor are missing; or the object's state or value said no.
        Verdict::Refused(Rejection::PeopleMissing) => 3,
        Verdict::Refused(rejection) if rejection.family() > Family::Authority => 3,
        Verdict::Refused(_) => 4,
    }
}

/// The verdict on an action as the next of a run. The run is left as it was.
pub(super) fn assess(context: &mut Context<'_, '_>, index: u32, action: &Action) -> v1::Verdict {
    let judged = judged(context, index, action);
    tell(context, action, judged)
}

fn judged(context: &mut Context<'_, '_>, index: u32, action: &Action) -> Judged {
    let begun = context
        .begin(index, action)
        .and_then(|()| actions::needs(context, action));
    let needs = match begun {
        Ok(needs) => needs,
        Err(rejection) => {
            return Judged {
                verdict: Verdict::Refused(rejection),
                needs: Vec::new(),
                looked: Vec::new(),
            };
        }
    };
    let mut trace = Trace::on();
    let each: Vec<Verdict> = needs
        .iter()
        .map(|need| {
            let account = need.value.as_ref().map(|value| value.account);
            let taken = account.map_or(Amount::ZERO, |account| context.taken(account));
            let (now, actor) = (context.now(), context.actor);
            judge(context, now, actor, need, taken, &mut trace)
        })
        .collect();
    let verdict = match context.authorise(&needs) {
        // Authority is there; the object's state and value may still say no.
        Ok(()) => match context.tried(|context| actions::apply(context, action)) {
            Ok(()) => Verdict::Allowed(context.basis),
            Err(rejection) => Verdict::Refused(rejection),
        },
        Err(Rejection::NeedsDecision) => strictest(each).map_or(
            Verdict::Refused(Rejection::NeedsDecision),
            Verdict::NeedsDecision,
        ),
        Err(rejection) => Verdict::Refused(rejection),
    };
    let looked = trace.into_looked().into_iter();
    let looked = looked.map(|looked| v1::Looked {
        kind: looked.kind as i32,
        number: looked.number,
        outcome: looked.outcome.into(),
    });
    Judged {
        verdict,
        needs,
        looked: looked.collect(),
    }
}

/// The decision that the context's actor may begin about these needs; none where one of them is
/// refused, or nothing is left to decide.
fn to_begin(context: &Context<'_, '_>, needs: &[Need]) -> Option<Decision> {
    let now = context.now();
    let each: Vec<Verdict> = needs
        .iter()
        .map(|need| judge_proposal(context, now, context.actor, need, &mut Trace::off()))
        .collect();
    let is_refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused(_));
    if each.iter().any(is_refused) {
        None
    } else {
        strictest(each)
    }
}

fn strictest(verdicts: Vec<Verdict>) -> Option<Decision> {
    verdicts
        .into_iter()
        .filter_map(|verdict| match verdict {
            Verdict::NeedsDecision(decision) => Some(decision),
            Verdict::Allowed(_) | Verdict::Refused(_) => None,
        })
        .max_by_key(|decision| strictness(&decision.mode))
}

/// A verdict with what a reader wants to know of it.
fn tell(context: &mut Context<'_, '_>, action: &Action, judged: Judged) -> v1::Verdict {
    let needs = &judged.needs;
    let verdict = match judged.verdict {
        Verdict::Allowed(basis) => v1::Verdict {
            kind: VerdictKind::Allowed as i32,
            basis: Some(basis),
            ..v1::Verdict::default()
        },
        Verdict::NeedsDecision(decision) => {
            let wanted = Wanted::of(context, action, needs);
            of_decision(context, &wanted, &decision)
        }
        Verdict::Refused(rejection) => {
            let wanted = Wanted::of(context, action, needs);
            let refusal = v1::Verdict {
                facts: facts::of_refusal(context, &wanted, rejection),
                ..refused(rejection)
            };
            if is_beyond(rejection) {
                beyond(context, needs, refusal)
            } else {
                refusal
            }
        }
    };
    v1::Verdict {
        acting_role: context.actor.role,
        looked: judged.looked,
        ..verdict
    }
}

/// Whether a grant is there, but for its limit or its giver: what goes beyond it may be decided.
fn is_beyond(rejection: Rejection) -> bool {
    matches!(
        rejection,
        Rejection::LimitPerTransfer | Rejection::LimitPerPeriod | Rejection::GrantTooClose
    )
}

/// What goes beyond a grant, and beside it the decision that the actor may begin instead.
fn beyond(context: &Context<'_, '_>, needs: &[Need], refusal: v1::Verdict) -> v1::Verdict {
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

/// A decision as a verdict, with what it takes.
fn of_decision(context: &Context<'_, '_>, wanted: &Wanted<'_>, decision: &Decision) -> v1::Verdict {
    v1::Verdict {
        kind: VerdictKind::NeedsDecision as i32,
        unit: decision.unit,
        policy: decision.policy,
        mode: Some(decision.mode.clone()),
        code: Rejection::NeedsDecision.code(),
        rejection: Rejection::NeedsDecision.name().into(),
        facts: facts::of_decision(context, wanted, decision),
        acting_role: context.actor.role,
        ..v1::Verdict::default()
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
#[must_use]
pub fn mode_name(kind: ModeKind) -> &'static str {
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
