//! `issue`: new value enters an account from its asset's issuance account.

use polity_proto::v1::{Account, Asset, Capability, Issue, ObjectKind, TransferKind};

use super::Act;
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::{Need, ValueNeed};
use crate::{Amount, Rejection, form};

impl Act for Issue {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.amount)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let asset: Asset = context.get(account.asset)?;
        Ok(vec![Need {
            value: Some(ValueNeed {
                asset: asset.number,
                amount: Amount::from_bytes(&self.amount)?,
                account: asset.issuance,
                counterparty: posting::owner(&account),
            }),
            ..need(&asset)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let to: Account = context.find(&self.account)?;
        let asset: Asset = context.get(to.asset)?;
        let movement = Move {
            from: context.get(asset.issuance)?,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Issue,
            line: 0,
            value_date: 0,
        };
        posting::post(context, movement).map(|_| ())
    }
}

/// The asset is the unit's that defined it: who issues or retires acts in that unit's name.
pub(super) fn need(asset: &Asset) -> Need {
    Need {
        object: Some((ObjectKind::Asset, asset.number)),
        ..Need::of(Capability::Issue, asset.unit)
    }
}
