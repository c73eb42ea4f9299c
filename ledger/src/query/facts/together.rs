//! Where people of different units sign together: who of those who sign counts, and why others do not.

use polity_proto::v1::{Basis, Fact, Member, MemberKind};

use super::{fact, names, rfc3339};
use crate::context::Context;
use crate::judge::{Actor, Need, hands};
use crate::state::objects;

/// Who signs beside others with the authority that a need asks for, who without it, and who count as one.
pub(super) fn of_signers(context: &Context<'_, '_>, need: &Need) -> Vec<Fact> {
    if need.people < 2 || context.seconds.is_empty() {
        return Vec::new();
    }
    let allowed = context.with_authority(need);
    let (mut nobody, mut one_person, mut one_unit) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (actor, basis)) in allowed.iter().enumerate() {
        if context.person_behind(actor, basis).is_none() {
            nobody.push(*actor);
        }
        for (other, others) in &allowed[..index] {
            if are_one(context, (other, others), (actor, basis)) {
                one_person.push(as_one(context, *other, *actor));
            } else if context.side(need, basis) == context.side(need, others) {
                let unit = context.side(need, basis);
                one_unit.push(format!("{}: u{unit}", names(context, &[*other, *actor])));
            }
        }
    }
    let able: Vec<Actor> = allowed.iter().map(|(actor, _)| *actor).collect();
    let unable: Vec<Actor> = context
        .signing()
        .filter(|one| !able.contains(one))
        .copied()
        .collect();

    let named = |name: &str, people: &[Actor]| {
        (!people.is_empty()).then(|| fact(name, names(context, people)))
    };
    let told =
        |name: &str, words: &[String]| (!words.is_empty()).then(|| fact(name, words.join("; ")));
    [
        named("signers", &able),
        named("signers_without_authority", &unable),
        named("counts_as_nobody", &nobody),
        told("one_person", &one_person),
        told("one_unit", &one_unit),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn are_one(context: &Context<'_, '_>, one: (&Actor, &Basis), other: (&Actor, &Basis)) -> bool {
    let people = [one, other].map(|(actor, basis)| context.person_behind(actor, basis));
    match people {
        [Some(these), Some(those)] => hands::meet(context, context.now().time, &these, &those),
        // Whoever is nobody of their own is told as such.
        [_, _] => false,
    }
}

/// That two count as one, and why.
fn as_one(context: &Context<'_, '_>, one: Actor, other: Actor) -> String {
    let now = context.now().time;
    let both = names(context, &[one, other]);
    if !hands::are_one(context, now, one.member, other.member) {
        return format!("{both}: somebody gave, alone and not long ago, what the other signs by");
    }
    let members = [one, other].map(|actor| objects::get::<Member>(context, actor.member));
    let members: Vec<Member> = members.into_iter().flatten().collect();
    if members
        .iter()
        .any(|member| member.kind() == MemberKind::Service)
    {
        return format!("{both}: a service counts as whoever admitted it");
    }
    let ends = members
        .iter()
        .filter_map(|member| hands::newcomer_until(context, member));
    match ends.filter(|until| now < *until).max() {
        Some(until) => {
            let until = rfc3339(until);
            format!("{both}: until {until} a newcomer counts as whoever admitted them")
        }
        None => both,
    }
}
