//! What the guides tell people to type: every line of it parses.

use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::command_lines::words;

#[test]
fn every_command_of_the_guides_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut guides = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("docs")).expect("the guides are there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            guides.push(path);
        }
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for guide in guides {
        let text = std::fs::read_to_string(&guide).expect("a guide can be read");
        let typed = blocks(&text).into_iter().map(|line| (line, true));
        let named = spans(&text).into_iter().map(|line| (line, false));
        for (line, is_whole) in typed.chain(named) {
            count += 1;
            match parse(&line) {
                // A sentence may name a command without its arguments.
                Err(error) if is_whole || error.kind() != ErrorKind::MissingRequiredArgument => {
                    wrong.push(format!("{}: {line}: {error}", guide.display()));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(count > 60, "{count} commands were found");
}

/// Commands in code blocks; a backslash continues a line.
fn blocks(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let whole = text.replace("\\\n", " ");
    let mut inside = false;
    for line in whole.lines() {
        if line.starts_with("```") {
            inside = !inside;
            continue;
        }
        let typed = line.trim_start().trim_start_matches("$ ");
        if inside && typed.starts_with("polity ") {
            lines.push(typed.to_owned());
        }
    }
    lines
}

/// Commands inside sentences, but for those that leave something out.
fn spans(text: &str) -> Vec<String> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|part| part.split('`').skip(1).step_by(2).map(str::to_owned))
        .filter(|span| span.starts_with("polity ") && !span.contains(['…', '<', '|', '\n']))
        .filter(|span| span.split(' ').count() > 2)
        .collect()
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    let words = words(line).expect("no quote stays open");
    // A line for a script may say where its output goes.
    let words = words
        .into_iter()
        .take_while(|word| word != ">" && word != "|");
    Cli::try_parse_from(words)
}
