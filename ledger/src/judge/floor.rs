//! The floor under a policy: whoever changes it passes its own strictest tier, whatever else would be enough.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;

use polity_proto::v1::{Mode, ModeKind, ObjectKind, Policy};

use super::{
    Actor, Decision, Need, Now, Trace, Verdict, departments, policies, strictness, tightens, who,
};
use crate::state::{Read, objects};

/// Raises a verdict to the floor of the policy that a need is about to change. Where too few people are there to approve, the
/// validators' departments decide: no policy locks itself.
pub(super) fn raise(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    verdict: Verdict,
    trace: &mut Trace,
) -> Verdict {
    let Some((policy, floor)) = under(state, need) else {
        return verdict;
    };
    let (is_passed, asked) = match &verdict {
        Verdict::Refused(_) => return verdict,
        Verdict::Allowed(_) => (floor.kind() == ModeKind::Alone, &floor),
        Verdict::NeedsDecision(Decision { mode, .. }) => {
            let passes = is_above(mode, &floor);
            (passes, if passes { mode } else { &floor })
        }
    };
    if is_out_of_reach(state, now, actor, need.unit, asked) {
        return departments::decide(need, trace);
    }
    if is_passed {
        return verdict;
    }
    trace.note(
        ObjectKind::Policy,
        policy.number,
        "is changed by its own strictest tier only",
    );
    Verdict::NeedsDecision(Decision {
        unit: need.unit,
        capability: need.capability,
        policy: policy.number,
        mode: floor,
        aggregated: false,
    })
}

/// Whether what is decided in a mode may change the policy that a need is about to change.
pub(crate) fn is_passed(state: &dyn Read, need: &Need, mode: &Mode) -> bool {
    of(state, need).is_none_or(|floor| is_above(mode, &floor))
}

/// The floor of the policy that a need is about to change.
pub(crate) fn of(state: &dyn Read, need: &Need) -> Option<Mode> {
    under(state, need).map(|(_, floor)| floor)
}

/// The policy that a need is about to change, and its floor.
fn under(state: &dyn Read, need: &Need) -> Option<(Rc<Policy>, Mode)> {
    let policy: Rc<Policy> = objects::look(state, need.passes_policy?)?;
    let floor = policies::mode_of(policies::strictest_tier(&policy)?).clone();
    Some((policy, floor))
}

/// Whether a mode is not below a floor. As many approvals by other people do not stand in for those that the floor names,
/// nor does a moment of silence.
pub(crate) fn is_above(mode: &Mode, floor: &Mode) -> bool {
    tightens(mode, floor) || strictness(mode) > strictness(floor) && policies::is_heard(mode)
}

/// Whether a mode asks for more approvals than there are people beside the actor who could approve.
fn is_out_of_reach(state: &dyn Read, now: Now, actor: Actor, unit: u64, mode: &Mode) -> bool {
    let Some(approver) = mode
        .approver
        .as_ref()
        .filter(|_| mode.kind() == ModeKind::Approve)
    else {
        return false;
    };
    let count = mode.count as usize;
    let (mut seen, mut people) = (BTreeSet::new(), 0);
    // Where many were looked at and too few found, the departments decide.
    let _ = who::each_person(state, now, unit, approver, &mut |one| {
        let is_other = seen.insert(one.member) && one.member != actor.member;
        if is_other && who::includes(state, now, one, unit, approver) {
            people += 1;
        }
        if people < count {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    people < count
}
