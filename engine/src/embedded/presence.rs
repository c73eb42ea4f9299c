//! How many of the newest blocks carry this validator's signature: by this an operator sees a validator that runs and is
//! of no use.

/// The newest blocks that this validator could have signed, and which of them it did sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    blocks: u32,
    // The newest block is the lowest bit.
    signed: u128,
}

/// What an operator should be told, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It signs almost nothing any more.
    Missing,
    /// It signs again.
    Back,
}

impl Presence {
    /// Blocks that are looked at.
    pub const BLOCKS_MAX: u32 = 100;
    /// Three of four signatures decide, so that of four busy validators each is now and then left out; whoever is in
    /// fewer blocks than this is missing.
    const SIGNED_MIN: u32 = 20;

    /// The blocks that are looked at: the newest hundred, or as many as this node saw since its start.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// Those of them that it signed.
    #[must_use]
    pub fn signed(&self) -> u32 {
        self.signed.count_ones()
    }

    /// One more block, signed by this validator or not.
    pub(super) fn note(&mut self, is_signed: bool) -> Option<Turn> {
        let was_missing = self.is_missing();
        let window = (1 << Self::BLOCKS_MAX) - 1;
        self.signed = (self.signed << 1 | u128::from(is_signed)) & window;
        self.blocks = Self::BLOCKS_MAX.min(self.blocks + 1);
        match (was_missing, self.is_missing()) {
            (false, true) => Some(Turn::Missing),
            (true, false) => Some(Turn::Back),
            (false, false) | (true, true) => None,
        }
    }

    fn is_missing(&self) -> bool {
        self.blocks == Self::BLOCKS_MAX && self.signed() < Self::SIGNED_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(presence: &mut Presence, blocks: u32, is_signed: bool) -> Vec<Turn> {
        (0..blocks)
            .filter_map(|_| presence.note(is_signed))
            .collect()
    }

    #[test]
    fn the_newest_hundred_blocks_count() {
        let mut presence = Presence::default();
        assert_eq!((presence.signed(), presence.blocks()), (0, 0));
        after(&mut presence, 30, true);
        after(&mut presence, 10, false);
        assert_eq!((presence.signed(), presence.blocks()), (30, 40));
        after(&mut presence, 80, false);
        assert_eq!((presence.signed(), presence.blocks()), (10, 100));
        after(&mut presence, 200, true);
        assert_eq!((presence.signed(), presence.blocks()), (100, 100));
    }

    #[test]
    fn whoever_misses_almost_all_of_a_hundred_blocks_is_told_once_and_once_when_it_is_back() {
        let mut presence = Presence::default();
        assert_eq!(after(&mut presence, 99, false), []);
        assert_eq!(after(&mut presence, 200, false), [Turn::Missing]);
        assert_eq!(after(&mut presence, 19, true), []);
        assert_eq!(after(&mut presence, 200, true), [Turn::Back]);
    }
}
