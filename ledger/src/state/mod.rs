//! The state: pure keys and values, and the typed reading and writing over them.

pub mod consumed;
pub mod history;
pub mod keys;
pub mod lists;
pub mod names;
pub mod objects;
mod overlay;
mod record;
pub mod timers;

pub use objects::Object;
pub use overlay::{Changes, Decode, Overlay, Read, Savepoint};
