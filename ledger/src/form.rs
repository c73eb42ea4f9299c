//! Bounds of fields that come from outside, as the bytes alone can tell them.

mod address;
mod characters;

use polity_proto::v1::{Owner, OwnerKind, OwnerRef, Ref};

pub use address::{address, optional_address};
pub use characters::is_plain;

use crate::{Amount, Rejection, time};

/// Most bytes of a short line: label, title, focus, why somebody escalates.
pub const SHORT_BYTES_MAX: usize = 128;
/// Most bytes of what governance says: purpose, accountability, tension, explanation.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Most bytes of a handle.
pub const HANDLE_BYTES_MAX: usize = 64;
/// Most bytes of what another system calls something.
pub const EXTERNAL_ID_BYTES_MAX: usize = 64;
/// Most bytes of a transfer's reference.
pub const REFERENCE_BYTES_MAX: usize = 64;
/// Most entries of a list inside an action.
pub const ENTRIES_MAX: usize = 64;

/// A line of at most `max` bytes: what stands in a list or a sentence.
pub fn line(line: &str, max: usize) -> Result<(), Rejection> {
    plain(line, max, false)
}

/// A line that is not empty, of at most `max` bytes.
pub fn filled_line(value: &str, max: usize) -> Result<(), Rejection> {
    filled(value)?;
    line(value, max)
}

/// A text of at most `max` bytes, which may have several lines.
pub fn text(text: &str, max: usize) -> Result<(), Rejection> {
    plain(text, max, true)
}

/// A text that is not empty, of at most `max` bytes.
pub fn filled_text(value: &str, max: usize) -> Result<(), Rejection> {
    filled(value)?;
    text(value, max)
}

fn plain(text: &str, max: usize, lines: bool) -> Result<(), Rejection> {
    Rejection::TextMalformed.unless(text.len() <= max && characters::are_plain(text, lines))
}

fn filled(value: &str) -> Result<(), Rejection> {
    Rejection::FieldMissing.when(value.is_empty())
}

/// A handle: a-z, 0-9 and `-`, and not empty.
pub fn handle(handle: &str) -> Result<(), Rejection> {
    let fits = (1..=HANDLE_BYTES_MAX).contains(&handle.len())
        && handle
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    Rejection::HandleMalformed.unless(fits)
}

/// Whether this is the code of an asset: 1 to 16 of A-Z and 0-9.
pub fn is_asset_code(code: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (1..=16).contains(&code.len()) && code.bytes().all(is_fit)
}

/// An external id: printable ascii bytes; empty is none.
pub fn external_id(id: &str) -> Result<(), Rejection> {
    Rejection::ExternalIdMalformed.unless(
        id.len() <= EXTERNAL_ID_BYTES_MAX && id.bytes().all(|byte| (0x20..=0x7e).contains(&byte)),
    )
}

/// A hash of 32 bytes.
pub fn hash(bytes: &[u8]) -> Result<(), Rejection> {
    Rejection::HashMalformed.unless(bytes.len() == 32)
}

/// A date that a calendar shows: no later than the year 9999. 0 is none.
pub fn date(seconds: u64) -> Result<(), Rejection> {
    Rejection::TimeMalformed.when(seconds > time::LATEST)
}

/// A hash of 32 bytes, or none.
pub fn optional_hash(bytes: &[u8]) -> Result<(), Rejection> {
    if bytes.is_empty() {
        Ok(())
    } else {
        hash(bytes)
    }
}

/// An amount in its minimal form; zero is refused later, by its own name.
pub fn amount(bytes: &[u8]) -> Result<(), Rejection> {
    Amount::from_bytes(bytes).map(|_| ())
}

/// A reference that is a number or an earlier action.
pub fn reference(reference: &Option<Ref>) -> Result<(), Rejection> {
    match reference {
        Some(Ref { number, new }) if (*number == 0) != (*new == 0) => Ok(()),
        _ => Err(Rejection::RefMalformed),
    }
}

/// A reference, or none.
pub fn optional_reference(value: &Option<Ref>) -> Result<(), Rejection> {
    if value.is_none() {
        Ok(())
    } else {
        reference(value)
    }
}

/// An owner by reference.
pub fn owner(owner: &Option<OwnerRef>) -> Result<(), Rejection> {
    let owner = owner.as_ref().ok_or(Rejection::FieldMissing)?;
    known::<OwnerKind>(owner.kind)?;
    reference(&owner.number)
}

/// A value of an enumeration that this ledger knows and that is not its zero.
pub fn known<E: TryFrom<i32>>(value: i32) -> Result<E, Rejection> {
    if value == 0 {
        return Err(Rejection::FieldMissing);
    }
    E::try_from(value).map_err(|_| Rejection::ValueUnknown)
}

/// A value of an enumeration that this ledger knows; its zero has a meaning.
pub fn known_or_zero<E: TryFrom<i32>>(value: i32) -> Result<E, Rejection> {
    E::try_from(value).map_err(|_| Rejection::ValueUnknown)
}

/// A list of at most `max` entries, none twice.
pub fn list<T: PartialEq>(entries: &[T], max: usize) -> Result<(), Rejection> {
    // First: whoever sends too many must not make anybody compare them.
    if entries.len() > max {
        return Err(Rejection::ListTooLong);
    }
    let repeated = entries
        .iter()
        .enumerate()
        .any(|(index, entry)| entries[..index].contains(entry));
    Rejection::ListTooLong.when(repeated)
}

/// A reference to a number.
pub fn numbered(number: u64) -> Option<Ref> {
    Some(Ref { number, new: 0 })
}

/// A reference to a number; 0 is none.
pub fn optional_number(number: u64) -> Option<Ref> {
    if number == 0 { None } else { numbered(number) }
}

/// A reference to what the action at `index` creates.
pub fn created_by(index: u32) -> Option<Ref> {
    Some(Ref {
        number: 0,
        new: index + 1,
    })
}

/// An owner in the state.
pub fn owner_of(kind: OwnerKind, number: u64) -> Owner {
    Owner {
        kind: kind as i32,
        number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Incomparable;

    impl PartialEq for Incomparable {
        fn eq(&self, _: &Incomparable) -> bool {
            panic!("entries of a list that is too long are compared");
        }
    }

    #[test]
    fn a_list_that_is_too_long_is_refused_unread() {
        assert_eq!(
            list(&[Incomparable, Incomparable], 1),
            Err(Rejection::ListTooLong)
        );
        assert_eq!(list(&[1, 2], 2), Ok(()));
        assert_eq!(list(&[1, 1], 2), Err(Rejection::ListTooLong));
    }
}
