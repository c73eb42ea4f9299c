//! Handles and external ids: indexes by which people and imports find numbers.

use polity_proto::v1::{Index, ObjectKind};
use prost::Message;

use super::{Overlay, Read, keys, objects};
use crate::{Rejection, form};

/// The number behind an index key.
pub fn find(state: &dyn Read, key: &[u8]) -> Option<u64> {
    objects::value::<Index>(state, key).map(|index| index.number)
}

/// Points an index key to a number.
pub fn point(state: &mut Overlay<'_>, key: Vec<u8>, number: u64) {
    state.put(key, Index { number }.encode_to_vec());
}

/// Refuses a handle that is malformed, or taken inside its container.
pub fn check_handle(
    state: &dyn Read,
    kind: ObjectKind,
    container: u64,
    handle: &str,
) -> Result<(), Rejection> {
    form::handle(handle)?;
    match find(state, &keys::handle(kind, container, handle)) {
        Some(_) => Err(Rejection::HandleTaken),
        None => Ok(()),
    }
}

/// Refuses an external id that is malformed or taken; empty is none.
pub fn check_external_id(state: &dyn Read, kind: ObjectKind, id: &str) -> Result<(), Rejection> {
    if id.is_empty() {
        return Ok(());
    }
    form::external_id(id)?;
    match find(state, &keys::external_id(kind, id)) {
        Some(_) => Err(Rejection::ExternalIdTaken),
        None => Ok(()),
    }
}

/// Gives a handle and, where there is one, an external id to a number.
pub fn claim(
    state: &mut Overlay<'_>,
    kind: ObjectKind,
    container: u64,
    handle: &str,
    external_id: &str,
    number: u64,
) {
    point(state, keys::handle(kind, container, handle), number);
    if !external_id.is_empty() {
        point(state, keys::external_id(kind, external_id), number);
    }
}

/// Frees a handle and external id: their object is no longer among the living.
pub fn release(
    state: &mut Overlay<'_>,
    kind: ObjectKind,
    container: u64,
    handle: &str,
    external_id: &str,
) {
    state.delete(keys::handle(kind, container, handle));
    if !external_id.is_empty() {
        state.delete(keys::external_id(kind, external_id));
    }
}
