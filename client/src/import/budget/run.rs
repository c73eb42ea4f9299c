//! Brings a table onto the chain: units that are missing, then rows that are missing.
//!
//! A unit's money is its own: whoever creates a unit cannot give themselves a say over it. So where units are created,
//! a second person signs as well. They get `govern` over the new unit, and give its money to the importer's role.

use std::collections::BTreeMap;

use polity_ledger::actions::available;
use polity_ledger::check::ACTIONS_MAX;
use polity_ledger::{Amount, Rejection};
use polity_proto::v1::{Account, Asset, ObjectKind};

use super::super::deliver::{accepted, created, deliver};
use super::super::run::Registrar;
use super::actions::{ROW_ACTIONS_MAX, UNIT_ACTIONS};
use super::chain::{self, Recorded};
use super::mapping::Mapping;
use super::plan::BudgetPlan;
use super::table::Row;
use super::transactions::{Creation, Recording};
use crate::session::{Draft, Outcome, Session};
use crate::{Error, Refusal, Result, amount};

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
pub(super) struct Missing<'p> {
    units: Vec<&'p NewUnit>,
    rows: Vec<&'p Row>,
}

impl<'p> Missing<'p> {
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
    pub(super) importer: &'s Registrar<'s>,
    pub(super) second: Option<&'s Registrar<'s>>,
    pub(super) units: BTreeMap<String, u64>,
    /// Account and line of each unit and account handle.
    pub(super) funds: BTreeMap<(u64, String), (u64, u64)>,
    done: BudgetImported,
}

impl<'s> BudgetImport<'s> {
    /// An import by one person, or by two where units have to be created.
    #[must_use]
    pub fn new(
        session: &'s Session,
        mapping: &'s Mapping,
        place: Place,
        importer: &'s Registrar<'s>,
        second: Option<&'s Registrar<'s>>,
    ) -> BudgetImport<'s> {
        BudgetImport {
            session,
            mapping,
            place,
            importer,
            second,
            units: BTreeMap::new(),
            funds: BTreeMap::new(),
            done: BudgetImported::default(),
        }
    }

    /// Brings a table onto the chain; goes on where an earlier import stopped. Nothing is sent where the first transaction
    /// would be refused. `progress` is told how many of how many
    /// rows are recorded.
    pub async fn run(
        mut self,
        plan: &BudgetPlan,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<BudgetImported> {
        let total = plan.rows.len() as u64;
        let missing = self.missing(plan).await?;
        self.check_first(&missing).await?;
        progress(self.done.rows_before, total);

        for units in missing.unit_parts() {
            self.create_units(units).await?;
        }
        for rows in missing.row_parts() {
            self.record_rows(rows).await?;
            progress(self.done.rows_before + self.done.rows, total);
        }
        Ok(self.done)
    }

    /// What the chain lacks, and the source can fund.
    pub(super) async fn missing<'p>(&mut self, plan: &'p BudgetPlan) -> Result<Missing<'p>> {
        self.units = chain::units(self.session, plan, self.place.top).await?;
        let is_there = |name: &String| self.units.contains_key(name);
        let units = plan.units.iter().filter(|(name, _)| !is_there(name));
        let units = units.collect();
        let rows = self.missing_rows(plan).await?;
        self.done.rows_before = (plan.rows.len() - rows.len()) as u64;
        self.check_source(&rows).await?;
        Ok(Missing { units, rows })
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
            let named = (self.unit(row)?, account.handle);
            self.funds.insert(named, (account.number, line.number));
        }
        Ok(missing)
    }

    /// Refuses rows that the source cannot fund, before the first of them is sent.
    async fn check_source(&self, rows: &[&Row]) -> Result<()> {
        let funded = rows.iter().filter(|row| row.parent.is_none());
        let needed = funded.fold(Amount::ZERO, |sum, row| {
            Amount(sum.0.saturating_add(row.amount.0))
        });
        let source: Account = self
            .session
            .get(self.place.source)
            .await?
            .unwrap_or_default();
        let Some(available) = available(&source).filter(|available| *available < needed) else {
            return Ok(());
        };

        let asset: Asset = self.session.get(source.asset).await?.unwrap_or_default();
        let shown = |minor| format!("{} {}", amount::shown(minor, asset.scale), asset.code);
        Err(Error::refused(Refusal {
            code: Rejection::InsufficientFunds.code(),
            log: String::new(),
            facts: vec![
                ("needed".into(), shown(needed)),
                ("available".into(), shown(available)),
                ("sent".into(), "nothing".into()),
            ],
        }))
    }

    async fn create_units(&mut self, units: &[&NewUnit]) -> Result<()> {
        let Creation {
            draft,
            units: indexes,
        } = self.creation(units)?;
        let outcome = self.send(&draft).await?;
        accepted(&outcome, |action| {
            let unit = units.get(action as usize / UNIT_ACTIONS);
            let unit = unit.map_or_else(String::new, |(name, _)| format!("unit {name}"));
            ("at".into(), unit)
        })?;
        for (name, index) in indexes {
            let number = created(&outcome.receipt, index, ObjectKind::Unit)?;
            self.units.insert(name, number);
        }
        self.done.units += units.len() as u64;
        Ok(())
    }

    async fn record_rows(&mut self, rows: &[&Row]) -> Result<()> {
        let Recording {
            draft,
            opened,
            begins,
        } = self.recording(rows)?;
        let outcome = self.send(&draft).await?;
        accepted(&outcome, |action| {
            let place = begins.partition_point(|index| *index <= action);
            let row = place.checked_sub(1).and_then(|place| rows.get(place));
            let row = row.map_or_else(String::new, |row| format!("row {}", row.row));
            ("at".into(), row)
        })?;
        for (named, index) in opened {
            let account = created(&outcome.receipt, index, ObjectKind::Account)?;
            let line = created(&outcome.receipt, index + 1, ObjectKind::BudgetLine)?;
            self.funds.insert(named, (account, line));
        }
        self.done.rows += rows.len() as u64;
        Ok(())
    }

    pub(super) fn unit(&self, row: &Row) -> Result<u64> {
        let unit = self.units.get(&row.unit).copied();
        unit.ok_or_else(|| Error::trouble(format!("the unit {} was not created", row.unit)))
    }

    async fn send(&mut self, draft: &Draft) -> Result<Outcome> {
        let outcome = deliver(self.session, draft).await?;
        self.done.transactions += 1;
        Ok(outcome)
    }
}
