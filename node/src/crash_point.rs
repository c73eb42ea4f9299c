//! Crash points: named places where a test can make the process die as if the power went.
//!
//! They are compiled into every build, so that what is tested is what runs; without an order they cost one atomic
//! load. The order is `NAME` or `NAME:N` (die at the N-th time, counted from 1), in the environment variable
//! `POLITYD_CRASH_AT`. A simulation orders the death of one of its nodes by [`outlive`](crate::death::outlive).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::death;
use crate::fault::{Fault, FaultKind, fatal};

/// The environment variable that orders a crash.
pub const ENVIRONMENT_VARIABLE: &str = "POLITYD_CRASH_AT";

/// Makes [`CrashPoint`] of one row for each: when it is reached, and the name by which a crash is ordered.
macro_rules! crash_points {
    ($($(#[$doc:meta])+ $point:ident = $name:literal;)+) => {
        /// A place where the process can be made to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CrashPoint {
            $($(#[$doc])+ $point,)+
        }

        impl CrashPoint {
            /// Every crash point.
            pub const ALL: [CrashPoint; [$($name),+].len()] = [$(CrashPoint::$point),+];

            /// The name by which a crash is ordered.
            pub fn name(self) -> &'static str {
                match self { $(CrashPoint::$point => $name,)+ }
            }
        }
    };
}

crash_points! {
    /// A commit is decided, nothing of it is written.
    StoreBeforeWrite = "store.before_write";
    /// A commit is on disk, no reader was told.
    StoreAfterWrite = "store.after_write";
    /// A commit is on disk and readers were told.
    StoreAfterSwap = "store.after_swap";
    /// A block is judged: not on disk, and not voted for (embedded engine).
    StoreBeforeKeep = "store.before_keep";
    /// A block is on disk, and consensus has not been told of it (embedded engine).
    StoreAfterKeep = "store.after_keep";
    /// A block is executed; the engine has not asked to commit it.
    AppAfterFinalize = "app.after_finalize";
    /// A block is executed and to be committed.
    AppBeforeCommit = "app.before_commit";
    /// A block is durable; the engine was not told.
    AppAfterCommit = "app.after_commit";
    /// A rollback is decided, nothing of it is written.
    RollbackBeforeWrite = "rollback.before_write";
    /// A rollback is on disk.
    RollbackAfterWrite = "rollback.after_write";
    /// A backup is complete under its temporary name.
    BackupBeforeRename = "backup.before_rename";
    /// A restored store is complete under its temporary name.
    RestoreBeforeRename = "restore.before_rename";
}

/// Dies here if that was ordered; otherwise does nothing.
pub fn reach(point: CrashPoint) {
    death::reach(point);
    if let Some(order) = order() {
        order.count(point);
    }
}

/// Reads the environment's order, so that a misspelt name is told at the start and not never.
pub(crate) fn read_order() {
    let _ = order();
}

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
    static ORDER: OnceLock<Option<Order>> = OnceLock::new();

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
