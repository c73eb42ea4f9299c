//! Units, kinds and assignments.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Assignment, BasisSource, Election, ElectionStep, Manner, Member, MemberState, Organisation,
    Proposal, Role, TimerKind, Unit, UnitKind,
};

use super::{Broken, State, all, ensure, find, has_timer};
use crate::judge::kinds as rules;
use crate::judge::{Now, power};
use crate::state::keys::List;
use crate::state::{lists, timers};

/// One root, from which every unit hangs at a bounded depth; the living hang from the living.
pub(super) fn tree(state: &State, _: Now) -> Result<(), Broken> {
    let root = find::<Organisation>(state, 0).map_or(0, |organisation| organisation.root_unit);
    for unit in all::<Unit>(state) {
        let number = unit.number;
        let lineage = power::lineage(state, number);
        let hangs = lineage.last().is_some_and(|last| last.number == root);
        let ends = (unit.parent == 0) == (number == root);
        let depth = lineage.len() <= power::UNIT_DEPTH_MAX;
        ensure(5, hangs && ends && depth, || {
            format!("unit {number} does not hang from the root")
        })?;
        let lives = unit.dissolved_at == 0;
        let above_lives = lineage.iter().all(|above| above.dissolved_at == 0);
        ensure(5, !lives || above_lives, || {
            format!("unit {number} lives below a dissolved one")
        })?;
    }
    Ok(())
}

/// Squads and chapters sit in tribes, nothing holds more than it may, and members and units tell
/// the same about home squads and chapters.
pub(super) fn kinds(state: &State, _: Now) -> Result<(), Broken> {
    for unit in all::<Unit>(state).filter(|unit| unit.dissolved_at == 0) {
        check_unit(state, &unit)?;
    }
    for member in all::<Member>(state) {
        let number = member.number;
        let of_kind = |kind| -> BTreeSet<u64> {
            lists::objects::<Unit>(state, List::JoinedBy, number)
                .filter(|unit| unit.kind() == kind)
                .map(|unit| unit.number)
                .collect()
        };
        let homes: BTreeSet<u64> = (member.home_squad != 0)
            .then_some(member.home_squad)
            .into_iter()
            .collect();
        ensure(6, of_kind(UnitKind::Squad) == homes, || {
            format!("member {number} has another home squad than it joined")
        })?;
        let chapters: BTreeSet<u64> = member.chapters.iter().copied().collect();
        ensure(6, of_kind(UnitKind::Chapter) == chapters, || {
            format!("member {number} has other chapters than it joined")
        })?;
    }
    Ok(())
}

fn check_unit(state: &State, unit: &Unit) -> Result<(), Broken> {
    let number = unit.number;
    let fits = rules::check_place(state, unit.kind(), unit.parent).is_ok()
        && rules::check_ceiling(unit.kind(), unit.ceiling).is_ok();
    ensure(6, fits, || format!("unit {number} is out of place"))?;
    for role in lists::all(state, List::Roles, number) {
        let fits = find::<Role>(state, role)
            .is_some_and(|role| rules::check_role(state, unit, &role).is_ok());
        ensure(6, fits, || format!("unit {number} cannot have role {role}"))?;
    }
    let joined = lists::all(state, List::Joined, number);
    let full = match unit.kind() {
        UnitKind::Squad => joined.len() as u64 > rules::SQUAD_MEMBERS_MAX,
        UnitKind::Tribe => {
            rules::tribe_members(state, number).len() > rules::ceiling(unit) as usize
        }
        UnitKind::None
        | UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Chapter
        | UnitKind::Guild
        | UnitKind::Project
        | UnitKind::Team => false,
    };
    ensure(6, !full, || format!("unit {number} holds too many"))?;
    if unit.kind() != UnitKind::Chapter {
        return Ok(());
    }
    let sit_here = joined.into_iter().all(|member| {
        find::<Member>(state, member)
            .is_some_and(|member| rules::home_tribe(state, &member) == unit.parent)
    });
    ensure(6, sit_here, || {
        format!("chapter {number} has members of another tribe")
    })
}

/// What is not ended has a living role, unit and member, and a timer where it has a term.
pub(super) fn assignments(state: &State, _: Now) -> Result<(), Broken> {
    for assignment in all::<Assignment>(state).filter(|assignment| assignment.ended_at == 0) {
        let number = assignment.number;
        let role = find::<Role>(state, assignment.role)
            .is_some_and(|role| role.removed_at == 0 && power::unit_lives(state, role.unit));
        ensure(7, role, || format!("assignment {number} outlives its role"))?;
        let member = find::<Member>(state, assignment.member)
            .is_some_and(|member| member.state() != MemberState::Departed);
        ensure(7, member, || {
            format!("assignment {number} outlives its member")
        })?;
        let ends = assignment.until == 0
            || timers::moments_about(assignment.until)
                .any(|due| has_timer(state, due, TimerKind::Assignment, number));
        ensure(7, ends, || format!("assignment {number} never ends"))?;
    }
    Ok(())
}

/// Whoever holds an elected role was elected by the election that its proposal carried out, or stands in until the
/// election; and an election that is over elected nobody else.
pub(super) fn elected(state: &State, _: Now) -> Result<(), Broken> {
    for assignment in all::<Assignment>(state) {
        let elected = find::<Role>(state, assignment.role).is_some_and(|role| role.elected);
        let fits = match assignment.manner() {
            Manner::Elected => elected && was_elected(state, &assignment),
            Manner::Surrogate => true,
            Manner::Assigned | Manner::Imported => !elected,
        };
        ensure(8, fits, || {
            format!("assignment {} fills an elected role", assignment.number)
        })?;
    }
    for election in all::<Election>(state) {
        let fits = match election.step() {
            ElectionStep::Elected => find::<Assignment>(state, election.assignment)
                .is_some_and(|assignment| assignment.member == election.candidate),
            ElectionStep::None => false,
            ElectionStep::Ballots
            | ElectionStep::Reveal
            | ElectionStep::Change
            | ElectionStep::Objections
            | ElectionStep::Ended => election.assignment == 0,
        };
        ensure(8, fits && one_ballot_each(&election), || {
            format!("election {} is out of order", election.number)
        })?;
    }
    Ok(())
}

fn was_elected(state: &State, assignment: &Assignment) -> bool {
    let basis = assignment.basis.unwrap_or_default();
    let proposal = (basis.source() == BasisSource::Proposal)
        .then(|| find::<Proposal>(state, basis.number))
        .flatten();
    proposal
        .and_then(|proposal| find::<Election>(state, proposal.election))
        .is_some_and(|election| {
            election.role == assignment.role && election.assignment == assignment.number
        })
}

/// Only electors vote, each once, and whoever is nominated is one of them.
fn one_ballot_each(election: &Election) -> bool {
    let voters: BTreeSet<u64> = election.ballots.iter().map(|ballot| ballot.voter).collect();
    let knows = |member| election.electorate.contains(&member);
    voters.len() == election.ballots.len()
        && voters.into_iter().all(knows)
        && election
            .ballots
            .iter()
            .all(|ballot| ballot.nominee == 0 || knows(ballot.nominee))
}
