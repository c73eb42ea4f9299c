//! A key as the overlay holds it: in place where it is short, and compared by words instead of by bytes.

use std::cmp::Ordering;

/// Words that are held in place: enough for all but the keys that end in somebody's words.
const WORDS: usize = 5;
const WORD_BYTES: usize = 8;

/// The bytes of a key, ordered as bytes are.
#[derive(Clone)]
pub(super) enum Key {
    /// Big-endian words, zeros behind the last byte: they compare as the bytes do, and where a key is another with
    /// zeros behind it, the length tells them apart.
    InPlace { words: [u64; WORDS], length: u8 },
    /// Keys that are too long for that.
    Apart(Box<[u8]>),
}

impl From<&[u8]> for Key {
    fn from(key: &[u8]) -> Key {
        if key.len() > WORDS * WORD_BYTES {
            return Key::Apart(key.into());
        }
        let (whole, rest) = key.as_chunks::<WORD_BYTES>();
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(whole) {
            *word = u64::from_be_bytes(*bytes);
        }
        for (index, byte) in rest.iter().enumerate() {
            words[whole.len()] |= u64::from(*byte) << (u64::BITS as usize - 8 * (index + 1));
        }
        Key::InPlace {
            words,
            length: key.len() as u8,
        }
    }
}

impl Key {
    /// Its first byte.
    pub(super) fn first(&self) -> Option<u8> {
        match self {
            Key::InPlace { words, length } => (*length > 0).then(|| words[0].to_be_bytes()[0]),
            Key::Apart(bytes) => bytes.first().copied(),
        }
    }

    /// A number that spreads keys over a table: the same on every machine, and no defence against whoever chooses keys.
    pub(super) fn mixed(&self) -> u64 {
        match self {
            Key::InPlace { words, length } => {
                let length = usize::from(*length);
                let words = words.iter().take(length.div_ceil(WORD_BYTES));
                mix(words.copied(), length)
            }
            Key::Apart(bytes) => mix(bytes.iter().map(|byte| u64::from(*byte)), bytes.len()),
        }
    }
}

/// Each word is folded in by a multiplication, whose high half is folded back.
pub(super) fn mix(words: impl Iterator<Item = u64>, length: usize) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    words.fold(length as u64, |mixed, word| {
        let product = u128::from(mixed ^ word).wrapping_mul(u128::from(FACTOR));
        (product as u64) ^ (product >> 64) as u64
    })
}

impl From<&Key> for Vec<u8> {
    fn from(key: &Key) -> Vec<u8> {
        match key {
            Key::InPlace { words, length } => {
                let bytes = words.map(u64::to_be_bytes);
                bytes.as_flattened()[..usize::from(*length)].to_vec()
            }
            Key::Apart(bytes) => bytes.to_vec(),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        match (self, other) {
            (
                Key::InPlace { words, length },
                Key::InPlace {
                    words: other_words,
                    length: other_length,
                },
            ) => {
                // Without a branch, and without the call that comparing arrays is.
                let pairs = words.iter().zip(other_words);
                let differ = pairs.fold(0, |differ, (one, other)| differ | (one ^ other));
                differ == 0 && length == other_length
            }
            (Key::Apart(bytes), Key::Apart(other)) => bytes == other,
            // Their lengths differ.
            (Key::InPlace { .. }, Key::Apart(_)) | (Key::Apart(_), Key::InPlace { .. }) => false,
        }
    }
}

impl Eq for Key {}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        match (self, other) {
            (
                Key::InPlace { words, length },
                Key::InPlace {
                    words: other_words,
                    length: other_length,
                },
            ) => words.cmp(other_words).then(length.cmp(other_length)),
            _ => Vec::from(self).cmp(&Vec::from(other)),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_keep_their_bytes_and_the_order_of_bytes() {
        let mut bytes: Vec<Vec<u8>> = (0..=2 * WORDS * WORD_BYTES)
            .flat_map(|length| [0, 1, 255].map(|byte| vec![byte; length]))
            .collect();
        bytes.dedup();
        let mut keys: Vec<Key> = bytes.iter().map(|key| Key::from(&key[..])).collect();
        bytes.sort();
        keys.sort();

        let back: Vec<Vec<u8>> = keys.iter().map(Vec::from).collect();
        assert_eq!(back, bytes);
    }
}
