//! What holds now: effective assignments, grants and capabilities.

use std::rc::Rc;

use polity_proto::v1::{
    Assignment, Capability, Grant, Manner, Member, MemberKind, MemberState, ObjectKind, Role,
    ScopeKind, Unit, UnitKind,
};

use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Depth of the deepest unit; the root has depth 1.
pub const UNIT_DEPTH_MAX: usize = 12;

/// A set of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Every capability.
    pub const ALL: Capabilities = Capabilities(u32::MAX);

    /// The set of these wire values.
    pub fn of(values: &[i32]) -> Capabilities {
        let known = values
            .iter()
            .filter_map(|value| Capability::try_from(*value).ok());
        Capabilities(known.fold(0, |set, capability| set | 1 << capability as u32))
    }

    /// Whether the capability is in the set.
    pub fn contain(self, capability: Capability) -> bool {
        self.0 & 1 << capability as u32 != 0
    }

    /// What is in both sets.
    pub fn and(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 & other.0)
    }
}

/// Whether the capability is over value: a scope "and below" never reaches into a child's pockets.
pub fn is_over_value(capability: Capability) -> bool {
    match capability {
        Capability::Issue
        | Capability::OpenAccounts
        | Capability::Freeze
        | Capability::SetCredit
        | Capability::PlanBudget
        | Capability::Allocate
        | Capability::Spend
        | Capability::Trade
        | Capability::RecordExternal => true,
        Capability::None
        | Capability::AdmitMembers
        | Capability::SuspendMembers
        | Capability::RecoverMembers
        | Capability::Govern
        | Capability::AssignRoles
        | Capability::DefineAssets
        | Capability::RegisterParties
        | Capability::Approve
        | Capability::Arbitrate
        | Capability::Anchor
        | Capability::Audit
        | Capability::OperateValidator
        | Capability::GovernNetwork => false,
    }
}

/// A unit and those above it, nearest first: looks, because a unit may know of thousands whom it sent out.
pub fn lineage(state: &dyn Read, unit: u64) -> Vec<Rc<Unit>> {
    let mut units = Vec::new();
    let mut next = unit;
    while next != 0 && units.len() <= UNIT_DEPTH_MAX {
        let Some(unit) = objects::look::<Unit>(state, next) else {
            break;
        };
        next = unit.parent;
        units.push(unit);
    }
    units
}

/// The unit, or the nearest above it that lives: it answers for what a dissolved one answered for.
pub fn living(state: &dyn Read, unit: u64) -> u64 {
    let lineage = lineage(state, unit);
    let living = lineage.iter().find(|unit| unit.dissolved_at == 0);
    living.map_or(unit, |living| living.number)
}

/// A unit and those below it, at most `max`, the nearest first.
pub fn subtree(state: &dyn Read, unit: u64, max: usize) -> Vec<u64> {
    let mut units = vec![unit];
    let mut next = 0;
    while next < units.len() && units.len() < max {
        units.extend(lists::all(state, List::Children, units[next]));
        next += 1;
    }
    units.truncate(max);
    units
}

/// Whether `unit` is `above` or below it.
pub fn is_within(state: &dyn Read, unit: u64, above: u64) -> bool {
    unit == above
        || lineage(state, unit)
            .iter()
            .any(|candidate| candidate.number == above)
}

/// What a unit holds: the intersection of what was conferred up the tree; the root has all.
pub fn unit_capabilities(state: &dyn Read, unit: u64) -> Capabilities {
    lineage(state, unit)
        .iter()
        .filter(|unit| unit.parent != 0)
        .fold(Capabilities::ALL, |set, unit| {
            set.and(Capabilities::of(&unit.confers))
        })
}

/// Whether the unit is alive.
pub fn unit_lives(state: &dyn Read, unit: u64) -> bool {
    objects::look::<Unit>(state, unit).is_some_and(|unit| unit.dissolved_at == 0)
}

