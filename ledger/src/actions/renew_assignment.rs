//! `renew_assignment`: a new term, focus or share of time. An imported assignment carries its role's
//! grants from here on.

use polity_proto::v1::{
    Assignment, Manner, Member, MemberState, ObjectKind, RenewAssignment, Role, TimerKind,
};

use super::{Act, assign_role, resign_role};
use crate::context::Context;
use crate::judge::{Need, duties};
use crate::state::timers;
use crate::{Rejection, form};

impl Act for RenewAssignment {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.assignment)?;
        assign_role::check_details(&self.focus, self.percentage)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        let role: Role = context.get(assignment.role)?;
        Ok(assign_role::needs_to_assign(context, &role))
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let assignment: Assignment = context.find(&self.assignment)?;
        let role: Role = context.get(assignment.role)?;
        let member: Member = context.get(assignment.member)?;
        let imported = assignment.manner() == Manner::Imported;
        if imported && !context.is_genesis() {
            duties::check_assignment(context, now, member.number, role.number)?;
        }
        resign_role::check_open(context, &assignment)?;
        // A suspended member's roles wait; a departed one has none.
        if member.state() == MemberState::Suspended {
            return Err(Rejection::MemberStateWrong);
        }
        if role.elected && assignment.manner() != Manner::Surrogate {
            return Err(Rejection::ElectedOnly);
        }
        let mut others = assign_role::open_of_member(context, member.number, now);
        others.retain(|other| other.number != assignment.number);
        assign_role::check_percentage(&others, self.percentage)?;
        let until = assign_role::until(&role, self.until, now)?;

        let number = assignment.number;
        if assignment.until != 0 {
            let before = assignment.until;
            timers::clear(context.state, before, TimerKind::Assignment, number);
        }
        if until != 0 {
            timers::set(context.state, until, TimerKind::Assignment, number);
        }
        let mut renewed = Assignment {
            until,
            focus: self.focus.clone(),
            percentage: self.percentage,
            basis: Some(context.basis),
            ..assignment
        };
        // Whoever makes an imported assignment carry grants is who assigned it.
        if imported {
            renewed.manner = Manner::Assigned as i32;
            renewed.assigned_by = context.actor.member;
        }
        context.put(&renewed);
        let histories = assign_role::histories(role.number, member.number);
        context.event(ObjectKind::Assignment, number, &histories);
        Ok(())
    }
}
