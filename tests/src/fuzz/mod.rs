//! Bytes that nobody meant: good ones of a corpus, changed again and again, given to whatever reads
//! bytes from outside.
//!
//! Each input follows from a seed, so a finding is repeated by one command. Nothing may panic; what a
//! target accepts, it answers for.

pub mod text;
pub mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::dice::Dice;

/// Changes of one input, at most.
const CHANGES_MAX: u64 = 4;

/// How the inputs of a target are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Protobuf messages, mostly where they mean something.
    Wire,
    /// Lines, words and numbers.
    Text,
    /// Bytes without a form of their own.
    Bytes,
}

/// What a target made of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused, by name.
    Refused,
    /// It was accepted, and what the target promises of that holds.
    Accepted,
}

/// How many inputs came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Refused inputs.
    pub refused: u64,
    /// Accepted ones.
    pub accepted: u64,
}

/// Gives a target its whole corpus, which must be accepted, and then so many changed inputs.
///
/// # Errors
/// The first input that made the target panic or break its promise: number, words, bytes in hex.
pub fn run(
    seed: u64,
    inputs: u64,
    form: Form,
    corpus: &[Vec<u8>],
    mut target: impl FnMut(&[u8]) -> Result<Outcome, String>,
) -> Result<Count, String> {
    let mut count = Count::default();
    let mut give = |number: u64, bytes: &[u8]| {
        let found = catch_unwind(AssertUnwindSafe(|| target(bytes)));
        let found = found.unwrap_or_else(|_| Err("a panic".into()));
        found.map_err(|words| {
            let shown = hex::encode(&bytes[..bytes.len().min(2_000)]);
            format!("input {number} of seed {seed}: {words}: {shown}")
        })
    };
    for good in corpus {
        if give(0, good)? == Outcome::Refused {
            return Err(format!("the corpus is refused: {}", hex::encode(good)));
        }
    }
    let mut dice = Dice::new(seed);
    for number in 1..=inputs {
        let bytes = input(form, corpus, &mut dice);
        match give(number, &bytes)? {
            Outcome::Refused => count.refused += 1,
            Outcome::Accepted => count.accepted += 1,
        }
    }
    Ok(count)
}

/// One of the corpus with some changes, or a piece of one and a piece of another.
fn input(form: Form, corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(corpus).cloned().unwrap_or_default();
    if dice.chance(8) {
        let other = dice.pick(corpus).cloned().unwrap_or_default();
        bytes.truncate(dice.place(bytes.len()));
        bytes.extend(&other[dice.place(other.len())..]);
    }
    for _ in 0..=dice.below(CHANGES_MAX) {
        bytes = match form {
            Form::Wire if dice.chance(80) => wire::mutate(&bytes, dice),
            Form::Text if dice.chance(80) => text::mutate(&bytes, dice),
            Form::Wire | Form::Text | Form::Bytes => wire::mutate_bytes(&bytes, dice),
        };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_panics_or_accepts_too_much_is_found() {
        let corpus = [vec![8, 1]];
        let panics = run(1, 100, Form::Wire, &corpus, |bytes| {
            assert!(bytes.len() < 5, "as the test wants");
            Ok(Outcome::Accepted)
        });
        assert!(panics.unwrap_err().contains("a panic"));
        let accepts = run(1, 100, Form::Bytes, &corpus, |bytes| {
            if bytes == [8, 1] {
                Ok(Outcome::Accepted)
            } else {
                Err("accepted".into())
            }
        });
        assert!(
            accepts
                .unwrap_err()
                .starts_with("input 1 of seed 1: accepted")
        );
        let refused = run(1, 1, Form::Bytes, &corpus, |_| Ok(Outcome::Refused));
        assert!(refused.unwrap_err().starts_with("the corpus is refused"));
    }
}
