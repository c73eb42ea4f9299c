//! A value that holds an object and its history, taken apart where it lies: whoever needs one part copies none.

use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The parts of an encoded `Record`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'v> {
    pub(super) object: &'v [u8],
    pub(super) history_count: u64,
    pub(super) history_root: &'v [u8],
}

impl<'v> Parts<'v> {
    /// Takes a value apart that this ledger wrote; anything else is a fault of the store, not a verdict.
    pub(super) fn of(value: &'v [u8]) -> Parts<'v> {
        parts(value).expect("the state holds what the ledger wrote")
    }

    /// The value that holds these parts.
    pub(super) fn joined(&self) -> Vec<u8> {
        // Beside the two byte strings: three tags, two lengths, a number.
        let mut value = Vec::with_capacity(self.object.len() + self.history_root.len() + 24);
        put_bytes(1, self.object, &mut value);
        if self.history_count != 0 {
            encode_key(2, WireType::Varint, &mut value);
            encode_varint(self.history_count, &mut value);
        }
        put_bytes(3, self.history_root, &mut value);
        value
    }
}

fn put_bytes(tag: u32, bytes: &[u8], value: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    encode_key(tag, WireType::LengthDelimited, value);
    encode_varint(bytes.len() as u64, value);
    value.extend_from_slice(bytes);
}

fn parts(mut rest: &[u8]) -> Option<Parts<'_>> {
    let mut parts = Parts {
        object: &[],
        history_count: 0,
        history_root: &[],
    };
    while !rest.is_empty() {
        match decode_key(&mut rest).ok()? {
            (1, WireType::LengthDelimited) => parts.object = take_bytes(&mut rest)?,
            (2, WireType::Varint) => parts.history_count = decode_varint(&mut rest).ok()?,
            (3, WireType::LengthDelimited) => parts.history_root = take_bytes(&mut rest)?,
            _ => return None,
        }
    }
    Some(parts)
}

fn take_bytes<'v>(rest: &mut &'v [u8]) -> Option<&'v [u8]> {
    let length = decode_varint(rest).ok()?;
    let (bytes, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Record;
    use prost::Message;

    use super::*;

    #[test]
    fn parts_are_those_of_the_record_and_join_to_its_bytes() {
        for object in [vec![], vec![1], vec![7; 300]] {
            for history_count in [0, 1, 127, 128, u64::MAX] {
                for history_root in [vec![], vec![9; 32]] {
                    let record = Record {
                        object: object.clone(),
                        history_count,
                        history_root,
                    };
                    let value = record.encode_to_vec();
                    let parts = Parts::of(&value);

                    assert_eq!(parts.object, record.object);
                    assert_eq!(parts.history_count, record.history_count);
                    assert_eq!(parts.history_root, record.history_root);
                    assert_eq!(parts.joined(), value);
                }
            }
        }
    }

    #[test]
    fn what_is_no_record_is_not_taken_apart() {
        for damaged in [&[0x0a, 5, 1][..], &[0x22, 0], &[0x0a], &[0xff; 11]] {
            assert_eq!(parts(damaged), None);
        }
    }
}
