//! How a unit decides what nobody may do alone.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Basis, BasisSource, Capability, Grant, Mode, ModeKind, ObjectKind, Policy, Proposal, Role,
    Tier, Who, WhoKind, Window,
};

use super::{
    Actor, Decision, Need, Now, Trace, ValueNeed, Verdict, asks_nobody_to_agree, hands, power,
    strictness, tightens, who,
};
use crate::state::{Read, keys, names, objects};
use crate::{Amount, Rejection, time, window};

/// What the nearest policy says, or a stricter recursive one above it; `None` where no policy speaks.
pub(crate) fn find(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Option<Verdict> {
    let judging = judging_tier(state, now, need)?;
    Some(decide(state, now, actor, need, &judging, trace))
}

/// The tier that judges a need.
#[derive(Clone, Debug, PartialEq)]
pub struct Judging {
    /// Its policy.
    pub policy: Policy,
    /// The tier.
    pub tier: Tier,
    /// Whether what was spent before made it stricter than the amount alone would.
    pub aggregated: bool,
}

/// The tier that judges a need: of the nearest policy, or stricter from a recursive one above.
pub fn judging_tier(state: &dyn Read, now: Now, need: &Need) -> Option<Judging> {
    let alone = need.value.as_ref().map(|value| value.amount);
    let together = need
        .value
        .as_ref()
        .map(|value| spent_recently(state, now, value));
    let (policy, tier) = strictest_of_lineage(state, need, together)?;
    let (_, by_amount_alone) = strictest_of_lineage(state, need, alone)?;
    Some(Judging {
        aggregated: strictness(mode_of(&tier)) > strictness(mode_of(&by_amount_alone)),
        policy,
        tier,
    })
}

fn strictest_of_lineage(
    state: &dyn Read,
    need: &Need,
    amount: Option<Amount>,
) -> Option<(Policy, Tier)> {
    let mut judging: Option<(Policy, Tier)> = None;
    for unit in power::lineage(state, need.unit) {
        let Some(policy) = policy_of(state, unit.number, need.capability) else {
            continue;
        };
        let Some(tier) = tier_for(&policy, need.value.as_ref(), amount).cloned() else {
            continue;
        };
        let nearest = judging.as_ref().map(|(_, nearest)| nearest);
        let counts = match (unit.number == need.unit, need.own_decision) {
            (true, _) => true,
            (false, false) => policy.recursive,
            (false, true) => {
                policy.recursive && may_reach_own_decision(state, &policy, &tier, nearest)
            }
        };
        if !counts {
            continue;
        }
        // What is not laxer in anything stays; else the one above judges.
        let is_tightened = judging
            .as_ref()
            .is_some_and(|(_, nearest)| tightens(mode_of(nearest), mode_of(&tier)));
        if !is_tightened {
            // Who begins in a unit that decides itself is for that unit to say.
            let own = judging.filter(|_| need.own_decision);
            let by = own.map_or(tier.by, |(_, nearest)| nearest.by);
            judging = Some((policy, Tier { by, ..tier }));
        }
    }
    judging
}

/// Whether a policy from above has a say where only the unit itself decides. `nearest` is the tier that judges so far.
///
/// - Where no tier judges yet, the unit has said nothing: the policy may say how the unit's own people decide.
/// - Where one does, the policy may tighten it if several people set the policy, and if it asks somebody to agree. It need not
///   ask anybody where the nearest tier does not either, or where it leaves the decision to the unit's own people.
fn may_reach_own_decision(
    state: &dyn Read,
    policy: &Policy,
    tier: &Tier,
    nearest: Option<&Tier>,
) -> bool {
    let asks_nobody = |tier: &Tier| asks_nobody_to_agree(mode_of(tier));
    let is_left = is_left_to_the_unit(tier);
    match nearest {
        None => is_left,
        Some(_) if hands::is_of_one(state, &policy.basis.unwrap_or_default()) => false,
        Some(nearest) => is_left || !asks_nobody(tier) || asks_nobody(nearest),
    }
}

/// How long people must be given at least, where what somebody else set would decide by their silence: a day.
const SILENCE_SECONDS_MIN: u64 = time::DAY;

/// Whether those who are asked are heard: somebody has to agree, or has the time to object.
pub(crate) fn is_heard(mode: &Mode) -> bool {
    !asks_nobody_to_agree(mode) || mode.deadline >= SILENCE_SECONDS_MIN
}

/// Whether a tier from above leaves both the beginning and the decision to people of the unit judged.
pub(super) fn is_left_to_the_unit(tier: &Tier) -> bool {
    let by = tier.by.unwrap_or_default();
    let begins = matches!(by.kind(), WhoKind::RoleHolders | WhoKind::JoinedMembers);
    let mode = mode_of(tier);
    let decides = matches!(mode.kind(), ModeKind::Consent | ModeKind::Vote);
    begins && decides && is_heard(mode)
}

/// The policy of a unit for a capability.
pub fn policy_of(state: &dyn Read, unit: u64, capability: Capability) -> Option<Policy> {
    let number = names::find(state, &keys::policy_of(unit, capability))?;
    objects::get(state, number)
}

fn tier_for<'p>(
    policy: &'p Policy,
    value: Option<&ValueNeed>,
    amount: Option<Amount>,
) -> Option<&'p Tier> {
    match (value, amount) {
        (Some(value), Some(amount)) => tier_at(policy, value.asset, amount),
        (Some(_) | None, _) => policy.tiers.last(),
    }
}

