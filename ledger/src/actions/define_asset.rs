//! `define_asset`: something that accounts can hold, with its issuance account.

use polity_proto::v1::{
    Account, Asset, AssetKind, Capability, DefineAsset, ObjectKind, OwnerKind, Unit,
};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

/// Most decimals of an asset.
const SCALE_MAX: u32 = 18;

impl Act for DefineAsset {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<AssetKind>(self.kind)?;
        if !form::is_asset_code(&self.code) {
            return Err(Rejection::AssetCodeMalformed);
        }
        if self.scale > SCALE_MAX {
            return Err(Rejection::ValueUnknown);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::DefineAssets, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
        if !power::unit_lives(context, unit) {
            return Err(Rejection::UnitDissolved);
        }
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

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::World;

    #[test]
    fn an_asset_comes_with_its_issuance_and_each_refusal_has_its_name() {
        let mut world = World::new();
        let lead = Some("acme#lead");
        let good = DefineAsset {
            unit: world.unit_ref("acme"),
            code: "POINTS".into(),
            scale: 0,
            kind: AssetKind::Points as i32,
        };
        world.check("ada", lead, Kind::DefineAsset(good.clone()), "accepted");
        let number = world.list(List::Assets, 0)[1];
        let asset: Asset = world.get(number);
        let issuance: Account = world.get(asset.issuance);
        assert!(issuance.unlimited);
        assert_eq!((issuance.asset, asset.code.as_str()), (number, "POINTS"));

        for (expected, act) in [
            (
                "rejected ref_malformed",
                DefineAsset {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected field_missing",
                DefineAsset {
                    kind: 0,
                    ..good.clone()
                },
            ),
            (
                "rejected value_unknown",
                DefineAsset {
                    kind: 9,
                    ..good.clone()
                },
            ),
            (
                "rejected value_unknown",
                DefineAsset {
                    scale: 19,
                    ..good.clone()
                },
            ),
            (
                "rejected asset_code_malformed",
                DefineAsset {
                    code: "eur".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected asset_code_malformed",
                DefineAsset {
                    code: "".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                DefineAsset {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected asset_code_taken", good.clone()),
        ] {
            world.check("ada", lead, Kind::DefineAsset(act), expected);
        }
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::DefineAsset(good.clone()),
            "rejected no_grant",
        );
        let mut root = world.unit("acme");
        root.dissolved_at = 1;
        world.put_for_test(&root);
        world.check_decided("ada", Kind::DefineAsset(good), "rejected unit_dissolved");
    }
}
