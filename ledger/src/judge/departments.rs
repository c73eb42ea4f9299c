//! The validators' departments: they decide about the network, through their operators.

use polity_proto::v1::{Capability, Mode, ModeKind, ObjectKind, ScopeKind, Validator};

use super::{Actor, Decision, Need, Now, Trace, Verdict, power, self_government};
use crate::Rejection;
use crate::state::keys::List;
use crate::state::{Read, keys, lists, objects};

/// Judges what only the validators' departments decide. Holders of `govern_network` and operators may begin.
pub(super) fn judge(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Verdict {
    let begins = power::has_capability(state, actor.member, need.capability, need.unit, now.time)
        || !operated_by(state, actor.member, now.time).is_empty();
    if !begins {
        trace.note(
            ObjectKind::Organisation,
            0,
            "the departments' operators decide",
        );
        return Verdict::Refused(Rejection::NoGrant);
    }
    decide(need, trace)
}

/// What the departments decide beside the network: to give a root that nobody governs to somebody. An operator begins.
pub(super) fn judge_root(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    trace: &mut Trace,
) -> Option<Verdict> {
    let begins =
        sets_up_root(state, now, need) && !operated_by(state, actor.member, now.time).is_empty();
    begins.then(|| decide(need, trace))
}

/// Whether the need is to say who governs the root, while nobody does.
pub(crate) fn sets_up_root(state: &dyn Read, now: Now, need: &Need) -> bool {
    matches!(
        need.capability,
        Capability::Govern | Capability::AssignRoles
    ) && self_government::is_root_without_governors(state, need.unit, now)
}

/// That more than two thirds of the departments decide, by no policy.
pub(super) fn decide(need: &Need, trace: &mut Trace) -> Verdict {
    trace.note(
        ObjectKind::Organisation,
        0,
        "more than two thirds of the departments decide",
    );
    let mode = Mode {
        kind: ModeKind::Departments as i32,
        ..Mode::default()
    };
    Verdict::NeedsDecision(Decision {
        unit: need.unit,
        capability: need.capability,
        policy: 0,
        mode,
        aggregated: false,
    })
}

/// Units that validate and whose validator the member operates: by a grant of
/// `operate_validator` whose scope is that unit itself.
pub fn operated_by(state: &dyn Read, member: u64, now: u64) -> Vec<Validator> {
    let grants = power::grants_of(state, member, now);
    validators(state)
        .into_iter()
        .filter(|validator| {
            power::member_is_active(state, member)
                && power::unit_capabilities(state, validator.unit)
                    .contain(Capability::OperateValidator)
                && grants.iter().any(|grant| {
                    grant.capability() == Capability::OperateValidator
                        && grant.scope.as_ref().is_some_and(|scope| {
                            scope.unit == validator.unit && scope.kind() != ScopeKind::Object
                        })
                })
        })
        .collect()
}

/// The validators, in the order in which they came.
pub fn validators(state: &dyn Read) -> Vec<Validator> {
    lists::all(state, List::Validators, 0)
        .into_iter()
        .filter_map(|unit| objects::value(state, &keys::key(keys::VALIDATOR, &[unit])))
        .collect()
}