/// The tier for an amount of an asset. One of which the policy does not speak meets the last tier.
pub fn tier_at(policy: &Policy, asset: u64, amount: Amount) -> Option<&Tier> {
    if policy.asset != 0 && policy.asset != asset {
        return policy.tiers.last();
    }
    policy
        .tiers
        .iter()
        .find(|tier| tier.up_to.is_empty() || amount <= Amount::from_state(&tier.up_to))
}

/// The amount with what went from this account to this owner's hand today and in the 29 days before.
pub(crate) fn spent_recently(state: &dyn Read, now: Now, value: &ValueNeed) -> Amount {
    let payee = hands::payee(state, now.time, value.payee);
    let key = keys::spent(value.account, payee);
    let spent: Window = objects::value(state, &key).unwrap_or_default();
    let today = time::day(now.time);
    let first = (today + 1).saturating_sub(window::SPENDING_DAYS);
    Amount(
        window::sum(&spent, first, today)
            .0
            .saturating_add(value.amount.0),
    )
}

fn decide(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    judging: &Judging,
    trace: &mut Trace,
) -> Verdict {
    let Judging { policy, tier, .. } = judging;
    let mut look = |outcome| trace.note(ObjectKind::Policy, policy.number, outcome);
    let by = tier.by.unwrap_or_default();
    let begins = who::includes(state, now, actor, need.unit, &by);
    if !begins || reaches_down(state, actor, need, policy, &by) {
        look("lets others begin");
        return Verdict::Refused(Rejection::NoGrant);
    }
    if hands::withholds_tier(state, now.time, policy, tier, need.unit, actor) {
        look("was set, or its role assigned, by the actor's own hand alone");
        return Verdict::Refused(Rejection::GrantTooClose);
    }
    let mode = mode_of(tier).clone();
    if mode.kind() == ModeKind::Alone {
        look("lets the actor do it alone");
        return Verdict::Allowed(named_basis(state, now, actor, need.unit, policy, &by));
    }
    look("decides");
    Verdict::NeedsDecision(Decision {
        unit: need.unit,
        capability: need.capability,
        policy: policy.number,
        mode,
        aggregated: judging.aggregated,
    })
}

/// The basis by which somebody whom a policy names does something alone. Whatever role they act in, the assignment is
/// the one that makes them one of those whom it names.
fn named_basis(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    unit: u64,
    policy: &Policy,
    by: &Who,
) -> Basis {
    let basis = actor.basis(state, now, BasisSource::Policy, policy.number);
    match by.kind() {
        WhoKind::None | WhoKind::RoleHolders | WhoKind::Role | WhoKind::RoleKind => basis,
        WhoKind::JoinedMembers => Basis {
            assignment: 0,
            ..basis
        },
        WhoKind::Capability => {
            let grants = power::grants_for(state, actor.member, by.capability(), unit, now.time);
            let is_of_role = |grant: &&Grant| grant.source == 0 && grant.role == actor.role;
            let Some(grant) = grants.iter().find(is_of_role).or(grants.first()) else {
                return basis;
            };
            let role = Actor {
                role: grant.role,
                ..actor
            };
            Basis {
                assignment: match grant.source {
                    0 => role.assignment(state, now),
                    _ => grant.source_assignment,
                },
                named_by: grant.number,
                ..basis
            }
        }
    }
}

/// Whether an inherited policy would let somebody of a unit above reach into the unit's pockets.
fn reaches_down(state: &dyn Read, actor: Actor, need: &Need, policy: &Policy, by: &Who) -> bool {
    let is_of_the_unit = match objects::look::<Role>(state, actor.role) {
        Some(role) => role.unit == need.unit,
        // In no role, somebody is of the unit where they begin as one who joined it.
        None => by.kind() == WhoKind::JoinedMembers,
    };
    policy.unit != need.unit && power::is_over_value(need.capability) && !is_of_the_unit
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

/// Whether the policy by which value was to be used, as it was at the opening, would let the proposer begin it now.
pub(crate) fn lets_begin(state: &dyn Read, now: Now, proposal: &Proposal) -> bool {
    let policy = objects::look::<Policy>(state, proposal.policy);
    // Without a policy the validators' departments stand in for the unit.
    let Some(policy) = policy.filter(|policy| power::is_over_value(policy.capability())) else {
        return true;
    };
    let actor = Actor::proposing(proposal);
    let mut tiers = policy.tiers.iter();
    tiers.any(|tier| {
        let by = tier.by.unwrap_or_default();
        tier.mode == proposal.mode && who::includes(state, now, actor, proposal.unit, &by)
    })
}

/// The roles that a policy names: whose holders begin or approve by one of its tiers.
pub fn named_roles(policy: &Policy) -> BTreeSet<u64> {
    let mut people: Vec<&Who> = Vec::new();
    for tier in &policy.tiers {
        people.extend(&tier.by);
        let modes = std::iter::successors(tier.mode.as_ref(), |mode| mode.escalates_to.as_deref());
        people.extend(modes.filter_map(|mode| mode.approver.as_ref()));
    }
    let roles = people.into_iter().filter_map(|who| who.role);
    roles.map(|role| role.number).collect()
}

/// The strictest tier of a policy.
pub fn strictest_tier(policy: &Policy) -> Option<&Tier> {
    policy
        .tiers
        .iter()
        .max_by_key(|tier| strictness(mode_of(tier)))
}
