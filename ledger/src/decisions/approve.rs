//! Mode `approve`: so many different people, none of whom prepared it or benefits from it.

use polity_proto::v1::{
    Answer, Assignment, BasisSource, Capability, Grant, Proposal, Response, Who, WhoKind,
};

use super::mode::{self, Outcome, answers};
use super::{benefit, passages};
use crate::Rejection;
use crate::context::Context;
use crate::judge::hands::{self, Hands};
use crate::judge::{self, Actor, duties, power, who};
use crate::state::keys::List;
use crate::state::{Read, lists};

/// Most grants by which it is asked who stands behind an approval.
const WAYS_MAX: usize = 16;

/// Most people who are looked at to tell whether enough approvals can still come.
const CANDIDATES_MAX: usize = 1_000;

/// Judges an answer: the proposer and beneficiaries by their own name before any authority.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    let interested = interested(context, proposal);
    match answer {
        Answer::Approve => check_approver(context, proposal, &interested, actor),
        Answer::Refuse => check_authority(context, proposal, &interested, actor),
        Answer::None | Answer::NoObjection | Answer::Yes | Answer::No | Answer::Abstain => {
            Err(Rejection::AnswerUnfit)
        }
    }
}

/// Decided by the approvals that still count; refused when too few people are left to approve.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    let interested = &interested(context, proposal);
    let approved = answers(proposal)
        .filter(|(_, answer)| *answer == Answer::Approve)
        .filter(|(response, _)| counts(context, proposal, interested, response))
        .map(|(response, _)| actor_of(response));
    if are_enough(context, proposal, interested, approved) {
        return Outcome::Decided;
    }
    let refused = answers(proposal).any(|(_, answer)| answer == Answer::Refuse);
    if !refused {
        return Outcome::Open;
    }
    let left = candidates(context, proposal, interested);
    if are_enough(context, proposal, interested, left) {
        Outcome::Open
    } else {
        Outcome::Refused
    }
}

/// Approvers are judged again at the decision: whoever lost what made them one no longer counts.
fn counts(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    response: &Response,
) -> bool {
    let actor = actor_of(response);
    power::member_is_active(context, actor.member)
        && check_approver(context, proposal, interested, actor).is_ok()
}

fn actor_of(response: &Response) -> Actor {
    Actor {
        member: response.member,
        role: response.role,
    }
}

/// Whether these approvers are as many people as are asked for. One and those whom they made approvers, by delegating, by a
/// grant, an assignment or taking them in, alone and not long ago, are one person, not as many as a policy asks for.
fn are_enough(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    approvers: impl Iterator<Item = Actor>,
) -> bool {
    let enough = mode::standing(proposal).count;
    let (mut approvals, mut people) = (Vec::new(), People::default());
    for actor in approvers {
        let ways = ways_to_approve(context, proposal, interested, actor);
        // More would only be looked at.
        if people.count_another(context, &ways) >= enough {
            return true;
        }
        approvals.push(ways);
    }
    // Those who stand for themselves alone come first: they leave more of the others.
    approvals.sort_by_key(|ways| ways.iter().map(Vec::len).min());
    let mut people = People::default();
    let mut approvals = approvals.iter();
    approvals.any(|ways| people.count_another(context, ways) >= enough)
}

/// People who are counted, and all who stand behind them.
#[derive(Default)]
struct People {
    count: u32,
    behind: Hands,
}

impl People {
    /// Counts one more who approves in one of these ways, if they are another person; how many are counted.
    fn count_another(&mut self, context: &Context<'_, '_>, ways: &[Vec<u64>]) -> u32 {
        let now = context.now().time;
        let mut ways = ways.iter().map(|way| Hands::of(context, now, way));
        if let Some(way) = ways.find(|way| !way.meet(&self.behind)) {
            self.count += 1;
            self.behind.join(way);
        }
        self.count
    }
}

/// The ways in which somebody approves, each as the people who stand behind it, the approver among them. None in which
/// one of them counts as the proposer or a beneficiary.
fn ways_to_approve(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    actor: Actor,
) -> Vec<Vec<u64>> {
    let now = context.now().time;
    let approver = approver_of(proposal);
    let by = |source, number| actor.basis(context, context.now(), source, number);
    // A grant of a role counts as that role's, in whichever role they answer.
    let by_grant = |grant: &Grant| match grant.source {
        0 => Actor {
            role: grant.role,
            ..actor
        }
        .basis(context, context.now(), BasisSource::Grant, grant.number),
        _ => by(BasisSource::Grant, grant.number),
    };
    let mut ways: Vec<Vec<u64>> = match approver.kind() {
        WhoKind::Capability => approving_grants(context, proposal, actor, &approver)
            .iter()
            .take(WAYS_MAX)
            .filter_map(|grant| hands::behind(context, now, &by_grant(grant)))
            .collect(),
        WhoKind::RoleHolders | WhoKind::Role | WhoKind::RoleKind => {
            let assigned = hands::behind(context, now, &by(BasisSource::Own, 0));
            assigned.into_iter().collect()
        }
        WhoKind::JoinedMembers => {
            let joined = hands::behind_joining(context, now, actor.member, proposal.unit);
            joined.into_iter().collect()
        }
        WhoKind::None => Vec::new(),
    };
    ways.retain(|people| !Hands::of(context, now, people).meet(interested));
    ways
}

