//! Drafts as files that people pass around: text, so that it survives a mail.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use polity_client::session::Draft;
use polity_client::{Error, Result, files};

use crate::failure::usage;

/// First line of the file.
const HEADING: &str = "polity draft 1";
/// Where in a home lies what was sent: drafts whose outcome is open, and why others were refused before any block.
pub(crate) const KEPT: &str = "sent";
/// Digits of a line.
const LINE: usize = 76;
/// No draft is longer: two digits a byte and line ends.
const BYTES_MAX: u64 = 4 << 20;

/// Reads a draft.
pub fn read(path: &Path) -> Result<Draft> {
    let text = files::read_text(path, BYTES_MAX).map_err(|error| {
        let words = format!("{} cannot be read", path.display());
        match error.kind() {
            ErrorKind::FileTooLarge | ErrorKind::InvalidData => usage(words),
            _ => Error::trouble(words),
        }
        .with_source(error)
    })?;
    parse(&text, path)
}

/// Writes a draft; one that is there is replaced whole or not at all.
pub fn write(path: &Path, draft: &Draft) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    files::put(path, Path::new(&beside), 0o666, print(draft).as_bytes()).map_err(|error| {
        Error::trouble(format!("{} cannot be written", path.display())).with_source(error)
    })
}

/// Keeps a draft that is sent, until its outcome is proven.
pub fn keep(home: &Path, draft: &Draft) -> Result<PathBuf> {
    let directory = home.join(KEPT);
    std::fs::create_dir_all(&directory).map_err(|error| {
        let words = format!("{} cannot be made", directory.display());
        Error::trouble(words).with_source(error)
    })?;
    let path = kept(home, &draft.id());
    write(&path, draft)?;
    Ok(path)
}

/// Whether the draft with this id was sent, and its outcome is open.
pub fn is_kept(home: &Path, id: &[u8; 32]) -> bool {
    kept(home, id).exists()
}

/// Removes a draft that was kept, once its outcome is proven or no block takes it any more; says where it was, if it was.
pub fn settle(home: &Path, id: &[u8; 32]) -> Option<PathBuf> {
    let path = kept(home, id);
    // One that stays does no harm: whoever sends it again reads its outcome.
    std::fs::remove_file(&path).ok().map(|()| path)
}

fn kept(home: &Path, id: &[u8; 32]) -> PathBuf {
    home.join(KEPT).join(format!("{}.draft", hex::encode(id)))
}

fn print(draft: &Draft) -> String {
    let digits = hex::encode(draft.to_envelope());
    let mut text = format!("{HEADING}\n");
    for line in digits.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text
}

fn parse(text: &str, path: &Path) -> Result<Draft> {
    let wrong = || usage(format!("{} is not a draft", path.display()));
    let digits: String = text
        .trim_start()
        .strip_prefix(HEADING)
        .ok_or_else(wrong)?
        .split_whitespace()
        .collect();
    let bytes = hex::decode(digits).map_err(|_| wrong())?;
    let draft = Draft::from_envelope(&bytes)?;
    draft.check_signatures()?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use polity_client::session::{action, signed_by};
    use polity_client::v1::{Leave, action::Kind};

    use super::*;

    fn draft() -> Draft {
        let action = action(Kind::Leave(Leave {}), 0);
        let signers = vec![signed_by(3, &[7; 32])];
        Draft::new(&[1; 32], signers, vec![action], Duration::from_secs(60)).expect("a draft")
    }

    #[test]
    fn a_draft_reads_back_also_after_a_mail_broke_its_lines() {
        let text = print(&draft());
        let mailed = format!("\r\n{}\r\n", text.replace('\n', "\r\n  "));

        let one = parse(&text, Path::new("a")).expect("reads");
        let other = parse(&mailed, Path::new("b")).expect("reads");

        assert_eq!(one, other);
    }

    #[test]
    fn what_is_settled_is_kept_no_longer() {
        let draft = draft();
        // Its salt is nobody else's.
        let home = std::env::temp_dir().join(hex::encode(draft.id()));
        let id = draft.id();
        assert_eq!(settle(&home, &id), None);
        assert!(!is_kept(&home, &id));
        let path = keep(&home, &draft).expect("kept");
        assert_eq!(read(&path).expect("reads"), draft);
        assert!(is_kept(&home, &id));
        assert_eq!(settle(&home, &id), Some(path.clone()));
        assert!(!path.exists());
        std::fs::remove_dir_all(home).expect("removed");
    }

    #[test]
    fn what_is_not_a_draft_is_refused() {
        let cut = print(&draft());
        for text in [
            "",
            "polity draft 1",
            "polity draft 2\n00",
            "polity draft 1\nzz",
            &cut[..cut.len() - 9],
        ] {
            assert!(parse(text, Path::new("a")).is_err(), "{text}");
        }
    }
}
