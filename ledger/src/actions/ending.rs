//! What ends together: with an assignment, a role, a unit or a member goes what hangs on it, each
//! with an event of its own and the reason.
//!
//! `EndReason::None` means that the present action is about the ending itself.

use polity_proto::v1::{
    Account, Assignment, Capability, EndReason, Grant, Manner, ObjectKind, Policy, Role, SodRule,
    TimerKind,
};

use super::{assign_role, create_role, ownership, posting};
use crate::context::Context;
use crate::decisions::{closing, passages};
use crate::elections;
use crate::judge::{duties, policies, power};
use crate::state::keys::{self, List};
use crate::state::{lists, names, objects, timers};
use crate::{Amount, Rejection};

/// Ends an assignment with its delegations and the open spending proposals of its holder. Holds
/// that its holder placed stay.
pub(crate) fn end_assignment(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let Some(assignment) = objects::get::<Assignment>(context, number) else {
        return;
    };
    if assignment.ended_at != 0 {
        return;
    }
    let (role, member) = (assignment.role, assignment.member);
    let mut histories = assign_role::histories(role, member).to_vec();
    histories.extend(passages::note_unassigned(context, &assignment));
    for grant in lists::all(context, List::Grants, role) {
        for delegation in lists::all(context, List::DelegationsOf, grant) {
            let from_here = objects::look::<Grant>(context, delegation)
                .is_some_and(|delegation| delegation.source_assignment == number);
            if from_here {
                end_grant(context, delegation, EndReason::Source);
            }
        }
    }

    lists::remove(context.state, List::Holders, role, number);
    lists::remove(context.state, List::Assignments, member, number);
    if assignment.until != 0 {
        let until = assignment.until;
        timers::clear_about(context.state, until, TimerKind::Assignment, number);
    }
    closing::void_spending(context, member, role);
    context.put(&Assignment {
        ended_at: context.now().time,
        end_reason: reason as i32,
        // What ends with something else, recorded for the past, ends no earlier than it began.
        ended_effective_at: match context.effective_at {
            0 => 0,
            then => then.max(assignment.from),
        },
        ..assignment
    });
    if let Some(mut role) = objects::get::<Role>(context, role) {
        role.vacated = number;
        context.put(&role);
    }
    context.ended(ObjectKind::Assignment, number, reason, &histories);
}

/// Ends an assignment whose term is over; a renewed one has a timer of its own.
pub(crate) fn term_over(context: &mut Context<'_, '_>, number: u64) {
    let over = objects::get::<Assignment>(context, number)
        .filter(|assignment| assignment.until != 0 && assignment.until <= context.now().time)
        .filter(|assignment| assignment.ended_at == 0);
    let Some(assignment) = over else {
        return;
    };
    end_assignment(context, number, EndReason::Term);
    if assignment.manner() == Manner::Elected {
        elections::fall_due(context, &assignment);
    }
}

/// Ends a grant or delegation, and what was delegated from it.
pub(crate) fn end_grant(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let Some(grant) = objects::get::<Grant>(context, number) else {
        return;
    };
    if grant.ended_at != 0 {
        return;
    }
    for delegation in lists::all(context, List::DelegationsOf, number) {
        end_grant(context, delegation, EndReason::Source);
    }

    let scope = grant.scope.unwrap_or_default();
    lists::remove(context.state, List::GrantsOver, scope.unit, number);
    let history = if grant.source == 0 {
        lists::remove(context.state, List::Grants, grant.role, number);
        (ObjectKind::Role, grant.role)
    } else {
        lists::remove(context.state, List::Delegations, grant.member, number);
        lists::remove(context.state, List::DelegationsOf, grant.source, number);
        (ObjectKind::Member, grant.member)
    };
    context.put(&Grant {
        ended_at: context.now().time,
        ..grant
    });
    context.ended(ObjectKind::Grant, number, reason, &[history]);
}

/// Ends what was delegated to a member and a duty rule keeps apart from what they hold by now: nobody asked them, and
/// whoever delegates keeps nobody from a role.
pub(crate) fn end_colliding(context: &mut Context<'_, '_>, member: u64) {
    for delegation in duties::colliding(context, context.now().time, member) {
        end_grant(context, delegation, EndReason::Role);
    }
}

