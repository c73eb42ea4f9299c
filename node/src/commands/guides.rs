//! What the guides and the help tell operators to type: every line of it parses.

use std::fs;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};

use super::Polityd;

#[test]
fn every_command_of_the_guides_and_of_the_help_parses() {
    let mut typed = examples(&Polityd::command());
    assert!(typed.len() >= 13, "{typed:?}");
    let mut named = Vec::new();
    for guide in guides() {
        let lines = guide
            .lines()
            .map(|line| line.trim_start().trim_start_matches("$ "));
        typed.extend(lines.filter(|line| is_command(line)).map(str::to_owned));
        named.extend(spans(&guide));
    }
    assert!(named.len() > 20, "{named:?}");

    for line in typed {
        let parsed = Polityd::try_parse_from(line.split_whitespace());
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
    for line in named {
        match Polityd::try_parse_from(line.split_whitespace()) {
            // A sentence may name a command without its arguments.
            Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                panic!("{line}: {error}")
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// The texts that speak to operators.
fn guides() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let entries = fs::read_dir(root.join("docs")).expect("the guides are there");
    let files = entries.map(|entry| entry.expect("an entry").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .chain([root.join("README.md")])
        .map(|file| fs::read_to_string(file).expect("a guide can be read"))
        .collect()
}

/// The examples in the help of a command and of those below it.
fn examples(command: &Command) -> Vec<String> {
    let help = command.clone().render_long_help().to_string();
    let own = help.lines().map(str::trim).filter(|line| is_command(line));
    let own = own.map(str::to_owned).collect::<Vec<_>>();
    let below = command.get_subcommands().flat_map(examples);
    own.into_iter().chain(below).collect()
}

fn is_command(line: &str) -> bool {
    let is_name = |word: &str| {
        word.starts_with('-') || word.chars().all(|letter| letter.is_ascii_lowercase())
    };
    line.strip_prefix("polityd ")
        .is_some_and(|rest| rest.split(' ').next().is_some_and(is_name))
}

/// Commands inside sentences, but for those that leave something out.
fn spans(text: &str) -> Vec<String> {
    let outside = text.split("```").step_by(2);
    let spans = outside.flat_map(|part| part.split('`').skip(1).step_by(2));
    spans
        .filter(|span| span.starts_with("polityd ") && !span.contains(['…', '<', '|', '\n']))
        .map(str::to_owned)
        .collect()
}
