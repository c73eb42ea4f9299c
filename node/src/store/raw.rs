//! The tables as they lie, for whoever compares them with what must be there.

use std::ops::ControlFlow;

use super::snapshot::Snapshot;
use super::table::{Table, encode_version, split_version_key, version_key};
use crate::fault::Fault;

impl Snapshot {
    /// The value of exactly this key.
    pub(crate) fn row(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.view().get(table, key)
    }

    /// Whether a table has any row.
    pub(crate) fn has_rows(&self, table: Table) -> Result<bool, Fault> {
        let mut has_rows = false;
        self.view().scan(table, &[], None, |_, _| {
            has_rows = true;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(has_rows)
    }

    /// Calls `row` for every row of a table, in the order of the keys.
    pub(crate) fn for_each_row(
        &self,
        table: Table,
        mut row: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.view().scan(table, &[], None, |key, value| {
            row(key, value)?;
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// The row of the table `values` that a height writes: key and value.
pub(crate) fn version_row(key: &[u8], height: u64, value: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    (version_key(key, height), encode_version(value))
}

/// The height that wrote this row of the table `values`.
pub(crate) fn height_of_version(row: &[u8]) -> Option<u64> {
    split_version_key(row).map(|(_, height)| height)
}
