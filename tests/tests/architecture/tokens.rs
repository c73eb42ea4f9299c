//! The words of Rust source, read without a parser.

/// Tests stand last in a file, so everything from `#[cfg(test)] mod … {` on is theirs.
pub(crate) fn without_tests(source: &str) -> String {
    match source.find("\n#[cfg(test)]\nmod tests {") {
        Some(at) => source[..at].to_owned(),
        None => source.to_owned(),
    }
}

/// The modules that follow `std::`, also those in braces.
pub(crate) fn modules_of_std(tokens: &[String]) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, window) in tokens.windows(3).enumerate() {
        if window[0] != "std" || window[1] != "::" {
            continue;
        }
        if window[2] != "{" {
            modules.push(window[2].clone());
            continue;
        }
        let mut depth = 0;
        let mut first = false;
        for token in &tokens[at + 2..] {
            match token.as_str() {
                "{" => (depth, first) = (depth + 1, true),
                "}" => depth -= 1,
                "," => first = true,
                name => {
                    if depth == 1 && first {
                        modules.push(name.to_owned());
                    }
                    first = false;
                }
            }
            if depth == 0 {
                break;
            }
        }
    }
    modules
}

/// Words and punctuation of Rust source, without comments and without the insides of strings.
pub(crate) fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment(rest),
            ['r', '"' | '#', ..] if raw_string(rest).is_some() => raw_string(rest).unwrap(),
            ['"', ..] => string(rest),
            ['\'', '\\', ..] => {
                2 + rest[2..]
                    .iter()
                    .skip(1)
                    .position(|c| *c == '\'')
                    .unwrap_or(0)
                    + 2
            }
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                tokens.push("::".to_owned());
                2
            }
            [c, ..] if c.is_alphanumeric() || *c == '_' => {
                let word = rest
                    .iter()
                    .take_while(|c| c.is_alphanumeric() || **c == '_');
                let word: String = word.collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                1
            }
            [] => break,
        };
    }
    tokens
}

fn block_comment(text: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(text: &[char]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of `r"…"` or `r#"…"#` at the beginning of the text, if one stands there.
fn raw_string(text: &[char]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|c| **c == '#').count();
    if text.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut at = 2 + hashes;
    while at < text.len() {
        let closed = text[at] == '"'
            && text[at + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        if closed {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    None
}

#[test]
fn comments_strings_and_tests_are_not_read_as_names() {
    let source = "use std::{fmt, collections::BTreeMap};\n\
                  // HashMap in words\n/* f64 /* nested */ too */\n\
                  const A: &str = \"unsafe \\\" env\"; const B: &str = r#\"async \" \"#; const C: char = '\"';\n\
                  fn f<'a>(x: &'a u8) {}\n\
                  #[cfg(test)]\nmod tests { use std::time::Instant; }";

    let tokens = tokens(&without_tests(source));

    for hidden in [
        "HashMap", "f64", "nested", "unsafe", "env", "async", "Instant",
    ] {
        assert!(
            !tokens.iter().any(|token| token == hidden),
            "{hidden} was read"
        );
    }
    assert_eq!(modules_of_std(&tokens), ["fmt", "collections"]);
    assert!(tokens.iter().any(|token| token == "f"));
}
