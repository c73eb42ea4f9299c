//! Changes text where it means something: a line, a word, a number, a quote.

use super::wire;
use crate::dice::Dice;

/// Words that forms of text stumble over.
const WORDS: [&str; 18] = [
    "0",
    "-1",
    "18446744073709551616",
    "1e309",
    "0.000000000000000000001",
    "\"",
    "\\u0000",
    "null",
    "[]",
    "{}",
    "[[",
    "true",
    "\u{feff}",
    "\u{202e}",
    ",",
    "=",
    "'''",
    "9999-12-31T23:59:60Z",
];

/// One change of a text; bytes that are none get a change of their own.
pub fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return wire::mutate_bytes(bytes, dice);
    };
    match dice.below(2) {
        0 => lines(text, dice),
        _ => words(text, dice),
    }
    .into_bytes()
}

fn lines(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let (place, other) = (dice.place(lines.len()), dice.place(lines.len()));
    match dice.below(4) {
        0 => {
            lines.remove(place);
        }
        1 => lines.insert(other, lines[place]),
        2 => lines.swap(place, other),
        _ => lines.truncate(place),
    }
    lines.join("\n")
}

/// Words are what stands between blanks and marks.
fn words(text: &str, dice: &mut Dice) -> String {
    let is_mark = |character: char| character.is_whitespace() || "\"=,:[]{}".contains(character);
    let mut words: Vec<&str> = text.split_inclusive(is_mark).collect();
    if words.is_empty() {
        return dice.one_of(WORDS).into();
    }
    let (place, other) = (dice.place(words.len()), dice.place(words.len()));
    match dice.below(5) {
        0 => {
            words.remove(place);
        }
        1 => words.insert(other, words[place]),
        2 => words.swap(place, other),
        3 => words.insert(place, dice.one_of(WORDS)),
        _ => words[place] = dice.one_of(WORDS),
    }
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_text_is_still_a_text() {
        let mut dice = Dice::new(3);
        for _ in 0..200 {
            let changed = mutate(b"[a]\nb = \"c\", [1, 2]\n", &mut dice);
            assert!(String::from_utf8(changed).is_ok());
        }
    }
}
