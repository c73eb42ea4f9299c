//! Being joined to a unit: what joining and leaving have in common, whoever asks for it.

use polity_proto::v1::{EndReason, Member, MemberState, ObjectKind, Role, Unit, UnitKind};

use super::{assign_role, ending};
use crate::Rejection;
use crate::context::Context;
use crate::decisions::passages;
use crate::judge::{Actor, kinds};
use crate::state::keys::List;
use crate::state::{lists, objects};

/// Most units that a member has joined: leaving the organisation leaves all.
const OF_A_MEMBER_MAX: u64 = 256;

/// Joins a member to a unit, as the unit's kind allows. `receiver`: who signs for the unit where the member comes by
/// their own act.
pub(super) fn join(
    context: &mut Context<'_, '_>,
    member: u64,
    unit: u64,
    receiver: Option<Actor>,
) -> Result<(), Rejection> {
    let mut member: Member = context.get(member)?;
    let unit: Unit = context.get(unit)?;
    if unit.dissolved_at != 0 {
        return Err(Rejection::UnitDissolved);
    }
    // A member without keys is in no electorate and no count.
    if member.state() != MemberState::Active {
        return Err(Rejection::MemberStateWrong);
    }
    if has_joined(context, member.number, unit.number) {
        return Err(Rejection::AlreadyJoined);
    }
    kinds::check_join(context, &unit, &member)?;
    if lists::count(context, List::JoinedBy, member.number) >= OF_A_MEMBER_MAX {
        return Err(Rejection::ListTooLong);
    }

    lists::append(context.state, List::Joined, unit.number, member.number);
    lists::append(context.state, List::JoinedBy, member.number, unit.number);
    if unit.kind() == UnitKind::Squad {
        member.home_squad = unit.number;
    }
    if unit.kind() == UnitKind::Chapter {
        member.chapters.push(unit.number);
    }
    passages::note_taken_in(context, &mut member, unit.number, receiver);
    context.put(&member);
    let histories = histories(unit.number, member.number);
    context.event(ObjectKind::Unit, unit.number, &histories);
    Ok(())
}

/// Whether a member has joined a unit.
pub(super) fn has_joined(context: &Context<'_, '_>, member: u64, unit: u64) -> bool {
    lists::contains(context, List::JoinedBy, member, unit)
}

/// Takes a member out of a unit: the unit's roles that the member holds end, and so does sitting
/// in a chapter of a tribe in which the member sits no longer. The caller knows that the member
/// has joined.
pub(super) fn leave(context: &mut Context<'_, '_>, member: u64, unit: u64, reason: EndReason) {
    take_out(context, member, unit, reason);
    leave_chapters(context, member);
}

/// As [`leave`], but chapters stay: the member is about to join another squad.
pub(super) fn take_out(context: &mut Context<'_, '_>, member: u64, unit: u64, reason: EndReason) {
    let now = context.now().time;
    for assignment in assign_role::open_of_member(context, member, now) {
        let role = objects::look::<Role>(context, assignment.role);
        let is_of_unit = role.is_some_and(|role| role.unit == unit);
        // Nor does somebody take from a unit whoever operates its validator, or says who does, by a squad.
        let is_kept = reason == EndReason::Member
            && assign_role::chosen_by(context, assignment.role)
                .next()
                .is_some();
        if is_of_unit && !is_kept {
            ending::end_assignment(context, assignment.number, EndReason::Member);
        }
    }
    let Some(mut member) = objects::get::<Member>(context, member) else {
        return;
    };

    lists::remove(context.state, List::Joined, unit, member.number);
    lists::remove(context.state, List::JoinedBy, member.number, unit);
    if member.home_squad == unit {
        member.home_squad = 0;
    }
    member.chapters.retain(|chapter| *chapter != unit);
    // A unit that is dissolved asks nobody any more.
    if reason != EndReason::Unit {
        passages::note_taken_out(context, unit, member.number);
    }
    passages::forget_entering(context, &mut member, unit);
    context.put(&member);
    let histories = histories(unit, member.number);
    context.ended(ObjectKind::Unit, unit, reason, &histories);
}

/// Takes a member out of every chapter whose tribe has no squad of theirs.
pub(super) fn leave_chapters(context: &mut Context<'_, '_>, member: u64) {
    let Some(found) = objects::get::<Member>(context, member) else {
        return;
    };
    let tribe = kinds::home_tribe(context, &found);
    for chapter in found.chapters {
        let above = objects::look::<Unit>(context, chapter).map_or(0, |unit| unit.parent);
        if above != tribe {
            take_out(context, member, chapter, EndReason::Member);
        }
    }
}

fn histories(unit: u64, member: u64) -> [(ObjectKind, u64); 2] {
    [(ObjectKind::Unit, unit), (ObjectKind::Member, member)]
}
