//! Adoption: what a unit decided is done, by the authority of the proposal.

use polity_proto::v1::{
    Basis, BasisSource, Event, Mode, ModeKind, ObjectKind, Policy, Proposal, ProposalKind,
    ProposalState,
};

use super::judging::check_covered;
use super::{closing, content, mode, settling, timing};
use crate::Amount;
use crate::Rejection;
use crate::actions;
use crate::context::{Authority, Context};
use crate::elections;
use crate::judge::{
    Actor, Need, Trace, Verdict, departments, floor, hands, judge, judge_decided, judge_proposal,
    policies, power,
};
use crate::outlook;
use crate::state::objects;

/// Acts on a decision: at once, or by noting from when the proposer may execute it. What was
/// announced keeps its wait, whoever decided in between.
pub(crate) fn decide(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
) -> Result<(), Rejection> {
    let now = context.now();
    let from = now.waiting().saturating_add(mode::wait(&proposal));
    proposal.decided_at = now.time;
    proposal.executable_at = proposal.executable_at.max(from);
    if proposal.executable_at <= now.waiting() {
        return execute(context, proposal);
    }
    let ttl = context.parameters().proposal_ttl;
    timing::clear_timer(context, &proposal);
    proposal.state = ProposalState::Decided as i32;
    proposal.lapses_at = proposal.executable_at.saturating_add(ttl);

    timing::set_timer(context, &proposal);
    settling::record(context, &proposal);
    Ok(())
}

/// Executes what was decided, as a whole or not at all. That it no longer can is recorded with the
/// rejection and is no failure of whoever answered last.
pub(crate) fn execute(context: &mut Context<'_, '_>, proposal: Proposal) -> Result<(), Rejection> {
    let number = proposal.number;
    let proposer = Actor::proposing(&proposal);
    // The assignment by which it was proposed, whatever became of that since.
    let basis = Basis {
        source: BasisSource::Proposal as i32,
        member: proposal.proposer,
        role: proposal.role,
        number,
        assignment: proposal.assignment,
        ..Basis::default()
    };
    // Closed before it acts: what it reserved is free for it, and it cannot end itself.
    let proposal = closing::close(context, proposal, ProposalState::Adopted);
    let done = context.nested(Authority::Proposal(number), proposer, |context| {
        run(context, &proposal, basis)
    });

    record(context, number, basis, done.err())
}

/// Records what came of it.
fn record(
    context: &mut Context<'_, '_>,
    number: u64,
    basis: Basis,
    failed: Option<Rejection>,
) -> Result<(), Rejection> {
    let mut adopted: Proposal = context.get(number)?;
    if let Some(rejection) = failed {
        adopted.state = ProposalState::Failed as i32;
        adopted.failed_code = rejection.code();
    }
    context.put(&adopted);
    let event = Event {
        basis: Some(basis),
        failed_code: adopted.failed_code,
        ..context.new_event(ObjectKind::Proposal, number)
    };
    context.push(event, &[(ObjectKind::Proposal, number)]);
    elections::proposal_closed(context, &adopted);
    Ok(())
}

fn run(context: &mut Context<'_, '_>, proposal: &Proposal, basis: Basis) -> Result<(), Rejection> {
    check_proposer(context, proposal)?;
    let actions = content::actions_of(&proposal.actions)?;
    outlook::check_bound(context, context.actor, &actions, &proposal.outlook)?;
    for (index, action) in actions.iter().enumerate() {
        context.begin(index as u32, action)?;
        for need in actions::needs(context, action)? {
            check_still_covered(context, proposal, &need)?;
        }
        context.basis = basis;
        actions::apply(context, action)?;
    }
    Ok(())
}

