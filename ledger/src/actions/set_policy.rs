//! `set_policy`: how a unit decides about a capability, from now on.

use polity_proto::v1::{Asset, Capability, ObjectKind, Policy, Role, SetPolicy, Tier, Unit, Who};

use super::Act;
use crate::context::Context;
use crate::decisions::mode;
use crate::judge::policies::{self, mode_of};
use crate::judge::{Need, power, strictness};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Amount, Rejection, form};

/// Most tiers of a policy.
const TIERS_MAX: usize = 16;

impl Act for SetPolicy {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<Capability>(self.capability)?;
        form::optional_reference(&self.asset)?;
        form::text(&self.words, form::TEXT_BYTES_MAX)?;
        check_tiers(&self.tiers)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if self.asset.is_some() {
            let _: Asset = context.find(&self.asset)?;
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
        let before = policies::policy_of(context, unit.number, self.capability());
        let mut policy = Policy {
            number: 0,
            unit: unit.number,
            capability: self.capability,
            asset: context.optional(&self.asset)?,
            tiers: self
                .tiers
                .iter()
                .map(|tier| resolve_tier(context, tier))
                .collect::<Result<_, _>>()?,
            recursive: self.recursive,
            words: self.words.clone(),
            set_at: now,
            replaces: before.as_ref().map_or(0, |before| before.number),
            replaced_by: 0,
            ended_at: 0,
            basis: Some(context.basis),
        };
        check_against_ancestors(context, &policy)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }

