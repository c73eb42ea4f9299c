//! `allocate`: budget money moves from a unit to a unit below or beside it.

use polity_proto::v1::{Account, Allocate, Capability, OwnerKind, TransferKind};

use super::Act;
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
        let units = [&from, &to].map(posting::owner);
        if units.iter().any(|owner| owner.kind() != OwnerKind::Unit) || units[0] == units[1] {
            return Err(Rejection::NotBetweenUnits);
        }
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
