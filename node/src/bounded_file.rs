//! Files from outside, read with a bound.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a whole file. A pipe or a device tells no length beforehand, so what comes is counted.
///
/// # Errors
/// `FileTooLarge` where there are more than `bytes_max` bytes, which are mebibytes.
pub(crate) fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let more = bytes_max.saturating_add(1);
    File::open(path)?.take(more).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let words = format!("is larger than {} MiB", bytes_max >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_bound_whatever_the_length_says() {
        let refused = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(refused.to_string(), "is larger than 1 MiB");
        assert_eq!(read(Path::new("/dev/null"), 1 << 20).unwrap(), b"");
    }
}
