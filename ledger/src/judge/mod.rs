//! Authority: the only place that says yes.
//!
//! The object's owner acts freely on what is theirs; else the lowest-numbered grant that fits;
//! else the nearest policy up the tree, or a stricter recursive one above it; else refused.

pub mod duties;
mod grants;
pub mod kinds;
mod need;
pub mod policies;
pub mod power;

use polity_proto::v1::{Basis, BasisSource, Capability, Member, Mode, ModeKind, ObjectKind};

pub use need::{Need, ValueNeed};

use crate::state::{Read, objects};
use crate::{Amount, Rejection};

/// Who acts, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The member.
    pub member: u64,
    /// The role that the member acts in; 0: none.
    pub role: u64,
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
    /// The clock of waits: nobody's silence is bought by stopping the network.
    pub fn waiting(self) -> u64 {
        self.time.saturating_sub(self.paused)
    }
}

/// A decision of a unit that an action needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The unit that decides.
    pub unit: u64,
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

    pub(crate) fn look(&mut self, kind: ObjectKind, number: u64, outcome: &'static str) {
        if self.on {
            self.looked.push(Looked {
                kind,
                number,
                outcome,
            });
        }
    }
}

/// Judges one need of one actor.
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
    if need.own {
        let basis = Basis {
            source: BasisSource::Own as i32,
            member: actor.member,
            role: actor.role,
            number: 0,
        };
        return Verdict::Allowed(basis);
    }
    if actor.role != 0 && power::holding(state, actor.member, actor.role, now.time).is_none() {
        return Verdict::Refused(Rejection::RoleNotHeld);
    }
    if need.capability == Capability::None {
        return Verdict::Refused(Rejection::NotYours);
    }
    if sleeps(state, now, actor.member, need.capability) {
        return Verdict::Refused(Rejection::Sleeping);
    }
    if need.departments {
        return policies::departments(state, now, actor, need, trace);
    }
    if !power::unit_capabilities(state, need.unit).contain(need.capability) {
        trace.look(ObjectKind::Unit, need.unit, "does not hold the capability");
        return Verdict::Refused(Rejection::NotConferred);
    }
    let by_grant = grants::find(state, now, actor, need, spent_here, trace);
    let decided = policies::find(state, now, actor, need, trace);
    match (by_grant, decided) {
        // Changing a policy passes that policy's own strictest tier, whatever is granted.
        (_, policies::Found::Floor(verdict)) => verdict,
        (grants::Found::Fits(basis), _) => Verdict::Allowed(basis),
        (grants::Found::Exceeded(limit), _) => Verdict::Refused(limit),
        (_, policies::Found::Judged(verdict)) => verdict,
        (grants::Found::HeldAbove, _) => Verdict::Refused(Rejection::OwnDecisionOnly),
        (grants::Found::Nothing, _) => Verdict::Refused(Rejection::NoGrant),
    }
}

/// After a recovery, spending, approving and operating sleep.
fn sleeps(state: &dyn Read, now: Now, member: u64, capability: Capability) -> bool {
    let touched = power::is_over_value(capability)
        || matches!(
            capability,
            Capability::Approve | Capability::OperateValidator
        );
    touched
        && objects::get::<Member>(state, member)
            .is_some_and(|member| now.time < member.sleeps_until)
}

/// Whether `a` is at least as strict as `b`: by kind, then count, quorum, pass, then wait.
pub fn at_least_as_strict(a: &Mode, b: &Mode) -> bool {
    strictness(a) >= strictness(b)
}

/// What modes are ordered by.
pub fn strictness(mode: &Mode) -> (i32, u32, u32, u32, u64) {
    let wait = match mode.kind() {
        ModeKind::None | ModeKind::Alone | ModeKind::Departments => 0,
        ModeKind::Announce | ModeKind::Approve => mode.wait,
        ModeKind::Consent | ModeKind::Vote => mode.deadline,
    };
    (mode.kind, mode.count, mode.quorum, mode.pass, wait)
}
