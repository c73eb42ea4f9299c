//! The space left on the disk: a commit that might not fit whole is not begun.

use std::path::Path;

use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

use crate::fault::{Fault, FaultKind};

/// Refuses, with its own kind of fault, where the disk under `directory` has fewer bytes left than `min_bytes`.
pub fn free_space_check(directory: &Path, min_bytes: u64) -> Result<(), Fault> {
    let free = free_bytes(directory)?;
    if free < min_bytes {
        let words = format!(
            "{} has {free} bytes left, a commit wants {min_bytes}",
            directory.display()
        );
        return Err(Fault::new(FaultKind::DiskFull, words));
    }

    Ok(())
}

/// Bytes that this process may still write to the disk under `directory`.
pub fn free_bytes(directory: &Path) -> Result<u64, Fault> {
    let disk = disk_of(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether nobody may write to the disk under `directory`.
pub(super) fn allows_only_reading(directory: &Path) -> Result<bool, Fault> {
    let disk = disk_of(directory)?;
    Ok(disk.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn disk_of(directory: &Path) -> Result<StatVfs, Fault> {
    statvfs(directory).map_err(|error| {
        Fault::from_io(
            &format!("asking about the disk of {}", directory.display()),
            &error.into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_too_little_space_has_its_own_fault() {
        let directory = tempfile::tempdir().unwrap();
        assert!(free_space_check(directory.path(), 1).is_ok());
        let fault = free_space_check(directory.path(), u64::MAX).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::DiskFull);
    }
}
