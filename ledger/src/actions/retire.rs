//! `retire`: value leaves an account for good, back to its asset's issuance account.

use polity_proto::v1::{Account, Asset, Capability, OwnerKind, Retire, TransferKind};

use super::posting::{self, Move};
use super::{Act, issue};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for Retire {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.amount)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.account)?;
        let asset: Asset = context.get(from.asset)?;
        let owner = posting::owner(&from);
        let of_the_issuer = owner.kind() == OwnerKind::Unit && owner.number == asset.unit;
        if of_the_issuer {
            return Ok(vec![issue::need(&asset)]);
        }
        // Who issues does not reach into others' pockets: they sign along. Theirs is the basis,
        // because their limits count it.
        let to: Account = context.get(asset.issuance)?;
        let amount = Amount::from_bytes(&self.amount)?;
        let taking = posting::need_to_take(context, Capability::Spend, &from, &to, amount);
        Ok(vec![taking, issue::need(&asset)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.account)?;
        let asset: Asset = context.get(from.asset)?;
        let movement = Move {
            to: context.get(asset.issuance)?,
            from,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Retire,
            line: 0,
            value_date: 0,
        };
        posting::post(context, movement).map(|_| ())
    }
}
