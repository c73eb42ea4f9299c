//! `set_policy`: how a unit decides about a capability, from now on.

use polity_proto::v1::{
    Asset, Capability, Mode, ObjectKind, Policy, Role, SetPolicy, Tier, Unit, Who,
};

use super::Act;
use crate::context::Context;
use crate::decisions::mode;
use crate::judge::policies::{self, mode_of};
use crate::judge::{Need, power, strictness, tightens};
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
        // There is one policy for a capability: it replaces whatever is there.
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

/// A policy in words alone says something, and nothing that the judge could read.
///
/// Holacracy Constitution 5.0, 5.2.1: a policy constrains or grants authority. People interpret it
/// (4.2); it stands in the unit's history like every other.
fn check_words_alone(policy: &SetPolicy) -> Result<(), Rejection> {
    form::filled_text(&policy.words, form::TEXT_BYTES_MAX)?;
    match policy.tiers.is_empty() && policy.asset.is_none() {
        true => Ok(()),
        false => Err(Rejection::PolicyMalformed),
    }
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
                (Some(own), Some(above)) => !tightens(own, above),
                (None, _) | (_, None) => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{ModeKind, WhoKind, action::Kind};

    use super::*;
    use crate::world::{
        World, able, alone, announce, approve, by_departments, consent, joined, role_holders, tier,
        vote,
    };

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
                "rejected field_missing",
            ),
            (
                vec![tier(0, by(), announce(5, alone()))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), announce(5, announce(5, one())))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), announce(0, one()))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), vote(0, 50, 5))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), vote(50, 49, 5))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), vote(50, 101, 5))],
                "rejected policy_malformed",
            ),
            (
                vec![tier(0, by(), consent(u64::MAX))],
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

    #[test]
    fn as_many_approvals_of_other_people_tighten_nothing() {
        let mut world = World::new();
        let guardians = || approve(world.holders("acme#lead"), 1);
        let above = SetPolicy {
            recursive: true,
            ..world.policy("acme", SPEND, vec![tier(0, role_holders(), guardians())])
        };
        let own = approve(world.holders("dev#engineer"), 3);
        let own = world.policy("dev", SPEND, vec![tier(0, role_holders(), own)]);
        world.ada(Kind::SetPolicy(above));
        world.check("ben", LEAD, Kind::SetPolicy(own), "rejected policy_laxer");
        let announced = announce(72, approve(world.holders("acme#lead"), 1));
        let announced = world.policy("dev", SPEND, vec![tier(0, role_holders(), announced)]);
        world.check(
            "ben",
            LEAD,
            Kind::SetPolicy(announced),
            "rejected policy_laxer",
        );
        let all = world.policy("dev", SPEND, vec![tier(0, role_holders(), consent(72))]);
        world.check("ben", LEAD, Kind::SetPolicy(all), "accepted");
    }

    #[test]
    fn a_policy_in_words_alone_stands_beside_the_others_and_is_replaced_by_name() {
        let mut world = World::new();
        let unit = world.unit("dev").number;
        let words = |world: &World, replaces: u64, text: &str| {
            Kind::SetPolicy(SetPolicy {
                unit: world.unit_ref("dev"),
                words: text.into(),
                replaces: (replaces != 0).then(|| form::numbered(replaces)).flatten(),
                ..SetPolicy::default()
            })
        };
        let lead = LEAD;
        for (replaces, text, expected) in [
            (0, "", "rejected field_missing"),
            (0, "we deploy on Tuesdays", "accepted"),
            (0, "nobody is on call twice in a row", "accepted"),
            (1, "we deploy on Tuesdays and Thursdays", "accepted"),
            (1, "we deploy daily", "rejected policy_ended"),
            (9, "we deploy daily", "rejected object_unknown"),
        ] {
            let act = words(&world, replaces, text);
            world.check("ben", lead, act, expected);
        }
        assert_eq!(world.list(List::Policies, unit), [2, 3]);
        let spend = world.policy("dev", SPEND, vec![tier(0, role_holders(), alone())]);
        let strange = SetPolicy {
            replaces: form::numbered(2),
            ..spend.clone()
        };
        world.check(
            "ben",
            lead,
            Kind::SetPolicy(strange),
            "rejected policy_malformed",
        );
        world.check("ben", lead, Kind::SetPolicy(spend), "accepted");
        let of_spend = world.list(List::Policies, unit)[2];
        let act = words(&world, of_spend, "we spend wisely");
        world.check("ben", lead, act, "rejected policy_malformed");
        let remove = Kind::RemovePolicy(polity_proto::v1::RemovePolicy {
            policy: form::numbered(2),
        });
        world.check("ben", lead, remove, "accepted");
        assert_eq!(world.list(List::Policies, unit), [3, of_spend]);
    }
}
