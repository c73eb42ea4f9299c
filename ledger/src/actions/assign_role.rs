//! `assign_role`: a member holds a role, from now on.

use std::rc::Rc;

use polity_proto::v1::{
    AssignRole, Assignment, Capability, Election, Grant, Manner, Member, MemberState, ObjectKind,
    Role, RoleKind, TimerKind, Unit,
};

use super::{Act, ending, giving};
use crate::context::Context;
use crate::judge::{Need, duties, kinds, power, self_government};
use crate::state::keys::List;
use crate::state::{Read, lists, objects, timers};
use crate::{Rejection, elections, form};

/// Percent of a member's time that assignments may claim together.
const PERCENTAGE_MAX: u32 = 100;

/// Most roles that a member holds: each of their acts may look at all.
const OF_A_MEMBER_MAX: u64 = 256;

/// So many more to which they are elected: whoever assigns asks nobody, and keeps nobody from an office by filling the room.
const ELECTED_BESIDE: u64 = 64;

impl Act for AssignRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::reference(&self.member)?;
        form::known_or_zero::<Manner>(self.manner)?;
        check_details(&self.focus, self.percentage)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        let _: Member = context.find(&self.member)?;
        Ok(needs_to_assign(context, &role))
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let role: Role = context.find(&self.role)?;
        let member: Member = context.find(&self.member)?;
        // An imported assignment carries no grants; its renewal is judged.
        if !context.is_genesis() && self.manner() != Manner::Imported {
            duties::check_assignment(context, now, member.number, role.number)?;
            giving::check_assignment(context, member.number, role.number)?;
        }
        check_lives(context, &role)?;
        match member.state() {
            MemberState::Active | MemberState::Invited | MemberState::Imported => {}
            MemberState::None | MemberState::Suspended | MemberState::Departed => {
                return Err(Rejection::MemberStateWrong);
            }
        }
        let election = election(context, self.manner(), &role, &member)?;
        // Written before the rest is decided: what follows is asked of the role without those who make room. A refusal takes
        // it back.
        if election.is_some() {
            elections::vacate(context, &role, member.number);
        }
        let most = match election {
            Some(_) => OF_A_MEMBER_MAX + ELECTED_BESIDE,
            None => OF_A_MEMBER_MAX,
        };
        if lists::count(context, List::Assignments, member.number) >= most {
            return Err(Rejection::ListTooLong);
        }
        let held = open_of_member(context, member.number, now);
        if held.iter().any(|other| other.role == role.number) {
            return Err(Rejection::AlreadyAssigned);
        }
        let most = kinds::holders_max(&role);
        if most != 0 && open_of_role(context, role.number, now).len() >= most as usize {
            return Err(Rejection::RoleFull);
        }
        check_lead_apart(context, &role, &held)?;
        check_percentage(&held, self.percentage)?;
        let asked = match &election {
            Some(election) => now.saturating_add(election.term),
            None => self.until,
        };
        let until = until(&role, asked, now)?;

        let number = context.next_number(ObjectKind::Assignment);
        let mut role: Role = context.get(role.number)?;
        let follows = std::mem::take(&mut role.vacated);
        context.put(&role);
        context.put(&Assignment {
            number,
            role: role.number,
            member: member.number,
            from: context.effective(),
            until,
            manner: self.manner,
            focus: self.focus.clone(),
            percentage: self.percentage,
            basis: Some(context.basis),
            assigned_by: context.basis.member,
            assigned_at: now,
            effective_at: context.effective_at,
            follows,
            ..Assignment::default()
        });
        lists::append(context.state, List::Holders, role.number, number);
        lists::append(context.state, List::Assignments, member.number, number);
        if until != 0 {
            timers::set_about(context.state, until, TimerKind::Assignment, number);
        }
        let histories = histories(role.number, member.number);
        context.event(ObjectKind::Assignment, number, &histories);
        ending::end_colliding(context, member.number);
        if let Some(election) = election {
            elections::elected(context, election, number);
        }
        Ok(())
    }
}

/// The election whose result is carried out here; none where nobody was elected. An elected role is
/// filled by it alone, or by a surrogate until then.
fn election(
    context: &Context<'_, '_>,
    manner: Manner,
    role: &Role,
    member: &Member,
) -> Result<Option<Election>, Rejection> {
    match manner {
        Manner::Elected => elections::deciding(context, role.number, member.number).map(Some),
        Manner::Surrogate if role.elected && is_filled(context, role) => Err(Rejection::RoleFull),
        Manner::Surrogate => Ok(None),
        Manner::Assigned | Manner::Imported if role.elected => Err(Rejection::ElectedOnly),
        Manner::Assigned | Manner::Imported => Ok(None),
    }
}

/// Whether somebody was elected, and as many hold the role as it asks for: beside them nobody stands in.
fn is_filled(context: &Context<'_, '_>, role: &Role) -> bool {
    let held = open_of_role(context, role.number, context.now().time);
    let is_elected = |held: &Assignment| held.manner() == Manner::Elected;
    held.iter().any(is_elected) && held.len() >= role.holders_min.max(1) as usize
}

