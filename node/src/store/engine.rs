//! The rows of an engine that runs inside the process.
//!
//! They do not belong to a height for the store: a rollback leaves them, and the engine finds what it needs from the
//! height that is newest then.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use polity_engine::application::{EngineRow, EngineStore, Fault as EngineFault};

use super::rocks::{Batch, View};
use super::table::Table;
use super::{Durability, Store, free_space_check};
use crate::crash_point::{self, CrashPoint};
use crate::fault::{Fault, or_stop};

impl EngineStore for Store {
    fn read(&self, key: &[u8]) -> Result<Option<Bytes>, EngineFault> {
        let value = self.newest_view().get(Table::Engine, key);
        Ok(or_stop(value)?.map(Bytes::from))
    }

    fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Bytes)>, EngineFault> {
        let mut rows = Vec::new();
        let scanned = self
            .newest_view()
            .scan(Table::Engine, prefix, None, |key, value| {
                if !key.starts_with(prefix) {
                    return Ok(ControlFlow::Break(()));
                }
                rows.push((key.to_vec(), Bytes::copy_from_slice(value)));
                Ok(ControlFlow::Continue(()))
            });
        or_stop(scanned)?;
        Ok(rows)
    }

    fn write(&self, rows: Vec<EngineRow>) -> Result<(), EngineFault> {
        or_stop(self.write_engine_rows(&rows))
    }
}

impl Store {
    fn write_engine_rows(&self, rows: &[EngineRow]) -> Result<(), Fault> {
        let _writing = self.begin_writing();
        let mut batch = self.rocks.batch()?;
        put_engine_rows(&mut batch, rows);
        free_space_check(self.rocks.directory(), self.options.free_bytes_min)?;
        crash_point::reach(CrashPoint::StoreBeforeKeep);
        self.rocks.write(batch.finish(), Durability::Now)?;
        crash_point::reach(CrashPoint::StoreAfterKeep);
        Ok(())
    }

    /// What was written a moment ago, which no height's snapshot shows.
    fn newest_view(&self) -> View {
        View::pin(Arc::clone(&self.rocks))
    }
}

pub(super) fn put_engine_rows(batch: &mut Batch<'_>, rows: &[EngineRow]) {
    for row in rows {
        batch.put_or_delete(Table::Engine, &row.key, row.value.as_deref());
    }
}
