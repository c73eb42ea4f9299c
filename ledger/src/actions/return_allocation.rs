//! `return_allocation`: a unit gives budget money back.

use polity_proto::v1::{Account, Capability, ReturnAllocation, TransferKind};

use super::posting::{self, Move};
use super::{Act, allocate};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for ReturnAllocation {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::text(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        let capability = Capability::Allocate;
        let need = posting::need_to_take(context, capability, &from, &to, amount);
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        allocate::check_units(&from, &to)?;
        let movement = Move {
            from,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::ReturnAllocation,
            line: 0,
            value_date: self.value_date,
        };
        posting::post(context, movement).map(|_| ())
    }
}