/// The authority to fill a role. Whoever operates a validator, or says who does, is chosen by that department alone, and a
/// circle that governs itself fills its own roles: an ancestor's scope does not reach there.
pub(super) fn needs_to_assign(context: &Context<'_, '_>, role: &Role) -> Vec<Need> {
    let mut needs = Vec::new();
    for unit in chosen_by(context, role.number) {
        let need = Need {
            own_decision: true,
            ..Need::of(Capability::AssignRoles, unit)
        };
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    if !needs.iter().any(|need| need.unit == role.unit) {
        needs.push(Need {
            own_decision: is_of_its_circle(context, role),
            ..Need::of(Capability::AssignRoles, role.unit)
        });
    }
    needs
}

/// Whether a circle that governs itself says alone who holds the role. Its lead is chosen above it. Whoever filled and
/// emptied the others from above would decide in it: by their own people, or by leaving it without any.
pub(super) fn is_of_its_circle(context: &Context<'_, '_>, role: &Role) -> bool {
    role.kind() != RoleKind::Lead
        && self_government::is_self_governed_circle(context, role.unit, context.now().time)
}

/// Units that alone choose who holds a role.
pub(super) fn chosen_by(context: &Context<'_, '_>, role: u64) -> impl Iterator<Item = u64> {
    let now = context.now().time;
    lists::objects::<Grant>(context, List::Grants, role)
        .filter_map(move |grant| self_government::chooses_holder(context, &grant, now))
}

/// Bounds of what an assignment says beside role, member and term.
pub(super) fn check_details(focus: &str, percentage: u32) -> Result<(), Rejection> {
    form::line(focus, form::SHORT_BYTES_MAX)?;
    if percentage > PERCENTAGE_MAX {
        return Err(Rejection::PercentageExceeded);
    }
    Ok(())
}

/// Refuses a role that is removed, or whose unit is dissolved.
pub(super) fn check_lives(context: &Context<'_, '_>, role: &Role) -> Result<(), Rejection> {
    let unit: Unit = context.get(role.unit)?;
    if unit.dissolved_at != 0 {
        return Err(Rejection::UnitDissolved);
    }
    if role.removed_at != 0 {
        return Err(Rejection::RoleRemoved);
    }
    Ok(())
}

/// Assignments of a member that have not ended, also those whose timer waits.
pub(super) fn open_of_member(state: &dyn Read, member: u64, now: u64) -> Vec<Assignment> {
    open(state, List::Assignments, member, now)
}

/// Assignments to a role that have not ended, also those whose timer waits.
pub(super) fn open_of_role(state: &dyn Read, role: u64, now: u64) -> Vec<Assignment> {
    open(state, List::Holders, role, now)
}

fn open(state: &dyn Read, list: List, owner: u64, now: u64) -> Vec<Assignment> {
    lists::objects::<Assignment>(state, list, owner)
        .filter(|assignment| power::lasts(assignment.until, now))
        .map(Rc::unwrap_or_clone)
        .collect()
}

/// Whoever leads a circle does not represent it upwards.
fn check_lead_apart(
    context: &Context<'_, '_>,
    role: &Role,
    held: &[Assignment],
) -> Result<(), Rejection> {
    let apart = match role.kind() {
        RoleKind::Lead => RoleKind::Representative,
        RoleKind::Representative => RoleKind::Lead,
        RoleKind::Ordinary
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::ProductOwner => return Ok(()),
    };
    let collides = held
        .iter()
        .filter_map(|assignment| objects::get::<Role>(context, assignment.role))
        .any(|other| other.unit == role.unit && other.kind() == apart);
    if collides {
        Err(Rejection::LeadRepresents)
    } else {
        Ok(())
    }
}

/// A member's time has 100 percent. `others` are the assignments beside the one that is judged.
pub(super) fn check_percentage(others: &[Assignment], percentage: u32) -> Result<(), Rejection> {
    let sum = others.iter().fold(percentage, |sum, other| {
        sum.saturating_add(other.percentage)
    });
    if percentage != 0 && sum > PERCENTAGE_MAX {
        return Err(Rejection::PercentageExceeded);
    }
    Ok(())
}

/// The end of a term: what is asked for, else the role's own term from now, else none (0).
pub(super) fn until(role: &Role, asked: u64, now: u64) -> Result<u64, Rejection> {
    match (asked, role.term) {
        (0, 0) => Ok(0),
        (0, term) => now.checked_add(term).ok_or(Rejection::TimeMalformed),
        (asked, _) if asked > now => Ok(asked),
        _ => Err(Rejection::TimeMalformed),
    }
}

/// The histories that an assignment enters.
pub(super) fn histories(role: u64, member: u64) -> [(ObjectKind, u64); 2] {
    [(ObjectKind::Role, role), (ObjectKind::Member, member)]
}

#[cfg(test)]
mod tests;