/// Whether the unit is a circle by kind.
pub fn is_circle(unit: &Unit) -> bool {
    unit.kind() == UnitKind::Circle
}

/// Whether the member is active: enrolled, not suspended, not departed.
pub fn member_is_active(state: &dyn Read, member: u64) -> bool {
    objects::look::<Member>(state, member)
        .is_some_and(|member| member.state() == MemberState::Active)
}

/// Whether what lasts until a time (0: for good) has not ended at `now`.
pub(crate) fn lasts(until: u64, now: u64) -> bool {
    until == 0 || now < until
}

/// Whether the assignment holds at `now`: in its time, its role, unit and member alive.
/// The member of an imported assignment may hold it without having joined.
pub fn assignment_holds(state: &dyn Read, assignment: &Assignment, now: u64) -> bool {
    let in_time =
        assignment.ended_at == 0 && assignment.from <= now && lasts(assignment.until, now);
    in_time
        && objects::look::<Role>(state, assignment.role)
            .is_some_and(|role| role.removed_at == 0 && unit_lives(state, role.unit))
}

/// Whether the member is a service: it acts by what it is given, and is nobody where people are asked for.
pub fn is_service(state: &dyn Read, member: u64) -> bool {
    objects::look::<Member>(state, member)
        .is_some_and(|member| member.kind() == MemberKind::Service)
}

/// The effective assignment by which an active member holds a role, if any.
pub fn holding(state: &dyn Read, member: u64, role: u64, now: u64) -> Option<Assignment> {
    if !member_is_active(state, member) {
        return None;
    }
    lists::objects::<Assignment>(state, List::Assignments, member)
        .find(|assignment| assignment.role == role && assignment_holds(state, assignment, now))
        .map(Rc::unwrap_or_clone)
}

/// Every role that an active member holds at `now`, with the assignment, in order of assignment.
pub fn roles_of(state: &dyn Read, member: u64, now: u64) -> Vec<(Role, Assignment)> {
    let held = held_by(state, member, now).into_iter();
    held.filter_map(|assignment| {
        let role = objects::get::<Role>(state, assignment.role)?;
        Some((role, Rc::unwrap_or_clone(assignment)))
    })
    .collect()
}

/// Assignments by which an active member holds roles at `now`, in their order.
fn held_by(state: &dyn Read, member: u64, now: u64) -> Vec<Rc<Assignment>> {
    if !member_is_active(state, member) {
        return Vec::new();
    }
    lists::objects::<Assignment>(state, List::Assignments, member)
        .filter(|assignment| assignment_holds(state, assignment, now))
        .collect()
}

/// Active members who hold the role at `now`, in order of assignment.
pub fn holders_of(state: &dyn Read, role: u64, now: u64) -> Vec<u64> {
    lists::objects::<Assignment>(state, List::Holders, role)
        .filter(|assignment| {
            assignment_holds(state, assignment, now) && member_is_active(state, assignment.member)
        })
        .map(|assignment| assignment.member)
        .collect()
}

/// Whether a grant is in its time and, for a delegation, its source and the delegator's assignment hold.
pub fn grant_holds(state: &dyn Read, grant: &Grant, now: u64) -> bool {
    let in_time = grant.ended_at == 0 && grant.from <= now && lasts(grant.until, now);
    if !in_time || grant.source == 0 {
        return in_time;
    }
    let source = objects::look::<Grant>(state, grant.source);
    let assignment = objects::look::<Assignment>(state, grant.source_assignment);
    source.is_some_and(|source| source.source == 0 && grant_holds(state, &source, now))
        && assignment.is_some_and(|assignment| {
            assignment_holds(state, &assignment, now) && member_is_active(state, assignment.member)
        })
}

