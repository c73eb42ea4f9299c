//! Founding actions in the making, with the names of what they create.

use std::collections::BTreeMap;

use polity_ledger::form::created_by;
use polity_proto::v1::{Action, OwnerKind, OwnerRef, Ref, action::Kind};

use super::CharterError;

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Unit,
    Role,
    Member,
    Party,
    Account,
    Asset,
}

/// The founding actions so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    actions: Vec<Action>,
    /// The entry of the charter that each action comes from.
    entries: Vec<String>,
    names: BTreeMap<(Sort, String), u32>,
    decimals: BTreeMap<String, u32>,
}

/// One entry of the charter: errors say which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'e> {
    /// The table of the file.
    pub(super) table: &'static str,
    /// The name in it.
    pub(super) name: &'e str,
}

impl Entry<'_> {
    /// What is wrong with the entry.
    pub(super) fn error(self, words: impl Into<String>) -> CharterError {
        CharterError::Entry {
            entry: self.words(),
            words: words.into(),
        }
    }

    fn words(self) -> String {
        format!("{} {:?}", self.table, self.name)
    }
}

impl Draft {
    /// The actions, in order.
    pub(super) fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Where an action comes from; behind the last one stands the organisation as a whole.
    pub(super) fn entry(&self, action: usize) -> String {
        match self.entries.get(action) {
            Some(entry) => entry.clone(),
            None => "organisation".into(),
        }
    }

    /// An action that creates nothing that others name.
    pub(super) fn push(&mut self, entry: Entry<'_>, doing: &str, kind: Kind) {
        self.actions.push(Action {
            kind: Some(kind),
            ..Action::default()
        });
        self.entries.push(match doing {
            "" => entry.words(),
            doing => format!("{} ({doing})", entry.words()),
        });
    }

    /// An action that creates what the entry is called.
    pub(super) fn create(
        &mut self,
        entry: Entry<'_>,
        sort: Sort,
        kind: Kind,
    ) -> Result<(), CharterError> {
        let index = self.actions.len() as u32;
        let name = (sort, entry.name.to_owned());
        if self.names.insert(name, index).is_some() {
            return Err(entry.error("is described twice"));
        }
        self.push(entry, "", kind);
        Ok(())
    }

    /// What an earlier entry created.
    pub(super) fn find(
        &self,
        entry: Entry<'_>,
        sort: Sort,
        name: &str,
    ) -> Result<Option<Ref>, CharterError> {
        match self.names.get(&(sort, name.to_owned())) {
            Some(index) => Ok(created_by(*index)),
            None => Err(entry.error(match sort {
                Sort::Unit => format!("unit {name:?} is not described before"),
                Sort::Role => format!("role {name:?} is not described"),
                Sort::Member => format!("member {name:?} is not described"),
                Sort::Party => format!("party {name:?} is not described"),
                Sort::Account => format!("account {name:?} is not described"),
                Sort::Asset => format!("asset {name:?} is not described"),
            })),
        }
    }

    /// A unit, a member or a party, by name. A party's has an `@`, which the others' have not.
    pub(super) fn owner(&self, entry: Entry<'_>, name: &str) -> Result<OwnerRef, CharterError> {
        let is = |sort| self.names.contains_key(&(sort, name.to_owned()));
        let (kind, sort) = match (is(Sort::Unit), is(Sort::Member)) {
            (true, false) => (OwnerKind::Unit, Sort::Unit),
            (false, true) => (OwnerKind::Member, Sort::Member),
            (false, false) if is(Sort::Party) => (OwnerKind::Party, Sort::Party),
            (false, false) => {
                return Err(entry.error(format!(
                    "{name:?} is neither a unit nor a member nor a party"
                )));
            }
            (true, true) => {
                return Err(entry.error(format!("{name:?} is both a unit and a member")));
            }
        };
        Ok(OwnerRef {
            kind: kind as i32,
            number: self.find(entry, sort, name)?,
        })
    }

    /// Remembers the decimals of an asset.
    pub(super) fn set_decimals(&mut self, code: &str, decimals: u32) {
        self.decimals.insert(code.to_owned(), decimals);
    }

    /// Reads `480.00 EUR`: the amount's bytes and the asset's code.
    pub(super) fn amount<'t>(
        &self,
        entry: Entry<'_>,
        text: &'t str,
    ) -> Result<(Vec<u8>, &'t str), CharterError> {
        let Some((number, code)) = text.split_once(' ') else {
            return Err(entry.error(format!("{text:?} is not an amount such as \"480.00 EUR\"")));
        };
        let Some(decimals) = self.decimals.get(code) else {
            return Err(entry.error(format!("asset {code:?} is not described")));
        };
        let amount = super::words::amount(number, *decimals).map_err(|words| entry.error(words))?;
        // On the wire zero is written like none, and a limit of none is no limit.
        if amount.is_zero() {
            return Err(entry.error(format!("{text:?} is nothing: no amount here is zero")));
        }
        Ok((amount.to_bytes(), code))
    }
}
