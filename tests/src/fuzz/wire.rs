//! Changes protobuf bytes where they mean something: a field's number or value, a message inside, the
//! order, a length. What comes out may or may not be a message; most of it gets past the decoder.

use prost::encoding::{decode_varint, encode_varint};

use crate::dice::Dice;

/// A field of a message: its number, and its value by wire type.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    number: u64,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Vec<u8>),
    Fixed32([u8; 4]),
}

/// One change somewhere inside a message; bytes that are none get a change of their own.
pub fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    match fields(bytes) {
        Some(fields) if !fields.is_empty() => encode(&changed(fields, dice)),
        Some(_) | None => mutate_bytes(bytes, dice),
    }
}

/// One change of bytes that need no meaning: a bit, an end, a piece.
pub fn mutate_bytes(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let place = dice.place(bytes.len());
    match dice.below(8) {
        0 => changed.truncate(place),
        1 => changed.extend(dice.bytes(1 + place % 40)),
        2 => changed.clear(),
        3 if !bytes.is_empty() => {
            changed.remove(place);
        }
        4 => changed.insert(place, dice.roll() as u8),
        5 => {
            let piece = bytes[place..].to_vec();
            changed.extend(piece);
        }
        6 if !bytes.is_empty() => changed[place] = dice.one_of([0, 1, 0x7f, 0x80, 0xff]),
        _ if !bytes.is_empty() => changed[place] ^= 1 << dice.below(8),
        _ => changed = dice.bytes(1),
    }
    changed
}

fn changed(mut fields: Vec<Field>, dice: &mut Dice) -> Vec<Field> {
    let place = dice.place(fields.len());
    match dice.below(12) {
        0 => {
            fields.remove(place);
        }
        1 => fields.insert(place, fields[place].clone()),
        2 => {
            let other = dice.place(fields.len());
            fields.swap(place, other);
        }
        3 => fields[place].number = 1 + dice.below(300),
        _ => fields[place].value = changed_value(&fields[place].value, dice),
    }
    fields
}

fn changed_value(value: &Value, dice: &mut Dice) -> Value {
    match value {
        Value::Varint(number) => Value::Varint(match dice.below(7) {
            0 => 0,
            1 => number.wrapping_add(1),
            2 => number.wrapping_sub(1),
            3 => u64::MAX,
            4 => 1 << dice.below(64),
            5 => dice.below(40),
            _ => dice.roll(),
        }),
        Value::Fixed64(_) => Value::Fixed64(dice.roll().to_le_bytes()),
        Value::Fixed32(_) => Value::Fixed32((dice.roll() as u32).to_le_bytes()),
        Value::Bytes(bytes) => Value::Bytes(match dice.below(4) {
            0 => mutate_bytes(bytes, dice),
            _ => mutate(bytes, dice),
        }),
    }
}

/// The fields of a message; none where the bytes are none.
fn fields(mut bytes: &[u8]) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = decode_varint(&mut bytes).ok()?;
        let value = match key & 7 {
            0 => Value::Varint(decode_varint(&mut bytes).ok()?),
            1 => Value::Fixed64(take(&mut bytes, 8)?.try_into().ok()?),
            2 => {
                let length = decode_varint(&mut bytes).ok()?;
                Value::Bytes(take(&mut bytes, usize::try_from(length).ok()?)?.to_vec())
            }
            5 => Value::Fixed32(take(&mut bytes, 4)?.try_into().ok()?),
            _ => return None,
        };
        fields.push(Field {
            number: key >> 3,
            value,
        });
    }
    Some(fields)
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn encode(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        let key = |wire: u64| field.number << 3 | wire;
        match &field.value {
            Value::Varint(number) => {
                encode_varint(key(0), &mut bytes);
                encode_varint(*number, &mut bytes);
            }
            Value::Fixed64(value) => {
                encode_varint(key(1), &mut bytes);
                bytes.extend(value);
            }
            Value::Bytes(value) => {
                encode_varint(key(2), &mut bytes);
                encode_varint(value.len() as u64, &mut bytes);
                bytes.extend(value);
            }
            Value::Fixed32(value) => {
                encode_varint(key(5), &mut bytes);
                bytes.extend(value);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_were_read_are_written_as_they_were() {
        let bytes =
            b"\x08\x96\x01\x12\x03abc\x1d\x01\x02\x03\x04\x21\x01\x02\x03\x04\x05\x06\x07\x08";
        assert_eq!(encode(&fields(bytes).unwrap()), bytes);
        assert_eq!(fields(b"\x12\x05ab"), None);
    }

    #[test]
    fn one_seed_makes_the_same_changes() {
        let bytes = b"\x08\x96\x01\x12\x03abc";
        let changes = |seed| {
            let mut dice = Dice::new(seed);
            (0..50)
                .map(|_| mutate(bytes, &mut dice))
                .collect::<Vec<_>>()
        };
        assert_eq!(changes(1), changes(1));
        assert_ne!(changes(1), changes(2));
    }
}
