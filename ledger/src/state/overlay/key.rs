//! A key as the overlay holds it: in place where it is short, so that comparing follows no pointer.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// Bytes that are held in place: all but the keys that end in somebody's words.
const IN_PLACE_BYTES: usize = 38;

/// The bytes of a key, ordered as bytes are.
#[derive(Clone)]
pub(super) enum Key {
    InPlace {
        length: u8,
        bytes: [u8; IN_PLACE_BYTES],
    },
    Apart(Box<[u8]>),
}

impl Key {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Key::InPlace { length, bytes } => &bytes[..usize::from(*length)],
            Key::Apart(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Key {
    fn from(key: Vec<u8>) -> Key {
        if key.len() > IN_PLACE_BYTES {
            return Key::Apart(key.into_boxed_slice());
        }
        let mut bytes = [0; IN_PLACE_BYTES];
        bytes[..key.len()].copy_from_slice(&key);
        Key::InPlace {
            length: key.len() as u8,
            bytes,
        }
    }
}

impl From<Key> for Vec<u8> {
    fn from(key: Key) -> Vec<u8> {
        match key {
            Key::InPlace { .. } => key.as_bytes().to_vec(),
            Key::Apart(bytes) => bytes.into_vec(),
        }
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_keep_their_bytes_and_the_order_of_bytes() {
        let mut bytes: Vec<Vec<u8>> = (0..=2 * IN_PLACE_BYTES)
            .flat_map(|length| [vec![1; length], vec![2; length]])
            .collect();
        let mut keys: Vec<Key> = bytes.iter().cloned().map(Key::from).collect();
        bytes.sort();
        keys.sort();

        let back: Vec<Vec<u8>> = keys.into_iter().map(Vec::from).collect();
        assert_eq!(back, bytes);
    }
}
