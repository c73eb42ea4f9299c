//! What is printed: tables and sentences for people, stable JSON for scripts.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use comfy_table::{Table as Grid, presets};
use polity_client::session::visible;
use polity_client::{Error, Result};
use serde_json::Value;

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For reading.
    #[default]
    Text,
    /// For scripts: stable.
    Json,
}

/// Why the first answer that stdout did not take was not written.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Whether anything was answered.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Where answers go: stdout. Notes go to stderr, so that a pipe has the answer alone.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// How answers are written.
    pub form: Form,
}

impl Output {
    /// Prints an answer: `json` for scripts, or the text for people.
    pub fn show(&self, json: &Value, text: impl FnOnce() -> String) {
        match self.form {
            Form::Json => print(&format!("{json:#}\n")),
            Form::Text => print(&format!("{}\n", text().trim_end())),
        }
    }

    /// Prints a note for the person at the terminal.
    pub fn note(&self, text: impl Display) {
        // A note that nobody can read is nothing to stop for.
        let _ = writeln!(anstream::stderr(), "{text}");
    }
}

/// A table for people: columns aligned, no frames, so that it also reads in a pipe.
pub struct Table(Grid);

impl Table {
    /// A table with these headings.
    #[must_use]
    pub fn new<const N: usize>(headings: [&str; N]) -> Table {
        let mut grid = Grid::new();
        grid.load_preset(presets::NOTHING);
        grid.set_header(headings.map(str::to_uppercase));
        Table(grid)
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells.map(|cell| {
            // A cell of several lines stays in its column.
            let lines: Vec<_> = cell.split('\n').map(visible).collect();
            lines.join("\n")
        }));
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.0.lines() {
            let line = line.strip_prefix(' ').unwrap_or(&line);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Facts of one object: a name and a value a line.
#[must_use]
pub fn facts(pairs: &[(&str, String)]) -> String {
    let filled = || pairs.iter().filter(|(_, value)| !value.is_empty());
    let width = filled().map(|(name, _)| name.len()).max().unwrap_or(0);
    filled()
        .map(|(name, value)| format!("{name:<width$}  {}\n", visible(value)))
        .collect()
}

/// Writes to stdout. What fails is told at the end, by [`written`]: what was begun is done all the same.
pub fn print(text: &str) {
    ANSWERED.store(true, Ordering::Relaxed);
    let mut stdout = anstream::stdout();
    keep(
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush()),
    );
}

/// Remembers what came of writing to stdout.
pub fn keep(printed: io::Result<()>) {
    if let Err(error) = printed {
        let _ = LOST.set(error);
    }
}

/// Whether anything was written to stdout, or tried to be.
#[must_use]
pub fn has_answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

/// Whether stdout took everything so far.
#[must_use]
pub fn is_open() -> bool {
    LOST.get().is_none()
}

/// Whether everything was written. A reader who went away (`| head`) is no trouble of ours.
pub fn written() -> Result<()> {
    match LOST.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::trouble(format!(
            "the answer could not be written: {error}"
        ))),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_its_columns_and_has_no_frame() {
        let mut table = Table::new(["Account", "Balance"]);
        table.row(["a1 acme:main".into(), "1.00 EUR".into()]);
        table.row(["a12".into(), "20.00 EUR".into()]);

        let expected = "ACCOUNT       BALANCE\na1 acme:main  1.00 EUR\na12           20.00 EUR\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn a_value_cannot_pass_for_a_line_of_its_own() {
        let text = facts(&[("title", "Chairs\nstate  adopted\u{202e}RUE".into())]);
        assert_eq!(text, "title  Chairs\\nstate  adopted\\u{202e}RUE\n");
    }

    #[test]
    fn facts_leave_out_what_is_empty() {
        let text = facts(&[("unit", "u4".into()), ("longer label", String::new())]);
        assert_eq!(text, "unit  u4\n");
    }
}
