//! What a reader wants to know of a refusal: amounts, limits, what is missing, until when, who could.
//!
//! Facts are computed for queries and never hashed. Objects are written as people write them
//! (`g41`, `u4`), members by handle, amounts in the asset's decimals, times in RFC 3339.

mod authority;
mod correcting;
mod obstacles;
mod proposing;
mod together;
mod ways;

use polity_proto::v1::{
    Account, Action, Asset, Capability, ExecuteProposal, Fact, Grant, Member, Mode, ModeKind,
    OwnerKind, Proposal, action::Kind,
};

use super::verdict::mode_name;
use super::wanted::Wanted;
use crate::actions::{posting, revoke_key};
use crate::context::Context;
use crate::decisions::electorate;
use crate::judge::{
    Actor, Decision, Need, Trace, ValueNeed, Verdict, duties, grants, judge_proposal, policies,
    power, sleeps_until,
};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};
use crate::{Amount, Rejection, time};

/// Most people who are named.
pub const PEOPLE_MAX: usize = 5;

/// Most proposals that are named.
const PROPOSALS_MAX: usize = 5;

fn fact(name: &str, value: impl ToString) -> Fact {
    Fact {
        name: name.into(),
        value: value.to_string(),
    }
}

/// What a decision takes: whose, by which policy and mode, and who could approve what the actor proposes.
pub(super) fn of_decision(
    context: &Context<'_, '_>,
    wanted: &Wanted<'_>,
    decision: &Decision,
) -> Vec<Fact> {
    let mut facts = vec![
        fact("unit", format!("u{}", decision.unit)),
        fact("mode", mode_name(decision.mode.kind())),
    ];
    if decision.policy != 0 {
        facts.push(fact("policy", format!("y{}", decision.policy)));
    }
    if decision.aggregated {
        facts.extend(aggregated(context, wanted));
    }
    let (unit, proposers) = (decision.unit, [context.actor]);
    facts.extend(of_mode(context, wanted, unit, &decision.mode, &proposers));
    if let Some(stricter) = &decision.mode.escalates_to {
        facts.push(fact("escalates_to", mode_name(stricter.kind())));
        facts.extend(of_mode(context, wanted, unit, stricter, &proposers));
    }
    facts
}

/// What the amount comes to with what went to the same payee before: splitting lowers no tier.
fn aggregated(context: &Context<'_, '_>, wanted: &Wanted<'_>) -> Option<Fact> {
    let value = wanted.needs.iter().find_map(|need| need.value.as_ref())?;
    let together = policies::spent_recently(context, context.now(), value);
    let together = shown(context, together, value.asset);
    Some(fact(
        "aggregated",
        format!("{together} to one payee within 30 days"),
    ))
}

/// How long a mode takes, and whom it asks about what one of these proposes.
fn of_mode(
    context: &Context<'_, '_>,
    wanted: &Wanted<'_>,
    unit: u64,
    mode: &Mode,
    proposers: &[Actor],
) -> Vec<Fact> {
    let mut facts = Vec::new();
    if mode.kind() == ModeKind::Approve {
        facts.push(fact("approvals", mode.count));
        let approvers = wanted.approvers(context, unit, mode, proposers);
        facts.push(fact("approvers", names(context, &approvers)));
    }
    if mode.wait != 0 {
        facts.push(fact("wait", length(mode.wait)));
    }
    if mode.deadline != 0 {
        facts.push(fact("deadline", length(mode.deadline)));
        let electors = electorate::of(context, context.now().time, unit).len();
        facts.push(fact("electorate", electors));
    }
    if mode.kind() == ModeKind::Consent {
        facts.push(fact("silence_is_consent", mode.silence_is_consent));
    }
    if mode.kind() == ModeKind::Vote {
        facts.push(fact("quorum", format!("{}%", mode.quorum)));
        facts.push(fact("pass", format!("{}%", mode.pass)));
    }
    facts
}

/// A length of time in its largest whole unit: `72h`, `30m`, `90s`.
#[must_use]
pub fn length(seconds: u64) -> String {
    let units = [(time::HOUR, 'h'), (time::MINUTE, 'm')];
    let (unit, letter) = units
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit))
        .unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

