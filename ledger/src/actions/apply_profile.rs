//! `apply_profile`: a unit works by a profile from now on. The unit decides it itself, and its past
//! stays as it was.

use polity_proto::v1::{
    ApplyProfile, Capability, EndReason, Grant, ObjectKind, Profile, Role, RoleKind, Unit,
};

use super::{Act, amend_unit, ending, set_policy};
use crate::context::Context;
use crate::decisions::passages;
use crate::judge::{Need, kinds, power};
use crate::profiles::{self, Bundle, Seat};
use crate::state::keys::List;
use crate::state::{lists, objects};
use crate::{Rejection, form};

impl Act for ApplyProfile {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<Profile>(self.profile)?;
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        // A unit's kind is its parent's to name, except here: how it works is its own.
        let mut needs = vec![context.to_govern(unit.number)];
        if let Some(bundle) = bundle_for(&unit, self.profile()) {
            for rule in &bundle.rules {
                let need = set_policy::need_to_change(context, unit.number, rule.capability);
                needs.push(need);
            }
        }
        Ok(needs)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        begin(context, unit, self.profile())
    }
}

fn bundle_for(unit: &Unit, profile: Profile) -> Option<Bundle> {
    profiles::bundle(profile, unit.kind(), unit.parent == 0)
}

/// Makes of a living unit what the profile says, each part by the rules of its own action.
pub(super) fn begin(
    context: &mut Context<'_, '_>,
    unit: Unit,
    profile: Profile,
) -> Result<(), Rejection> {
    let bundle = bundle_for(&unit, profile).ok_or(Rejection::ProfileUnfit)?;
    let number = unit.number;
    let mut amended = Unit {
        kind: bundle.kind as i32,
        profile: profile as i32,
        ..unit.clone()
    };
    kinds::check_amended(context, &unit, &amended)?;

    let brought_in = passages::note_amended(context, &unit, &mut amended);
    amend_unit::end_foreign_roles(context, &amended)?;
    context.put(&amended);
    let histories = [&[(ObjectKind::Unit, number)][..], &brought_in].concat();
    context.event(ObjectKind::Unit, number, &histories);
    if bundle.is_governed_together {
        end_grants_to_govern(context, number);
    }
    // Nested, so that seats and policies do not count as what this action created: where it created the unit, `new`
    // means that.
    let (authority, actor, basis) = (context.authority, context.actor, context.basis);
    context.nested(authority, actor, |context| {
        context.basis = basis;
        make(context, number, &bundle)
    })
}

fn make(context: &mut Context<'_, '_>, unit: u64, bundle: &Bundle) -> Result<(), Rejection> {
    let parameters = context.parameters();
    let place = form::numbered(unit);
    for seat in bundle.seats {
        if has_seat(context, unit, seat) {
            continue;
        }
        seat.create(place, parameters.election_term)
            .apply(context)?;
        if seat.kind == RoleKind::Lead && !seat.elected {
            empower(context, unit, bundle.of_the_lead)?;
        }
    }
    for rule in &bundle.rules {
        let set = rule.set(place, parameters.profile_deadline);
        match set.apply(context) {
            // What a policy above decides more strictly about value is decided so here.
            Err(Rejection::PolicyLaxer) if power::is_over_value(rule.capability) => {}
            other => other?,
        }
    }
    Ok(())
}

fn has_seat(context: &Context<'_, '_>, unit: u64, seat: &Seat) -> bool {
    lists::objects::<Role>(context, List::Roles, unit).any(|role| role.kind() == seat.kind)
}

/// Gives the lead whose seat was just made what the unit holds of these.
fn empower(
    context: &mut Context<'_, '_>,
    unit: u64,
    capabilities: &[Capability],
) -> Result<(), Rejection> {
    let lead = lists::all(context, List::Roles, unit).last().copied();
    let held = power::unit_capabilities(context, unit);
    for capability in capabilities.iter().filter(|one| held.contain(**one)) {
        let lead = form::numbered(lead.unwrap_or_default());
        profiles::lead_grant(lead, *capability, form::numbered(unit)).apply(context)?;
    }
    Ok(())
}

fn end_grants_to_govern(context: &mut Context<'_, '_>, unit: u64) {
    for number in lists::all(context, List::GrantsOver, unit) {
        let governs = objects::look::<Grant>(context, number)
            .is_some_and(|grant| grant.capability() == Capability::Govern);
        if governs {
            ending::end_grant(context, number, EndReason::Unit);
        }
    }
}

#[cfg(test)]
mod tests;
