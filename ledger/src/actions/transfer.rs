//! `transfer`: value moves from any peer to any peer.

use std::rc::Rc;

use polity_proto::v1::{Account, BudgetLine, Capability, OwnerKind, Transfer, TransferKind};

use super::Act;
use super::budget;
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form, time};

impl Act for Transfer {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::optional_reference(&self.line)?;
        form::line(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        check_kind(self.kind)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Rc<Account> = context.look(&self.from)?;
        let to: Rc<Account> = context.look(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        budget::find(context, &self.line)?;
        Ok(vec![Need {
            line: context.optional::<BudgetLine>(&self.line)?,
            ..posting::need_to_take(context, Capability::Spend, &from, &to, amount)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        posting::post(context, movement(self, context)?).map(|_| ())
    }
}

/// Kinds from `allocation` on belong to actions of their own.
fn check_kind(kind: i32) -> Result<(), Rejection> {
    match form::known::<TransferKind>(kind)? {
        TransferKind::None => Err(Rejection::FieldMissing),
        TransferKind::Payment
        | TransferKind::Reimbursement
        | TransferKind::Compensation
        | TransferKind::Refund
        | TransferKind::Gift
        | TransferKind::Internal => Ok(()),
        TransferKind::Allocation
        | TransferKind::ReturnAllocation
        | TransferKind::Issue
        | TransferKind::Retire
        | TransferKind::External
        | TransferKind::Correction => Err(Rejection::KindReserved),
    }
}

/// The movement that a transfer asks for, between accounts that it may name.
pub(crate) fn movement(transfer: &Transfer, context: &Context<'_, '_>) -> Result<Move, Rejection> {
    let from: Account = context.take_object(&transfer.from)?;
    let to: Account = context.take_object(&transfer.to)?;
    for account in [&from, &to] {
        match posting::owner(account).kind() {
            OwnerKind::Issuance | OwnerKind::Escrow => return Err(Rejection::IssuanceOnly),
            OwnerKind::None | OwnerKind::Unit | OwnerKind::Member | OwnerKind::Party => {}
        }
    }
    // Whoever pays, pays today or says when it was.
    if time::day(transfer.value_date) > time::day(context.now().time) {
        return Err(Rejection::TimeMalformed);
    }
    // What came from an external party is a bank record, which another person confirms.
    if posting::owner(&from).kind() == OwnerKind::Party {
        return Err(Rejection::ExternalOnly);
    }
    Ok(Move {
        from,
        to,
        amount: Amount::from_bytes(&transfer.amount)?,
        kind: transfer.kind(),
        line: context.optional::<BudgetLine>(&transfer.line)?,
        value_date: transfer.value_date,
    })
}

#[cfg(test)]
mod tests;
