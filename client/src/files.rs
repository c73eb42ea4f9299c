//! Files: read with a bound, and written so that they outlive a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
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
/// in the same directory; what an earlier run left there is removed.
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
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(fresh, path)?;
    sync_parent(path)
}

/// Writes what somebody asked for where they asked for it. Where that is no file, such as a pipe, nothing outlives
/// anything.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    file.sync_all()?;
    sync_parent(path)
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
}
