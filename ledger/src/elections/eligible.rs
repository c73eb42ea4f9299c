//! Who can be elected.

use polity_proto::v1::{Assignment, Election, Member, MemberState, Role, RoleKind};

use crate::Rejection;
use crate::context::Context;
use crate::judge::duties;
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Refuses a nominee who cannot be elected now. Those who take part in a circle's governance serve
/// as its representative, facilitator and secretary (Holacracy Constitution 5.0, 5.1.1 and 5.1.2);
/// we ask the same of every elected role.
pub(crate) fn check_eligible(
    context: &Context<'_, '_>,
    election: &Election,
    nominee: u64,
) -> Result<(), Rejection> {
    let is_active = objects::look::<Member>(context, nominee)
        .is_some_and(|member| member.state() == MemberState::Active);
    if !is_active || !election.electorate.contains(&nominee) {
        return Err(Rejection::NomineeUnfit);
    }
    let role: Role = context.get(election.role)?;
    if role.kind() == RoleKind::Representative && leads(context, nominee, role.unit) {
        return Err(Rejection::LeadRepresents);
    }
    duties::check_assignment(context, context.now().time, nominee, role.number)
}

/// Whether a member leads a unit: a lead does not represent it upwards as well
/// (Holacracy Constitution 5.0, 5.1.1).
fn leads(state: &dyn Read, member: u64, unit: u64) -> bool {
    lists::objects::<Assignment>(state, List::Assignments, member)
        .filter_map(|assignment| objects::look::<Role>(state, assignment.role))
        .any(|role| role.unit == unit && role.kind() == RoleKind::Lead)
}
