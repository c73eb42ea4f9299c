//! Reading derived indexes.

use std::ops::ControlFlow;

use super::snapshot::Snapshot;
use super::table::Table;
use crate::fault::Fault;

/// An entry of the indexes: key and value.
pub type IndexEntry = (Vec<u8>, Vec<u8>);

/// Which entries of the indexes to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRange {
    /// The first key.
    pub from: Vec<u8>,
    /// The key after the last; absent = to the end.
    pub to: Option<Vec<u8>>,
    /// How many entries at most.
    pub limit: usize,
    /// Whether the highest keys come first.
    pub is_backward: bool,
}

impl Default for IndexRange {
    fn default() -> IndexRange {
        IndexRange {
            from: Vec::new(),
            to: None,
            limit: usize::MAX,
            is_backward: false,
        }
    }
}

impl Snapshot {
    /// One entry of the indexes.
    pub fn index(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.view().get(Table::Indexes, key)
    }

    /// Entries of the indexes in the order of their keys, or in the reverse order.
    pub fn index_range(&self, range: &IndexRange) -> Result<Vec<IndexEntry>, Fault> {
        let mut entries = Vec::new();
        if range.limit == 0 {
            return Ok(entries);
        }

        let take = |key: &[u8], value: &[u8]| {
            entries.push((key.to_vec(), value.to_vec()));
            Ok(if entries.len() < range.limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        };
        if range.is_backward {
            self.view()
                .scan_back(Table::Indexes, &range.from, range.to.as_deref(), take)?;
        } else {
            self.view()
                .scan(Table::Indexes, &range.from, range.to.as_deref(), take)?;
        }
        Ok(entries)
    }
}
