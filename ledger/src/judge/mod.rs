//! Authority: the only place that says yes.
//!
//! The object's owner acts freely on what is theirs; else the lowest-numbered grant that fits;
//! else the nearest policy up the tree, or a stricter recursive one above it; else refused. Above a
//! root that nobody governs stand the validators' departments.

pub mod departments;
pub mod duties;
pub(crate) mod floor;
pub(crate) mod grants;
pub(crate) mod hands;
pub mod kinds;
mod need;
pub mod policies;
pub mod power;
pub(crate) mod self_government;
mod strictness;
#[cfg(test)]
mod tests;
pub mod who;

use polity_proto::v1::{
    Basis, BasisSource, Capability, Member, Mode, ObjectKind, Paused, Proposal,
};

pub use hands::{ADMISSIONS_MAX, hand, leader};
pub use need::{Need, ValueNeed};
pub(crate) use strictness::asks_nobody_to_agree;
pub use strictness::{Strictness, strictness, tightens};

use crate::state::{Read, keys, objects};
use crate::{Amount, Rejection};

/// Who acts, and in which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The member.
    pub member: u64,
    /// The role that the member acts in; 0: none.
    pub role: u64,
}

impl Actor {
    /// Who made a proposal, in the role in which they did.
    pub(crate) fn proposing(proposal: &Proposal) -> Actor {
        Actor {
            member: proposal.proposer,
            role: proposal.role,
        }
    }

    /// What the actor does by this authority, by the assignment that they have now.
    pub(crate) fn basis(
        self,
        state: &dyn Read,
        now: Now,
        source: BasisSource,
        number: u64,
    ) -> Basis {
        Basis {
            source: source as i32,
            member: self.member,
            role: self.role,
            number,
            assignment: self.assignment(state, now),
            named_by: 0,
        }
    }

    /// Whether the actor holds now the role that they act in, if it is any.
    fn holds_role(self, state: &dyn Read, now: Now) -> bool {
        self.role == 0 || self.assignment(state, now) != 0
    }

    /// The assignment by which the actor holds their role now; 0: none.
    pub(crate) fn assignment(self, state: &dyn Read, now: Now) -> u64 {
        if self.role == 0 {
            return 0;
        }
        let held = power::holding(state, self.member, self.role, now.time);
        held.map_or(0, |assignment| assignment.number)
    }
}

/// Block time, and the outages that waits do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Block time in Unix seconds.
    pub time: u64,
    /// Sum of outages in seconds.
    pub paused: u64,
}

impl Now {
    /// This time, with the outages that a state has counted.
    pub fn at(state: &dyn Read, time: u64) -> Now {
        let paused: Option<Paused> = objects::value(state, &keys::key(keys::PAUSED, &[]));
        Now {
            time,
            paused: paused.unwrap_or_default().seconds,
        }
    }

    /// The clock of waits: nobody's silence is bought by stopping the network.
    pub fn waiting(self) -> u64 {
        self.time.saturating_sub(self.paused)
    }

    /// A time of the past, later by the outages since; `paused` are those before it.
    pub(crate) fn later_by_outages(self, time: u64, paused: u64) -> u64 {
        time.saturating_add(self.paused.saturating_sub(paused))
    }
}

/// A decision of a unit that an action needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The unit that decides.
    pub unit: u64,
    /// What it decides about.
    pub capability: Capability,
    /// The policy; 0: the validators' departments by the rules of the network.
    pub policy: u64,
    /// How.
    pub mode: Mode,
    /// Whether what was spent before made the tier stricter than the amount alone would.
    pub aggregated: bool,
}

/// What the judge says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Yes, by this authority.
    Allowed(Basis),
    /// The unit decides.
    NeedsDecision(Decision),
    /// No.
    Refused(Rejection),
}

/// One rule that was looked at, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Kind of the rule: grant, policy, unit.
    pub kind: ObjectKind,
    /// Its number.
    pub number: u64,
    /// What became of it.
    pub outcome: &'static str,
}

/// Collects what was looked at, for a reader; the block collects nothing.
#[derive(Debug, Default)]
pub struct Trace {
    on: bool,
    looked: Vec<Looked>,
}

impl Trace {
    /// Collects nothing.
    pub fn off() -> Trace {
        Trace::default()
    }

    /// Collects all.
    pub fn on() -> Trace {
        Trace {
            on: true,
            looked: Vec::new(),
        }
    }

    /// Every rule that was looked at, in order.
    pub fn into_looked(self) -> Vec<Looked> {
        self.looked
    }

    pub(crate) fn note(&mut self, kind: ObjectKind, number: u64, outcome: &'static str) {
        if self.on {
            self.looked.push(Looked {
                kind,
                number,
                outcome,
            });
        }
    }
}

/// Judges one need of one actor, who wants to do it now.
///
/// `spent_here` is what this transaction already took from the need's source account, which
/// limits per transfer count together.
pub fn judge(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    spent_here: Amount,
    trace: &mut Trace,
) -> Verdict {
    match consult(state, now, actor, need, spent_here, trace) {
        Consulted::Verdict(verdict) => verdict,
        // Even where a policy could decide: whoever goes over a limit shall hear of the limit.
        Consulted::Exceeded(limit, _) => Verdict::Refused(limit),
    }
}

