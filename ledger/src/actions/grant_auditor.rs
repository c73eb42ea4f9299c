//! `grant_auditor`: a member may read the records of units, for a window and for a time.

use polity_proto::v1::{Auditor, Capability, GrantAuditor, Member, ObjectKind, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form};

impl Act for GrantAuditor {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        if self.units.is_empty() {
            return Err(Rejection::FieldMissing);
        }
        form::list(&self.units, form::ENTRIES_MAX)?;
        for unit in &self.units {
            form::reference(&Some(*unit))?;
        }
        if self.window_from < self.window_until {
            Ok(())
        } else {
            Err(Rejection::TimeMalformed)
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Member = context.find(&self.member)?;
        let units = units(self, context)?;
        Ok(units
            .into_iter()
            .map(|unit| Need::of(Capability::Audit, unit))
            .collect())
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member = context.resolve(&self.member)?;
        let units = units(self, context)?;
        if member == context.actor.member {
            return Err(Rejection::GrantToSelf);
        }
        if !power::member_is_active(context, member) {
            return Err(Rejection::MemberStateWrong);
        }
        let now = context.now().time;
        let latest = now.saturating_add(context.parameters().auditor_max);
        if self.until <= now || self.until > latest {
            return Err(Rejection::AuditorTerm);
        }

        let number = context.next_number(ObjectKind::Auditor);
        let histories: Vec<_> = units.iter().map(|unit| (ObjectKind::Unit, *unit)).collect();
        context.put(&Auditor {
            number,
            member,
            units,
            window_from: self.window_from,
            window_until: self.window_until,
            from: now,
            until: self.until,
        });
        lists::append(context.state, List::Auditors, 0, number);
        context.event(ObjectKind::Auditor, number, &histories);
        Ok(())
    }
}

fn units(act: &GrantAuditor, context: &Context<'_, '_>) -> Result<Vec<u64>, Rejection> {
    act.units
        .iter()
        .map(|unit| context.find::<Unit>(&Some(*unit)).map(|unit| unit.number))
        .collect()
}
