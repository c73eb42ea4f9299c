//! Tables whose rows are written once: each row is looked for where its height put it, and at the end all are counted,
//! so that none is there which no height made.

use std::collections::BTreeMap;
use std::sync::Arc;

use polity_ledger::state::keys;

use super::replica::State;
use super::{DIFFERS, MISSING, wrong};
use crate::fault::{Fault, FaultKind};
use crate::store::{
    Commit, Snapshot, Table, height_key, height_of_version, position_key, version_row,
};

pub(super) struct WrittenOnce<'a> {
    snapshot: &'a Arc<Snapshot>,
    // How many rows of a table belong there.
    rows: BTreeMap<Table, u64>,
}

impl<'a> WrittenOnce<'a> {
    /// Begins with the values of the founding, at height 0.
    pub(super) fn begin(
        snapshot: &'a Arc<Snapshot>,
        founded: &State,
    ) -> Result<WrittenOnce<'a>, Fault> {
        let tables = [
            Table::Values,
            Table::Transactions,
            Table::Receipts,
            Table::Ids,
            Table::Blocks,
            Table::Indexes,
        ];
        let mut once = WrittenOnce {
            snapshot,
            rows: tables.map(|table| (table, 0)).into(),
        };
        for (key, value) in founded {
            once.compare_version(0, key, Some(value))?;
        }
        once.compare_base(0, founded)?;
        Ok(once)
    }

    /// Looks for everything that a height wrote.
    pub(super) fn compare(&mut self, commit: &Commit) -> Result<(), Fault> {
        let height = commit.height;
        self.compare_row(Table::Blocks, height, &height_key(height), &commit.block)?;
        let transactions = commit.transactions.iter().map(|one| &one.transaction[..]);
        self.compare_in_order(
            Table::Transactions,
            height,
            &self.snapshot.transactions(height)?,
            transactions,
        )?;
        let receipts = commit.transactions.iter().map(|one| &one.receipt[..]);
        self.compare_in_order(
            Table::Receipts,
            height,
            &self.snapshot.receipts(height)?,
            receipts,
        )?;
        for (index, recorded) in (0..).zip(&commit.transactions) {
            if let Some(id) = &recorded.consumed_id {
                self.compare_row(Table::Ids, height, id, &position_key(height, index))?;
            }
        }
        for (key, value) in &commit.indexes {
            // No index deletes what it has put.
            self.compare_row(
                Table::Indexes,
                height,
                key,
                value.as_deref().unwrap_or_default(),
            )?;
        }
        for (key, value) in &commit.changes {
            self.compare_version(height, key, value.as_deref())?;
        }
        Ok(())
    }

    /// Compares all values at the oldest height that can be asked about: what is older may be gone.
    pub(super) fn compare_base(&self, height: u64, state: &State) -> Result<(), Fault> {
        if height == 0 || height != self.snapshot.history_base_height() {
            return Ok(());
        }
        let past = self.snapshot.at(height);
        let past = past.map_err(|error| Fault::new(FaultKind::Internal, error.to_string()))?;
        for (key, value) in state.iter().filter(|(key, _)| keys::is_leaf(key)) {
            if past.try_get(key)?.as_ref() != Some(value) {
                let (row, _) = version_row(key, height, None);
                return Err(wrong(Table::Values, height, &row, DIFFERS));
            }
        }
        Ok(())
    }

    /// Counts all rows.
    pub(super) fn finish(self) -> Result<(), Fault> {
        for (&table, &expected) in &self.rows {
            let mut rows = 0u64;
            self.snapshot.for_each_row(table, |row, _| {
                let is_counted = table != Table::Values
                    || height_of_version(row).is_none_or(|height| self.is_kept(height));
                rows += u64::from(is_counted);
                Ok(())
            })?;
            if rows != expected {
                let words = format!(
                    "table {} holds {rows} rows, and what was executed made {expected}",
                    table.name()
                );
                return Err(Fault::new(FaultKind::Divergence, words));
            }
        }
        Ok(())
    }

    fn compare_row(
        &mut self,
        table: Table,
        height: u64,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), Fault> {
        match self.snapshot.row(table, key)? {
            Some(stored) if stored == value => {
                self.count(table, 1);
                Ok(())
            }
            Some(_) => Err(wrong(table, height, key, DIFFERS)),
            None => Err(wrong(table, height, key, MISSING)),
        }
    }

    /// The same for the rows of a height that were read together.
    fn compare_in_order<'b>(
        &mut self,
        table: Table,
        height: u64,
        stored: &[Vec<u8>],
        made: impl ExactSizeIterator<Item = &'b [u8]>,
    ) -> Result<(), Fault> {
        let count = made.len();
        for (index, made) in (0u32..).zip(made) {
            let key = position_key(height, index);
            match stored.get(index as usize) {
                Some(stored) if stored == made => {}
                Some(_) => return Err(wrong(table, height, &key, DIFFERS)),
                None => return Err(wrong(table, height, &key, MISSING)),
            }
        }
        self.count(table, count as u64);
        Ok(())
    }

    fn compare_version(
        &mut self,
        height: u64,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), Fault> {
        if !keys::is_leaf(key) {
            return Ok(());
        }
        let (row, version) = version_row(key, height, value);
        match self.snapshot.row(Table::Values, &row)? {
            Some(stored) if stored == version => {
                self.count(Table::Values, u64::from(self.is_kept(height)));
                Ok(())
            }
            Some(_) => Err(wrong(Table::Values, height, &row, DIFFERS)),
            None if !self.is_kept(height) => Ok(()),
            None => Err(wrong(Table::Values, height, &row, MISSING)),
        }
    }

    /// Whether what a height wrote stays. What is older may go at any moment, also while it is looked for, so it is compared
    /// where it is there and never counted.
    fn is_kept(&self, height: u64) -> bool {
        height >= self.snapshot.history_base_height()
    }

    fn count(&mut self, table: Table, rows: u64) {
        *self.rows.entry(table).or_default() += rows;
    }
}
