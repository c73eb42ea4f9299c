//! What way is left to whoever gives, takes or uses alone what is nobody's alone: who could do it, and
//! whose decision it would be.

use polity_proto::v1::{Action, Capability, Fact, Grant, Member, action::Kind};

use super::{PEOPLE_MAX, authority, fact, names, rfc3339, slug};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{Actor, Need, hands, policies, power, who};
use crate::query::verdict::mode_name;
use crate::query::wanted::Wanted;
use crate::state::objects;

/// Facts of a gift that is refused, and of one that is held back from whoever would use it.
pub(super) fn of_gift(
    context: &mut Context<'_, '_>,
    wanted: &Wanted<'_>,
    need: &Need,
    rejection: Rejection,
) -> Vec<Fact> {
    let action = wanted.action;
    if rejection == Rejection::GrantTooClose {
        return of_closeness(context, need);
    }
    let by_others = fact("way", "let somebody else do it, or a decision of the unit");
    match empowered(action) {
        Some(capability) if rejection == Rejection::GrantExceedsGiver => {
            of_excess(context, wanted, need, capability)
        }
        // Whoever founds a unit by acts of their own has nothing to give in it.
        Some(capability)
            if rejection == Rejection::OwnDecisionOnly
                && power::is_over_value(capability)
                && nobody_governs(context, need.unit) =>
        {
            vec![fact("way", founding(need.unit))]
        }
        Some(_) | None => match rejection {
            Rejection::GrantExceedsGiver | Rejection::GrantToSelf => vec![by_others],
            _ => Vec::new(),
        },
    }
}

/// What an action would let somebody do.
fn empowered(action: &Action) -> Option<Capability> {
    match action.kind.as_ref()? {
        Kind::GiveGrant(give) => Some(give.capability()),
        Kind::SetPolicy(set) => Some(set.capability()),
        _ => None,
    }
}

/// What reserves a capability, who could give it all the same, and which decision could.
fn of_excess(
    context: &mut Context<'_, '_>,
    wanted: &Wanted<'_>,
    need: &Need,
    capability: Capability,
) -> Vec<Fact> {
    let (now, unit) = (context.now(), need.unit);
    let mut facts = vec![
        fact("capability", slug(capability)),
        fact("unit", format!("u{unit}")),
    ];
    if !power::unit_capabilities(context, unit).contain(capability) {
        facts.push(fact("way", format!("the unit above confers it on u{unit}")));
        return facts;
    }
    if let Some(judging) = policies::judging_tier(context, now, &Need::of(capability, unit)) {
        let mode = mode_name(policies::mode_of(&judging.tier).kind());
        let policy = judging.policy;
        let words = format!("y{} of u{}: {mode}", policy.number, policy.unit);
        facts.push(fact("reserved_by", words));
    }
    let able = authority::able(context, wanted, need);
    if !able.is_empty() {
        facts.push(fact("who_could", names(context, &able)));
    }
    facts.push(fact("way", by_decision(context, unit)));
    facts
}

/// The decision by which a unit gives what nobody in it may give alone.
fn by_decision(context: &Context<'_, '_>, unit: u64) -> String {
    let now = context.now();
    let need = Need::governing(context, unit, now.time);
    match policies::judging_tier(context, now, &need) {
        Some(judging) => format!(
            "a proposal in u{unit} by policy y{}, begun by somebody who does not govern it alone, or in no role",
            judging.policy.number
        ),
        None => format!(
            "a policy for govern in u{unit} by which somebody else must agree, then a proposal there; or {}",
            founding(unit)
        ),
    }
}

fn founding(unit: u64) -> String {
    format!(
        "somebody who governs u{unit} itself; a proposal that creates a unit gives this with it"
    )
}

fn nobody_governs(context: &Context<'_, '_>, unit: u64) -> bool {
    let now = context.now();
    let able = who::with_capability(context, now, Capability::Govern, unit, PEOPLE_MAX);
    let governs = |actor: &Actor| {
        power::grants_in_role(context, actor.member, actor.role, now.time)
            .iter()
            .any(|grant| {
                grant.capability() == Capability::Govern
                    && grant.scope.is_some_and(|scope| scope.unit == unit)
            })
    };
    !able.iter().any(governs)
}

/// What is held back from the actor, who gave it, until when, and what would do instead.
fn of_closeness(context: &Context<'_, '_>, need: &Need) -> Vec<Fact> {
    let actor = context.actor;
    let mut facts = Vec::new();
    match held_back(context, need) {
        Some(grant) => {
            facts.push(fact("grant", format!("g{}", grant.number)));
            let given = grant.basis.map(|basis| basis.member);
            facts.extend(by("given_by", context, given));
            let held = power::holding(context, actor.member, grant.role, context.now().time);
            let assigned = held.and_then(|assignment| assignment.basis);
            facts.extend(by(
                "assigned_by",
                context,
                assigned.map(|basis| basis.member),
            ));
        }
        None => {
            let judging = policies::judging_tier(context, context.now(), need);
            let policy = judging.map(|judging| judging.policy);
            facts.extend(
                policy
                    .as_ref()
                    .map(|policy| fact("policy", format!("y{}", policy.number))),
            );
            let set = policy.and_then(|policy| policy.basis);
            facts.extend(by("set_by", context, set.map(|basis| basis.member)));
        }
    }
    facts.extend(of_newcomer(context));
    let words =
        "let somebody else give the grant, the role or the policy, or a decision of the unit";
    facts.push(fact("way", words));
    facts
}

/// The first grant for the need that is held back from the actor.
fn held_back(context: &Context<'_, '_>, need: &Need) -> Option<Grant> {
    let (actor, now) = (context.actor, context.now().time);
    power::grants_in_role(context, actor.member, actor.role, now)
        .into_iter()
        .filter(|grant| grant.capability() == need.capability)
        .filter(|grant| power::scope_covers(context, grant, need.unit, need.object))
        .find(|grant| hands::withholds(context, now, grant, actor.member))
}

/// Who did something; nobody where the founding did.
fn by(name: &str, context: &Context<'_, '_>, member: Option<u64>) -> Option<Fact> {
    let member = member.filter(|member| *member != 0)?;
    Some(fact(name, names(context, &[Actor { member, role: 0 }])))
}

/// Until when the actor counts as whoever admitted them.
fn of_newcomer(context: &Context<'_, '_>) -> Option<Fact> {
    let member: Member = objects::get(context, context.actor.member)?;
    let until = hands::newcomer_until(context, &member)?;
    (context.now().time < until).then(|| fact("until", rfc3339(until)))
}