/// What is to be known of a refusal of the context's present action.
pub(super) fn of_refusal(
    context: &mut Context<'_, '_>,
    wanted: &Wanted<'_>,
    rejection: Rejection,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let kind = &wanted.action.kind;
    if let (Rejection::Waiting, Some(Kind::ExecuteProposal(execute))) = (rejection, kind) {
        facts.extend(executable_from(context, execute));
    }
    if rejection == Rejection::KeyTooYoung {
        facts.extend(older_keys_from(context));
    }
    if let (Rejection::CorrectionExceeded, Some(Kind::CorrectTransfer(act))) = (rejection, kind) {
        facts.extend(correcting::of_correction(context, act).unwrap_or_default());
    }
    let is_short = rejection == Rejection::InsufficientFunds;
    if is_short {
        facts.extend(of_funds(context, wanted).unwrap_or_default());
    }
    facts.extend(proposing::of_proposing(context, wanted.action, rejection));
    facts.extend(obstacles::of_object(context, wanted.action, rejection).unwrap_or_default());
    for need in wanted.needs.iter().filter(|need| !need.own) {
        // Posting and confirming ask for no amount.
        let asked = need
            .value
            .as_ref()
            .filter(|value| value.amount != Amount::ZERO);
        if let (Some(value), false) = (asked, is_short) {
            facts.push(fact("requested", shown(context, value.amount, value.asset)));
        }
        facts.extend(of_limit(context, wanted, need, rejection));
        facts.extend(authority::of_authority(context, wanted, need, rejection));
        facts.extend(of_state(context, need, rejection));
        facts.extend(ways::of_gift(context, wanted, need, rejection));
    }
    facts
}

/// Why a grant that is there does not do, and the policy that could decide instead.
fn of_limit(
    context: &Context<'_, '_>,
    wanted: &Wanted<'_>,
    need: &Need,
    rejection: Rejection,
) -> Vec<Fact> {
    let is_limit = [Rejection::LimitPerTransfer, Rejection::LimitPerPeriod].contains(&rejection);
    if !is_limit && rejection != Rejection::GrantTooClose {
        return Vec::new();
    }
    let mut facts = Vec::new();
    if let (true, Some(value)) = (is_limit, &need.value) {
        facts.extend(of_limits(context, need, value).unwrap_or_default());
    }
    let now = context.now();
    let otherwise = judge_proposal(context, now, context.actor, need, &mut Trace::off());
    if let Verdict::NeedsDecision(decision) = otherwise {
        facts.extend(of_decision(context, wanted, &decision));
    }
    facts
}

/// What was asked of an account, and what it has.
fn of_funds(context: &Context<'_, '_>, wanted: &Wanted<'_>) -> Option<Vec<Fact>> {
    let value = wanted.needs.iter().find_map(|need| need.value.as_ref());
    let value = value.map(|value| (value.account, value.amount));
    let (account, amount) = value.or_else(|| own_payment(context, wanted.action))?;
    let account: Account = objects::get(context, account)?;
    let available = posting::available(&account)?;
    let mut facts = vec![
        fact("account", format!("a{}", account.number)),
        fact("requested", shown(context, amount, account.asset)),
        fact("available", shown(context, available, account.asset)),
    ];
    let reserving = reserving(context, &account);
    if !reserving.is_empty() {
        facts.push(fact("reserved_by", reserving.join(", ")));
    }
    Some(facts)
}

/// The first open proposals for which money of a unit's account is reserved.
fn reserving(context: &Context<'_, '_>, account: &Account) -> Vec<String> {
    let owner = posting::owner(account);
    let unit = (owner.kind() == OwnerKind::Unit).then_some(owner.number);
    unit.into_iter()
        .flat_map(|unit| lists::objects::<Proposal>(context, List::Proposals, unit))
        .filter(|proposal| {
            let mut exposures = proposal.exposures.iter();
            exposures.any(|exposure| exposure.reserved && exposure.account == account.number)
        })
        .take(PROPOSALS_MAX)
        .map(|proposal| format!("p{}", proposal.number))
        .collect()
}

/// What somebody pays from an account of their own, which asks for no authority over value.
fn own_payment(context: &Context<'_, '_>, action: &Action) -> Option<(u64, Amount)> {
    let transfer = match action.kind.as_ref()? {
        Kind::Transfer(transfer) => transfer,
        Kind::PlaceHold(hold) => hold.transfer.as_ref()?,
        _ => return None,
    };
    let account = context.resolve::<Account>(&transfer.from).ok()?;
    Some((account, Amount::from_bytes(&transfer.amount).ok()?))
}