/// Ends a role with its assignments and grants; its handle and domains are free again.
pub(crate) fn end_role(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let hanging = match reason {
        EndReason::None => EndReason::Role,
        reason => reason,
    };
    for assignment in lists::all(context, List::Holders, number) {
        end_assignment(context, assignment, hanging);
    }
    for grant in lists::all(context, List::Grants, number) {
        end_grant(context, grant, hanging);
    }
    let Some(role) = objects::get::<Role>(context, number) else {
        return;
    };
    elections::end_of_role(context, &role);

    create_role::release_domains(context, &role);
    names::release(
        context.state,
        ObjectKind::Role,
        role.unit,
        &role.handle,
        &role.external_id,
    );
    lists::remove(context.state, List::Roles, role.unit, number);
    let histories = [(ObjectKind::Role, number), (ObjectKind::Unit, role.unit)];
    context.put(&Role {
        removed_at: context.now().time,
        ..role
    });
    context.ended(ObjectKind::Role, number, reason, &histories);
}

/// Refuses to end a role that a policy of its unit, or of one above or below, names, other than a policy that ends with
/// the role: what asks for the role's holders could never be met again, and changing a policy passes its own strictest tier.
/// Units beside it name it without asking anybody, and do not keep it.
pub(crate) fn check_unnamed(
    context: &Context<'_, '_>,
    role: &Role,
    ends_with_it: impl Fn(&Policy) -> bool,
) -> Result<(), Rejection> {
    for policy in lists::objects::<Policy>(context, List::NamedBy, role.number) {
        let is_in_line = power::is_within(context, policy.unit, role.unit)
            || power::is_within(context, role.unit, policy.unit);
        if is_in_line && !ends_with_it(&policy) {
            return Err(Rejection::RoleNamed);
        }
    }
    Ok(())
}

/// Ends a unit's policy: nothing replaces it.
pub(crate) fn end_policy(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let Some(policy) = objects::get::<Policy>(context, number) else {
        return;
    };
    let unit = policy.unit;
    if policy.capability() != Capability::None {
        context
            .state
            .delete(keys::policy_of(unit, policy.capability()));
    }
    unlist_policy(context, &policy);
    context.put(&Policy {
        ended_at: context.now().time,
        ..policy
    });
    let histories = [(ObjectKind::Unit, unit)];
    context.ended(ObjectKind::Policy, number, reason, &histories);
}

/// Takes a policy that holds no more out of the lists of those that do.
pub(crate) fn unlist_policy(context: &mut Context<'_, '_>, policy: &Policy) {
    lists::remove(context.state, List::Policies, policy.unit, policy.number);
    for role in policies::named_roles(policy) {
        lists::remove(context.state, List::NamedBy, role, policy.number);
    }
}

/// Ends a rule of duties.
pub(crate) fn end_sod_rule(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let Some(rule) = objects::get::<SodRule>(context, number) else {
        return;
    };
    lists::remove(context.state, List::SodRules, 0, number);
    context.put(&SodRule {
        removed_at: context.now().time,
        ..rule
    });
    let histories = [(ObjectKind::Unit, rule.unit)];
    context.ended(ObjectKind::SodRule, number, reason, &histories);
}

/// Closes an account that is empty; its handle is free again.
pub(crate) fn close_account(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    let Some(account) = objects::get::<Account>(context, number) else {
        return;
    };
    let Ok(history) = ownership::history(context, &account) else {
        return;
    };
    let owner = posting::owner(&account);
    let listed_under = keys::owner_number(owner.kind(), owner.number);

    names::release(
        context.state,
        ObjectKind::Account,
        listed_under,
        &account.handle,
        &account.external_id,
    );
    lists::remove(context.state, List::Accounts, listed_under, number);
    context.put(&Account {
        closed_at: context.now().time,
        ..account
    });
    context.ended(ObjectKind::Account, number, reason, &[history]);
}

/// Whether an account holds nothing, and nothing is held in it.
pub(crate) fn is_empty(account: &Account) -> bool {
    let sum = |posted: &[u8]| Amount::from_state(posted);
    sum(&account.credits_posted) == sum(&account.debits_posted)
        && account.credits_pending.is_empty()
        && account.debits_pending.is_empty()
}
