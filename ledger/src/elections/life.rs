//! From the call of an election to the count, step by step.

use polity_proto::v1::{
    Assignment, Ballot, Capability, Election, ElectionStep, EndReason, Member, MemberState,
    ObjectKind, Role, TimerKind,
};

use super::{is_open, outcome, record};
use crate::Rejection;
use crate::context::Context;
use crate::decisions::electorate;
use crate::judge::power;
use crate::state::keys::List;
use crate::state::{Read, lists, objects, timers};

/// Rounds of sealed ballots, where nobody's nomination counts.
const ROUNDS_MAX: u32 = 2;

/// Calls an election for a role that lives; `caller` 0: a term is over. Its number is returned.
pub(crate) fn call(
    context: &mut Context<'_, '_>,
    role: &Role,
    caller: u64,
    term: u64,
) -> Result<u64, Rejection> {
    if !role.elected {
        return Err(Rejection::RoleNotElected);
    }
    // An election cannot bring about what was not conferred on the unit.
    if !power::unit_capabilities(context, role.unit).contain(CAPABILITY) {
        return Err(Rejection::NotConferred);
    }
    if is_called(context, role) {
        return Err(Rejection::ElectionOpen);
    }
    let electorate = electorate::of_election(context, role.unit)?;

    let number = context.next_number(ObjectKind::Election);
    let term = match (term, role.term) {
        (0, 0) => context.parameters().election_term,
        (0, term) | (term, _) => term,
    };
    lists::append(context.state, List::Elections, role.unit, number);
    let election = Election {
        number,
        unit: role.unit,
        role: role.number,
        caller,
        term,
        electorate,
        round: 1,
        called_at: context.now().time,
        ..Election::default()
    };
    let wait = context.parameters().election_ballots;
    begin(context, election, ElectionStep::Ballots, wait);
    let histories = [
        (ObjectKind::Election, number),
        (ObjectKind::Unit, role.unit),
    ];
    context.event(ObjectKind::Election, number, &histories);
    Ok(number)
}

/// Whether an election of the role is open.
fn is_called(state: &dyn Read, role: &Role) -> bool {
    lists::objects::<Election>(state, List::Elections, role.unit)
        .any(|election| election.role == role.number)
}

/// The term of an elected member is over: the next election begins by itself, with the same length
/// of term (Holacracy Constitution 5.0, 5.3.5, where the facilitator has to see to it). Where an
/// election is open, or nobody could take part, nothing begins.
pub(crate) fn fall_due(context: &mut Context<'_, '_>, over: &Assignment) {
    let Some(role) = objects::get::<Role>(context, over.role) else {
        return;
    };
    if role.removed_at == 0 && power::unit_lives(context, role.unit) {
        let term = over.until.saturating_sub(over.from);
        let _ = call(context, &role, 0, term);
    }
}

/// Enters a step that takes ballots for so long, and writes the election.
fn begin(context: &mut Context<'_, '_>, mut election: Election, step: ElectionStep, wait: u64) {
    clear_timer(context, &election);
    election.step = step as i32;
    election.step_until = context.now().waiting().saturating_add(wait);
    set_timer(context, &election);
    context.put(&election);
}

fn set_timer(context: &mut Context<'_, '_>, election: &Election) {
    let due = election.step_until.saturating_add(context.now().paused);
    timers::set_about(context.state, due, TimerKind::Election, election.number);
}

/// Takes away the timer of a step that ends early. One that was set before an outage stays, and
/// finds nothing to do.
pub(super) fn clear_timer(context: &mut Context<'_, '_>, election: &Election) {
    if election.step_until != 0 {
        let due = election.step_until.saturating_add(context.now().paused);
        timers::clear_about(context.state, due, TimerKind::Election, election.number);
    }
}

/// Refuses a ballot at another step, or after its time, whether or not the timer has run.
pub(crate) fn check_step(
    context: &Context<'_, '_>,
    election: &Election,
    step: ElectionStep,
) -> Result<(), Rejection> {
    if !is_open(election) {
        return Err(Rejection::ElectionClosed);
    }
    Rejection::ElectionStep
        .unless(election.step() == step && context.now().waiting() < election.step_until)
}

/// Whether somebody could still seal a ballot.
pub(crate) fn awaits_electors(state: &dyn Read, election: &Election) -> bool {
    let has_sealed = |elector| {
        let mut ballots = election.ballots.iter();
        ballots.any(|ballot| ballot.voter == elector)
    };
    let mut electors = election.electorate.iter().copied();
    electors.any(|elector| !has_sealed(elector) && !has_left(state, elector))
}

/// Whether somebody has still `to_do` something to their ballot before the step ends.
pub(crate) fn awaits_voters(
    state: &dyn Read,
    election: &Election,
    to_do: impl Fn(&Ballot) -> bool,
) -> bool {
    let mut ballots = election.ballots.iter();
    ballots.any(|ballot| to_do(ballot) && !has_left(state, ballot.voter))
}

/// Nobody waits for a voter who left for good; a suspension may be taken back, and decides no election by ending a step.
fn has_left(state: &dyn Read, voter: u64) -> bool {
    objects::look::<Member>(state, voter).is_none_or(|voter| voter.state() == MemberState::Departed)
}

/// The timer of an election: its step is over, or waits on, where outages do not count.
pub(crate) fn step_over(context: &mut Context<'_, '_>, number: u64) {
    let Ok(election) = context.get::<Election>(number) else {
        return;
    };
    // Without ballots the step has a clock of its own: the proposal's.
    if !is_open(&election) || election.step_until == 0 {
        return;
    }
    if context.now().waiting() < election.step_until {
        set_timer(context, &election)
    } else {
        go_on(context, election)
    }
}

/// Goes on to the next step: to the reveal, or to the count.
pub(crate) fn go_on(context: &mut Context<'_, '_>, election: Election) {
    let number = election.number;
    match election.step() {
        ElectionStep::Ballots if election.ballots.is_empty() => repeat(context, election),
        ElectionStep::Ballots => {
            let wait = context.parameters().election_reveal;
            begin(context, election, ElectionStep::Reveal, wait);
            record(context, number);
        }
        ElectionStep::Reveal | ElectionStep::Change => outcome::count(context, election),
        ElectionStep::None
        | ElectionStep::Objections
        | ElectionStep::Elected
        | ElectionStep::Ended => {}
    }
}

/// A tie: each voter may change their nomination once (Holacracy Constitution 5.0, 5.3.5 d).
pub(super) fn change_round(context: &mut Context<'_, '_>, election: Election) {
    let number = election.number;
    let wait = context.parameters().election_change;
    let changed = Election {
        changed: true,
        ..election
    };
    begin(context, changed, ElectionStep::Change, wait);
    record(context, number);
}

/// Nobody's nomination counts: ballots are sealed once more, under the next round's number.
pub(super) fn repeat(context: &mut Context<'_, '_>, election: Election) {
    if election.round >= ROUNDS_MAX {
        return outcome::end_without(context, election, EndReason::Lapsed);
    }
    let number = election.number;
    let wait = context.parameters().election_ballots;
    let next = Election {
        round: election.round + 1,
        ballots: Vec::new(),
        ..election
    };
    begin(context, next, ElectionStep::Ballots, wait);
    record(context, number);
}

/// The capability that a proposal of an election's result is filed under.
pub(super) const CAPABILITY: Capability = Capability::AssignRoles;
