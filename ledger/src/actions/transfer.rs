//! `transfer`: value moves from any peer to any peer.

use polity_proto::v1::{Account, Capability, OwnerKind, Transfer, TransferKind};

use super::Act;
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for Transfer {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::optional_reference(&self.line)?;
        form::text(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        form::known::<TransferKind>(self.kind)?;
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        Ok(vec![posting::need_to_take(
            context,
            Capability::Spend,
            &from,
            &to,
            amount,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        posting::post(context, movement(self, context)?).map(|_| ())
    }
}

/// The movement that a transfer asks for, between accounts that it may name.
pub(crate) fn movement(transfer: &Transfer, context: &Context<'_, '_>) -> Result<Move, Rejection> {
    let from: Account = context.find(&transfer.from)?;
    let to: Account = context.find(&transfer.to)?;
    let kind = transfer.kind();
    if kind as i32 >= TransferKind::Allocation as i32 {
        return Err(Rejection::KindReserved);
    }
    for account in [&from, &to] {
        match posting::owner(account).kind() {
            OwnerKind::Issuance | OwnerKind::Escrow => return Err(Rejection::IssuanceOnly),
            OwnerKind::None | OwnerKind::Unit | OwnerKind::Member | OwnerKind::Party => {}
        }
    }
    // What came from an external party is a bank record, which another person confirms.
    if posting::owner(&from).kind() == OwnerKind::Party {
        return Err(Rejection::ExternalOnly);
    }
    Ok(Move {
        from,
        to,
        amount: Amount::from_bytes(&transfer.amount)?,
        kind,
        line: context.optional(&transfer.line)?,
        value_date: transfer.value_date,
    })
}
