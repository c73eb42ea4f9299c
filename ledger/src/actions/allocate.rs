//! `allocate`: budget money moves from a unit to a unit below or beside it.

use polity_proto::v1::{Account, Allocate, Capability, OwnerKind, TransferKind};

use super::Act;
use super::budget;
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for Allocate {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::optional_reference(&self.line)?;
        form::text(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        budget::find(context, &self.line)?;
        Ok(vec![posting::need_to_take(
            context,
            Capability::Allocate,
            &from,
            &to,
            amount,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        check_units(&from, &to)?;
        let movement = Move {
            from,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Allocation,
            line: context.optional(&self.line)?,
            value_date: self.value_date,
        };
        posting::post(context, movement).map(|_| ())
    }
}

/// Refuses what is not between accounts of two units.
pub(super) fn check_units(from: &Account, to: &Account) -> Result<(), Rejection> {
    let units = [from, to].map(posting::owner);
    // An account twice is refused by its own name.
    let differ = units[0] != units[1] || from.number == to.number;
    if differ && units.iter().all(|owner| owner.kind() == OwnerKind::Unit) {
        Ok(())
    } else {
        Err(Rejection::NotBetweenUnits)
    }
}
