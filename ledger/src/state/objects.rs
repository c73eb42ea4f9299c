//! Typed objects over the key-value state.

use std::any::Any;
use std::rc::Rc;

use polity_proto::v1::{self, Counter, ObjectKind};
use prost::Message;
use prost::bytes::Bytes;

use super::overlay::Place;
use super::record::Parts;
use super::{Overlay, Read, keys};
use crate::merkle::history::EMPTY_ROOT;

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

        /// The kind of the objects whose keys begin so, and whether each has a history of its own.
        pub fn kind_at(prefix: u8) -> Option<(ObjectKind, bool)> {
            if prefix == keys::ORGANISATION {
                return Some((ObjectKind::Organisation, true));
            }
            $(if prefix == keys::$prefix { return Some((ObjectKind::$kind, $history)); })*
            None
        }

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
    short_key(prefix, number).into()
}

/// The same, for whoever does no more than look with it.
pub(super) fn short_key(prefix: u8, number: u64) -> [u8; 9] {
    let mut key = [prefix; 9];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
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
    let object = state.decoded(&short_key(T::PREFIX, number), decode_object::<T>)?;
    Some(downcast(object))
}

fn downcast<T: Object>(object: Rc<dyn Any>) -> Rc<T> {
    object.downcast().expect("a prefix has one kind of object")
}

/// Reads an object, to change it.
pub fn get<T: Object>(state: &dyn Read, number: u64) -> Option<T> {
    look(state, number).map(Rc::unwrap_or_clone)
}

/// Takes an object, to change it and [`put_back`] what it became: nothing is copied, and nothing is lost if it stays away.
pub fn take<T: Object>(state: &Overlay<'_>, number: u64) -> Option<T> {
    let object = state.take_decoded(&short_key(T::PREFIX, number), decode_object::<T>)?;
    Some(Rc::unwrap_or_clone(downcast(object)))
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
    write(state, object);
}

/// The same, and the object itself stays at hand: whoever looks at it next need not decode it.
pub fn put_back<T: Object>(state: &mut Overlay<'_>, object: T) {
    let place = write(state, &object);
    state.remember(place, Rc::new(object));
}

fn write<T: Object>(state: &mut Overlay<'_>, object: &T) -> Place {
    let place = state.place(&short_key(T::PREFIX, object.number()));
    let bytes = object.encode_to_vec();
    let value = if T::HISTORY {
        with_history_of(state, place, &bytes)
    } else {
        bytes
    };
    state.put_at(place, value);
    place
}

/// The object's bytes, with the history that stands there beside it.
fn with_history_of(state: &mut Overlay<'_>, place: Place, object: &[u8]) -> Vec<u8> {
    let none = Parts {
        object: &[],
        history_count: 0,
        history_root: &EMPTY_ROOT,
    };
    let before = state.at(place).map_or(none, Parts::of);
    Parts { object, ..before }.joined()
}

/// Takes the next number of a kind.
pub fn next_number(state: &mut Overlay<'_>, kind: ObjectKind) -> u64 {
    let place = state.place(&short_key(keys::COUNTER, kind as u64));
    let last = state
        .at(place)
        .map_or(0, |counter| decode::<Counter>(counter).last);
    let counter = Counter { last: last + 1 };
    state.put_at(place, counter.encode_to_vec());
    counter.last
}

/// Reads a value that is no object: a window, a counter, an index.
pub fn value<T: Message + Default>(state: &dyn Read, key: &[u8]) -> Option<T> {
    state.get(key).map(decode_shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use polity_proto::v1::Account;

    use super::*;

    #[test]
    fn an_object_that_is_put_back_is_what_its_bytes_say_and_goes_with_them() {
        let account = |name: &str| Account {
            number: 7,
            handle: name.into(),
            ..Account::default()
        };
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        put(&mut state, &account("first"));
        let point = state.savepoint();
        put_back(&mut state, account("second"));
        assert_eq!(look(&state, 7), Some(Rc::new(account("second"))));

        let bytes = state.get(&object_key(Account::PREFIX, 7)).unwrap();
        let decoded = decode_object::<Account>(bytes).downcast();
        assert_eq!(decoded.unwrap(), account("second").into());

        state.roll_back(point);
        assert_eq!(look(&state, 7), Some(Rc::new(account("first"))));
    }
}
