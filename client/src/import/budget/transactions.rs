//! The transactions of an import: what they create is named by position, all else by numbers that are proven.

use std::collections::BTreeMap;

use polity_ledger::form::{created_by, numbered};
use polity_proto::v1::{Action, Ref};

use super::super::deliver::unsigned;
use super::actions::{self, Funding, Roles};
use super::run::{BudgetImport, NewUnit};
use super::table::Row;
use crate::keys::Signer;
use crate::session::Draft;
use crate::{Error, Result};

/// A unit's name and the handle of one of its accounts.
pub(super) type Purse = (String, String);

/// Actions of one transaction, and by which of them each thing is created.
pub(super) struct Script<'i> {
    import: &'i BudgetImport<'i>,
    pub(super) actions: Vec<Action>,
    /// By which action each unit is created.
    pub(super) units: BTreeMap<String, u32>,
    /// By which action each account is opened; its line is planned by the next.
    pub(super) opened: BTreeMap<Purse, u32>,
    /// What of the table each part is about, by the action with which it begins.
    begins: Vec<(u32, String)>,
}

impl<'i> Script<'i> {
    pub(super) fn new(import: &'i BudgetImport<'i>) -> Script<'i> {
        Script {
            import,
            actions: Vec::new(),
            units: BTreeMap::new(),
            opened: BTreeMap::new(),
            begins: Vec::new(),
        }
    }

    /// Creates a unit. The unit above it is there, or created before it.
    pub(super) fn create(&mut self, (name, parent): &NewUnit) -> Result<()> {
        let second = self.import.second.ok_or_else(second_missing)?;
        let roles = Roles {
            importer: self.import.importer.role,
            second: second.role,
        };
        let parent = match parent {
            None => numbered(self.import.place.top),
            Some(parent) => self.unit(parent),
        };
        let kind = self.import.mapping.unit_kind()?;
        let index = self.begin(format!("unit {name}"));
        let handle = self.import.handles.get(name).cloned().unwrap_or_default();
        let made = actions::of_unit(name, handle, kind, parent, index, roles);
        self.actions.extend(made);
        self.units.insert(name.clone(), index);
        Ok(())
    }

    /// Records a row, whose unit and funding are there, or come before it.
    pub(super) fn record(&mut self, row: &Row) -> Result<()> {
        let unit = self.unit(&row.unit);
        if unit.is_none() {
            return Err(Error::trouble(format!(
                "the unit {} was not created",
                row.unit
            )));
        }
        let import = self.import;
        let (asset, role) = (import.place.asset, import.importer.role);
        let funding = self.funding(row);
        let index = self.begin(format!("row {}", row.row));
        let made = actions::of_row(row, import.mapping, unit, asset, index, funding, role);
        self.actions.extend(made);
        self.opened.insert(import.purse(&row.unit, row), index);
        Ok(())
    }

    /// A unit that is there, or that an earlier action creates.
    pub(super) fn unit(&self, name: &str) -> Option<Ref> {
        match (self.units.get(name), self.import.units.get(name)) {
            (Some(index), _) => created_by(*index),
            (None, Some(number)) => numbered(*number),
            (None, None) => None,
        }
    }

    /// The account that funds a row, and the line that it is spent from; none while the row above it is not there.
    pub(super) fn funding(&self, row: &Row) -> Funding {
        let Some(parent) = &row.parent else {
            return Funding {
                from: numbered(self.import.place.source),
                line: None,
            };
        };
        let purse = self.import.purse(parent, row);
        match (self.opened.get(&purse), self.import.funds.get(&purse)) {
            (Some(index), _) => Funding {
                from: created_by(*index),
                line: created_by(*index + 1),
            },
            (None, Some((account, line))) => Funding {
                from: numbered(*account),
                line: numbered(*line),
            },
            (None, None) => Funding::default(),
        }
    }

    /// What of the table an action is about.
    pub(super) fn about(&self, action: u32) -> (String, String) {
        let place = self.begins.partition_point(|(index, _)| *index <= action);
        let part = place
            .checked_sub(1)
            .and_then(|place| self.begins.get(place));
        let part = part.map_or_else(String::new, |(_, part)| part.clone());
        ("at".into(), part)
    }

    /// The transaction, for the importer to sign, and for the second person where they act in it.
    pub(super) fn draft(&self) -> Result<Draft> {
        let import = self.import;
        let mut people = vec![import.importer];
        if !self.units.is_empty() {
            people.push(import.second.ok_or_else(second_missing)?);
        }
        unsigned(import.session, &people, self.actions.clone())
    }

    /// The same, signed by those of these who are to sign it.
    pub(super) fn signed(&self, signers: &[Signer]) -> Result<Draft> {
        let mut draft = self.draft()?;
        for signer in signers {
            draft.sign(self.import.session.organisation(), signer)?;
        }
        Ok(draft)
    }

    fn begin(&mut self, part: String) -> u32 {
        let index = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.begins.push((index, part));
        index
    }
}

impl BudgetImport<'_> {
    /// A row's account, of its own unit or of the one above.
    pub(super) fn purse(&self, unit: &str, row: &Row) -> Purse {
        (unit.to_owned(), row.account(self.mapping))
    }
}

fn second_missing() -> Error {
    Error::usage(
        "units have to be created, and nobody gives themselves a say over money: \
         a second person signs too",
    )
}
