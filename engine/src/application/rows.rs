//! Where an engine inside the process keeps what is its own: rows of the application's store.

use bytes::Bytes;

use super::Fault;

/// A row that an engine writes. Keys and values are the engine's own affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineRow {
    /// The key.
    pub key: Vec<u8>,
    /// The value; absent = deleted.
    pub value: Option<Bytes>,
}

/// The engine's rows in the application's store.
///
/// What must be durable together with a height goes through [`super::Application::commit`]; what must be durable
/// before this node votes goes through [`EngineStore::write`].
pub trait EngineStore: Send + Sync + 'static {
    /// The value of a key.
    fn read(&self, key: &[u8]) -> Result<Option<Bytes>, Fault>;

    /// The rows whose keys begin with these bytes, in the order of their keys.
    fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Bytes)>, Fault>;

    /// Writes rows whole or not at all, and returns when the disk has them.
    fn write(&self, rows: Vec<EngineRow>) -> Result<(), Fault>;
}
