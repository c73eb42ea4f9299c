//! How a unit decides what nobody may do alone.

use polity_proto::v1::{
    Basis, BasisSource, Mode, ModeKind, ObjectKind, Owner, Policy, Role, RoleKind, Tier, Validator,
    Who, WhoKind, Window,
};

use super::{Actor, Decision, Need, Now, Trace, ValueNeed, Verdict, power, strictness};
use crate::state::keys::List;
use crate::state::{Read, keys, lists, names, objects};
use crate::{Amount, Rejection, time, window};

/// What was found among policies.
pub(super) enum Found {
    /// No policy speaks of it.
    Nothing,
    /// A policy judged.
    Judged(Verdict),
    /// A policy that is about to be changed asks for more than a grant.
    Floor(Verdict),
}

/// Judges by the nearest policy, or by a stricter recursive one above it.
pub(super) fn find(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Found {
    if let Some(policy) = need
        .passes_policy
        .and_then(|number| objects::get(state, number))
    {
        let strictest = strictest_tier(&policy);
        if strictest.is_some_and(|tier| mode_of(tier).kind() > ModeKind::Alone) {
            let tier = strictest.cloned().unwrap_or_default();
            let verdict = decide(state, now, actor, need, &policy, &tier, false, trace);
            return Found::Floor(verdict);
        }
    }
    let Some((policy, tier, aggregated)) = judging_tier(state, now, need) else {
        return Found::Nothing;
    };
    Found::Judged(decide(
        state, now, actor, need, &policy, &tier, aggregated, trace,
    ))
}

/// The policy and tier that judge a need, and whether earlier spending made the tier stricter.
pub fn judging_tier(state: &dyn Read, now: Now, need: &Need) -> Option<(Policy, Tier, bool)> {
    let alone = need.value.as_ref().map(|value| value.amount);
    let together = need
        .value
        .as_ref()
        .map(|value| spent_recently(state, now, value));
    let judging = strictest_of_lineage(state, need, together)?;
    let by_amount_alone = strictest_of_lineage(state, need, alone)?;
    let aggregated = strictness(mode_of(&judging.1)) > strictness(mode_of(&by_amount_alone.1));
    Some((judging.0, judging.1, aggregated))
}

fn strictest_of_lineage(
    state: &dyn Read,
    need: &Need,
    amount: Option<Amount>,
) -> Option<(Policy, Tier)> {
    let mut judging: Option<(Policy, Tier)> = None;
    for unit in power::lineage(state, need.unit) {
        let Some(policy) = policy_of(state, unit.number, need) else {
            continue;
        };
        if unit.number != need.unit && (!policy.recursive || need.own_decision) {
            continue;
        }
        let Some(tier) = tier_for(&policy, need.value.as_ref(), amount).cloned() else {
            continue;
        };
        let stricter = judging
            .as_ref()
            .is_none_or(|(_, nearest)| strictness(mode_of(&tier)) > strictness(mode_of(nearest)));
        if stricter {
            judging = Some((policy, tier));
        }
    }
    judging
}

fn policy_of(state: &dyn Read, unit: u64, need: &Need) -> Option<Policy> {
    let number = names::find(state, &keys::policy_of(unit, need.capability))?;
    objects::get(state, number)
}

/// The tier for an amount. An asset of which the policy does not speak meets the last tier.
fn tier_for<'p>(
    policy: &'p Policy,
    value: Option<&ValueNeed>,
    amount: Option<Amount>,
) -> Option<&'p Tier> {
    let (Some(value), Some(amount)) = (value, amount) else {
        return policy.tiers.last();
    };
    if policy.asset != 0 && policy.asset != value.asset {
        return policy.tiers.last();
    }
    policy
        .tiers
        .iter()
        .find(|tier| tier.up_to.is_empty() || amount <= Amount::from_state(&tier.up_to))
}

/// The amount with what went from this account to this owner today and in the 29 days before.
fn spent_recently(state: &dyn Read, now: Now, value: &ValueNeed) -> Amount {
    let Owner { kind, number } = value.counterparty;
    let kind = polity_proto::v1::OwnerKind::try_from(kind).unwrap_or_default();
    let spent: Window =
        objects::value(state, &keys::spent(value.account, kind, number)).unwrap_or_default();
    let today = time::day(now.time);
    let first = (today + 1).saturating_sub(window::SPENDING_DAYS);
    Amount(
        window::sum(&spent, first, today)
            .0
            .saturating_add(value.amount.0),
    )
}

