//! From what people write to numbers: `finn`, `acme/dev`, `acme/dev#engineer`, `acme/dev:main`.
//!
//! What has no handle (a grant, a hold, a proposal, a transfer) is called by the name that the
//! story gave it. `nobody`, `nowhere` and `nothing` name what does not exist.

use std::collections::BTreeMap;

use polity_ledger::state::{keys, names};
use polity_proto::v1::{ObjectKind, OwnerKind, OwnerRef, Ref};

use super::trouble::{Outcome, Trouble, trouble};
use crate::memory::State;

/// A number that no object has.
const NO_NUMBER: u64 = 999_999_999;

/// What a story has named so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Things without a handle, by the story's name.
    pub(super) called: BTreeMap<(i32, String), u64>,
    /// What a path meant when it was last alive: a story may speak of what has ended.
    remembered: BTreeMap<(i32, String), u64>,
    /// Decimals of an asset.
    pub(super) scales: BTreeMap<String, u32>,
    /// An account's bytes right after a transfer: what a correction shows.
    pub(super) movements: BTreeMap<(u64, u64), Vec<u8>>,
}

/// Names over a state, and over what earlier actions of one transaction create.
pub(super) struct Lookup<'a> {
    pub(super) state: &'a State,
    pub(super) names: &'a mut Names,
    /// Index of the action that creates what has this name.
    pub(super) created: BTreeMap<(i32, String), u32>,
}

impl Lookup<'_> {
    /// A reference to what is called so.
    pub(super) fn find(&mut self, kind: ObjectKind, name: &str) -> Outcome<Option<Ref>> {
        if let Some(index) = self.created.get(&(kind as i32, name.to_owned())) {
            return Ok(polity_ledger::form::created_by(*index));
        }
        self.number(kind, name).map(polity_ledger::form::numbered)
    }

    /// The number of what is called so.
    pub(super) fn number(&mut self, kind: ObjectKind, name: &str) -> Outcome<u64> {
        if matches!(name, "nobody" | "nowhere" | "nothing") {
            return Ok(NO_NUMBER);
        }
        let entry = (kind as i32, name.to_owned());
        if let Some(number) = self.living(kind, name) {
            self.names.remembered.insert(entry, number);
            return Ok(number);
        }
        let known = self.names.called.get(&entry);
        known
            .or_else(|| self.names.remembered.get(&entry))
            .copied()
            .ok_or_else(|| Trouble(format!("no {} is called `{name}`", kind_name(kind))))
    }

    /// Whether something living is called so.
    pub(super) fn lives(&self, kind: ObjectKind, name: &str) -> bool {
        self.living(kind, name).is_some()
    }

    /// The owner of an account: a unit, a member, or a party (`acme/@bank`).
    pub(super) fn owner(&mut self, name: &str) -> Outcome<Option<OwnerRef>> {
        let kind = self.owner_kind(name);
        let object = match kind {
            OwnerKind::Unit => ObjectKind::Unit,
            OwnerKind::Party => ObjectKind::Party,
            OwnerKind::Member | OwnerKind::None | OwnerKind::Issuance | OwnerKind::Escrow => {
                ObjectKind::Member
            }
        };
        Ok(Some(OwnerRef {
            kind: kind as i32,
            number: self.find(object, name)?,
        }))
    }

    fn owner_kind(&self, name: &str) -> OwnerKind {
        let unit = (ObjectKind::Unit as i32, name.to_owned());
        let names_unit = name.contains('/')
            || name == "nowhere"
            || self.created.contains_key(&unit)
            || self.names.remembered.contains_key(&unit)
            || self.unit(name).is_some();
        match (name.contains('@'), names_unit) {
            (true, _) => OwnerKind::Party,
            (false, true) => OwnerKind::Unit,
            (false, false) => OwnerKind::Member,
        }
    }

    fn living(&self, kind: ObjectKind, name: &str) -> Option<u64> {
        let by = |container, handle: &str| {
            names::find(self.state, &keys::handle(kind, container, handle))
        };
        match kind {
            ObjectKind::Member => by(0, name),
            ObjectKind::Unit => self.unit(name),
            ObjectKind::Role => {
                let (unit, handle) = name.split_once('#')?;
                by(self.unit(unit)?, handle)
            }
            ObjectKind::Party => {
                let (unit, handle) = name.split_once("/@")?;
                by(self.unit(unit)?, handle)
            }
            ObjectKind::Account => {
                let (owner, handle) = name.rsplit_once(':')?;
                by(self.owner_number(owner)?, handle)
            }
            ObjectKind::Asset => {
                let key = keys::key_with(keys::ASSET_CODE, &[], name.as_bytes());
                names::find(self.state, &key)
            }
            _ => None,
        }
    }

    fn unit(&self, path: &str) -> Option<u64> {
        // The root is below nothing.
        path.split('/').try_fold(0, |parent, handle| {
            let key = keys::handle(ObjectKind::Unit, parent, handle);
            names::find(self.state, &key)
        })
    }

    fn owner_number(&self, owner: &str) -> Option<u64> {
        let kind = self.owner_kind(owner);
        let number = match kind {
            OwnerKind::Unit => self.unit(owner)?,
            OwnerKind::Party => self.living(ObjectKind::Party, owner)?,
            OwnerKind::Member | OwnerKind::None | OwnerKind::Issuance | OwnerKind::Escrow => {
                self.living(ObjectKind::Member, owner)?
            }
        };
        Some(keys::owner_number(kind, number))
    }

    /// Minor units of an amount such as `480.00` of an asset.
    pub(super) fn minor_units(&self, amount: &str, code: &str) -> Outcome<u128> {
        let Some(scale) = self.names.scales.get(code) else {
            return trouble(format!("no asset is called `{code}`"));
        };
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
        let fits = !whole.is_empty()
            && decimals.len() <= *scale as usize
            && [whole, decimals]
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !fits {
            return trouble(format!("`{amount}` is no amount of {code}"));
        }
        let digits = format!("{whole}{decimals:0<width$}", width = *scale as usize);
        digits
            .parse()
            .map_err(|_| Trouble(format!("`{amount}` is too large")))
    }
}

/// How a kind of object is called in a sentence.
pub(super) fn kind_name(kind: ObjectKind) -> String {
    let name = kind.as_str_name().trim_start_matches("OBJECT_KIND_");
    name.to_lowercase().replace('_', " ")
}
