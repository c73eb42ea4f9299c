//! Being joined to a unit: what joining and leaving have in common, whoever asks for it.

use polity_proto::v1::{EndReason, Member, ObjectKind, Unit, UnitKind};

use crate::Rejection;
use crate::context::Context;
use crate::judge::kinds;
use crate::state::keys::List;
use crate::state::lists;

/// Joins a member to a unit, as the unit's kind allows.
pub(super) fn join(context: &mut Context<'_, '_>, member: u64, unit: u64) -> Result<(), Rejection> {
    let mut member: Member = context.get(member)?;
    let unit: Unit = context.get(unit)?;
    if unit.dissolved_at != 0 {
        return Err(Rejection::UnitDissolved);
    }
    // A member without keys is in no electorate and no count.
    if member.state() != polity_proto::v1::MemberState::Active {
        return Err(Rejection::MemberStateWrong);
    }
    if lists::contains(context, List::JoinedBy, member.number, unit.number) {
        return Err(Rejection::AlreadyJoined);
    }
    kinds::check_join(context, &unit, &member)?;

    lists::append(context.state, List::Joined, unit.number, member.number);
    lists::append(context.state, List::JoinedBy, member.number, unit.number);
    match unit.kind() {
        UnitKind::Squad => member.home_squad = unit.number,
        UnitKind::Chapter => member.chapters.push(unit.number),
        UnitKind::None
        | UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Tribe
        | UnitKind::Guild
        | UnitKind::Project
        | UnitKind::Team => {}
    }
    context.put(&member);
    context.event(
        ObjectKind::Unit,
        unit.number,
        &histories(unit.number, member.number),
    );
    Ok(())
}

/// Takes a member out of a unit; `reason` where nobody asked for that itself.
/// The caller knows that the member has joined.
pub(super) fn leave(
    context: &mut Context<'_, '_>,
    member: u64,
    unit: u64,
    reason: EndReason,
) -> Result<(), Rejection> {
    let mut member: Member = context.get(member)?;

    lists::remove(context.state, List::Joined, unit, member.number);
    lists::remove(context.state, List::JoinedBy, member.number, unit);
    if member.home_squad == unit {
        member.home_squad = 0;
    }
    member.chapters.retain(|chapter| *chapter != unit);
    context.put(&member);
    let histories = histories(unit, member.number);
    match reason {
        EndReason::None => context.event(ObjectKind::Unit, unit, &histories),
        _ => context.ended(ObjectKind::Unit, unit, reason, &histories),
    }
    Ok(())
}

fn histories(unit: u64, member: u64) -> [(ObjectKind, u64); 2] {
    [(ObjectKind::Unit, unit), (ObjectKind::Member, member)]
}
