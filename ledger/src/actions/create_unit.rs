//! `create_unit`: a unit below another; at genesis, the root.

use polity_proto::v1::{Capability, Counter, CreateUnit, ObjectKind, Profile, Unit, UnitKind};

use super::{Act, apply_profile};
use crate::context::Context;
use crate::judge::power::{self, UNIT_DEPTH_MAX};
use crate::judge::{Need, kinds};
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for CreateUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::optional_reference(&self.parent)?;
        form::known::<UnitKind>(self.kind)?;
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        form::optional_reference(&self.succeeds)?;
        form::known_or_zero::<Profile>(self.profile)?;
        check_words(&self.label, &self.purpose)?;
        check_confers(&self.confers)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        if self.succeeds.is_some() {
            let _: Unit = context.find(&self.succeeds)?;
        }
        if self.parent.is_none() {
            return if context.is_genesis() {
                Ok(vec![Need::not_yours()])
            } else {
                Err(Rejection::GenesisOnly)
            };
        }
        let parent: Unit = context.find(&self.parent)?;
        Ok(vec![context.to_govern(parent.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let parent = context.optional::<Unit>(&self.parent)?;
        if parent == 0 {
            let units: Counter =
                context.value(&keys::key(keys::COUNTER, &[ObjectKind::Unit as u64]));
            if units.last != 0 {
                return Err(Rejection::RootFixed);
            }
        } else {
            let above: Unit = context.get(parent)?;
            if above.dissolved_at != 0 {
                return Err(Rejection::UnitDissolved);
            }
            if power::lineage(context, parent).len() >= UNIT_DEPTH_MAX {
                return Err(Rejection::UnitTooDeep);
            }
        }
        kinds::check_place(context, self.kind(), parent)?;
        kinds::check_ceiling(self.kind(), self.ceiling)?;
        names::check_handle(context, ObjectKind::Unit, parent, &self.handle)?;
        names::check_external_id(context, ObjectKind::Unit, &self.external_id)?;

        let number = context.next_number(ObjectKind::Unit);
        context.put(&Unit {
            number,
            parent,
            kind: self.kind,
            handle: self.handle.clone(),
            label: self.label.clone(),
            purpose: self.purpose.clone(),
            external_id: self.external_id.clone(),
            confers: self.confers.clone(),
            ceiling: self.ceiling,
            created_at: context.now().time,
            dissolved_at: 0,
            succeeds: context.optional::<Unit>(&self.succeeds)?,
            effective_at: context.effective_at,
            basis: Some(context.basis),
            profile: Profile::None as i32,
            sent_out: Vec::new(),
            dissolved_levels: 0,
        });
        names::claim(
            context.state,
            ObjectKind::Unit,
            parent,
            &self.handle,
            &self.external_id,
            number,
        );
        let mut histories = vec![(ObjectKind::Unit, number)];
        if parent != 0 {
            lists::append(context.state, List::Children, parent, number);
            histories.push((ObjectKind::Unit, parent));
        }
        context.event(ObjectKind::Unit, number, &histories);
        match self.profile() {
            Profile::None => Ok(()),
            profile => {
                let unit: Unit = context.get(number)?;
                apply_profile::begin(context, unit, profile)
            }
        }
    }
}

/// Bounds of a unit's words.
pub(super) fn check_words(label: &str, purpose: &str) -> Result<(), Rejection> {
    form::line(label, form::SHORT_BYTES_MAX)?;
    form::line(purpose, form::TEXT_BYTES_MAX)
}

/// Capabilities that exist, none twice.
pub(super) fn check_confers(confers: &[i32]) -> Result<(), Rejection> {
    form::list(confers, form::ENTRIES_MAX)?;
    for capability in confers {
        form::known::<Capability>(*capability)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