        policy.number = context.next_number(ObjectKind::Policy);
        if let Some(before) = before {
            lists::remove(context.state, List::Policies, unit.number, before.number);
            context.put(&Policy {
                replaced_by: policy.number,
                ended_at: now,
                ..before
            });
        }
        context.put(&policy);
        lists::append(context.state, List::Policies, unit.number, policy.number);
        let key = keys::policy_of(unit.number, self.capability());
        names::point(context.state, key, policy.number);
        context.event(
            ObjectKind::Policy,
            policy.number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}

/// The authority to change how a unit decides about a capability: to govern it, and the strictest
/// tier of the policy that is there. Over value the unit decides itself: a policy from above that
/// says `alone` would reach into its pockets.
pub(super) fn need_to_change(context: &Context<'_, '_>, unit: u64, capability: Capability) -> Need {
    let now = context.now().time;
    Need {
        own_decision: power::decides_itself(context, capability, unit, now),
        passes_policy: policies::policy_of(context, unit, capability).map(|policy| policy.number),
        ..Need::of(Capability::Govern, unit)
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
    if let Some(who) = tier.mode.as_mut().and_then(|mode| mode.approver.as_mut()) {
        resolve_who(context, who)?;
    }
    Ok(tier)
}

fn resolve_who(context: &Context<'_, '_>, who: &mut Who) -> Result<(), Rejection> {
    if who.role.is_some() {
        let role: Role = context.find(&who.role)?;
        who.role = form::numbered(role.number);
    }
    Ok(())
}

/// A unit may only tighten the recursive policies above it, at every amount of every asset.
fn check_against_ancestors(state: &dyn Read, policy: &Policy) -> Result<(), Rejection> {
    for unit in power::lineage(state, policy.unit).iter().skip(1) {
        let above = policies::policy_of(state, unit.number, policy.capability());
        let Some(above) = above.filter(|above| above.recursive) else {
            continue;
        };
        if is_laxer_somewhere(policy, &above) {
            return Err(Rejection::PolicyLaxer);
        }
    }
    Ok(())
}

fn is_laxer_somewhere(policy: &Policy, above: &Policy) -> bool {
    let assets = [policy.asset, above.asset, u64::MAX];
    // Tiers are constant up to each bound; beyond the last bound is everything else.
    let bounds: Vec<Amount> = [policy, above]
        .iter()
        .flat_map(|policy| &policy.tiers)
        .map(|tier| match tier.up_to.is_empty() {
            true => Amount(u128::MAX),
            false => Amount::from_state(&tier.up_to),
        })
        .collect();
    assets.iter().any(|asset| {
        bounds.iter().any(|amount| {
            let mode = |policy| policies::tier_at(policy, *asset, *amount).map(mode_of);
            match (mode(policy), mode(above)) {
                (Some(own), Some(above)) => strictness(own) < strictness(above),
                (None, _) | (_, None) => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Mode, ModeKind, WhoKind, action::Kind};

    use super::*;
    use crate::world::{World, able, alone, approve, by_departments, joined, role_holders, tier};

    const LEAD: Option<&str> = Some("dev#lead");
    const SPEND: Capability = Capability::Spend;

    fn one() -> Mode {
        approve(able(Capability::Approve), 1)
    }

    #[test]
    fn a_policy_replaces_the_one_before_and_is_the_units_history() {
        let mut world = World::new();
        let unit = world.unit("dev").number;
        let before = world.history_count(ObjectKind::Unit, unit);
        let first = world.policy("dev", SPEND, vec![tier(0, role_holders(), alone())]);
        world.check("ben", LEAD, Kind::SetPolicy(first), "accepted");
        let second = world.policy("dev", SPEND, vec![tier(0, joined(), one())]);
        world.check("ben", LEAD, Kind::SetPolicy(second), "accepted");
        assert_eq!(world.list(List::Policies, unit), [2]);
        let (old, new): (Policy, Policy) = (world.get(1), world.get(2));
        assert_eq!((old.replaced_by, old.ended_at), (2, world.time));
        assert_eq!(new.replaces, 1);
        assert_eq!(world.history_count(ObjectKind::Unit, unit), before + 2);

        // From here on the policy's own strictest tier stands before every change.
        let third = world.policy("dev", SPEND, vec![tier(0, joined(), alone())]);
        world.check(
            "ben",
            LEAD,
            Kind::SetPolicy(third),
            "rejected needs_decision",
        );
    }

    #[test]
    fn tiers_ascend_in_amount_and_strictness_and_modes_say_one_thing() {
        let mut world = World::new();
        let by = role_holders;
        let mode = |kind: ModeKind| Mode {
            kind: kind as i32,
            ..Mode::default()
        };
        let two_sorts = Who {
            capability: SPEND as i32,
            ..role_holders()
        };
        let nobody = Who::default();
        let waits = Mode { wait: 5, ..alone() };
        let forever = Mode {
            wait: u64::MAX,
            ..one()
        };
        for (tiers, expected) in [
            (vec![], "rejected policy_malformed"),
            (
                vec![tier(0, by(), alone()); 17],
                "rejected policy_malformed",
            ),
            (vec![tier(5, by(), alone())], "rejected policy_malformed"),
            (
                vec![tier(0, by(), alone()), tier(0, by(), one())],
                "rejected policy_malformed",
            ),
            (
                vec![
                    tier(5, by(), alone()),
                    tier(5, by(), one()),
                    tier(0, by(), one()),
                ],
                "rejected policy_malformed",
            ),
            (
                vec![tier(5, by(), one()), tier(0, by(), alone())],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, two_sorts, alone())],
                "rejected policy_malformed",
            ),
            (vec![tier(0, by(), waits)], "rejected policy_malformed"),
            (vec![tier(0, by(), forever)], "rejected policy_malformed"),
            (
                vec![tier(0, by(), approve(joined(), 0))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), approve(joined(), 65))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), mode(ModeKind::Announce))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), mode(ModeKind::Consent))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), mode(ModeKind::Vote))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), mode(ModeKind::None))],
                "rejected field_missing",
            ),
            (
                vec![tier(0, by(), mode(ModeKind::Approve))],
                "rejected field_missing",
            ),
            (vec![tier(0, nobody, alone())], "rejected field_missing"),
        ] {
            let policy = world.policy("dev", SPEND, tiers);
            world.check("ben", LEAD, Kind::SetPolicy(policy), expected);
        }
        let unknown = Who {
            kind: WhoKind::Role as i32,
            role: form::numbered(99),
            ..Who::default()
        };
        let policy = world.policy("dev", SPEND, vec![tier(0, unknown, alone())]);
        world.check(
            "ben",
            LEAD,
            Kind::SetPolicy(policy),
            "rejected object_unknown",
        );
    }

    #[test]
    fn a_unit_may_only_tighten_what_holds_for_all_below() {
        let mut world = World::new();
        let tiers = vec![
            tier(1_000, role_holders(), alone()),
            tier(0, role_holders(), one()),
        ];
        let above = SetPolicy {
            recursive: true,
            ..world.policy("acme", SPEND, tiers)
        };
        world.ada(Kind::SetPolicy(above));
        let approve_all = || approve(able(Capability::Approve), 2);
        for (tiers, expected) in [
            (
                vec![tier(0, role_holders(), alone())],
                "rejected policy_laxer",
            ),
            (
                vec![
                    tier(1_001, role_holders(), alone()),
                    tier(0, role_holders(), one()),
                ],
                "rejected policy_laxer",
            ),
            (
                vec![
                    tier(900, role_holders(), alone()),
                    tier(0, role_holders(), one()),
                ],
                "accepted",
            ),
        ] {
            let policy = world.policy("dev", SPEND, tiers);
            world.check("ben", LEAD, Kind::SetPolicy(policy), expected);
        }
        let other = world.policy("ops", SPEND, vec![tier(0, role_holders(), approve_all())]);
        world.check("cleo", Some("ops#lead"), Kind::SetPolicy(other), "accepted");
    }

    #[test]
    fn over_value_only_the_unit_itself_says_how_it_decides() {
        let mut world = World::new();
        let tiers = || vec![tier(0, role_holders(), alone())];
        let spend = Kind::SetPolicy(world.policy("dev", SPEND, tiers()));
        let role = Some("acme#lead");
        world.check("ada", role, spend.clone(), "rejected own_decision_only");
        let govern = Kind::SetPolicy(world.policy("dev", Capability::Govern, tiers()));
        world.check("ada", role, govern, "rejected own_decision_only");
        let assign = Kind::SetPolicy(world.policy("dev", Capability::AssignRoles, tiers()));
        world.check("ada", role, assign, "accepted");
        world.check("finn", Some("dev#engineer"), spend, "rejected no_grant");

        let past = SetPolicy {
            unit: world.dissolved(),
            ..world.policy("dev", Capability::Anchor, tiers())
        };
        world.check(
            "ada",
            role,
            Kind::SetPolicy(past.clone()),
            "rejected unit_dissolved",
        );
        let nowhere = SetPolicy { unit: None, ..past };
        world.check(
            "ada",
            role,
            Kind::SetPolicy(nowhere),
            "rejected ref_malformed",
        );
        let wordy = SetPolicy {
            words: "x".repeat(5_000),
            ..world.policy("dev", Capability::Anchor, tiers())
        };
        world.check(
            "ada",
            role,
            Kind::SetPolicy(wordy),
            "rejected text_malformed",
        );
    }

    #[test]
    fn the_floor_is_passed_beside_the_policy_about_governing() {
        let mut world = World::new();
        let anchor = |mode| vec![tier(0, role_holders(), mode)];
        let strict = world.policy("dev", Capability::Anchor, anchor(by_departments()));
        world.check("ben", LEAD, Kind::SetPolicy(strict), "accepted");
        let laxer = Kind::SetPolicy(world.policy("dev", Capability::Anchor, anchor(alone())));
        // Governing lets the lead begin; the departments decide, whatever else is granted.
        world.check("ben", LEAD, laxer.clone(), "rejected needs_decision");
        world.check("finn", Some("dev#engineer"), laxer, "rejected no_grant");
    }
}
