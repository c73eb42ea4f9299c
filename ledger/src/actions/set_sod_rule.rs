//! `set_sod_rule`: from now on no member holds both capabilities in a unit and below.

use polity_proto::v1::{Capability, ObjectKind, SetSodRule, SodRule, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, duties};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form};

impl Act for SetSodRule {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<Capability>(self.first)?;
        form::known::<Capability>(self.second)?;
        match self.first == self.second {
            true => Err(Rejection::ValueUnknown),
            false => Ok(()),
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::Govern, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let mut rule = SodRule {
            number: 0,
            unit: unit.number,
            first: self.first,
            second: self.second,
            removed_at: 0,
        };
        // A rule begins where nobody breaks it: powers are sorted out first.
        if !context.is_genesis() && !duties::breakers(context, context.now().time, &rule).is_empty()
        {
            return Err(Rejection::DutyConflict);
        }
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        if lists::count(context, List::SodRules, 0) >= duties::RULES_MAX {
            return Err(Rejection::ListTooLong);
        }

        rule.number = context.next_number(ObjectKind::SodRule);
        context.put(&rule);
        lists::append(context.state, List::SodRules, 0, rule.number);
        context.event(
            ObjectKind::SodRule,
            rule.number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}