/// Until when somebody sleeps, which rule keeps apart.
fn of_state(context: &Context<'_, '_>, need: &Need, rejection: Rejection) -> Option<Fact> {
    let (actor, now) = (context.actor.member, context.now());
    match rejection {
        Rejection::Sleeping => {
            let member: Member = objects::get(context, actor)?;
            Some(fact("until", rfc3339(sleeps_until(now, &member))))
        }
        Rejection::DutyConflict => {
            let (capability, unit) = (need.capability, need.unit);
            let rule = duties::keeps_apart(context, now.time, actor, capability, unit)?;
            Some(fact("rule", format!("s{}", rule.number)))
        }
        _ => None,
    }
}

/// The limits of the first grant that is exceeded, and how much of it is used.
fn of_limits(context: &Context<'_, '_>, need: &Need, value: &ValueNeed) -> Option<Vec<Fact>> {
    let actor = context.actor;
    let now = context.now();
    let exceeded = power::grants_in_role(context, actor.member, actor.role, now.time)
        .into_iter()
        .find(|grant| {
            grant.capability() == need.capability
                && power::scope_covers(context, grant, need.unit, need.object)
        })?;
    let mut facts = vec![fact("grant", format!("g{}", exceeded.number))];
    let source = objects::get::<Grant>(context, exceeded.source);
    for limit in [Some(exceeded), source].into_iter().flatten() {
        if !limit.per_transfer.is_empty() {
            let amount = Amount::from_state(&limit.per_transfer);
            facts.push(fact("per_transfer", shown(context, amount, value.asset)));
            let taken = context.taken(value.account);
            facts.push(fact("taken", shown(context, taken, value.asset)));
        }
        if let Some(period) = &limit.per_period {
            let used = grants::used_in_period(context, now, limit.number, period);
            let amount = Amount::from_state(&period.amount);
            facts.push(fact("per_period", shown(context, amount, value.asset)));
            facts.push(fact("used", shown(context, used, value.asset)));
        }
    }
    Some(facts)
}

/// From when a decided proposal can be executed, on the clock as it stands.
fn executable_from(context: &Context<'_, '_>, execute: &ExecuteProposal) -> Option<Fact> {
    let proposal: Proposal = context.find(&execute.proposal).ok()?;
    let from = proposal.executable_at.saturating_add(context.now().paused);
    Some(fact("until", rfc3339(from)))
}

/// From when the key with which the actor signed revokes older ones.
fn older_keys_from(context: &Context<'_, '_>) -> Option<Fact> {
    let member: Member = context.get(context.actor.member).ok()?;
    let signing = revoke_key::signing_key(context)?;
    let key = member.keys.iter().find(|key| key.public == signing)?;
    let until = revoke_key::too_young_until(context, key);
    Some(fact("until", rfc3339(until)))
}

/// A capability as people write it: `admit_members`.
fn slug(capability: Capability) -> String {
    let name = capability.as_str_name();
    name.trim_start_matches("CAPABILITY_").to_ascii_lowercase()
}

/// The first of these members by their handles, each once.
fn names_of(state: &dyn Read, members: &[u64]) -> String {
    let actors = members.iter().map(|member| Actor {
        member: *member,
        role: 0,
    });
    names(state, &actors.collect::<Vec<_>>())
}

/// The first of these people by their handles, each once.
fn names(state: &dyn Read, people: &[Actor]) -> String {
    let mut handles: Vec<String> = Vec::new();
    for actor in people {
        if handles.len() == PEOPLE_MAX {
            break;
        }
        let handle = objects::get::<Member>(state, actor.member).map(|member| member.handle);
        handles.extend(handle.filter(|handle| !handles.contains(handle)));
    }
    if handles.is_empty() {
        "nobody".into()
    } else {
        handles.join(", ")
    }
}

/// An amount in its asset's decimals, with the code.
pub(super) fn shown(state: &dyn Read, amount: Amount, asset: u64) -> String {
    match objects::get::<Asset>(state, asset) {
        Some(asset) => format!("{} {}", amount.in_decimals(asset.scale), asset.code),
        None => amount.0.to_string(),
    }
}

pub(super) fn rfc3339(seconds: u64) -> String {
    let (year, month, day) = time::civil(time::day(seconds));
    let of_day = seconds % time::DAY;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
