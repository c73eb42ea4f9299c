//! What is to be known of a refusal to propose, to object or to answer.

use polity_proto::v1::{
    Action, Fact, ModeKind, Objection, OpenProposal, Proposal, RaiseObjection, Respond,
    TestObjection, Unit, WhoKind, action::Kind,
};

use super::super::wanted::{LOOKED_AT_MAX, Wanted};
use super::{fact, names, of_decision, slug};
use crate::context::{Authority, Context};
use crate::decisions::{approve, content, facilitation, judging, mode, responses};
use crate::judge::{Actor, power};
use crate::state::objects;
use crate::{Rejection, actions};

/// Facts of the context's present action, which is about a proposal.
pub(super) fn of_proposing(
    context: &mut Context<'_, '_>,
    action: &Action,
    rejection: Rejection,
) -> Vec<Fact> {
    match (rejection, action.kind.as_ref()) {
        (Rejection::SpendSplit | Rejection::StricterMode, Some(Kind::OpenProposal(open))) => {
            of_stricter(context, open).unwrap_or_default()
        }
        (Rejection::ProposalKindWrong, Some(Kind::OpenProposal(open))) => of_kinds(&open.actions),
        (Rejection::ProposalKindWrong, Some(Kind::AmendProposal(amend))) => {
            of_kinds(&amend.actions)
        }
        (Rejection::ObjectionIncomplete, Some(Kind::RaiseObjection(raise))) => of_claims(raise),
        (Rejection::NotInElectorate, Some(kind)) => of_electorate(context, kind),
        (Rejection::AlreadyAnswered, Some(Kind::Respond(respond))) => {
            of_answer(context, respond).into_iter().collect()
        }
        (Rejection::NoGrant | Rejection::ApproverTooClose, Some(Kind::Respond(respond))) => {
            of_approvers(context, respond).unwrap_or_default()
        }
        (Rejection::NotFacilitator, Some(Kind::TestObjection(test))) => {
            of_testers(context, test).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The decision that it needs, as it is judged together with what was spent before.
fn of_stricter(context: &mut Context<'_, '_>, open: &OpenProposal) -> Option<Vec<Fact>> {
    let unit = context.resolve::<Unit>(&open.unit).ok()?;
    let proposer = context.actor;
    let judged = judging::judge_actions(context, unit, proposer, &open.actions).ok()?;
    let proposed = content::actions_of(&open.actions).ok()?;
    let told = context.dry(Authority::Proposal(0), proposer, |context| {
        let mut told = None;
        for (index, action) in (0..).zip(&proposed) {
            context.begin(index, action)?;
            let needs = actions::needs(context, action)?;
            let is_counted = needs.iter().any(|need| need.value.is_some());
            // Of several actions one that spends says most.
            if told.is_none() || is_counted {
                let wanted = Wanted::of(context, action, &needs);
                told = Some(of_decision(context, &wanted, &judged.decision));
            }
            if is_counted {
                break;
            }
            actions::apply(context, action)?;
        }
        Ok(told)
    });
    told.ok().flatten()
}

/// Which actions, counted from 1, belong to which sort of proposal.
fn of_kinds(encoded: &[Vec<u8>]) -> Vec<Fact> {
    let proposed = content::actions_of(encoded).unwrap_or_default();
    let sorts = proposed
        .iter()
        .map(|action| action.kind.as_ref().map(actions::topic));
    let mut facts = Vec::new();
    for (name, sort) in content::SORTS {
        let places = sorts.clone().zip(1_usize..);
        let places: Vec<String> = places
            .filter(|(topic, _)| topic.and_then(content::sort_of) == Some(sort))
            .map(|(_, place)| place.to_string())
            .collect();
        if !places.is_empty() {
            facts.push(fact(name, places.join(", ")));
        }
    }
    facts
}

/// What the actor has answered: to propose a version is their own consent to it.
fn of_answer(context: &Context<'_, '_>, respond: &Respond) -> Option<Fact> {
    let proposal: Proposal = context.find(&respond.proposal).ok()?;
    let given = responses::answer_of(&proposal, context.actor.member)?;
    let name = given.as_str_name().trim_start_matches("ANSWER_");
    let answer = name.to_ascii_lowercase();
    Some(
        if responses::consents_by_proposing(&proposal, context.actor.member) {
            fact("answered", format!("{answer}, by proposing this version"))
        } else {
            fact("answered", answer)
        },
    )
}

/// Whose approval would count, and what of the unit stands in everybody's way.
fn of_approvers(context: &Context<'_, '_>, respond: &Respond) -> Option<Vec<Fact>> {
    let proposal: Proposal = context.find(&respond.proposal).ok()?;
    let mode = mode::standing(&proposal);
    if mode.kind() != ModeKind::Approve {
        return None;
    }
    let mut facts = vec![fact("unit", format!("u{}", proposal.unit))];
    let approver = mode.approver.unwrap_or_default();
    if approver.kind() == WhoKind::Capability {
        facts.push(fact("capability", slug(approver.capability())));
        let conferred = power::unit_capabilities(context, proposal.unit);
        if !conferred.contain(approver.capability()) {
            let refusal = format!("refused as {}", Rejection::NotConferred.name());
            facts.push(fact("others", refusal));
        }
    }
    let approvers = approve::approvers(context, &proposal, LOOKED_AT_MAX);
    facts.push(fact("approvers", names(context, &approvers)));
    Some(facts)
}

/// The claims that have no argument.
fn of_claims(objection: &RaiseObjection) -> Vec<Fact> {
    let claims = [
        ("harms", &objection.harms),
        ("limits_my_role", &objection.limits_my_role),
        ("caused_by_proposal", &objection.caused_by_proposal),
        ("no_time_to_adapt", &objection.no_time_to_adapt),
    ];
    let missing = claims
        .into_iter()
        .filter(|(_, text)| text.trim().is_empty());
    let missing: Vec<&str> = missing.map(|(name, _)| name).collect();
    vec![fact("missing", missing.join(", "))]
}

/// Who tests an objection. It may be nobody: whoever proposed or objected does not, nor does whoever discarded one of
/// theirs before.
fn of_testers(context: &Context<'_, '_>, test: &TestObjection) -> Option<Fact> {
    let objection: Objection = context.find(&test.objection).ok()?;
    let proposal: Proposal = context.get(objection.proposal).ok()?;
    let testers = facilitation::testers(context, context.now().time, &proposal, &objection);
    let testers: Vec<Actor> = testers
        .into_iter()
        .map(|member| Actor { member, role: 0 })
        .collect();
    Some(if testers.is_empty() {
        fact(
            "testers",
            "nobody: it stands until it is integrated or taken back",
        )
    } else {
        fact("testers", names(context, &testers))
    })
}

/// Who decides, as it was frozen at the opening: people, or the departments through their operators.
fn of_electorate(context: &Context<'_, '_>, kind: &Kind) -> Vec<Fact> {
    let proposal = match kind {
        Kind::Respond(respond) => &respond.proposal,
        Kind::RaiseObjection(raise) => &raise.proposal,
        _ => return Vec::new(),
    };
    let Ok(proposal) = context.find::<Proposal>(proposal) else {
        return Vec::new();
    };
    if !proposal.seats.is_empty() {
        let units = proposal.seats.iter();
        let units = units.filter_map(|seat| objects::get::<Unit>(context, seat.unit));
        let handles: Vec<String> = units.map(|unit| unit.handle).collect();
        return vec![
            fact("electorate", handles.len()),
            fact("electors", handles.join(", ")),
        ];
    }
    let electors = proposal.electorate.iter();
    let electors: Vec<Actor> = electors
        .map(|member| Actor {
            member: *member,
            role: 0,
        })
        .collect();
    vec![
        fact("electorate", electors.len()),
        fact("electors", names(context, &electors)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_without_an_argument_are_named() {
        let objection = RaiseObjection {
            harms: "nobody could deploy".into(),
            limits_my_role: " ".into(),
            caused_by_proposal: "today I may".into(),
            ..RaiseObjection::default()
        };
        let missing = fact("missing", "limits_my_role, no_time_to_adapt");
        assert_eq!(of_claims(&objection), [missing]);
    }
}