/// Refuses a proposer who has since lost their membership, the role that they spend in, or what let them begin.
fn check_proposer(context: &Context<'_, '_>, proposal: &Proposal) -> Result<(), Rejection> {
    // What the ledger itself proposed has no proposer.
    if proposal.proposer == 0 {
        return Ok(());
    }
    if !power::member_is_active(context, proposal.proposer) {
        return Err(Rejection::MemberInactive);
    }
    if proposal.kind() != ProposalKind::Operation {
        return Ok(());
    }
    let now = context.now();
    let (proposer, role) = (proposal.proposer, proposal.role);
    if role != 0 && power::holding(context, proposer, role, now.time).is_none() {
        return Err(Rejection::RoleNotHeld);
    }
    Rejection::NoGrant.unless(policies::lets_begin(context, now, proposal))
}

/// Does not judge again what was judged at the opening, but what changed under it: what the unit holds, what the
/// departments must decide by now, and what another unit allowed the proposer.
fn check_still_covered(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    need: &Need,
) -> Result<(), Rejection> {
    let (now, mode) = (context.now(), mode::standing(proposal));
    let is_by_departments = mode.kind() == ModeKind::Departments;
    if need.own || need.people > 1 {
        return Err(Rejection::ActionNotProposable);
    }
    if need.departments {
        return Rejection::NeedsDecision.unless(is_by_departments);
    }
    if !power::unit_capabilities(context, need.unit).contain(need.capability) {
        return Err(Rejection::NotConferred);
    }
    if need.unit == proposal.unit {
        // The policy that is to be changed may have been replaced by one that takes more to change.
        Rejection::StricterMode.unless(floor::is_passed(context, need, &mode))?;
        let is_in_place_of_the_unit = is_by_departments
            && proposal.policy == 0
            && !departments::sets_up_root(context, now, need);
        let is_value_beside =
            power::is_over_value(need.capability) && need.capability != proposal.capability();
        // What nobody but the proposer had to agree to is theirs only as long as they could do it alone; and so is what
        // they pay alone beside what others decided. The departments stood in for a unit in which nobody could decide,
        // and another rule for one that decides itself by now: neither holds any longer.
        let is_of_one = (is_value_beside || !power::is_over_value(need.capability))
            && hands::is_decided_by_one(context, proposal.number);
        let is_judged_anew = is_of_one
            || is_value_beside && proposal.silence_is_own
            || is_in_place_of_the_unit
            || is_decided_by_another_rule(context, proposal, need, &mode);
        if !is_judged_anew && !is_value_beside {
            return Ok(());
        }
        let judge = if is_of_one {
            judge_proposal
        } else {
            judge_decided
        };
        return match judge(context, now, context.actor, need, &mut Trace::off()) {
            Verdict::Allowed(_) => Ok(()),
            Verdict::NeedsDecision(decision) if is_judged_anew => check_covered(&decision, &mode),
            // How it is decided was said at the opening.
            Verdict::NeedsDecision(_) => Ok(()),
            Verdict::Refused(rejection) => Err(rejection),
        };
    }
    if context.has_created(ObjectKind::Unit, need.unit) {
        return Ok(());
    }
    match judge(
        context,
        now,
        context.actor,
        need,
        Amount::ZERO,
        &mut Trace::off(),
    ) {
        Verdict::Allowed(_) => Ok(()),
        Verdict::NeedsDecision(_) => Err(Rejection::NeedsDecision),
        Verdict::Refused(rejection) => Err(rejection),
    }
}

/// Whether the unit alone decides about a need by now, and this decision is not its own: it was made by a policy of a
/// unit above or about something else, and did not ask all whom the unit asks.
fn is_decided_by_another_rule(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    need: &Need,
    mode: &Mode,
) -> bool {
    let policy = objects::look::<Policy>(context, proposal.policy);
    let is_of_the_unit = policy.is_none_or(|policy| {
        policy.unit == proposal.unit && policy.capability() == need.capability
    });
    let is_asked = mode::asks_electorate(mode) && policies::is_heard(mode);
    need.own_decision && !is_of_the_unit && !is_asked
}
