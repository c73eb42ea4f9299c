//! What commands print. Here `println!` and its like are these: the library's own panic where nobody reads, or where
//! the disk is full.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use super::Trouble;

macro_rules! print {
    ($($words:tt)*) => { $crate::commands::stdout::write(format_args!($($words)*)) };
}

macro_rules! println {
    ($($words:tt)*) => { print!("{}\n", format_args!($($words)*)) };
}

/// A note that nobody can read is nothing to stop for.
macro_rules! eprintln {
    () => { eprintln!("") };
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

/// Why the first words that stdout did not take were not written.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes to stdout. What fails is told at the end, by [`written`]: what was begun is done all the same.
pub(super) fn write(words: fmt::Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_fmt(words).and_then(|()| stdout.flush()) {
        let _ = LOST.set(error);
    }
}

/// Whether everything was written.
pub(super) fn written() -> Result<(), Trouble> {
    LOST.get().map_or(Ok(()), judge)
}

/// What kept words from stdout. A reader who went away (`| head`) is no trouble of ours.
pub(super) fn judge(error: &io::Error) -> Result<(), Trouble> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(format!("the answer could not be written: {error}").into()),
    }
}
