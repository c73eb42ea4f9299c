//! Command lines in a file: one command a line, quotes as in a shell, `#` begins a remark.

use polity_client::{Error, ErrorKind, Result, files};

use crate::failure::{usage, with_causes};

/// No file of commands is longer.
const BYTES_MAX: u64 = 1 << 20;

/// Reads a file of command lines, each with its line's number and as its words.
pub fn read(path: &std::path::Path) -> Result<Vec<(usize, Vec<String>)>> {
    let text = files::read_text(path, BYTES_MAX)
        .map_err(|error| usage(format!("{} cannot be read", path.display())).with_source(error))?;
    parse(&text)
}

/// Tells what is wrong with a command together with its line. What the ledger or a node says stays as it is.
#[must_use]
pub fn at_line(line: usize, error: Error) -> Error {
    if error.kind() != ErrorKind::Usage {
        return error;
    }
    usage(format!("line {line}: {}", with_causes(&error)))
}

fn parse(text: &str) -> Result<Vec<(usize, Vec<String>)>> {
    let mut commands = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let words = words(text).ok_or_else(|| at_line(line, usage("a quote is open")))?;
        if !words.is_empty() {
            commands.push((line, words));
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
        let lines: Vec<usize> = commands.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4]);
        let purpose = "it's for newcomers";
        let words: Vec<_> = commands.into_iter().map(|(_, words)| words).collect();
        assert_eq!(
            words,
            [
                vec!["role", "create", "acme/dev#guide", "--purpose", purpose, ""],
                vec!["role", "assign", "new(1)", "finn"],
            ]
        );
    }

    #[test]
    fn a_wrong_command_is_told_with_its_line_and_a_refusal_as_it_is() {
        let wrong = at_line(7, usage("no member is called fin"));
        assert_eq!(wrong.to_string(), "line 7: no member is called fin");
        let unreached = Error::new(ErrorKind::NotReached, "nobody answers");
        assert_eq!(at_line(7, unreached).to_string(), "nobody answers");
    }

    #[test]
    fn a_hash_inside_a_word_is_no_remark_and_an_open_quote_is_refused() {
        assert_eq!(words("role show acme/dev#lead").expect("words").len(), 3);
        assert!(parse("one\ntwo 'three").is_err());
    }
}