/// Judges one need of one actor, who wants to propose it: where a grant's limit is exceeded, the
/// policy that could decide does.
pub fn judge_proposal(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Verdict {
    consult(state, now, actor, need, Amount::ZERO, trace).proposed()
}

/// The same where others decided: whoever sleeps need not wake for that.
pub(crate) fn judge_decided(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Verdict {
    if !actor.holds_role(state, now) {
        return Verdict::Refused(Rejection::RoleNotHeld);
    }
    consult_awake(state, now, actor, need, Amount::ZERO, trace).proposed()
}

/// What grants and policies say together.
enum Consulted {
    Verdict(Verdict),
    /// A grant is there but for its limit or its giver; beside it what the policy says, if there is
    /// one.
    Exceeded(Rejection, Option<Verdict>),
}

impl Consulted {
    /// What it comes to for whoever proposes.
    fn proposed(self) -> Verdict {
        match self {
            Consulted::Verdict(verdict) => verdict,
            Consulted::Exceeded(limit, by_policy) => by_policy.unwrap_or(Verdict::Refused(limit)),
        }
    }
}

fn consult(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    spent_here: Amount,
    trace: &mut Trace,
) -> Consulted {
    let refused = |rejection| Consulted::Verdict(Verdict::Refused(rejection));
    if need.own {
        if sleeps(state, now, actor.member, need.capability) {
            return refused(Rejection::Sleeping);
        }
        let basis = actor.basis(state, now, BasisSource::Own, 0);
        return Consulted::Verdict(Verdict::Allowed(basis));
    }
    if !actor.holds_role(state, now) {
        return refused(Rejection::RoleNotHeld);
    }
    if need.capability == Capability::None {
        return refused(Rejection::NotYours);
    }
    if sleeps(state, now, actor.member, need.capability) {
        return refused(Rejection::Sleeping);
    }
    consult_awake(state, now, actor, need, spent_here, trace)
}

/// What departments, grants and policies say, to whoever is awake and holds the role that they act in.
fn consult_awake(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    spent_here: Amount,
    trace: &mut Trace,
) -> Consulted {
    let refused = |rejection| Consulted::Verdict(Verdict::Refused(rejection));
    if need.departments {
        return Consulted::Verdict(departments::judge(state, now, actor, need, trace));
    }
    if !power::unit_capabilities(state, need.unit).contain(need.capability) {
        trace.note(ObjectKind::Unit, need.unit, "does not hold the capability");
        return refused(Rejection::NotConferred);
    }
    let (refusal, exceeded) = match grants::find(state, now, actor, need, spent_here, trace) {
        grants::Found::Fits(basis) => {
            let allowed = Verdict::Allowed(basis);
            return Consulted::Verdict(tighten(state, now, actor, need, allowed, trace));
        }
        grants::Found::Exceeded(limit) => (limit, true),
        grants::Found::HeldAbove => (Rejection::OwnDecisionOnly, false),
        grants::Found::Nothing => (Rejection::NoGrant, false),
    };
    let by_policy = policies::find(state, now, actor, need, trace);
    let is_open = !matches!(by_policy, None | Some(Verdict::Refused(_)));
    let by_policy = if is_open {
        by_policy
    } else {
        departments::judge_root(state, now, actor, need, trace).or(by_policy)
    };
    let by_policy = by_policy.map(|verdict| tighten(state, now, actor, need, verdict, trace));
    if exceeded {
        return Consulted::Exceeded(refusal, by_policy);
    }
    Consulted::Verdict(match by_policy {
        Some(verdict) if !matches!(verdict, Verdict::Refused(_)) => verdict,
        // That a scope ends above says more than that the policy names others.
        Some(verdict) if refusal == Rejection::NoGrant => verdict,
        Some(_) | None => Verdict::Refused(refusal),
    })
}

/// What stands above grants and policies: the floor of a policy that is to be changed, and duties.
fn tighten(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    verdict: Verdict,
    trace: &mut Trace,
) -> Verdict {
    let verdict = floor::raise(state, now, actor, need, verdict, trace);
    // Whoever announces uses the capability too: others only keep it from them.
    let is_used = match &verdict {
        Verdict::Allowed(_) => true,
        Verdict::NeedsDecision(decision) => asks_nobody_to_agree(&decision.mode),
        Verdict::Refused(_) => false,
    };
    if !is_used {
        return verdict;
    }
    match duties::keeps_apart(state, now.time, actor.member, need.capability, need.unit) {
        Some(rule) => {
            trace.note(
                ObjectKind::SodRule,
                rule.number,
                "keeps two capabilities apart",
            );
            Verdict::Refused(Rejection::DutyConflict)
        }
        None => verdict,
    }
}

/// After a recovery, spending, approving and operating sleep, and so does what would hand them to somebody awake: saying
/// who may do what, and who is who.
pub(crate) fn sleeps(state: &dyn Read, now: Now, member: u64, capability: Capability) -> bool {
    let touched = power::is_over_value(capability)
        || matches!(
            capability,
            Capability::Approve
                | Capability::OperateValidator
                | Capability::Govern
                | Capability::AssignRoles
                | Capability::AdmitMembers
                | Capability::SuspendMembers
                | Capability::RecoverMembers
        );
    touched
        && objects::look::<Member>(state, member)
            .is_some_and(|member| now.time < sleeps_until(now, &member))
}

/// Until when what sleeps after a member's recovery does. Whoever might have to stop a thief is given that time.
pub(crate) fn sleeps_until(now: Now, member: &Member) -> u64 {
    now.later_by_outages(member.sleeps_until, member.recovered_paused)
}
