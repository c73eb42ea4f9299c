//! A file that is there whole or not at all, also after a power cut.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Puts a whole file in its place, of the former one where there is one. Once this returns, it outlives a power cut.
pub(crate) fn put(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let fresh = write_beside(path, mode, bytes)?;
    fs::rename(&fresh, path)?;
    sync_directory(path)
}

/// The same where there must be none yet.
///
/// # Errors
/// `AlreadyExists` where the name is taken, also by who took it meanwhile.
pub(crate) fn put_new(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let fresh = write_beside(path, mode, bytes)?;
    // Unlike a rename, a link replaces nothing.
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    linked?;
    sync_directory(path)
}

/// A new name is on the disk once its directory is.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if directory.as_os_str().is_empty() => fs::File::open(".")?.sync_all(),
        Some(directory) => fs::File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn write_beside(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut fresh = path.as_os_str().to_owned();
    // Who writes the same file at the same time, perhaps in another container, writes beside another name.
    fresh.push(format!(".{:016x}.new", rand::random::<u64>()));
    let fresh = PathBuf::from(fresh);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn in_directory(test: impl FnOnce(&Path)) {
        let directory = tempfile::tempdir().unwrap();
        test(&directory.path().join("file"));
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_file_takes_the_place_of_the_former_one() {
        in_directory(|path| {
            put(path, 0o600, b"one").unwrap();
            put(path, 0o600, b"two").unwrap();
            assert_eq!(fs::read(path).unwrap(), b"two");
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        });
    }

    #[test]
    fn a_new_file_replaces_none() {
        in_directory(|path| {
            put_new(path, 0o600, b"one").unwrap();
            let taken = put_new(path, 0o600, b"two").unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(path).unwrap(), b"one");
        });
    }

    #[test]
    fn who_writes_the_same_file_at_the_same_time_under_the_same_number_is_in_nobodys_way() {
        in_directory(|path| {
            std::thread::scope(|scope| {
                for text in [[b'a'; 100], [b'b'; 100], [b'c'; 100], [b'd'; 100]] {
                    scope.spawn(move || {
                        for _ in 0..50 {
                            put(path, 0o600, &text).unwrap();
                        }
                    });
                }
            });
            let text = fs::read(path).unwrap();
            assert_eq!(text, [text[0]; 100]);
        });
    }
}
