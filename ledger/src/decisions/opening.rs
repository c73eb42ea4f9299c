//! Opening and amending: a proposal's actions are judged as they are now, on the state that the
//! earlier ones would leave, and nothing of it stays.

use polity_proto::v1::{
    Action, Exposure, Mode, ModeKind, ObjectKind, Proposal, ProposalKind, ProposalState,
};
use prost::Message;

use super::{ACTIONS_MAX, benefit, exposure, mode, timing};
use crate::Rejection;
use crate::actions::{self, Topic};
use crate::context::{Authority, Context};
use crate::judge::{
    Actor, Decision, Need, Trace, Verdict, judge_proposal, power, strictness, tightens,
};
use crate::state::keys::List;
use crate::state::lists;

/// What judging a proposal's actions tells.
pub(crate) struct Judged {
    /// The strictest decision that one of them needs.
    pub(crate) decision: Decision,
    exposures: Vec<Exposure>,
    credited: Vec<u64>,
}

impl Judged {
    /// A decision about what neither spends nor credits anybody.
    pub(crate) fn plain(decision: Decision) -> Judged {
        Judged {
            decision,
            exposures: Vec::new(),
            credited: Vec::new(),
        }
    }
}

/// Checks what the bytes of a proposal's actions alone can tell.
pub(crate) fn check_form(encoded: &[Vec<u8>]) -> Result<(), Rejection> {
    if encoded.is_empty() || encoded.len() > ACTIONS_MAX {
        return Err(Rejection::ProposalEmpty);
    }
    for bytes in encoded {
        let action = Action::decode(bytes.as_slice()).map_err(|_| Rejection::Malformed)?;
        if action.encode_to_vec() != *bytes {
            return Err(Rejection::NotCanonical);
        }
        // Bytes could nest without end; so this is no matter of a block.
        if is_about_proposals(&action) {
            return Err(Rejection::ProposalNested);
        }
        actions::check_form(&action, 1)?;
    }
    Ok(())
}

/// Checks what a proposal of this kind may contain. Judged in the block, so that the attempt to
/// decide what is not to be decided is recorded.
pub(crate) fn check_content(actions: &[Action], kind: ProposalKind) -> Result<(), Rejection> {
    let mut common = None;
    for action in actions {
        // The proposer acts, in the role in which the proposal was opened.
        let plain = action.actor == 0 && action.acting_role.is_none() && action.seconds.is_empty();
        let topic = action.kind.as_ref().map(actions::topic);
        if !plain || topic == Some(Topic::Own) {
            return Err(Rejection::ActionNotProposable);
        }
        let sort = topic.and_then(sort_of);
        if *common.get_or_insert(sort) != sort || !fits(kind, topic) {
            return Err(Rejection::ProposalKindWrong);
        }
    }
    Ok(())
}

/// Operations carry value actions, governance never does.
fn fits(kind: ProposalKind, topic: Option<Topic>) -> bool {
    match kind {
        ProposalKind::None => false,
        ProposalKind::Governance => {
            matches!(
                topic,
                Some(Topic::Governance | Topic::People | Topic::Network)
            )
        }
        ProposalKind::Operation => matches!(topic, Some(Topic::Operation)),
    }
}

/// Topics that can stand in one proposal have one sort; a person's own act has none.
fn sort_of(topic: Topic) -> Option<Topic> {
    match topic {
        Topic::Own => None,
        Topic::Governance | Topic::People => Some(Topic::Governance),
        Topic::Operation => Some(Topic::Operation),
        Topic::Network => Some(Topic::Network),
    }
}

fn is_about_proposals(action: &Action) -> bool {
    // The numbers of this family on the wire.
    (160..174).contains(&actions::tag(action))
}

/// The actions of a proposal whose form was checked.
pub(crate) fn actions_of(encoded: &[Vec<u8>]) -> Result<Vec<Action>, Rejection> {
    encoded
        .iter()
        .map(|bytes| Action::decode(bytes.as_slice()).map_err(|_| Rejection::Malformed))
        .collect()
}

/// Judges a proposal's actions as acts of `proposer` that `unit` decides.
pub(crate) fn judge_actions(
    context: &mut Context<'_, '_>,
    unit: u64,
    proposer: Actor,
    encoded: &[Vec<u8>],
) -> Result<Judged, Rejection> {
    let actions = actions_of(encoded)?;
    context.dry(Authority::Proposal(0), proposer, |context| {
        let first_event = context.events.len();
        let mut decisions = Vec::new();
        let mut exposures = Vec::new();
        let mut credited = Vec::new();
        for (index, action) in actions.iter().enumerate() {
            context.begin(index as u32, action)?;
            let needs = actions::needs(context, action)?;
            for (place, need) in needs.iter().enumerate() {
                decisions.extend(judge_need(context, unit, proposer, need, place == 0)?);
                exposures.extend(exposure::of_need(context, need));
                credited.extend(benefit::of_need(need));
            }
            actions::apply(context, action)?;
        }
        credited.extend(benefit::since(context, first_event));
        credited.sort_unstable();
        credited.dedup();
        Ok(Judged {
            decision: strictest(decisions)?,
            exposures,
            credited,
        })
    })
}

