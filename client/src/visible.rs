//! What others wrote, people or nodes, as a reader may be shown it.

use std::borrow::Cow;

use polity_ledger::form::is_plain;

/// The same text with every character written out that no line of the chain holds: line ends, which would begin a line of
/// their own, terminal codes, and marks that turn the direction of reading.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_plain(character) {
            shown.push(character)
        } else {
            shown.extend(character.escape_default())
        }
    }
    Cow::Owned(shown)
}

/// Of a node's words so many characters are told.
const WORDS_MAX: usize = 400;

/// A node's words in an error: visible, and not more than somebody reads.
pub(crate) fn of_node(words: &str) -> String {
    visible(words.trim()).chars().take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_hides_text_is_written_out_and_letters_stay() {
        let table = [
            ("Büro, 40 Körbe – 数", "Büro, 40 Körbe – 数"),
            ("a\nstate adopted", "a\\nstate adopted"),
            ("abc\u{202e}00.5 RUE", "abc\\u{202e}00.5 RUE"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("short\u{1bca0}hand", "short\\u{1bca0}hand"),
            // The joiners shape words and emoji, so the ledger allows them.
            (
                "می\u{200c}خواهم, 👩\u{200d}🔧",
                "می\u{200c}خواهم, 👩\u{200d}🔧",
            ),
        ];
        for (text, shown) in table {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn the_words_of_a_node_are_visible_and_bounded() {
        assert_eq!(of_node(" no\r\u{1b}[31m "), "no\\r\\u{1b}[31m");
        assert_eq!(of_node(&"\u{7}x".repeat(1_000)).chars().count(), WORDS_MAX);
    }
}
