//! Under which keys an engine keeps its rows.

use sha2::{Digest, Sha256};

use crate::embedded::canonical::{BlockId, DoubleVote};

/// Makes [`Table`] of one row for each: what follows the first byte of its keys, what it holds, and that byte.
macro_rules! tables {
    ($($(#[$doc:meta])+ $table:ident = $byte:literal;)+) => {
        /// The first byte of a key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(in crate::embedded) enum Table {
            $($(#[$doc])+ $table = $byte,)+
        }

        impl Table {
            fn of_byte(byte: u8) -> Option<Table> {
                match byte { $($byte => Some(Table::$table),)+ _ => None }
            }
        }
    };
}

tables! {
    /// By height: a decided block.
    Blocks = b'B';
    /// By height: the signatures that decided it.
    Commits = b'C';
    /// By height: what the chain is after it, beside the block; below the first block, as what it was founded.
    Tips = b'T';
    /// By hash: a set of validators; headers name it by the hash.
    Validators = b'V';
    /// By a block's hash: its height.
    HeightsByHash = b'H';
    /// By the hash of evidence: nothing; a block carried it.
    Evidence = b'E';
    /// By height and the block's name: a block that consensus may name after a restart, until its height is decided.
    Kept = b'U';
}

impl Table {
    /// The table of a key, and the rest of the key.
    pub(in crate::embedded) fn of(key: &[u8]) -> Option<(Table, &[u8])> {
        let (byte, rest) = key.split_first()?;
        Some((Table::of_byte(*byte)?, rest))
    }

    /// The key of a height, or what all keys of that height begin with.
    pub(in crate::embedded) fn at(self, height: u64) -> Vec<u8> {
        self.key(&height.to_be_bytes())
    }

    pub(in crate::embedded) fn key(self, rest: &[u8]) -> Vec<u8> {
        [&[self as u8], rest].concat()
    }
}

pub(in crate::embedded) fn kept_key(height: u64, id: &BlockId) -> Vec<u8> {
    [&Table::Kept.at(height)[..], &id.to_bytes()].concat()
}

pub(in crate::embedded) fn evidence_key(double: &DoubleVote) -> Vec<u8> {
    Table::Evidence.key(&Sha256::digest(double.bytes()))
}
