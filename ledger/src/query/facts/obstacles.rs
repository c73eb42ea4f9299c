//! What an object has left, or is already, where that stands in the way; and the longest term that is allowed.

use polity_proto::v1::{
    Account, Action, Assignment, BudgetLine, Fact, Hold, Member, OwnerKind, Ref, Role, SodRule,
    Unit, action::Kind,
};

use super::{fact, length, names_of, rfc3339, shown, slug};
use crate::actions::budget::line_available;
use crate::actions::create_role::domain_key;
use crate::actions::set_policy;
use crate::actions::{ending, posting};
use crate::context::Context;
use crate::judge::{duties, power};
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Amount, Rejection};

/// Most objects of a kind that are named.
const NAMED_MAX: usize = 5;

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
        Rejection::DutyConflict => of_duties(context, kind),
        Rejection::UnitNotEmpty => of_unit(context, kind),
        Rejection::PeriodClosed => of_period(context, kind),
        Rejection::PolicyLaxer => of_policy(context, kind),
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

/// Which rule keeps what apart, and for whom.
fn of_duties(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let now = context.now().time;
    match kind {
        Kind::AssignRole(act) => {
            let member = context.resolve::<Member>(&act.member).ok()?;
            let role = context.resolve::<Role>(&act.role).ok()?;
            let rule = duties::broken_by_role(context, now, member, role)?;
            Some(vec![
                fact("rule", format!("s{}", rule.number)),
                fact("unit", format!("u{}", rule.unit)),
                fact("never_together", kept_apart(&rule)),
                fact("member", names_of(context, &[member])),
            ])
        }
        Kind::SetSodRule(act) => {
            let rule = SodRule {
                unit: context.resolve::<Unit>(&act.unit).ok()?,
                first: act.first,
                second: act.second,
                ..SodRule::default()
            };
            let breakers = duties::breakers(context, now, &rule);
            Some(vec![fact("hold_both", names_of(context, &breakers))])
        }
        _ => None,
    }
}

fn kept_apart(rule: &SodRule) -> String {
    format!("{} and {}", slug(rule.first()), slug(rule.second()))
}

/// What a unit still has that is to be dissolved.
fn of_unit(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let Kind::DissolveUnit(act) = kind else {
        return None;
    };
    let unit = context.resolve::<Unit>(&act.unit).ok()?;
    let owner = keys::owner_number(OwnerKind::Unit, unit);
    let accounts = lists::objects::<Account>(context, List::Accounts, owner);
    let accounts = accounts.filter(|account| !ending::is_empty(account));
    let roles = lists::objects::<Role>(context, List::Roles, unit);
    let roles = roles.filter(|role| is_held(context, role.number));
    let listed = |list: List| lists::all(context, list, unit);
    let left: [(&str, char, Vec<u64>); 6] = [
        ("units", 'u', listed(List::Children)),
        ("proposals", 'p', listed(List::Proposals)),
        ("elections", 'j', listed(List::Elections)),
        ("nodes", 'd', listed(List::Nodes)),
        ("accounts", 'a', accounts.map(|one| one.number).collect()),
        ("roles", 'r', roles.map(|one| one.number).collect()),
    ];
    let left = left
        .into_iter()
        .filter(|(_, _, numbers)| !numbers.is_empty());
    let facts = left.map(|(name, letter, numbers)| {
        let numbers = numbers.into_iter().take(NAMED_MAX);
        let numbers: Vec<String> = numbers.map(|one| format!("{letter}{one}")).collect();
        fact(name, numbers.join(", "))
    });
    Some(facts.collect())
}

fn is_held(context: &Context<'_, '_>, role: u64) -> bool {
    let now = context.now().time;
    let mut held = lists::objects::<Assignment>(context, List::Holders, role);
    held.any(|one| one.ended_at == 0 && power::lasts(one.until, now))
}

/// Whose books are closed, until when, and for which day it was asked.
fn of_period(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let (accounts, given) = match kind {
        Kind::Transfer(act) => ([&act.from, &act.to], act.value_date),
        Kind::PlaceHold(act) => {
            let transfer = act.transfer.as_ref()?;
            ([&transfer.from, &transfer.to], transfer.value_date)
        }
        Kind::Allocate(act) => ([&act.from, &act.to], act.value_date),
        Kind::ReturnAllocation(act) => ([&act.from, &act.to], act.value_date),
        Kind::RecordExternal(act) => ([&act.from, &act.to], act.value_date),
        _ => return None,
    };
    let date = posting::value_date(context, given);
    let mut units = accounts.into_iter().filter_map(|account| {
        let owner = posting::owner(&context.find::<Account>(account).ok()?);
        (owner.kind() == OwnerKind::Unit).then_some(owner.number)
    });
    let closed = |unit: &u64| date < posting::closed_until(context, *unit);
    let unit = units.find(closed)?;
    Some(vec![
        fact("unit", format!("u{unit}")),
        fact(
            "closed_until",
            rfc3339(posting::closed_until(context, unit)),
        ),
        fact("value_date", rfc3339(date)),
    ])
}

/// The policy above that is stricter.
fn of_policy(context: &Context<'_, '_>, kind: &Kind) -> Option<Vec<Fact>> {
    let Kind::SetPolicy(act) = kind else {
        return None;
    };
    let above = set_policy::stricter_above(context, act)?;
    let policy = format!("y{} of u{}", above.number, above.unit);
    Some(vec![fact("stricter", policy)])
}
