//! Command lines in a file: one command a line, quotes as in a shell, `#` begins a remark.

use polity_client::{Error, Result};

use crate::failure::usage;

/// No file of commands is longer.
const BYTES_MAX: u64 = 1 << 20;

/// Reads a file of command lines, each as its words.
pub fn read(path: &std::path::Path) -> Result<Vec<Vec<String>>> {
    let trouble = |error: std::io::Error| {
        let words = format!("{} cannot be read", path.display());
        Error::trouble(words).with_source(error)
    };
    if std::fs::metadata(path).map_err(trouble)?.len() > BYTES_MAX {
        return Err(usage(format!("{} is too large", path.display())));
    }
    parse(&std::fs::read_to_string(path).map_err(trouble)?)
}

fn parse(text: &str) -> Result<Vec<Vec<String>>> {
    let mut commands = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words =
            words(line).ok_or_else(|| usage(format!("line {}: a quote is open", index + 1)))?;
        if !words.is_empty() {
            commands.push(words);
        }
    }
    Ok(commands)
}

/// The words of a line; none where a quote stays open.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => word.get_or_insert_default().push(character),
            None if character == '#' && word.is_none() => break,
            None if character == '\'' || character == '"' => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let text = "# a role and its holder\n\n  role create 'acme/dev#guide' --purpose \"it's for newcomers\" ''\n\
                    role assign new(1) finn # the second\n";
        let commands = parse(text).expect("commands");
        assert_eq!(
            commands,
            [
                vec![
                    "role",
                    "create",
                    "acme/dev#guide",
                    "--purpose",
                    "it's for newcomers",
                    ""
                ],
                vec!["role", "assign", "new(1)", "finn"],
            ]
        );
    }

    #[test]
    fn a_hash_inside_a_word_is_no_remark_and_an_open_quote_is_refused() {
        assert_eq!(words("role show acme/dev#lead").expect("words").len(), 3);
        assert!(parse("one\ntwo 'three").is_err());
    }
}
