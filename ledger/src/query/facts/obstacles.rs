//! What an object has left, or is already, where that stands in the way; and the longest term that is allowed.

use polity_proto::v1::{
    Account, Action, BudgetLine, Fact, Hold, Member, Ref, Role, Unit, action::Kind,
};

use super::{fact, length, shown};
use crate::actions::budget::line_available;
use crate::actions::create_role::domain_key;
use crate::context::Context;
use crate::state::names;
use crate::{Amount, Rejection};

/// Facts of an action's object; none where the refusal says all of it.
pub(super) fn of_object(
    context: &Context<'_, '_>,
    action: &Action,
    rejection: Rejection,
) -> Option<Vec<Fact>> {
    let kind = action.kind.as_ref()?;
    match rejection {
        Rejection::BudgetExceeded => of_line(context, kind),
        Rejection::HoldExceeded => of_hold(context, kind),
        Rejection::MemberStateWrong => of_member(context, kind),
        Rejection::DomainTaken => of_domain(context, kind),
        Rejection::AuditorTerm => Some(vec![fact(
            "longest",
            length(context.parameters().auditor_max),
        )]),
        Rejection::TimeMalformed if matches!(kind, Kind::GiveSodException(_)) => Some(vec![fact(
            "longest",
            length(context.parameters().exception_max),
        )]),
        _ => None,
    }
}

/// What is left of a budget line.
fn of_line(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let line = match kind {
        Kind::Transfer(act) => &act.line,
        Kind::PlaceHold(act) => &act.transfer.as_ref()?.line,
        Kind::Allocate(act) => &act.line,
        Kind::MoveBudget(act) => &act.from,
        _ => return None,
    };
    let line: BudgetLine = context.find(line).ok()?;
    let left = line_available(&line)?;
    Some(vec![
        fact("line", format!("b{}", line.number)),
        fact("left", shown(context, left, line.asset)),
    ])
}

/// What is held.
fn of_hold(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let Kind::PostHold(act) = kind else {
        return None;
    };
    let hold: Hold = context.find(&act.hold).ok()?;
    let account: Account = context.get(hold.from).ok()?;
    let held = Amount::from_state(&hold.amount);
    Some(vec![fact("held", shown(context, held, account.asset))])
}

/// In which state the member is whom the action is about.
fn of_member(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let named: &Option<Ref> = match kind {
        Kind::Join(act) => &act.member,
        Kind::WithdrawInvitation(act) => &act.member,
        Kind::SuspendMember(act) => &act.member,
        Kind::ReinstateMember(act) => &act.member,
        Kind::RecoverMember(act) => &act.member,
        Kind::JoinUnit(act) => &act.member,
        Kind::AssignRole(act) => &act.member,
        Kind::GrantAuditor(act) => &act.member,
        Kind::GiveSodException(act) => &act.member,
        _ => return None,
    };
    let member: Member = context.find(named).ok()?;
    let state = member.state().as_str_name();
    let state = state.trim_start_matches("MEMBER_STATE_");
    Some(vec![fact("state", state.to_ascii_lowercase())])
}

/// The role that holds the first domain which another one wants.
fn of_domain(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let (unit, own, domains) = match kind {
        Kind::CreateRole(act) => (context.resolve::<Unit>(&act.unit).ok()?, 0, &act.domains),
        Kind::AmendRole(act) => {
            let role: Role = context.find(&act.role).ok()?;
            (role.unit, role.number, &act.domains)
        }
        _ => return None,
    };
    let holder = domains.iter().find_map(|domain| {
        let holder = names::find(context, &domain_key(unit, domain))?;
        (holder != own).then_some((domain, holder))
    });
    let (domain, holder) = holder?;
    Some(vec![
        fact("domain", domain),
        fact("role", format!("r{holder}")),
    ])
}
