//! Lines and words.

use super::trouble::{Outcome, Trouble, trouble};

/// A line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// Whether it belongs to the act above it.
    pub(super) indented: bool,
    /// The words, without the spaces around.
    pub(super) text: String,
}

/// The lines of a file that are neither empty nor a remark.
pub(super) fn lines(file: &str) -> Vec<Line> {
    file.lines()
        .enumerate()
        .map(|(index, text)| Line {
            number: index + 1,
            indented: text.starts_with([' ', '\t']),
            text: text.trim().to_owned(),
        })
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
        .collect()
}

/// The words of a line, read from left to right.
///
/// Commas are for the reader; `:` and `;` at the end of a word are words of their own; what stands
/// in quotes is one word.
#[derive(Clone, Debug)]
pub(super) struct Words {
    words: Vec<String>,
    next: usize,
}

impl Words {
    /// Splits a line.
    pub(super) fn of(text: &str) -> Words {
        let mut words = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            for word in part.split_whitespace() {
                let plain = word.trim_end_matches([',', ':', ';']);
                if !plain.is_empty() {
                    words.push(plain.to_owned());
                }
                if word.ends_with(':') || word.ends_with(';') {
                    words.push(word[word.len() - 1..].to_owned());
                }
            }
        }
        Words { words, next: 0 }
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&str> {
        self.peek_at(0)
    }

    /// The word after so many others.
    pub(super) fn peek_at(&self, after: usize) -> Option<&str> {
        self.words.get(self.next + after).map(String::as_str)
    }

    /// The next word.
    pub(super) fn word(&mut self, what: &str) -> Outcome<String> {
        let word = self.words.get(self.next).cloned();
        self.next += 1;
        word.ok_or_else(|| Trouble(format!("{what} is missing at the end of the line")))
    }

    /// Takes these words if they come next.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let wanted: Vec<&str> = words.split(' ').collect();
        let come = wanted
            .iter()
            .enumerate()
            .all(|(index, word)| self.peek_at(index) == Some(word));
        if come {
            self.next += wanted.len();
        }
        come
    }

    /// Takes these words, or says that they are missing.
    pub(super) fn need(&mut self, words: &str) -> Outcome<()> {
        if self.take(words) {
            return Ok(());
        }
        let found = self.peek().unwrap_or("the end of the line");
        trouble(format!("expected `{words}` and found `{found}`"))
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Outcome<T> {
        let word = self.word(what)?;
        word.parse()
            .map_err(|_| Trouble(format!("`{word}` is no {what}")))
    }

    /// The word after these words, where they come next.
    pub(super) fn after(&mut self, words: &str) -> Outcome<Option<String>> {
        if self.take(words) {
            self.word(words).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether all is read.
    pub(super) fn is_done(&self) -> bool {
        self.next >= self.words.len()
    }

    /// Says so if something is left.
    pub(super) fn done(&self) -> Outcome<()> {
        match self.peek() {
            None => Ok(()),
            Some(word) => trouble(format!("nobody understands `{word}` here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_people_read_them() {
        let mut words = Words::of("gia proposes desk: pays 1.00 EUR, reference \"two words\"");
        assert!(words.take("gia proposes"));
        assert_eq!(words.word("name"), Ok("desk".into()));
        assert!(words.take(": pays 1.00 EUR reference"));
        assert_eq!(words.word("text"), Ok("two words".into()));
        assert!(words.is_done());
    }

    #[test]
    fn remarks_and_empty_lines_say_nothing() {
        let found = lines("# a story\n\nfinn leaves\n  accepted\n");
        let told: Vec<_> = found
            .iter()
            .map(|line| (line.number, line.indented))
            .collect();
        assert_eq!(told, [(3, false), (4, true)]);
    }
}
