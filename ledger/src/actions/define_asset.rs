//! `define_asset`: something that accounts can hold, with its issuance account.

use polity_proto::v1::{Account, Asset, AssetKind, Capability, DefineAsset, ObjectKind, OwnerKind};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

/// Most decimals of an asset.
const SCALE_MAX: u32 = 18;

impl Act for DefineAsset {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<AssetKind>(self.kind)?;
        let fits = (1..=16).contains(&self.code.len())
            && self
                .code
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !fits {
            return Err(Rejection::AssetCodeMalformed);
        }
        if self.scale > SCALE_MAX {
            return Err(Rejection::ValueUnknown);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: polity_proto::v1::Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::DefineAssets, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve(&self.unit)?;
        let code_key = keys::key_with(keys::ASSET_CODE, &[], self.code.as_bytes());
        if names::find(context, &code_key).is_some() {
            return Err(Rejection::AssetCodeTaken);
        }

        let number = context.next_number(ObjectKind::Asset);
        let issuance = context.next_unnamed(ObjectKind::Account);
        context.put(&Asset {
            number,
            code: self.code.clone(),
            scale: self.scale,
            kind: self.kind,
            unit,
            issuance,
        });
        context.put(&Account {
            number: issuance,
            owner: Some(form::owner_of(OwnerKind::Issuance, number)),
            asset: number,
            handle: "issuance".into(),
            unlimited: true,
            ..Account::default()
        });
        names::point(context.state, code_key, number);
        lists::append(context.state, List::Assets, 0, number);
        context.event(ObjectKind::Asset, number, &[(ObjectKind::Unit, unit)]);
        Ok(())
    }
}