/// The hands of the proposer and of those who benefit: whoever admitted a payee does not approve the payment. Made once
/// for all answers, because a role that receives a grant may have thousands of holders.
fn interested(context: &Context<'_, '_>, proposal: &Proposal) -> Hands {
    let now = context.now().time;
    let mut interested = Hands::of(context, now, &proposal.beneficiaries);
    interested.join(Hands::of(
        context,
        now,
        &benefit::receiving(context, proposal),
    ));
    // What the ledger itself proposes, nobody does.
    if proposal.proposer != 0 {
        interested.join(Hands::of(context, now, &[proposal.proposer]));
    }
    interested
}

/// Who has approved or still could.
fn candidates(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
) -> impl Iterator<Item = Actor> {
    let (now, approver) = (context.now(), approver_of(proposal));
    let people = who::people(context, now, proposal.unit, &approver, CANDIDATES_MAX);
    people.into_iter().filter(|actor| {
        let refused = answers(proposal)
            .any(|(response, answer)| response.member == actor.member && answer == Answer::Refuse);
        !refused && check_approver(context, proposal, interested, *actor).is_ok()
    })
}

/// Those whose approval would count now, each in a role in which it would, of at most `max` people.
pub(crate) fn approvers(context: &Context<'_, '_>, proposal: &Proposal, max: usize) -> Vec<Actor> {
    let (now, approver) = (context.now(), approver_of(proposal));
    let interested = interested(context, proposal);
    let mut people = who::people(context, now, proposal.unit, &approver, max);
    people.retain(|actor| check_approver(context, proposal, &interested, *actor).is_ok());
    people
}

/// Who may approve: neither proposer nor beneficiary, with the authority, a person, at a distance.
fn check_approver(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    actor: Actor,
) -> Result<(), Rejection> {
    if actor.member == proposal.proposer || proposal.beneficiaries.contains(&actor.member) {
        return Err(Rejection::SelfApproval);
    }
    check_authority(context, proposal, interested, actor)?;
    if power::is_service(context, actor.member) {
        return Err(Rejection::ServiceCannotApprove);
    }
    let (now, approver) = (context.now().time, approver_of(proposal));
    if is_too_close(context, proposal, actor.member)
        || Hands::of(context, now, &[actor.member]).meet(interested)
        || is_empowered_for_it(context, proposal, actor, &approver)
        || ways_to_approve(context, proposal, interested, actor).is_empty()
        || approver.kind() == WhoKind::JoinedMembers
            && passages::took_in(context, proposal, actor.member)
    {
        return Err(Rejection::ApproverTooClose);
    }
    if approver.kind() == WhoKind::Capability
        && duties::keeps_apart(
            context,
            now,
            actor.member,
            approver.capability(),
            proposal.unit,
        )
        .is_some()
    {
        return Err(Rejection::DutyConflict);
    }
    Ok(())
}

fn check_authority(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    actor: Actor,
) -> Result<(), Rejection> {
    let now = context.now();
    let approver = approver_of(proposal);
    let capability = Capability::Approve;
    if judge::sleeps(context, now, actor.member, capability) {
        return Err(Rejection::Sleeping);
    }
    if !who::includes(context, now, actor, proposal.unit, &approver)
        || holds_by_interest_only(context, proposal, interested, actor, &approver)
    {
        return Err(Rejection::NoGrant);
    }
    Ok(())
}

fn approver_of(proposal: &Proposal) -> Who {
    mode::standing(proposal).approver.unwrap_or_default()
}

/// Whether the power to approve is only what the proposer or a beneficiary delegated.
fn holds_by_interest_only(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    interested: &Hands,
    actor: Actor,
    approver: &Who,
) -> bool {
    if approver.kind() != WhoKind::Capability {
        return false;
    }
    let now = context.now().time;
    let is_free = |delegator: u64| !Hands::of(context, now, &[delegator]).meet(interested);
    !approving_grants(context, proposal, actor, approver)
        .iter()
        .any(|grant| grant.source == 0 || power::delegator(context, grant).is_some_and(is_free))
}

/// Whether all that lets the actor approve was given by the proposer a short time ago: a role that
/// others hold is made an approver no faster than somebody is put into one.
fn is_empowered_for_it(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    approver: &Who,
) -> bool {
    if approver.kind() != WhoKind::Capability {
        return false;
    }
    let now = context.now().time;
    approving_grants(context, proposal, actor, approver)
        .iter()
        .all(|grant| {
            hands::is_recent(context, now, grant.from)
                && is_of_proposer(context, proposal, grant.given_by)
        })
}

/// The grants by which the actor has the capability that approvers have. Whoever gives somebody many more hides none of the
/// oldest.
fn approving_grants(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    approver: &Who,
) -> Vec<Grant> {
    let (capability, now) = (approver.capability(), context.now().time);
    power::grants_for(context, actor.member, capability, proposal.unit, now)
}

/// Whether nothing shows that proposer and member are two people, or the proposer assigned the
/// member to a role a short time ago: by the time of the block, whatever date it was recorded for.
pub(super) fn is_too_close(context: &Context<'_, '_>, proposal: &Proposal, member: u64) -> bool {
    let now = context.now().time;
    let state: &dyn Read = context;
    is_of_proposer(context, proposal, member)
        || lists::objects::<Assignment>(state, List::Assignments, member).any(|assignment| {
            hands::is_recent(state, now, assignment.assigned_at)
                && is_of_proposer(context, proposal, assignment.assigned_by)
        })
}

/// Whether somebody counts as the proposer. What the ledger itself proposes, nobody does.
pub(super) fn is_of_proposer(context: &Context<'_, '_>, proposal: &Proposal, member: u64) -> bool {
    let now = context.now().time;
    proposal.proposer != 0 && hands::are_one(context, now, proposal.proposer, member)
}
