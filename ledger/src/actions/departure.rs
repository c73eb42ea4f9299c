//! Departing: what goes with a member who leaves, or whose invitation is withdrawn.

use polity_proto::v1::{Account, EndReason, Member, MemberState, ObjectKind, OwnerKind};

use super::{ending, membership};
use crate::Rejection;
use crate::context::Context;
use crate::decisions::closing;
use crate::state::keys::{self, List};
use crate::state::{lists, names};

/// Ends all that a member holds, and makes them departed. The caller tells of it.
pub(super) fn depart(context: &mut Context<'_, '_>, number: u64) -> Result<(), Rejection> {
    let listed_under = keys::owner_number(OwnerKind::Member, number);
    let accounts = lists::all(context, List::Accounts, listed_under);
    // Nobody could move what a departed member owns, nor collect what they owe.
    for account in &accounts {
        let account: Account = context.get(*account)?;
        if !ending::is_empty(&account) {
            return Err(Rejection::AccountNotEmpty);
        }
    }

    for assignment in lists::all(context, List::Assignments, number) {
        ending::end_assignment(context, assignment, EndReason::Member);
    }
    // What was opened in no role.
    closing::void_spending(context, number, 0);
    for delegation in lists::all(context, List::Delegations, number) {
        ending::end_grant(context, delegation, EndReason::Member);
    }
    for unit in lists::all(context, List::JoinedBy, number) {
        if membership::has_joined(context, number, unit) {
            membership::leave(context, number, unit, EndReason::Member);
        }
    }
    for account in accounts {
        ending::close_account(context, account, EndReason::Member);
    }
    let member: Member = context.get(number)?;
    names::release(
        context.state,
        ObjectKind::Member,
        0,
        &member.handle,
        &member.external_id,
    );
    context.put(&Member {
        state: MemberState::Departed as i32,
        ..member
    });
    Ok(())
}
