//! Typed objects over the key-value state.

use std::any::Any;
use std::rc::Rc;

use polity_proto::v1::{self, ObjectKind};
use prost::Message;
use prost::bytes::Bytes;

use super::record::Parts;
use super::{Overlay, Read, keys};
use crate::merkle::history::empty_root;

/// A value that has a number and a place in the state.
pub trait Object: Message + Clone + Default + 'static {
    /// Its kind.
    const KIND: ObjectKind;
    /// Its key's prefix.
    const PREFIX: u8;
    /// Whether a history of its own stands beside it.
    const HISTORY: bool;
    /// Its number.
    fn number(&self) -> u64;
}

macro_rules! objects {
    ($($type:ident $kind:ident $prefix:ident $history:literal;)*) => {
        $(impl Object for v1::$type {
            const KIND: ObjectKind = ObjectKind::$kind;
            const PREFIX: u8 = keys::$prefix;
            const HISTORY: bool = $history;
            fn number(&self) -> u64 { self.number }
        })*

        /// Prefix of the objects of a kind that have a history of their own.
        pub fn prefix_with_history(kind: ObjectKind) -> Option<u8> {
            if kind == ObjectKind::Organisation {
                return Some(keys::ORGANISATION);
            }
            $(if kind == ObjectKind::$kind && $history { return Some(keys::$prefix); })*
            None
        }
    };
}

objects! {
    Member Member MEMBER true;
    Unit Unit UNIT true;
    Role Role ROLE true;
    Assignment Assignment ASSIGNMENT false;
    Grant Grant GRANT false;
    Policy Policy POLICY false;
    Proposal Proposal PROPOSAL true;
    Account Account ACCOUNT true;
    Asset Asset ASSET false;
    Hold Hold HOLD false;
    Party Party PARTY false;
    BudgetLine BudgetLine BUDGET_LINE false;
    SodRule SodRule SOD_RULE false;
    SodException SodException SOD_EXCEPTION false;
    Node Node NODE false;
    Document Document DOCUMENT false;
    Recovery Recovery RECOVERY false;
    Auditor Auditor AUDITOR false;
    Objection Objection OBJECTION false;
    Election Election ELECTION true;
}

impl Object for v1::Organisation {
    const KIND: ObjectKind = ObjectKind::Organisation;
    const PREFIX: u8 = keys::ORGANISATION;
    const HISTORY: bool = true;
    fn number(&self) -> u64 {
        0
    }
}

/// Key of an object. The organisation has the number 0.
pub fn object_key(prefix: u8, number: u64) -> Vec<u8> {
    keys::key(prefix, &[number])
}

/// Reads a value that this ledger wrote; anything else is a fault of the store, not a verdict.
pub fn decode<T: Message + Default>(bytes: &[u8]) -> T {
    T::decode(bytes).expect("the state holds what the ledger wrote")
}

/// The same of bytes that are shared: its fields are copied once out of them, where a slice has them copied twice.
pub(crate) fn decode_shared<T: Message + Default>(bytes: Bytes) -> T {
    T::decode(bytes).expect("the state holds what the ledger wrote")
}

/// Looks at an object.
pub fn look<T: Object>(state: &dyn Read, number: u64) -> Option<Rc<T>> {
    let object = state.decoded(&object_key(T::PREFIX, number), decode_object::<T>)?;
    Some(object.downcast().expect("a prefix has one kind of object"))
}

/// Reads an object, to change it.
pub fn get<T: Object>(state: &dyn Read, number: u64) -> Option<T> {
    look(state, number).map(Rc::unwrap_or_clone)
}

fn decode_object<T: Object>(value: Bytes) -> Rc<dyn Any> {
    if !T::HISTORY {
        return Rc::new(decode_shared::<T>(value));
    }
    let object = value.slice_ref(Parts::of(&value).object);
    Rc::new(decode_shared::<T>(object))
}

/// Writes an object; the history beside it stays as it is.
pub fn put<T: Object>(state: &mut Overlay<'_>, object: &T) {
    let key = object_key(T::PREFIX, object.number());
    let bytes = object.encode_to_vec();
    if !T::HISTORY {
        return state.put(key, bytes);
    }
    let place = state.place(&key);
    let none = empty_root();
    let before = state.at(place).map_or(
        Parts {
            object: &[],
            history_count: 0,
            history_root: &none,
        },
        Parts::of,
    );
    let after = Parts {
        object: &bytes,
        ..before
    };
    let after = after.joined();
    state.put_at(place, after);
}

/// Reads a value that is no object: a window, a counter, an index.
pub fn value<T: Message + Default>(state: &dyn Read, key: &[u8]) -> Option<T> {
    state.get(key).map(decode_shared)
}
