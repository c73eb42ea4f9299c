//! Which form a store has: a file beside the tables says it, and is read before any of them is opened, because another
//! version may have other tables.
//!
//! The first line is the form's number, the second says who wrote it.

use std::fs;
use std::io;
use std::path::Path;

use crate::fault::{Fault, FaultKind};
use crate::whole_file;

/// The form that this program reads and writes.
const FORMAT: u32 = 5;

/// The name of the file.
pub(super) const FORMAT_FILE: &str = "FORMAT";

/// Makes sure that this program reads the store of a directory; says so in a directory where there is none yet.
///
/// # Errors
/// `Usage` for a store of another form, with who wrote it and what to do.
pub(super) fn settle(directory: &Path, is_new: bool) -> Result<(), Fault> {
    let path = directory.join(FORMAT_FILE);
    let doing = format!("reading {}", path.display());
    match fs::read_to_string(&path) {
        Ok(text) => compare(directory, &text),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::from_io(&doing, &error))
        }
        Err(_) if is_new => {
            // On the disk before there is a table.
            let text = format!("{FORMAT}\n{}\n", own_name());
            whole_file::put(&path, 0o644, text.as_bytes())
                .map_err(|error| Fault::from_io(&format!("writing {}", path.display()), &error))
        }
        Err(_) => Err(other(
            directory,
            "does not say which form it has",
            "an older polityd",
        )),
    }
}

fn compare(directory: &Path, text: &str) -> Result<(), Fault> {
    let mut lines = text.lines();
    let number = lines.next().unwrap_or_default();
    if number == FORMAT.to_string() {
        return Ok(());
    }
    let writer = lines.next().unwrap_or("an unknown program");
    Err(other(directory, &format!("has form {number:?}"), writer))
}

fn other(directory: &Path, is: &str, writer: &str) -> Fault {
    let words = format!(
        "the store in {} {is}: {writer} wrote it, and {} reads form {FORMAT}. Run the version that wrote it; or give \
         this one an empty home, where it catches up from its peers",
        directory.display(),
        own_name()
    );
    Fault::new(FaultKind::Usage, words)
}

fn own_name() -> String {
    format!("polityd {}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_store_says_its_form_and_is_known_by_it() {
        let directory = tempfile::tempdir().unwrap();
        settle(directory.path(), true).unwrap();
        settle(directory.path(), false).unwrap();
        let text = fs::read_to_string(directory.path().join(FORMAT_FILE)).unwrap();
        assert_eq!(text, format!("{FORMAT}\n{}\n", own_name()));
    }

    #[test]
    fn a_store_of_another_form_is_no_damage_and_names_who_wrote_it() {
        let directory = tempfile::tempdir().unwrap();
        let told = |text: Option<&str>| {
            let path = directory.path().join(FORMAT_FILE);
            match text {
                Some(text) => fs::write(path, text).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            let fault = settle(directory.path(), false).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Usage);
            fault.words().to_owned()
        };
        let newer = told(Some("7\npolityd 3.1.0\n"));
        assert!(
            newer.contains("has form \"7\": polityd 3.1.0 wrote it"),
            "{newer}"
        );
        assert!(newer.contains("Run the version that wrote it"), "{newer}");
        assert!(told(Some("")).contains("has form"));
        assert!(told(None).contains("an older polityd wrote it"));
    }
}
