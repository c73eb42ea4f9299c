//! A file that is there whole or not at all, also after a power cut.
//!
//! It is written beside its place first. Whoever writes there holds a lock until it is done, so what nobody holds is a
//! crash's leftover, perhaps half a key: the next one to write the same file removes it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

/// Hexadecimal digits that tell apart those who write the same file at the same time, perhaps in other containers.
const DIGITS: usize = 16;

/// Puts a whole file in its place, of the former one where there is one. Once this returns, it outlives a power cut.
pub(crate) fn put(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let (fresh, _held) = write_beside(path, mode, |file| file.write_all(bytes))?;
    fs::rename(&fresh, path)?;
    sync_directory(path)
}

/// The same where there must be none yet.
///
/// # Errors
/// `AlreadyExists` where the name is taken, also by somebody who took it meanwhile.
pub(crate) fn put_new(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    put_new_with(path, mode, |file| file.write_all(bytes))
}

/// The same of what is written piece by piece.
pub(crate) fn put_new_with<E: From<io::Error>>(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let (fresh, _held) = write_beside(path, mode, write)?;
    match renameat_with(CWD, &fresh, CWD, path, RenameFlags::NOREPLACE) {
        // A file system that cannot rename so has links, which replace nothing either.
        Err(Errno::INVAL | Errno::NOSYS) => {
            let linked = fs::hard_link(&fresh, path);
            let _ = fs::remove_file(&fresh);
            linked?;
        }
        Err(error) => {
            let _ = fs::remove_file(&fresh);
            return Err(io::Error::from(error).into());
        }
        Ok(()) => {}
    }
    Ok(sync_directory(path)?)
}

/// A new name is on the disk once its directory is.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if directory.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Where it was written, and the file, which is locked as long as it is open.
fn write_beside<E: From<io::Error>>(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(PathBuf, File), E> {
    remove_leftovers(path);
    loop {
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(format!(".{:0DIGITS$x}.new", rand::random::<u64>()));
        let fresh = PathBuf::from(fresh);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&fresh)?;
        // A file system without locks has none for whoever removes leftovers either.
        let _ = flock(&file, FlockOperation::LockExclusive);
        // Before it was locked, somebody may have taken it for a leftover.
        if !fresh.try_exists()? {
            continue;
        }
        return match write(&mut file).and_then(|()| Ok(file.sync_all()?)) {
            Ok(()) => Ok((fresh, file)),
            Err(error) => {
                // On a full disk it would be in the way until the next who writes.
                let _ = fs::remove_file(&fresh);
                Err(error)
            }
        };
    }
}

/// Removes what others wrote beside this place and nobody writes any more. One that cannot be removed is in nobody's way.
fn remove_leftovers(path: &Path) {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let place = entry.path();
        if !is_beside(path, &place) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(file) = fs::OpenOptions::new().write(true).open(&place) else {
            continue;
        };
        // Held until it is gone, so that whoever has made it and not locked it yet finds that out.
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_file(&place);
        }
    }
}

fn is_beside(path: &Path, place: &Path) -> bool {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let (Some(path), Some(place)) = (name(path), name(place)) else {
        return false;
    };
    let digits = place
        .strip_prefix(&path)
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(|rest| rest.strip_suffix(".new"));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
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
    fn a_file_whose_writing_breaks_off_leaves_nothing_and_the_former_one_in_its_place() {
        in_directory(|path| {
            put(path, 0o600, b"former").unwrap();
            let broken = put_new_with(path, 0o600, |file| {
                file.write_all(b"half")?;
                Err(io::Error::other("no more"))
            });
            assert_eq!(broken.unwrap_err().to_string(), "no more");
            assert_eq!(fs::read(path).unwrap(), b"former");
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
    fn a_name_that_somebody_takes_while_a_new_file_is_written_stays_theirs() {
        in_directory(|path| {
            let taken = put_new_with(path, 0o600, |file| {
                fs::write(path, b"theirs")?;
                file.write_all(b"ours")
            });
            assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(path).unwrap(), b"theirs");
        });
    }

    #[test]
    fn what_a_crash_left_is_removed_and_what_somebody_writes_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        put(&path, 0o600, b"one").unwrap();
        let (left, file) = write_beside(&path, 0o600, |file| file.write_all(b"half")).unwrap();
        put(&path, 0o600, b"two").unwrap();
        assert!(left.exists(), "somebody writes it");

        drop(file);
        let others = ["file.new", "file.7.new", "other.0123456789abcdef.new"];
        for name in others {
            fs::write(directory.path().join(name), "another's").unwrap();
        }
        assert!(put_new(&path, 0o600, b"three").is_err());
        assert!(!left.exists());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(
            others
                .iter()
                .all(|name| directory.path().join(name).exists())
        );
    }

    #[test]
    fn whoever_writes_the_same_file_at_the_same_time_under_the_same_number_is_in_nobodys_way() {
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
