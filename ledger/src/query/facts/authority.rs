//! Where authority is missing: who has it, and who may begin a decision instead.

use polity_proto::v1::Fact;

use super::{PEOPLE_MAX, fact, names, of_mode, shown, slug, together};
use crate::context::Context;
use crate::judge::{Actor, Need, policies, power, who};
use crate::query::verdict::mode_name;
use crate::query::wanted::{LOOKED_AT_MAX, Wanted};
use crate::{Amount, Family, Rejection};

/// A capability that is missing, and who has it.
pub(super) fn of_authority(
    context: &mut Context<'_, '_>,
    wanted: &Wanted<'_>,
    need: &Need,
    rejection: Rejection,
) -> Vec<Fact> {
    let missing = [
        Rejection::NoGrant,
        Rejection::NotConferred,
        Rejection::OwnDecisionOnly,
        Rejection::PeopleMissing,
    ];
    // Of the needs of several units, only those are told whose unit lacks the capability.
    let is_conferred = rejection == Rejection::NotConferred
        && power::unit_capabilities(context, need.unit).contain(need.capability);
    if !missing.contains(&rejection) || is_conferred {
        return Vec::new();
    }
    let able = able(context, wanted, need);
    let otherwise = others_begin(context, wanted, need);
    let mut facts = vec![
        fact("capability", slug(need.capability)),
        fact("unit", format!("u{}", need.unit)),
    ];
    // Where nobody may do it alone, it is enough to tell who may begin a decision.
    if !able.is_empty() || otherwise.is_empty() {
        facts.push(fact("who_could", with_limits(context, need, &able)));
    }
    if able.is_empty() {
        facts.extend(obstacle(context, wanted, need));
    }
    facts.extend(otherwise);
    if need.people > 1 {
        facts.push(fact("people", need.people));
        facts.extend(together::of_signers(context, need));
    }
    facts
}

/// Who could do it: to have the capability somewhere, or up to some limit, is not enough. Where several people sign, nobody
/// who would count as one with those who sign already.
pub(super) fn able(context: &mut Context<'_, '_>, wanted: &Wanted<'_>, need: &Need) -> Vec<Actor> {
    let now = context.now();
    let mut able = Vec::new();
    for actor in who::with_capability(context, now, need.capability, need.unit, LOOKED_AT_MAX) {
        let counts =
            |context: &Context<'_, '_>| need.people < 2 || context.is_one_more(need, actor);
        if able.len() < PEOPLE_MAX && counts(context) && wanted.could(context, need, actor) {
            able.push(actor);
        }
    }
    able
}

/// Why whoever has the capability could not either: it is the object's state or its value.
fn obstacle(context: &mut Context<'_, '_>, wanted: &Wanted<'_>, need: &Need) -> Option<Fact> {
    let now = context.now();
    let holders = who::with_capability(context, now, need.capability, need.unit, LOOKED_AT_MAX);
    let refusal = holders
        .into_iter()
        .filter_map(|actor| wanted.tried(context, need, actor)?.err())
        // Refusals up to authority are about people, and say nothing of others.
        .find(|refusal| refusal.family() > Family::Authority)?;
    Some(fact("others", format!("refused as {}", refusal.name())))
}

/// The policy that decides, and who may begin that; nothing where there is none or nobody.
fn others_begin(context: &Context<'_, '_>, wanted: &Wanted<'_>, need: &Need) -> Vec<Fact> {
    let now = context.now();
    let Some(judging) = policies::judging_tier(context, now, need) else {
        return Vec::new();
    };
    let by = judging.tier.by.unwrap_or_default();
    let mut beginners = who::everybody(context, now, need.unit, &by, LOOKED_AT_MAX);
    beginners.retain(|actor| Wanted::could_begin(context, need, *actor));
    beginners.truncate(PEOPLE_MAX);
    if beginners.is_empty() {
        return Vec::new();
    }
    let mode = policies::mode_of(&judging.tier);
    let mut facts = vec![
        fact("may_begin", names(context, &beginners)),
        fact("mode", mode_name(mode.kind())),
        fact("policy", format!("y{}", judging.policy.number)),
    ];
    facts.extend(of_mode(context, wanted, need.unit, mode, &beginners));
    if let Some(stricter) = &mode.escalates_to {
        facts.push(fact("escalates_to", mode_name(stricter.kind())));
    }
    facts
}

/// People by their handles, each with the limit of the grant by which they may.
fn with_limits(context: &Context<'_, '_>, need: &Need, people: &[Actor]) -> String {
    let Some(value) = &need.value else {
        return names(context, people);
    };
    let limit = |actor: &Actor| {
        let grants = power::grants_in_role(context, actor.member, actor.role, context.now().time);
        let grant = grants.into_iter().find(|grant| {
            grant.capability() == need.capability
                && power::scope_covers(context, grant, need.unit, need.object)
        })?;
        let limit = Amount::from_state(&grant.per_transfer);
        (!grant.per_transfer.is_empty()).then(|| shown(context, limit, value.asset))
    };
    let mut words: Vec<String> = Vec::new();
    for actor in people {
        let name = names(context, &[*actor]);
        let word = match limit(actor) {
            Some(limit) => format!("{name} up to {limit}"),
            None => name,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        names(context, &[])
    } else {
        words.join(", ")
    }
}
