//! `set_policy`: how a unit decides about a capability, from now on.

use polity_proto::v1::{
    Asset, Capability, Mode, ObjectKind, Policy, Role, SetPolicy, Tier, Unit, Who,
};

use super::{Act, ending, giving};
use crate::context::Context;
use crate::decisions::mode;
use crate::judge::policies::{self, mode_of};
use crate::judge::{Need, hands, power, self_government, strictness, tightens};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Amount, Rejection, form};

/// Most tiers of a policy.
const TIERS_MAX: usize = 16;

impl Act for SetPolicy {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::optional_reference(&self.asset)?;
        form::optional_reference(&self.replaces)?;
        if self.capability == Capability::None as i32 {
            return check_words_alone(self);
        }
        form::known::<Capability>(self.capability)?;
        form::text(&self.words, form::TEXT_BYTES_MAX)?;
        // Only a policy in words alone names what it replaces: the one policy of a capability is replaced anyway.
        if self.replaces.is_some() {
            return Err(Rejection::PolicyMalformed);
        }
        check_tiers(&self.tiers)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if self.asset.is_some() {
            let _: Asset = context.find(&self.asset)?;
        }
        if self.replaces.is_some() {
            let _: Policy = context.find(&self.replaces)?;
        }
        for tier in &self.tiers {
            resolve_tier(context, tier)?;
        }
        Ok(vec![need_to_change(
            context,
            unit.number,
            self.capability(),
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let unit: Unit = context.find(&self.unit)?;
        let before = replaced(context, self, unit.number)?;
        let mut policy = Policy {
            replaces: before.as_ref().map_or(0, |before| before.number),
            ..resolved(context, self, unit.number)?
        };
        Rejection::PolicyLaxer.when(laxer_than(context, &policy, now).is_some())?;
        giving::check_policy(context, &policy)?;
        for role in policies::named_roles(&policy) {
            let role: Role = context.get(role)?;
            Rejection::RoleRemoved.when(role.removed_at != 0)?;
        }
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }

        policy.number = context.next_number(ObjectKind::Policy);
        if let Some(before) = before {
            ending::unlist_policy(context, &before);
            context.put(&Policy {
                replaced_by: policy.number,
                ended_at: now,
                ..before
            });
        }
        context.put(&policy);
        lists::append(context.state, List::Policies, unit.number, policy.number);
        for role in policies::named_roles(&policy) {
            lists::append(context.state, List::NamedBy, role, policy.number);
        }
        if self.capability() != Capability::None {
            let key = keys::policy_of(unit.number, self.capability());
            names::point(context.state, key, policy.number);
        }
        context.event(
            ObjectKind::Policy,
            policy.number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}

/// The policy above that is somewhere stricter than the one which the act would set.
pub(crate) fn stricter_above(context: &Context<'_, '_>, act: &SetPolicy) -> Option<Policy> {
    let unit: Unit = context.find(&act.unit).ok()?;
    let policy = resolved(context, act, unit.number).ok()?;
    laxer_than(context, &policy, context.now().time)
}

/// The policy that the act says, before it has a number and a place.
fn resolved(context: &Context<'_, '_>, act: &SetPolicy, unit: u64) -> Result<Policy, Rejection> {
    Ok(Policy {
        unit,
        capability: act.capability,
        asset: context.optional::<Asset>(&act.asset)?,
        tiers: act
            .tiers
            .iter()
            .map(|tier| resolve_tier(context, tier))
            .collect::<Result<_, _>>()?,
        recursive: act.recursive,
        words: act.words.clone(),
        set_at: context.now().time,
        basis: Some(context.basis),
        ..Policy::default()
    })
}

/// A policy in words alone says something, and nothing that the judge could read.
///
/// Holacracy Constitution 5.0, 5.2.1: a policy constrains or grants authority. People interpret it
/// (4.2); it stands in the unit's history like every other.
fn check_words_alone(policy: &SetPolicy) -> Result<(), Rejection> {
    form::filled_text(&policy.words, form::TEXT_BYTES_MAX)?;
    Rejection::PolicyMalformed.unless(policy.tiers.is_empty() && policy.asset.is_none())
}

/// The policy that another one replaces, if any: of the same capability, or the one that it names.
fn replaced(
    context: &Context<'_, '_>,
    policy: &SetPolicy,
    unit: u64,
) -> Result<Option<Policy>, Rejection> {
    if policy.capability() != Capability::None {
        return Ok(policies::policy_of(context, unit, policy.capability()));
    }
    if policy.replaces.is_none() {
        return Ok(None);
    }
    let before: Policy = context.find(&policy.replaces)?;
    if before.unit != unit || before.capability() != Capability::None {
        return Err(Rejection::PolicyMalformed);
    }
    match before.ended_at {
        0 => Ok(Some(before)),
        _ => Err(Rejection::PolicyEnded),
    }
}

/// The authority to change how a unit decides about a capability: to govern it, and the strictest
/// tier of the policy that is there. Over value the unit decides itself: a policy from above that
/// says `alone` would reach into its pockets.
pub(super) fn need_to_change(context: &Context<'_, '_>, unit: u64, capability: Capability) -> Need {
    let now = context.now().time;
    Need {
        passes_policy: policies::policy_of(context, unit, capability).map(|policy| policy.number),
        ..Need::empowering(context, capability, unit, now)
    }
}

/// Tiers ascend, the last has no bound, and more is never decided more laxly.
fn check_tiers(tiers: &[Tier]) -> Result<(), Rejection> {
    if tiers.is_empty() || tiers.len() > TIERS_MAX {
        return Err(Rejection::PolicyMalformed);
    }
    for (index, tier) in tiers.iter().enumerate() {
        let is_last = index + 1 == tiers.len();
        if tier.up_to.is_empty() != is_last {
            return Err(Rejection::PolicyMalformed);
        }
        form::amount(&tier.up_to)?;
        mode::check_who(tier.by.as_ref())?;
        mode::check(tier.mode.as_ref())?;
    }
    for pair in tiers.windows(2) {
        let bounded = pair[1].up_to.is_empty()
            || Amount::from_bytes(&pair[0].up_to)? < Amount::from_bytes(&pair[1].up_to)?;
        if !bounded || strictness(mode_of(&pair[0])) > strictness(mode_of(&pair[1])) {
            return Err(Rejection::PolicyMalformed);
        }
    }
    Ok(())
}

fn resolve_tier(context: &Context<'_, '_>, tier: &Tier) -> Result<Tier, Rejection> {
    let mut tier = tier.clone();
    if let Some(who) = &mut tier.by {
        resolve_who(context, who)?;
    }
    if let Some(mode) = tier.mode.as_mut() {
        resolve_mode(context, mode)?;
    }
    Ok(tier)
}

fn resolve_mode(context: &Context<'_, '_>, mode: &mut Mode) -> Result<(), Rejection> {
    if let Some(who) = mode.approver.as_mut() {
        resolve_who(context, who)?;
    }
    match mode.escalates_to.as_mut() {
        Some(stricter) => resolve_mode(context, stricter),
        None => Ok(()),
    }
}

fn resolve_who(context: &Context<'_, '_>, who: &mut Who) -> Result<(), Rejection> {
    if who.role.is_some() {
        let role: Role = context.find(&who.role)?;
        who.role = form::numbered(role.number);
    }
    Ok(())
}

/// The recursive policy above that a policy does not tighten: a unit may only do that, at every amount of every asset. What
/// one person above set about governing does not keep a circle that governs itself from saying how it does.
fn laxer_than(state: &dyn Read, policy: &Policy, now: u64) -> Option<Policy> {
    let governs_itself = policy.capability() == Capability::Govern
        && self_government::is_self_governed_circle(state, policy.unit, now);
    for unit in power::lineage(state, policy.unit).iter().skip(1) {
        let above = policies::policy_of(state, unit.number, policy.capability()).filter(|above| {
            !governs_itself || !hands::is_of_one(state, &above.basis.unwrap_or_default())
        });
        let Some(above) = above.filter(|above| above.recursive) else {
            continue;
        };
        if is_laxer_somewhere(policy, &above) {
            return Some(above);
        }
    }
    None
}

fn is_laxer_somewhere(policy: &Policy, above: &Policy) -> bool {
    let assets = [policy.asset, above.asset, u64::MAX];
    // Tiers are constant up to each bound; beyond the last bound is everything else.
    let bounds: Vec<Amount> = [policy, above]
        .iter()
        .flat_map(|policy| &policy.tiers)
        .map(|tier| {
            if tier.up_to.is_empty() {
                Amount(u128::MAX)
            } else {
                Amount::from_state(&tier.up_to)
            }
        })
        .collect();
    assets.iter().any(|asset| {
        bounds.iter().any(|amount| {
            let mode = |policy| policies::tier_at(policy, *asset, *amount).map(mode_of);
            match (mode(policy), mode(above)) {
                (Some(own), Some(above)) => !tightens(own, above),
                (None, _) | (_, None) => false,
            }
        })
    })
}

#[cfg(test)]
mod tests;
