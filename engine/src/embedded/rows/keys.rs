//! Under which keys an engine keeps its rows.
//!
//! | first byte | then | holds |
//! |---|---|---|
//! | `B` | height | a decided block |
//! | `C` | height | the signatures that decided it |
//! | `T` | height | what the chain is after it, beside the block; below the first block, as what it was founded |
//! | `V` | hash | a set of validators; headers name it by the hash |
//! | `H` | block hash | the block's height |
//! | `E` | hash of evidence | nothing: a block carried it |
//! | `U` | height, block's name | a block that consensus may name after a restart, until its height is decided |

use sha2::{Digest, Sha256};

use crate::embedded::canonical::{BlockId, DoubleVote};

/// The first byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::embedded) enum Table {
    Blocks,
    Commits,
    Tips,
    Validators,
    HeightsByHash,
    Evidence,
    Kept,
}

impl Table {
    const ALL: [Table; 7] = [
        Table::Blocks,
        Table::Commits,
        Table::Tips,
        Table::Validators,
        Table::HeightsByHash,
        Table::Evidence,
        Table::Kept,
    ];

    fn byte(self) -> u8 {
        match self {
            Table::Blocks => b'B',
            Table::Commits => b'C',
            Table::Tips => b'T',
            Table::Validators => b'V',
            Table::HeightsByHash => b'H',
            Table::Evidence => b'E',
            Table::Kept => b'U',
        }
    }

    /// The table of a key, and the rest of the key.
    pub(in crate::embedded) fn of(key: &[u8]) -> Option<(Table, &[u8])> {
        let (byte, rest) = key.split_first()?;
        let table = Table::ALL.into_iter().find(|table| table.byte() == *byte)?;
        Some((table, rest))
    }

    /// The key of a height, or what all keys of that height begin with.
    pub(in crate::embedded) fn at(self, height: u64) -> Vec<u8> {
        self.key(&height.to_be_bytes())
    }

    pub(in crate::embedded) fn key(self, rest: &[u8]) -> Vec<u8> {
        [&[self.byte()], rest].concat()
    }
}

pub(in crate::embedded) fn kept_key(height: u64, id: &BlockId) -> Vec<u8> {
    [&Table::Kept.at(height)[..], &id.to_bytes()].concat()
}

pub(in crate::embedded) fn evidence_key(double: &DoubleVote) -> Vec<u8> {
    Table::Evidence.key(&Sha256::digest(double.bytes()))
}
