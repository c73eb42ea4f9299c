//! Characters that no text of the chain holds, because they would show something else than is signed.
//!
//! What is plain for a reader of a script stays: the joiners U+200C and U+200D shape Persian words,
//! Indic letters and emoji, and hide nothing.

/// First and last of each range, ascending.
const UNFIT: [(char, char); 14] = [
    // Control characters: they move the cursor, or end the line that a reader believes to read.
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    // The soft hyphen: shown at most at the end of a line.
    ('\u{ad}', '\u{ad}'),
    // The Arabic letter mark: reorders what stands beside it.
    ('\u{61c}', '\u{61c}'),
    // The Mongolian vowel separator and the zero-width space: hide.
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200b}'),
    // Marks of direction: reorder.
    ('\u{200e}', '\u{200f}'),
    // The separators of lines and paragraphs.
    ('\u{2028}', '\u{2029}'),
    // Embeddings and overrides of direction: reorder whole sentences.
    ('\u{202a}', '\u{202e}'),
    // Word joiner and invisible operators hide; the isolates behind them reorder.
    ('\u{2060}', '\u{206f}'),
    // The byte order mark: a zero-width space by another name.
    ('\u{feff}', '\u{feff}'),
    // Annotations: a second text between the lines.
    ('\u{fff9}', '\u{fffb}'),
    // Shorthand format controls.
    ('\u{1bca0}', '\u{1bca3}'),
    // Tags: letters that nobody sees.
    ('\u{e0000}', '\u{e007f}'),
];

/// Whether a character shows what it is, and leaves what stands beside it where it is.
#[must_use]
pub fn is_plain(character: char) -> bool {
    !UNFIT
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&character))
}

/// Whether every character of the text is plain; line feeds are, where `lines` are allowed.
pub(super) fn are_plain(text: &str, lines: bool) -> bool {
    text.chars()
        .all(|character| (lines && character == '\n') || is_plain(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_stands_in_no_text() {
        for (shown, in_a_line, in_a_text) in [
            ("Chairs, 4 × 120.00 € – für Zoë", true, true),
            ("می\u{200c}خواهم", true, true),
            ("👩\u{200d}🔧", true, true),
            ("שלום, 12", true, true),
            ("Chairs\nstate adopted", false, true),
            ("Chairs\r\nstate adopted", false, false),
            ("Chairs\tstate", false, false),
            ("\u{1b}[2J", false, false),
            ("\u{85}", false, false),
            ("so\u{ad}ft", false, false),
            ("\u{61c}1", false, false),
            ("\u{180e}", false, false),
            ("ad\u{200b}a", false, false),
            ("\u{200e}a", false, false),
            ("\u{200f}a", false, false),
            ("a\u{2028}b", false, false),
            ("a\u{2029}b", false, false),
            ("\u{202a}a", false, false),
            ("abc\u{202e}00.5 RUE", false, false),
            ("\u{2066}a\u{2069}", false, false),
            ("a\u{2060}b", false, false),
            ("\u{feff}a", false, false),
            ("\u{fff9}a\u{fffb}", false, false),
            ("\u{1bca0}", false, false),
            ("a\u{e0041}", false, false),
        ] {
            assert_eq!(are_plain(shown, false), in_a_line, "{shown:?}");
            assert_eq!(are_plain(shown, true), in_a_text, "{shown:?}");
        }
    }

    #[test]
    fn the_ranges_ascend() {
        for pair in UNFIT.windows(2) {
            assert!(pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0, "{pair:?}");
        }
    }
}
