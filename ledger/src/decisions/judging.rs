//! A proposal's actions, judged: as they are now, each on the state that the earlier ones would
//! leave, and nothing of it stays. What comes of it is the decision that they need together.

use polity_proto::v1::{Basis, BasisSource, Exposure, Mode, ModeKind, ObjectKind};

use super::{benefit, content, exposure, own_hand};
use crate::Rejection;
use crate::actions;
use crate::context::{Authority, Context};
use crate::judge::{
    Actor, Decision, Need, Trace, Verdict, floor, judge_proposal, policies, power, strictness,
    tightens,
};

/// What judging a proposal's actions tells.
pub(crate) struct Judged {
    /// The strictest decision that one of them needs.
    pub(crate) decision: Decision,
    /// The floors of the policies that they change.
    floors: Vec<Mode>,
    pub(super) exposures: Vec<Exposure>,
    pub(super) credited: Vec<u64>,
    /// Whether the proposer may do a part of it alone, about which nothing is decided, or alone set the policy that decides
    /// about a part.
    pub(super) silence_is_own: bool,
}

impl Judged {
    /// A decision about what neither spends nor credits anybody.
    pub(crate) fn plain(decision: Decision) -> Judged {
        Judged {
            decision,
            floors: Vec::new(),
            exposures: Vec::new(),
            credited: Vec::new(),
            silence_is_own: false,
        }
    }

    /// Refuses a mode that may not change what they change: it may be heard in another way than the one by which a part
    /// would pass its floor by itself.
    pub(crate) fn check_floors(&self, mode: &Mode) -> Result<(), Rejection> {
        let mut floors = self.floors.iter();
        Rejection::ProposalDivided.unless(floors.all(|floor| floor::is_above(mode, floor)))
    }
}

/// Judges a proposal's actions as acts of `proposer` that `unit` decides.
pub(crate) fn judge_actions(
    context: &mut Context<'_, '_>,
    unit: u64,
    proposer: Actor,
    encoded: &[Vec<u8>],
) -> Result<Judged, Rejection> {
    let actions = content::actions_of(encoded)?;
    context.dry(Authority::Proposal(0), proposer, |context| {
        let first_event = context.events.len();
        let (mut decisions, mut floors) = (Vec::new(), Vec::new());
        let mut exposures = Vec::new();
        let mut credited = Vec::new();
        let (mut has_own_acts, mut paid) = (false, Vec::new());
        for (index, action) in actions.iter().enumerate() {
            context.begin(index as u32, action)?;
            let needs = actions::needs(context, action)?;
            for (place, need) in needs.iter().enumerate() {
                match judge_need(context, unit, proposer, need, place == 0)? {
                    Part::Decided(decision) => decisions.push(decision),
                    Part::Created => {}
                    Part::Paid => paid.push(decide_beside(context, proposer, need)),
                    Part::Own => has_own_acts = true,
                }
                if need.unit == unit {
                    floors.extend(floor::of(context, need));
                }
                exposures.extend(exposure::of_need(context, need));
                credited.extend(benefit::of_need(need));
            }
            actions::apply(context, action)?;
        }
        credited.extend(benefit::since(context, first_event));
        credited.sort_unstable();
        credited.dedup();
        if !decisions.is_empty() {
            for beside in paid {
                match beside? {
                    Some(decision) => decisions.push(decision),
                    None => has_own_acts = true,
                }
            }
        }
        let is_own = |decision: &Decision| {
            own_hand::is_own_policy(context, proposer.member, decision.policy)
        };
        let silence_is_own = has_own_acts || decisions.iter().any(is_own);
        Ok(Judged {
            decision: strictest(decisions)?,
            floors,
            exposures,
            credited,
            silence_is_own,
        })
    })
}

/// What a need makes of its part of a proposal.
enum Part {
    /// The unit decides about it.
    Decided(Decision),
    /// It is about what the proposal itself creates.
    Created,
    /// The proposer may do it alone.
    Own,
    /// The proposer may pay it alone, by a grant.
    Paid,
}

/// Judges one need of a proposal.
fn judge_need(
    context: &Context<'_, '_>,
    unit: u64,
    proposer: Actor,
    need: &Need,
    is_first: bool,
) -> Result<Part, Rejection> {
    // Where several must sign, no decision stands in for them.
    if need.people > 1 {
        return Err(Rejection::ActionNotProposable);
    }
    if context.has_created(ObjectKind::Unit, need.unit) {
        // What was not conferred on a new unit nobody can do in it, not even whoever creates it.
        return if power::unit_capabilities(context, need.unit).contain(need.capability) {
            Ok(Part::Created)
        } else {
            Err(Rejection::NotConferred)
        };
    }
    let belongs = need.unit == unit;
    if need.own || (is_first && !belongs) {
        return Err(Rejection::ProposalForeign);
    }
    let now = context.now();
    match judge_proposal(context, now, proposer, need, &mut Trace::off()) {
        Verdict::Allowed(basis) if is_paid_by_grant(need, &basis) => Ok(Part::Paid),
        Verdict::Allowed(_) => Ok(Part::Own),
        Verdict::Refused(rejection) => Err(rejection),
        // What another unit has to decide is not this proposal's.
        Verdict::NeedsDecision(_) if !belongs => Err(Rejection::ProposalForeign),
        // A policy that the proposal itself sets decides from then on, and not about this proposal.
        Verdict::NeedsDecision(decision)
            if context.has_created(ObjectKind::Policy, decision.policy) =>
        {
            Err(Rejection::ProposalDivided)
        }
        Verdict::NeedsDecision(decision) => Ok(Part::Decided(decision)),
    }
}

/// Whether value is paid by a grant.
fn is_paid_by_grant(need: &Need, basis: &Basis) -> bool {
    let value = need.value.as_ref();
    value.is_some_and(|value| !value.amount.is_zero()) && basis.source() == BasisSource::Grant
}

/// The decision about what the proposer may pay alone by a grant, where others decide about the rest. No grant counts what
/// a proposal pays, so its limits and its end would hold nothing: the policy decides, and where that lets the proposer
/// begin nothing, it is no part of the proposal.
fn decide_beside(
    context: &Context<'_, '_>,
    proposer: Actor,
    need: &Need,
) -> Result<Option<Decision>, Rejection> {
    match policies::find(context, context.now(), proposer, need, &mut Trace::off()) {
        Some(Verdict::NeedsDecision(decision)) => Ok(Some(decision)),
        Some(Verdict::Allowed(_)) => Ok(None),
        Some(Verdict::Refused(_)) | None => Err(Rejection::NoDecisionNeeded),
    }
}

/// The strictest of several decisions. Where others would have to approve, it is none of one proposal.
fn strictest(decisions: Vec<Decision>) -> Result<Decision, Rejection> {
    let strictest = decisions
        .iter()
        .reduce(|a, b| {
            if strictness(&b.mode) > strictness(&a.mode) {
                b
            } else {
                a
            }
        })
        .cloned()
        .ok_or(Rejection::NoDecisionNeeded)?;
    let covers_all = decisions
        .iter()
        .all(|decision| tightens(&strictest.mode, &decision.mode));
    if covers_all {
        Ok(strictest)
    } else {
        Err(Rejection::ProposalDivided)
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
    Rejection::ProposalDivided.unless(tightens(frozen, &decision.mode))
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