/// The grants that a member can use when acting in `role` (0: none): the role's own, unless the
/// assignment was imported and not renewed, and what was delegated to the member.
pub fn grants_in_role(state: &dyn Read, member: u64, role: u64, now: u64) -> Vec<Grant> {
    let mut grants = delegated_to(state, member, now);
    let held = (role != 0).then(|| holding(state, member, role, now));
    if let Some(assignment) = held.flatten() {
        grants.extend(carried_by(state, &assignment, now));
    }
    grants.sort_unstable_by_key(|grant| grant.number);
    grants
}

/// What was delegated to a member and holds now.
fn delegated_to(state: &dyn Read, member: u64, now: u64) -> Vec<Grant> {
    that_hold(state, List::Delegations, member, now)
}

/// The grants of an assignment's role that hold now; none where it was imported and not renewed.
fn carried_by(state: &dyn Read, assignment: &Assignment, now: u64) -> Vec<Grant> {
    if assignment_carries_grants(assignment) {
        that_hold(state, List::Grants, assignment.role, now)
    } else {
        Vec::new()
    }
}

fn that_hold(state: &dyn Read, list: List, owner: u64, now: u64) -> Vec<Grant> {
    lists::objects::<Grant>(state, list, owner)
        .filter(|grant| grant_holds(state, grant, now))
        .map(Rc::unwrap_or_clone)
        .collect()
}

/// Whether the assignment holds and gives its holder what the role is there for, by grants or merely by being held.
pub(crate) fn assignment_empowers(state: &dyn Read, assignment: &Assignment, now: u64) -> bool {
    assignment_carries_grants(assignment) && assignment_holds(state, assignment, now)
}

/// Imported assignments carry no grants until they are renewed.
pub fn assignment_carries_grants(assignment: &Assignment) -> bool {
    assignment.manner() != Manner::Imported
}

/// Every effective grant that a member has in any role, and delegations. These are read once, however many roles there are.
pub fn grants_of(state: &dyn Read, member: u64, now: u64) -> Vec<Grant> {
    let mut grants = delegated_to(state, member, now);
    for assignment in held_by(state, member, now) {
        grants.extend(carried_by(state, &assignment, now));
    }
    grants
}

/// The grants by which a member has a capability over a unit, in any role: their roles' own, oldest first, then delegations.
pub(crate) fn grants_for(
    state: &dyn Read,
    member: u64,
    capability: Capability,
    unit: u64,
    now: u64,
) -> Vec<Grant> {
    let mut grants = grants_of(state, member, now);
    grants
        .retain(|grant| grant.capability() == capability && scope_covers(state, grant, unit, None));
    grants.sort_unstable_by_key(|grant| (grant.source != 0, grant.number));
    grants
}

/// Whether a grant's scope covers acts of `unit` on `object`. The capability matters: over
/// value, "and below" stays with the unit itself.
pub fn scope_covers(
    state: &dyn Read,
    grant: &Grant,
    unit: u64,
    object: Option<(ObjectKind, u64)>,
) -> bool {
    let Some(scope) = &grant.scope else {
        return false;
    };
    match scope.kind() {
        ScopeKind::None => false,
        ScopeKind::Unit => scope.unit == unit,
        ScopeKind::UnitAndBelow if is_over_value(grant.capability()) => scope.unit == unit,
        ScopeKind::UnitAndBelow => is_within(state, unit, scope.unit),
        ScopeKind::Object => object == Some((scope.object_kind(), scope.object)),
    }
}

/// Whether an active member has an effective grant of `capability` over `unit`, in any role.
pub fn has_capability(
    state: &dyn Read,
    member: u64,
    capability: Capability,
    unit: u64,
    now: u64,
) -> bool {
    member_is_active(state, member)
        && unit_capabilities(state, unit).contain(capability)
        && !grants_for(state, member, capability, unit, now).is_empty()
}

/// Who delegated, for a delegation.
pub fn delegator(state: &dyn Read, grant: &Grant) -> Option<u64> {
    objects::get::<Assignment>(state, grant.source_assignment).map(|assignment| assignment.member)
}
