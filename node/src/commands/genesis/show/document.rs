//! The organisation as one JSON document: what the text shows, for scripts.

use polity_ledger::Amount;
use polity_ledger::state::keys::{self, List};
use polity_ledger::state::{lists, objects};
use polity_proto::v1::{
    Account, Asset, Grant, Member, Node, OwnerKind, Party, Policy, Role, SodRule, Unit, Validator,
};
use serde_json::{Map, Value, json};

use super::{Tree, lower, word};

impl Tree<'_> {
    /// `parameters`, `units` from the root down, then `assets`, `members` and `sod_rules`.
    pub(super) fn document(&self) -> Value {
        let mut units = Vec::new();
        self.add_units(1, &mut units);
        let members = self.list::<Member>(List::Members, 0).into_iter();
        let members = members.map(|member| {
            json!({
                "number": member.number,
                "handle": member.handle,
                "keys": member.keys.iter().map(|key| hex::encode(&key.public)).collect::<Vec<_>>(),
                "accounts": self.accounts_of(OwnerKind::Member, member.number),
            })
        });
        let assets = self.list::<Asset>(List::Assets, 0).into_iter();
        let assets = assets.map(|asset| {
            json!({
                "code": asset.code,
                "decimals": asset.scale,
                "issued": self.held_document(asset.issuance),
            })
        });
        let rules = self.list::<SodRule>(List::SodRules, 0).into_iter();
        let rules = rules.map(|rule| {
            json!({ "unit": rule.unit, "first": word(rule.first()), "second": word(rule.second()) })
        });
        let parameters = self.parameters();
        let parameters = parameters.map(|(name, value, _)| (name.to_owned(), json!(value)));
        json!({
            "parameters": parameters.collect::<Map<String, Value>>(),
            "units": units,
            "assets": assets.collect::<Vec<_>>(),
            "members": members.collect::<Vec<_>>(),
            "sod_rules": rules.collect::<Vec<_>>(),
        })
    }

    fn add_units(&self, number: u64, units: &mut Vec<Value>) {
        let Some(unit) = objects::get::<Unit>(self.0, number) else {
            return;
        };
        units.push(self.unit_document(&unit));
        for child in lists::all(self.0, List::Children, number) {
            self.add_units(child, units);
        }
    }

    fn unit_document(&self, unit: &Unit) -> Value {
        let number = unit.number;
        let validator: Option<Validator> =
            objects::value(self.0, &keys::key(keys::VALIDATOR, &[number]));
        let validator = validator.map(
            |validator| json!({ "power": validator.power, "key": hex::encode(validator.key) }),
        );
        let nodes = self.list::<Node>(List::Nodes, number).into_iter();
        let nodes =
            nodes.map(|node| json!({ "id": hex::encode(node.id), "address": node.address }));
        let parties = self.list::<Party>(List::Parties, number).into_iter();
        let parties = parties.map(|party| {
            json!({
                "number": party.number,
                "handle": party.handle,
                "accounts": self.accounts_of(OwnerKind::Party, party.number),
            })
        });
        let policies = self.list::<Policy>(List::Policies, number).into_iter();
        let policies = policies.map(|policy| {
            json!({
                "number": policy.number,
                "capability": word(policy.capability()),
                "recursive": policy.recursive,
                "tiers": self.tiers(&policy),
            })
        });
        let roles = self.list::<Role>(List::Roles, number).into_iter();
        json!({
            "number": number,
            "unit": self.path(number),
            "kind": lower(unit.kind().as_str_name(), "UNIT_KIND_"),
            "purpose": unit.purpose,
            "confers": unit.confers().map(word).collect::<Vec<_>>(),
            "validator": validator,
            "nodes": nodes.collect::<Vec<_>>(),
            "accounts": self.accounts_of(OwnerKind::Unit, number),
            "parties": parties.collect::<Vec<_>>(),
            "policies": policies.collect::<Vec<_>>(),
            "roles": roles.map(|role| self.role_document(&role)).collect::<Vec<_>>(),
        })
    }

    fn role_document(&self, role: &Role) -> Value {
        let money = |bytes: &[u8], asset| self.amount_document(Amount::from_state(bytes), asset);
        let grants = self.list::<Grant>(List::Grants, role.number).into_iter();
        let grants = grants.map(|grant| {
            json!({
                "number": grant.number,
                "capability": word(grant.capability()),
                "bounds": self.bounds(&grant).trim_start(),
                "per_transfer": (!grant.per_transfer.is_empty())
                    .then(|| money(&grant.per_transfer, grant.asset)),
                "per_period": grant.per_period.as_ref().map(|limit| json!({
                    "amount": money(&limit.amount, grant.asset),
                    "rolling_days": (limit.days != 0).then_some(limit.days),
                })),
            })
        });
        json!({
            "number": role.number,
            "handle": role.handle,
            "holders": self.holders(role.number),
            "grants": grants.collect::<Vec<_>>(),
        })
    }

    fn accounts_of(&self, kind: OwnerKind, number: u64) -> Vec<Value> {
        let owner = keys::owner_number(kind, number);
        let accounts = self.list::<Account>(List::Accounts, owner).into_iter();
        accounts
            .map(|account| {
                json!({
                    "number": account.number,
                    "handle": account.handle,
                    "holds": self.held_document(account.number),
                })
            })
            .collect()
    }

    fn held_document(&self, account: u64) -> Value {
        let (amount, asset) = self.held(account).unwrap_or_default();
        self.amount_document(amount, asset)
    }

    /// An amount as `polity` writes it; none in an asset that is not there.
    fn amount_document(&self, amount: Amount, asset: u64) -> Value {
        let Some(asset) = objects::get::<Asset>(self.0, asset) else {
            return Value::Null;
        };
        json!({
            "amount": amount.in_decimals(asset.scale),
            "minor": amount.0.to_string(),
            "asset": asset.code,
        })
    }
}