#[allow(clippy::too_many_arguments)] // One call judges; a struct for it would only rename these.
fn decide(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    policy: &Policy,
    tier: &Tier,
    aggregated: bool,
    trace: &mut Trace,
) -> Verdict {
    let who = tier.by.clone().unwrap_or_default();
    if !may_begin(state, now, actor, need.unit, &who) {
        trace.look(ObjectKind::Policy, policy.number, "lets others begin");
        return Verdict::Refused(Rejection::NoGrant);
    }
    let mode = mode_of(tier).clone();
    if mode.kind() == ModeKind::Alone {
        trace.look(
            ObjectKind::Policy,
            policy.number,
            "lets the actor do it alone",
        );
        return Verdict::Allowed(Basis {
            source: BasisSource::Policy as i32,
            member: actor.member,
            role: actor.role,
            number: policy.number,
        });
    }
    trace.look(ObjectKind::Policy, policy.number, "decides");
    Verdict::NeedsDecision(Decision {
        unit: need.unit,
        policy: policy.number,
        mode,
        aggregated,
    })
}

/// The mode of a tier.
pub fn mode_of(tier: &Tier) -> &Mode {
    static NONE: Mode = Mode {
        kind: 0,
        wait: 0,
        approver: None,
        count: 0,
        escalates_to: None,
        deadline: 0,
        silence_is_consent: false,
        quorum: 0,
        pass: 0,
    };
    tier.mode.as_ref().unwrap_or(&NONE)
}

/// The strictest tier of a policy.
pub fn strictest_tier(policy: &Policy) -> Option<&Tier> {
    policy
        .tiers
        .iter()
        .max_by_key(|tier| strictness(mode_of(tier)))
}

/// Whether the actor is among those who may begin, or approve, for `unit`.
pub fn may_begin(state: &dyn Read, now: Now, actor: Actor, unit: u64, who: &Who) -> bool {
    let role = || objects::get::<Role>(state, actor.role);
    match who.kind() {
        WhoKind::None => false,
        WhoKind::JoinedMembers => {
            power::member_is_active(state, actor.member)
                && lists::contains(state, List::Joined, unit, actor.member)
        }
        WhoKind::RoleHolders => role().is_some_and(|role| role.unit == unit),
        WhoKind::Role => {
            actor.role != 0
                && who
                    .role
                    .as_ref()
                    .is_some_and(|named| named.number == actor.role)
        }
        WhoKind::RoleKind => role().is_some_and(|role| {
            role.kind() == who.role_kind()
                && nearest_with_role_kind(state, unit, who.role_kind()) == Some(role.unit)
        }),
        WhoKind::Capability => {
            power::has_capability(state, actor.member, who.capability(), unit, now.time)
        }
    }
}

/// The unit, or the nearest above it, that has a role of the kind.
pub fn nearest_with_role_kind(state: &dyn Read, unit: u64, kind: RoleKind) -> Option<u64> {
    power::lineage(state, unit)
        .into_iter()
        .map(|unit| unit.number)
        .find(|unit| {
            lists::all(state, List::Roles, *unit)
                .into_iter()
                .filter_map(|number| objects::get::<Role>(state, number))
                .any(|role| role.kind() == kind)
        })
}

/// What only the validators' departments decide. Holders of `govern_network` and operators may begin.
pub(super) fn departments(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Verdict {
    let begins = power::has_capability(state, actor.member, need.capability, need.unit, now.time)
        || !operated_by(state, actor.member, now).is_empty();
    if !begins {
        trace.look(
            ObjectKind::Organisation,
            0,
            "the departments' operators decide",
        );
        return Verdict::Refused(Rejection::NoGrant);
    }
    trace.look(
        ObjectKind::Organisation,
        0,
        "more than two thirds of the departments decide",
    );
    let mode = Mode {
        kind: ModeKind::Departments as i32,
        ..Mode::default()
    };
    Verdict::NeedsDecision(Decision {
        unit: need.unit,
        policy: 0,
        mode,
        aggregated: false,
    })
}

/// Units that validate and whose validator the member operates: by a grant of
/// `operate_validator` whose scope is that unit itself.
pub fn operated_by(state: &dyn Read, member: u64, now: Now) -> Vec<Validator> {
    let grants = power::grants_of(state, member, now.time);
    validators(state)
        .into_iter()
        .filter(|validator| {
            power::member_is_active(state, member)
                && power::unit_capabilities(state, validator.unit)
                    .contain(polity_proto::v1::Capability::OperateValidator)
                && grants.iter().any(|grant| {
                    grant.capability() == polity_proto::v1::Capability::OperateValidator
                        && grant
                            .scope
                            .as_ref()
                            .is_some_and(|scope| scope.unit == validator.unit)
                })
        })
        .collect()
}

/// The validators, in the order in which they came.
pub fn validators(state: &dyn Read) -> Vec<Validator> {
    lists::all(state, List::Validators, 0)
        .into_iter()
        .filter_map(|unit| objects::value(state, &keys::key(keys::VALIDATOR, &[unit])))
        .collect()
}
