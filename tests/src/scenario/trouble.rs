//! Why a line of a scenario does not hold, or cannot be read.

/// A sentence about one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble(pub(super) String);

/// What reading or running a line brings.
pub(super) type Outcome<T> = Result<T, Trouble>;

/// A line that does not hold.
pub(super) fn trouble<T>(words: impl Into<String>) -> Outcome<T> {
    Err(Trouble(words.into()))
}
