//! Files: read with a bound, and written so that they outlive a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Reads a whole file. A pipe or a device tells no length beforehand, so what comes is counted.
///
/// # Errors
/// `FileTooLarge` where there are more than `bytes_max` bytes.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let more = bytes_max.saturating_add(1);
    File::open(path)?.take(more).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let words = match bytes_max >> 20 {
            0 => format!("larger than {bytes_max} bytes"),
            mebibytes => format!("larger than {mebibytes} MiB"),
        };
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(bytes)
}

/// The same of a text.
///
/// # Errors
/// `InvalidData` where it is not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Puts a whole file in its place, or none: once this returns, it outlives a power cut. It is written as `fresh` first,
/// in the same directory; what an earlier run left there is removed, and so is what a full disk cut short.
pub fn put(path: &Path, fresh: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(fresh)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(fresh);
    }
    written.and_then(|()| sync_parent(path))
}

/// Writes what somebody asked for where they asked for it. A file that is there is replaced whole or stays; what is no
/// file, such as a pipe, outlives nothing.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link leads to is what is meant.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let there = fs::metadata(&place);
    if there.as_ref().is_ok_and(|there| !there.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(&place)?
            .write_all(bytes);
    }
    let mode = there.map_or(0o666, |there| there.permissions().mode() & 0o777);
    let mut beside = place.as_os_str().to_owned();
    beside.push(".new");
    put(&place, Path::new(&beside), mode, bytes)
}

/// A new name is on the disk once its directory is.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_whatever_was_left_beside_it() {
        let home = tempfile::tempdir().expect("a directory");
        let (path, fresh) = (home.path().join("a"), home.path().join("a.new"));
        fs::write(&fresh, "half of somethi").expect("written");
        for text in ["one", "another"] {
            put(&path, &fresh, 0o600, text.as_bytes()).expect("put");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
            assert!(!fresh.exists());
        }
    }

    #[test]
    fn what_does_not_come_to_its_place_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().expect("a directory");
        let (path, fresh) = (home.path().join("a"), home.path().join("a.new"));
        fs::create_dir(&path).expect("in the way");
        assert!(put(&path, &fresh, 0o600, b"text").is_err());
        assert!(!fresh.exists());
    }

    #[test]
    fn no_more_is_read_than_the_bound_whatever_the_length_says() {
        let refused = read(Path::new("/dev/zero"), 1 << 20).expect_err("it never ends");
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("a");
        fs::write(&path, "abc").expect("written");
        assert_eq!(read_text(&path, 3).expect("it fits"), "abc");
        assert!(read_text(&path, 2).is_err());
    }

    #[test]
    fn what_is_no_file_is_written_to_as_well() {
        write(Path::new("/dev/null"), b"text").expect("written");
    }

    #[test]
    fn a_file_that_is_there_is_replaced_where_it_is_and_stays_as_open_as_it_was() {
        let home = tempfile::tempdir().expect("a directory");
        let (path, link) = (home.path().join("books"), home.path().join("link"));
        write(&path, b"old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        // Whoever reads it meanwhile has the old one to its end.
        let mut reading = File::open(&path).expect("read");
        write(&link, b"new").expect("written");

        let mut old = String::new();
        reading.read_to_string(&mut old).expect("read");
        assert_eq!(old, "old");
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(link.is_symlink());
    }
}
