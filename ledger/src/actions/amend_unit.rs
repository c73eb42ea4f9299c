//! `amend_unit`: a unit as it shall be; every field replaces what was there.

use polity_proto::v1::{
    AmendUnit, Capability, EndReason, ObjectKind, Organisation, Role, RoleKind, Unit, UnitKind,
};

use super::{Act, create_unit, ending};
use crate::context::Context;
use crate::decisions::passages;
use crate::judge::power::{self, Capabilities};
use crate::judge::{Need, departments, kinds};
use crate::state::keys::List;
use crate::state::{Read, lists, names};
use crate::{Rejection, form};

/// What a department needs to choose who operates its validator.
const OPERATING: [Capability; 3] = [
    Capability::OperateValidator,
    Capability::Govern,
    Capability::AssignRoles,
];

impl Act for AmendUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<UnitKind>(self.kind)?;
        form::handle(&self.handle)?;
        create_unit::check_words(&self.label, &self.purpose)?;
        create_unit::check_confers(&self.confers)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let (before, after) = (
            Capabilities::of(&unit.confers),
            Capabilities::of(&self.confers),
        );
        let is_withdrawn = |capability| before.contain(capability) && !after.contain(capability);
        if OPERATING.into_iter().any(is_withdrawn) && validates(context, unit.number) {
            return departments(context);
        }
        let mut needs = vec![context.to_govern(governed_by(&unit))];
        // With another kind a circle stops governing itself, so this takes its own decision too. So does becoming a
        // guild where the unit alone says who governs it: anybody may join a guild, and has whatever its policies leave
        // to those who joined.
        let now = context.now().time;
        let own = if self.kind() == UnitKind::Guild {
            Need::empowering(context, Capability::Govern, unit.number, now)
        } else {
            context.to_govern(unit.number)
        };
        if self.kind() != unit.kind() && own.own_decision {
            needs.push(own);
        }
        Ok(needs)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let mut amended = Unit {
            kind: self.kind,
            handle: self.handle.clone(),
            label: self.label.clone(),
            purpose: self.purpose.clone(),
            confers: self.confers.clone(),
            ceiling: self.ceiling,
            ..unit.clone()
        };
        kinds::check_ceiling(amended.kind(), amended.ceiling)?;
        kinds::check_amended(context, &unit, &amended)?;
        if amended.handle != unit.handle {
            names::check_handle(context, ObjectKind::Unit, unit.parent, &amended.handle)?;
        }

        let (number, parent) = (unit.number, unit.parent);
        let brought_in = passages::note_amended(context, &unit, &mut amended);
        end_foreign_roles(context, &amended)?;
        names::release(context.state, ObjectKind::Unit, parent, &unit.handle, "");
        names::claim(
            context.state,
            ObjectKind::Unit,
            parent,
            &amended.handle,
            "",
            number,
        );
        context.put(&amended);
        let histories = [&[(ObjectKind::Unit, number)][..], &brought_in].concat();
        context.event(ObjectKind::Unit, number, &histories);
        Ok(())
    }
}

/// The unit whose decision amends, moves or dissolves a unit: its parent; the root's own.
pub(super) fn governed_by(unit: &Unit) -> u64 {
    match unit.parent {
        0 => unit.number,
        parent => parent,
    }
}

/// Whether the unit, or one below it, runs a validator.
pub(super) fn validates(state: &dyn Read, unit: u64) -> bool {
    departments::validators(state)
        .iter()
        .any(|validator| power::is_within(state, validator.unit, unit))
}

/// What touches a validator's unit is for the departments to decide.
pub(super) fn departments(context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
    let organisation: Organisation = context.get(0)?;
    Ok(vec![Need::departments(organisation.root_unit)])
}

/// A circle that becomes something else loses the elected offices of circles.
pub(super) fn end_foreign_roles(
    context: &mut Context<'_, '_>,
    amended: &Unit,
) -> Result<(), Rejection> {
    if amended.kind() == UnitKind::Circle {
        return Ok(());
    }
    for number in lists::all(context, List::Roles, amended.number) {
        let role: Role = context.get(number)?;
        match role.kind() {
            RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => {
                ending::check_unnamed(context, &role, |_| false)?;
                ending::end_role(context, number, EndReason::Unit);
            }
            RoleKind::Ordinary | RoleKind::Lead | RoleKind::ProductOwner => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
