//! Of which height an answer is, and whether it is proven.

use std::time::{Duration, SystemTime};

use crate::trust::VerifiedHeader;

/// Twice the longest pause between blocks that the parameters allow: what is older may be kept back from us.
pub const FRESH: Duration = Duration::from_secs(1_200);

/// Of which height an answer is, and whether a header proves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The height whose state was read; of several reads the lowest.
    pub height: u64,
    /// The time of the header that proves it; none of the past, which is proven by histories.
    pub time: Option<SystemTime>,
    /// Whether all of it was verified against a signed header. The past of what has no history of its own is not.
    pub is_proven: bool,
}

impl Moment {
    /// What a header proves of the height below it.
    pub(super) fn proven(height: u64, header: &VerifiedHeader) -> Moment {
        Moment {
            height,
            time: Some(header.time()),
            is_proven: true,
        }
    }

    /// What a node says of a height, or remembers of it.
    pub(super) fn said(height: u64) -> Moment {
        Moment {
            height,
            time: None,
            is_proven: false,
        }
    }

    /// Two reads told together: proven only where both are.
    #[must_use]
    pub fn and(self, other: Moment) -> Moment {
        Moment {
            height: self.height.min(other.height),
            time: self.time.min(other.time),
            is_proven: self.is_proven && other.is_proven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_together_is_proven_only_where_all_of_it_is() {
        let proven = Moment {
            height: 7,
            time: Some(SystemTime::UNIX_EPOCH),
            is_proven: true,
        };
        let newer = Moment {
            height: 9,
            ..proven
        };

        assert_eq!(proven.and(newer), proven);
        assert_eq!(newer.and(Moment::said(8)), Moment::said(8));
        assert!(!Moment::said(8).and(newer).is_proven);
    }
}
