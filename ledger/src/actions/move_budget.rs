//! `move_budget`: approved money moves between two lines of one unit.

use polity_proto::v1::{BudgetLine, Capability, MoveBudget, ObjectKind};

use super::{Act, budget, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for MoveBudget {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: BudgetLine = context.find(&self.from)?;
        let _: BudgetLine = context.find(&self.to)?;
        Ok(vec![Need {
            object: Some((ObjectKind::BudgetLine, from.number)),
            ..Need::of(Capability::PlanBudget, from.unit)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut from: BudgetLine = context.find(&self.from)?;
        let mut to: BudgetLine = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        if from.closed || to.closed {
            return Err(Rejection::BudgetLineClosed);
        }
        if from.number == to.number || from.unit != to.unit || from.asset != to.asset {
            return Err(Rejection::BudgetLineWrong);
        }
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        // Only what is free moves: what is committed stays covered, on soft lines too.
        if budget::line_available(&from).is_none_or(|left| left < amount) {
            return Err(Rejection::BudgetExceeded);
        }
        take(&mut from, amount);
        posting::add(&mut to.approved, amount)?;
        Amount::from_state(&to.approved).plus(Amount::from_state(&to.carried))?;

        context.put(&from);
        context.put(&to);
        let unit = from.unit;
        context.event(
            ObjectKind::BudgetLine,
            from.number,
            &[(ObjectKind::Unit, unit)],
        );
        context.event(
            ObjectKind::BudgetLine,
            to.number,
            &[(ObjectKind::Unit, unit)],
        );
        Ok(())
    }
}

/// Takes from what was approved and, where that is not enough, from what was carried.
fn take(line: &mut BudgetLine, amount: Amount) {
    let approved = Amount::from_state(&line.approved);
    let from_approved = approved.min(amount);
    posting::subtract(&mut line.approved, from_approved);
    let rest = Amount(amount.0 - from_approved.0);
    posting::subtract(&mut line.carried, rest);
}
