//! The tables of the store, and the bytes of their keys and values.
//!
//! | table | key | value |
//! |---|---|---|
//! | `values` | key length (1) ‖ key ‖ inverted height (8) | 0, or 1 ‖ value |
//! | `rows` | key, first byte ≥ 0x80; not what follows from others | value |
//! | `leaves` | SHA-256 of the key (32) | hash of the leaf (32) ‖ key |
//! | `transactions`, `receipts` | height (8) ‖ index (4) | bytes |
//! | `ids` | transaction id (32), where it was consumed | height (8) ‖ index (4) |
//! | `blocks` | height (8) | bytes of the block's record |
//! | `undo` | height (8) | what the commit replaced; nothing where the height was taken back |
//! | `indexes` | as the index likes | as the index likes |
//! | `engine` | as the engine likes | as the engine likes |
//! | `archive` | as the node likes | blocks of chains that have ended |
//! | `meta` | a name | see [`Meta`] |
//!
//! Numbers are big-endian, so that byte order is number order and neighbours share long prefixes, which the tables
//! do not store twice. The key's length goes first because keys differ in length: without it the versions of one
//! key could lie between those of another.

/// The longest key of state, in bytes: its length is stored in one byte.
pub const KEY_BYTES_MAX: usize = 255;

const HEIGHT_BYTES: usize = 8;

/// Makes [`Table`] of one row for each: its name on disk, which never changes, and what is done when it is read.
macro_rules! tables {
    ($($table:ident = $name:literal, $reading:literal;)+) => {
        /// One table of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Table {
            $($table,)+
        }

        impl Table {
            pub(crate) const ALL: [Table; [$($name),+].len()] = [$(Table::$table),+];

            /// The name on disk.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Table::$table => $name,)+ }
            }

            /// What is done when it is read, in words.
            pub(super) fn reading(self) -> &'static str {
                match self { $(Table::$table => $reading,)+ }
            }
        }
    };
}

tables! {
    Values = "values", "reading a value";
    Rows = "rows", "reading a row";
    Leaves = "leaves", "reading a leaf";
    Transactions = "transactions", "reading a transaction";
    Receipts = "receipts", "reading a receipt";
    Ids = "ids", "reading a transaction's position";
    Blocks = "blocks", "reading a block's record";
    Undo = "undo", "reading what a commit replaced";
    Indexes = "indexes", "reading an index";
    Engine = "engine", "reading a row of the engine";
    Archive = "archive", "reading a block of an ended chain";
    Meta = "meta", "reading the store's own record";
}

/// Makes [`Meta`] of one row for each: what lies there, and its name.
macro_rules! metas {
    ($($(#[$doc:meta])+ $meta:ident = $key:literal;)+) => {
        /// The names in the table `meta`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Meta {
            $($(#[$doc])+ $meta,)+
        }

        impl Meta {
            pub(crate) const ALL: [Meta; [$($key),+].len()] = [$(Meta::$meta),+];

            pub(crate) fn key(self) -> &'static [u8] {
                match self { $(Meta::$meta => $key.as_bytes(),)+ }
            }
        }
    };
}

metas! {
    /// Height of the newest commit (8) ‖ its app hash (32).
    Tip = "tip";
    /// Digest of the organisation that the store belongs to (32).
    Organisation = "organisation";
    /// The genesis as given, and the chains that went on from it.
    Genesis = "genesis";
    /// The oldest height that can be asked about (8).
    HistoryBase = "history_base";
}

/// The key of one version of a value. A seek to it finds this version or the newest older one.
pub(super) fn version_key(key: &[u8], height: u64) -> Vec<u8> {
    debug_assert!(key.len() <= KEY_BYTES_MAX, "a commit refuses longer keys");
    let mut bytes = Vec::with_capacity(1 + key.len() + HEIGHT_BYTES);
    bytes.push(key.len() as u8);
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(&(!height).to_be_bytes());
    bytes
}

/// The part of a version's key that all versions of one key share; the whole, where it is no version's key.
pub(super) fn version_prefix(version_key: &[u8]) -> &[u8] {
    &version_key[..version_key.len().saturating_sub(HEIGHT_BYTES)]
}

/// The key and the height of a version, if these are the bytes of one.
pub(super) fn split_version_key(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let (prefix, inverted) = bytes.split_last_chunk::<HEIGHT_BYTES>()?;
    let (length, key) = prefix.split_first()?;
    (usize::from(*length) == key.len()).then(|| (key, !u64::from_be_bytes(*inverted)))
}

/// A stored version: a value, or the mark of its deletion.
pub(super) fn encode_version(value: Option<&[u8]>) -> Vec<u8> {
    match value {
        None => vec![0],
        Some(value) => {
            let mut bytes = Vec::with_capacity(1 + value.len());
            bytes.push(1);
            bytes.extend_from_slice(value);
            bytes
        }
    }
}

/// The inverse of [`encode_version`]; nothing for bytes that it never makes.
pub(super) fn decode_version(mut bytes: Vec<u8>) -> Option<Option<Vec<u8>>> {
    match bytes.first()? {
        0 if bytes.len() == 1 => Some(None),
        1 => {
            bytes.remove(0);
            Some(Some(bytes))
        }
        _ => None,
    }
}

/// The key of what is stored once per height.
pub(crate) fn height_key(height: u64) -> [u8; 8] {
    height.to_be_bytes()
}

/// Height (8) ‖ index (4).
pub(crate) type PositionKey = [u8; 12];

/// The key of what is stored once per transaction.
pub(crate) fn position_key(height: u64, index: u32) -> PositionKey {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&height.to_be_bytes());
    bytes[8..].copy_from_slice(&index.to_be_bytes());
    bytes
}

/// The inverse of [`position_key`].
pub(super) fn split_position_key(bytes: &[u8]) -> Option<(u64, u32)> {
    let (height, index) = bytes.split_first_chunk::<8>()?;
    Some((
        u64::from_be_bytes(*height),
        u32::from_be_bytes(index.try_into().ok()?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_key_lie_together_newest_first() {
        let newer = version_key(b"\x01abc", 9);
        let older = version_key(b"\x01abc", 8);
        assert!(newer < older);
        assert_eq!(version_prefix(&newer), version_prefix(&older));
        assert_eq!(split_version_key(&older), Some((b"\x01abc".as_slice(), 8)));
    }

    #[test]
    fn versions_of_a_longer_key_never_lie_between_those_of_a_shorter_one() {
        let short = b"\x01".as_slice();
        let long = [b"\x01".as_slice(), &(!5u64).to_be_bytes()].concat();
        let (first, last) = (version_key(short, u64::MAX), version_key(short, 0));
        let between = version_key(&long, 3);
        assert!(!(first..=last).contains(&between));
    }

    #[test]
    fn an_empty_value_is_not_a_deletion() {
        assert_eq!(
            decode_version(encode_version(Some(b""))),
            Some(Some(vec![]))
        );
        assert_eq!(decode_version(encode_version(None)), Some(None));
        for damaged in [vec![], vec![0, 1], vec![2]] {
            assert_eq!(decode_version(damaged), None);
        }
    }
}
