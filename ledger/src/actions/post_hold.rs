//! `post_hold`: what was reserved is transferred, in whole or in part; the rest is released.
//!
//! Money is posted by the side that pays. Goods are posted by the side that receives them, and
//! never by the person who shipped: who delivers does not accept.

use polity_proto::v1::{Account, Asset, AssetKind, Capability, Hold, PostHold};

use super::posting;
use super::{Act, holding};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for PostHold {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.hold)?;
        form::amount(&self.amount)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        let to: Account = context.get(hold.to)?;
        let (side, other) = match is_of_goods(context, &from)? {
            true => (to, from),
            false => (from, to),
        };
        // The value was counted when it was held: what is asked now is the capability alone, in
        // the tier that this counting led to.
        let capability = Capability::Spend;
        let need = posting::need_to_take(context, capability, &side, &other, Amount::ZERO);
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        if is_of_goods(context, &from)?
            && hold.placed_by == context.actor.member
            && !context.is_genesis()
        {
            return Err(Rejection::SamePerson);
        }
        if hold.external {
            return Err(Rejection::ExternalOnly);
        }
        let amount = match self.amount.is_empty() {
            true => None,
            false => Some(Amount::from_bytes(&self.amount)?),
        };
        holding::post(context, hold, amount).map(|_| ())
    }
}

fn is_of_goods(context: &Context<'_, '_>, account: &Account) -> Result<bool, Rejection> {
    let asset: Asset = context.get(account.asset)?;
    Ok(asset.kind() == AssetKind::Goods)
}
