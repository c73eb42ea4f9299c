//! The transactions of an import: what they create is named by position, all else by numbers that are proven.

use std::collections::BTreeMap;

use polity_ledger::form::{created_by, numbered};

use super::super::deliver::signed;
use super::actions::{self, Funding, Roles, UNIT_ACTIONS};
use super::run::{BudgetImport, NewUnit};
use super::table::Row;
use crate::session::Draft;
use crate::{Error, Result};

/// A transaction that creates units: by which action each.
pub(super) struct Creation {
    pub(super) draft: Draft,
    pub(super) units: BTreeMap<String, u32>,
}

/// A transaction that records rows: by which action each account is opened, and where each row begins.
pub(super) struct Recording {
    pub(super) draft: Draft,
    pub(super) opened: BTreeMap<(u64, String), u32>,
    pub(super) begins: Vec<u32>,
}

impl BudgetImport<'_> {
    /// The transaction that creates units.
    pub(super) fn creation(&self, units: &[&NewUnit]) -> Result<Creation> {
        let second = self.second.ok_or_else(|| {
            Error::usage(
                "units have to be created, and nobody gives themselves a say over money: \
                 a second person signs too",
            )
        })?;
        let roles = Roles {
            importer: self.importer.role,
            second: second.role,
        };
        let kind = self.mapping.unit_kind()?;
        let mut created: BTreeMap<String, u32> = BTreeMap::new();
        let mut actions = Vec::new();
        for ((name, parent), place) in units.iter().zip(0_u32..) {
            let index = place * UNIT_ACTIONS as u32;
            let parent = match parent.as_deref() {
                None => numbered(self.place.top),
                Some(parent) => match created.get(parent) {
                    Some(index) => created_by(*index),
                    None => numbered(self.units.get(parent).copied().unwrap_or_default()),
                },
            };
            created.insert(name.clone(), index);
            actions.extend(actions::of_unit(name, kind, parent, index, roles));
        }
        let draft = signed(self.session, &[self.importer, second], actions)?;
        Ok(Creation {
            draft,
            units: created,
        })
    }

    /// The transaction that records rows.
    pub(super) fn recording(&self, rows: &[&Row]) -> Result<Recording> {
        let mut opened: BTreeMap<(u64, String), u32> = BTreeMap::new();
        let mut begins = Vec::new();
        let mut actions = Vec::new();
        for row in rows {
            let index = u32::try_from(actions.len()).unwrap_or(u32::MAX);
            let unit = self.unit(row)?;
            let funding = self.funding(row, &opened);
            opened.insert((unit, row.account(self.mapping)), index);
            begins.push(index);
            actions.extend(actions::of_row(
                row,
                self.mapping,
                unit,
                self.place.asset,
                index,
                funding,
                self.importer.role,
            ));
        }
        let draft = signed(self.session, &[self.importer], actions)?;
        Ok(Recording {
            draft,
            opened,
            begins,
        })
    }

    /// The account that funds a row, and the line that it is spent from. The plan has put the parent's row first.
    fn funding(&self, row: &Row, opened: &BTreeMap<(u64, String), u32>) -> Funding {
        let parent = row.parent.as_ref().and_then(|name| self.units.get(name));
        let Some(parent) = parent else {
            return Funding {
                from: numbered(self.place.source),
                line: None,
            };
        };
        let named = (*parent, row.account(self.mapping));
        match (opened.get(&named), self.funds.get(&named)) {
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
}
