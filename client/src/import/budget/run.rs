//! Brings a table onto the chain: units that are missing, then rows that are missing.
//!
//! A unit's money is its own: whoever creates a unit cannot give themselves a say over it. So where units are created,
//! a second person signs as well. They get `govern` over the new unit, and give its money to the importer's role.

use std::collections::BTreeMap;

use polity_ledger::check::ACTIONS_MAX;
use polity_proto::v1::ObjectKind;

use super::super::deliver::{accepted, created, deliver};
use super::super::run::Registrar;
use super::actions::{ROW_ACTIONS_MAX, UNIT_ACTIONS};
use super::chain::{self, Recorded};
use super::mapping::Mapping;
use super::plan::BudgetPlan;
use super::table::Row;
use super::transactions::{Purse, Script};
use crate::keys::Signer;
use crate::session::Session;
use crate::{Error, Result};

/// Where a table goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The unit below which all units of the table stand.
    pub top: u64,
    /// The account that funds units without a parent.
    pub source: u64,
    /// The asset.
    pub asset: u64,
}

/// What an import of a table did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetImported {
    /// Units that were created.
    pub units: u64,
    /// Rows that were recorded.
    pub rows: u64,
    /// Rows that the chain had before.
    pub rows_before: u64,
    /// Transactions that were sent, each accepted and proven.
    pub transactions: u64,
}

/// A unit of the table that has to be created, and the unit of the table above it.
pub(super) type NewUnit = (String, Option<String>);

/// What the chain lacks of a table.
pub struct Missing<'p> {
    /// Units, parents first.
    pub(super) units: Vec<&'p NewUnit>,
    /// Rows, those that fund before those that are funded.
    pub(super) rows: Vec<&'p Row>,
    /// Rows that the chain has.
    rows_before: u64,
}

impl<'p> Missing<'p> {
    /// How many units have to be created.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// How many rows have to be recorded.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Units, as many together as a transaction can create.
    pub(super) fn unit_parts(&self) -> impl Iterator<Item = &[&'p NewUnit]> {
        self.units.chunks(ACTIONS_MAX / UNIT_ACTIONS)
    }

    /// Rows, as many together as a transaction can record.
    pub(super) fn row_parts(&self) -> impl Iterator<Item = &[&'p Row]> {
        self.rows.chunks(ACTIONS_MAX / ROW_ACTIONS_MAX)
    }
}

/// An import of a table on its way.
pub struct BudgetImport<'s> {
    pub(super) session: &'s Session,
    pub(super) mapping: &'s Mapping,
    pub(super) place: Place,
    pub(super) importer: Registrar,
    pub(super) second: Option<Registrar>,
    pub(super) units: BTreeMap<String, u64>,
    /// What each unit that is to be created is called.
    pub(super) handles: BTreeMap<String, String>,
    /// Account and line by the unit's name and the account's handle.
    pub(super) funds: BTreeMap<Purse, (u64, u64)>,
    done: BudgetImported,
}

impl<'s> BudgetImport<'s> {
    /// An import by one person, or by two where units have to be created.
    #[must_use]
    pub fn new(
        session: &'s Session,
        mapping: &'s Mapping,
        place: Place,
        importer: Registrar,
        second: Option<Registrar>,
    ) -> BudgetImport<'s> {
        BudgetImport {
            session,
            mapping,
            place,
            importer,
            second,
            units: BTreeMap::new(),
            handles: BTreeMap::new(),
            funds: BTreeMap::new(),
            done: BudgetImported::default(),
        }
    }

    /// Brings what the chain lacks onto it, signed by the importer and, where units are created, the second person as
    /// well. `progress` is told how many of how many rows are recorded.
    pub async fn run(
        mut self,
        signers: &[Signer],
        missing: Missing<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<BudgetImported> {
        self.done.rows_before = missing.rows_before;
        let total = missing.rows_before + missing.rows.len() as u64;
        progress(missing.rows_before, total);

        for units in missing.unit_parts() {
            self.create_units(signers, units).await?;
        }
        for rows in missing.row_parts() {
            self.record_rows(signers, rows).await?;
            progress(missing.rows_before + self.done.rows, total);
        }
        Ok(self.done)
    }

    /// What the chain lacks, where it goes on from what is there.
    pub(super) async fn missing<'p>(&mut self, plan: &'p BudgetPlan) -> Result<Missing<'p>> {
        self.units = chain::units(self.session, plan, self.place.top).await?;
        let is_there = |name: &String| self.units.contains_key(name);
        let units = plan.units.iter().filter(|(name, _)| !is_there(name));
        let units = units.collect();
        let rows = self.missing_rows(plan).await?;
        let rows_before = (plan.rows.len() - rows.len()) as u64;
        Ok(Missing {
            units,
            rows,
            rows_before,
        })
    }

    /// Rows that the chain lacks. One that it has otherwise is an error: what was given is not given again.
    async fn missing_rows<'p>(&mut self, plan: &'p BudgetPlan) -> Result<Vec<&'p Row>> {
        let found = chain::rows(self.session, self.mapping, &plan.rows, &self.units).await?;
        let mut missing = Vec::new();
        for (row, recorded) in plan.rows.iter().zip(found) {
            let Some(Recorded { account, line }) = recorded else {
                missing.push(row);
                continue;
            };
            let line = line.filter(|line| {
                line.approved == row.amount.to_bytes()
                    && line.until == row.period.until
                    && line.asset == self.place.asset
            });
            let line = line.ok_or_else(|| {
                Error::usage(format!(
                    "row {}: the chain has the account {} of {}, and not this amount for it",
                    row.row, account.handle, row.unit
                ))
            })?;
            let purse = (row.unit.clone(), account.handle);
            self.funds.insert(purse, (account.number, line.number));
        }
        Ok(missing)
    }

    async fn create_units(&mut self, signers: &[Signer], units: &[&NewUnit]) -> Result<()> {
        let mut script = Script::new(self);
        for unit in units {
            script.create(unit)?;
        }
        let draft = script.signed(signers)?;
        let outcome = deliver(self.session, &draft).await?;
        accepted(&outcome, |action| script.about(action))?;
        let indexes = script.units;

        self.done.transactions += 1;
        for (name, index) in indexes {
            let number = created(&outcome.receipt, index, ObjectKind::Unit)?;
            self.units.insert(name, number);
        }
        self.done.units += units.len() as u64;
        Ok(())
    }

    async fn record_rows(&mut self, signers: &[Signer], rows: &[&Row]) -> Result<()> {
        let mut script = Script::new(self);
        for row in rows {
            script.record(row)?;
        }
        let draft = script.signed(signers)?;
        let outcome = deliver(self.session, &draft).await?;
        accepted(&outcome, |action| script.about(action))?;
        let opened = script.opened;

        self.done.transactions += 1;
        for (purse, index) in opened {
            let account = created(&outcome.receipt, index, ObjectKind::Account)?;
            let line = created(&outcome.receipt, index + 1, ObjectKind::BudgetLine)?;
            self.funds.insert(purse, (account, line));
        }
        self.done.rows += rows.len() as u64;
        Ok(())
    }
}
