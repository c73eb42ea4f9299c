//! Crash points: named places where a test can make the process die as if the power went.
//!
//! They are compiled into every build, so that what is tested is what runs; without an order they cost one atomic
//! load. The order is `NAME` or `NAME:N` (die at the N-th time, counted from 1), and comes from the environment
//! variable `POLITYD_CRASH_AT` or from [`arm`]. A simulation orders the death of one of its nodes by
//! [`outlive`](crate::death::outlive).
//!
//! | name | the process dies |
//! |---|---|
//! | `store.before_write` | with a commit decided and nothing of it written |
//! | `store.after_write` | with a commit on disk and no reader told of it |
//! | `store.after_swap` | with a commit on disk and readers told |
//! | `store.before_keep` | with a block judged, not on disk and not voted for (embedded engine) |
//! | `store.after_keep` | with a block on disk that consensus has not been told of (embedded engine) |
//! | `app.after_finalize` | with a block executed and not yet asked to commit |
//! | `app.before_commit` | with a block executed and asked to commit |
//! | `app.after_commit` | with a block durable and the engine not told |
//! | `rollback.before_write` | with a rollback decided and nothing of it written |
//! | `rollback.after_write` | with a rollback on disk |
//! | `backup.before_rename` | with a backup complete under its temporary name |
//! | `restore.before_rename` | with a restored store complete under its temporary name |

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::death;
use crate::fault::{Fault, FaultKind, fatal};

/// The environment variable that orders a crash.
pub const ENVIRONMENT_VARIABLE: &str = "POLITYD_CRASH_AT";

/// A place where the process can be made to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// A commit is decided, nothing of it is written.
    StoreBeforeWrite,
    /// A commit is on disk, no reader was told.
    StoreAfterWrite,
    /// A commit is on disk and readers were told.
    StoreAfterSwap,
    /// A block is judged: not on disk, and not voted for.
    StoreBeforeKeep,
    /// A block is on disk, and consensus has not been told of it.
    StoreAfterKeep,
    /// A block is executed; the engine has not asked to commit it.
    AppAfterFinalize,
    /// A block is executed and to be committed.
    AppBeforeCommit,
    /// A block is durable; the engine was not told.
    AppAfterCommit,
    /// A rollback is decided, nothing of it is written.
    RollbackBeforeWrite,
    /// A rollback is on disk.
    RollbackAfterWrite,
    /// A backup is complete under its temporary name.
    BackupBeforeRename,
    /// A restored store is complete under its temporary name.
    RestoreBeforeRename,
}

impl CrashPoint {
    /// Every crash point.
    pub const ALL: [CrashPoint; 12] = [
        CrashPoint::StoreBeforeWrite,
        CrashPoint::StoreAfterWrite,
        CrashPoint::StoreAfterSwap,
        CrashPoint::StoreBeforeKeep,
        CrashPoint::StoreAfterKeep,
        CrashPoint::AppAfterFinalize,
        CrashPoint::AppBeforeCommit,
        CrashPoint::AppAfterCommit,
        CrashPoint::RollbackBeforeWrite,
        CrashPoint::RollbackAfterWrite,
        CrashPoint::BackupBeforeRename,
        CrashPoint::RestoreBeforeRename,
    ];

    /// The name by which a crash is ordered.
    pub fn name(self) -> &'static str {
        match self {
            CrashPoint::StoreBeforeWrite => "store.before_write",
            CrashPoint::StoreAfterWrite => "store.after_write",
            CrashPoint::StoreAfterSwap => "store.after_swap",
            CrashPoint::StoreBeforeKeep => "store.before_keep",
            CrashPoint::StoreAfterKeep => "store.after_keep",
            CrashPoint::AppAfterFinalize => "app.after_finalize",
            CrashPoint::AppBeforeCommit => "app.before_commit",
            CrashPoint::AppAfterCommit => "app.after_commit",
            CrashPoint::RollbackBeforeWrite => "rollback.before_write",
            CrashPoint::RollbackAfterWrite => "rollback.after_write",
            CrashPoint::BackupBeforeRename => "backup.before_rename",
            CrashPoint::RestoreBeforeRename => "restore.before_rename",
        }
    }
}

/// Dies here if that was ordered; otherwise does nothing.
pub fn reach(point: CrashPoint) {
    death::reach(point);
    if let Some(order) = order() {
        order.count(point);
    }
}

/// Orders a crash, `NAME` or `NAME:N`. Only the first order of a process holds, wherever it came from.
pub fn arm(text: &str) -> Result<(), Fault> {
    let order = Order::parse(text)?;
    if ORDER.set(Some(order)).is_err() {
        return Err(Fault::new(
            FaultKind::Internal,
            "a crash was ordered after the first crash point was reached",
        ));
    }

    Ok(())
}

/// Reads the environment's order, so that a misspelt name is told at the start and not never.
pub(crate) fn arm_from_environment() {
    let _ = order();
}

static ORDER: OnceLock<Option<Order>> = OnceLock::new();

#[derive(Debug)]
struct Order {
    point: CrashPoint,
    times_left: AtomicU64,
}

impl Order {
    fn parse(text: &str) -> Result<Order, Fault> {
        let (name, times) = text.split_once(':').unwrap_or((text, "1"));
        let point = CrashPoint::ALL
            .into_iter()
            .find(|point| point.name() == name);
        let times = times.parse::<u64>().ok().filter(|times| *times > 0);
        let (Some(point), Some(times)) = (point, times) else {
            let names: Vec<&str> = CrashPoint::ALL.iter().map(|point| point.name()).collect();
            let words = format!(
                "no crash point is called {text:?}; there are {}",
                names.join(", ")
            );
            return Err(Fault::new(FaultKind::Internal, words));
        };

        Ok(Order {
            point,
            times_left: AtomicU64::new(times),
        })
    }

    fn count(&self, point: CrashPoint) {
        if self.point == point && self.times_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            eprintln!("polityd dies at crash point {}, as ordered", point.name());
            std::process::abort();
        }
    }
}

fn order() -> Option<&'static Order> {
    let order = ORDER.get_or_init(|| {
        let text = std::env::var(ENVIRONMENT_VARIABLE)
            .ok()
            .filter(|text| !text.is_empty())?;
        match Order::parse(&text) {
            Ok(order) => Some(order),
            Err(fault) => fatal(fault),
        }
    });
    order.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crash_point_is_ordered_by_its_name() {
        for point in CrashPoint::ALL {
            let order = Order::parse(&format!("{}:3", point.name())).unwrap();
            assert_eq!((order.point, order.times_left.into_inner()), (point, 3));
        }
    }

    #[test]
    fn an_order_that_cannot_be_followed_is_refused() {
        for text in [
            "",
            "store",
            "store.before_write:0",
            "store.before_write:x",
            "store.before_write:",
        ] {
            assert!(Order::parse(text).is_err(), "{text:?}");
        }
    }
}