/// The decision that one need asks for; none where the proposer may, or where the proposal itself
/// creates what it is about.
fn judge_need(
    context: &Context<'_, '_>,
    unit: u64,
    proposer: Actor,
    need: &Need,
    is_first: bool,
) -> Result<Option<Decision>, Rejection> {
    // Where several must sign, no decision stands in for them.
    if need.people > 1 {
        return Err(Rejection::ActionNotProposable);
    }
    if context.has_created(ObjectKind::Unit, need.unit) {
        // What was not conferred on it cannot be done in it by anybody, nor by who creates it.
        return match power::unit_capabilities(context, need.unit).contain(need.capability) {
            true => Ok(None),
            false => Err(Rejection::NotConferred),
        };
    }
    let belongs = need.unit == unit || need.departments;
    if need.own || (is_first && !belongs) {
        return Err(Rejection::ProposalForeign);
    }
    let now = context.now();
    match judge_proposal(context, now, proposer, need, &mut Trace::off()) {
        Verdict::Allowed(_) => Ok(None),
        Verdict::Refused(rejection) => Err(rejection),
        // What another unit has to decide is not this proposal's.
        Verdict::NeedsDecision(_) if !belongs => Err(Rejection::ProposalForeign),
        Verdict::NeedsDecision(decision) => Ok(Some(decision)),
    }
}

/// The strictest of several decisions. Where others would have to approve, it is none of one proposal.
fn strictest(decisions: Vec<Decision>) -> Result<Decision, Rejection> {
    let strictest = decisions
        .iter()
        .reduce(|a, b| match strictness(&b.mode) > strictness(&a.mode) {
            true => b,
            false => a,
        })
        .cloned()
        .ok_or(Rejection::NoDecisionNeeded)?;
    let covers_all = decisions
        .iter()
        .all(|decision| tightens(&strictest.mode, &decision.mode));
    match covers_all {
        true => Ok(strictest),
        false => Err(Rejection::ProposalDivided),
    }
}

/// Refuses a decision that is stricter than `mode`, by the name of what made it so.
pub(crate) fn check_not_stricter(decision: &Decision, mode: &Mode) -> Result<(), Rejection> {
    match (
        strictness(&decision.mode) > strictness(mode),
        decision.aggregated,
    ) {
        (false, _) => Ok(()),
        (true, true) => Err(Rejection::SpendSplit),
        (true, false) => Err(Rejection::StricterMode),
    }
}

/// Refuses an amendment that needs other people's decision, or a stricter one, than the proposal has:
/// policy and mode stay those of the opening.
pub(crate) fn check_covered(decision: &Decision, frozen: &Mode) -> Result<(), Rejection> {
    check_not_stricter(decision, frozen)?;
    match tightens(frozen, &decision.mode) {
        true => Ok(()),
        false => Err(Rejection::ProposalDivided),
    }
}

/// What the proposer stated, as a mode to compare with: what was not stated is as strict as can be.
pub(crate) fn expected(kind: ModeKind, count: u32) -> Mode {
    Mode {
        kind: kind as i32,
        count: if count == 0 { u32::MAX } else { count },
        wait: u64::MAX,
        deadline: u64::MAX,
        quorum: u32::MAX,
        pass: u32::MAX,
        escalates_to: Some(Box::new(Mode {
            kind: i32::MAX,
            ..Mode::default()
        })),
        ..Mode::default()
    }
}

/// Writes a judged proposal as open; its number is given here.
pub(crate) fn open(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
    judged: Judged,
) -> Result<u64, Rejection> {
    let now = context.now();
    let ttl = context.parameters().proposal_ttl;
    let lapses_at = now.waiting().checked_add(ttl);
    proposal.number = context.next_number(ObjectKind::Proposal);
    proposal.version = 1;
    proposal.state = ProposalState::Open as i32;
    proposal.policy = judged.decision.policy;
    proposal.capability = judged.decision.capability as i32;
    proposal.mode = Some(judged.decision.mode.clone());
    proposal.opened_at = now.time;
    proposal.lapses_at = lapses_at.ok_or(Rejection::TimeMalformed)?;
    mode::freeze(context, &mut proposal)?;
    carry(context, &mut proposal, judged)?;

    timing::begin_version(context, &mut proposal);
    for (list, owner) in [
        (List::Proposals, proposal.unit),
        (List::ProposalsBy, proposal.proposer),
    ] {
        lists::append(context.state, list, owner, proposal.number);
    }
    context.put(&proposal);
    Ok(proposal.number)
}

/// Takes over what judging told: whom the actions credit, what they would spend.
pub(crate) fn carry(
    context: &mut Context<'_, '_>,
    proposal: &mut Proposal,
    judged: Judged,
) -> Result<(), Rejection> {
    proposal.beneficiaries.extend(judged.credited);
    proposal.beneficiaries.sort_unstable();
    proposal.beneficiaries.dedup();
    proposal.exposures = judged.exposures;
    exposure::open(context, &mut proposal.exposures)
}

/// Takes back what the former version would have spent, before the next one is judged.
pub(crate) fn uncarry(context: &mut Context<'_, '_>, proposal: &mut Proposal) {
    exposure::close(context, &proposal.exposures);
    proposal.exposures.clear();
}
