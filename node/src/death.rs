//! The end of a node, for whoever outlives it.
//!
//! A node dies as its process does: at a crash point, as ordered, or by a fault. A simulation holds several nodes in
//! one process, so there a death ends one call, and whoever made it drops the node with all that was in its memory.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::crash_point::CrashPoint;
use crate::fault::Fault;

/// What a node died of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// A crash point, as ordered.
    Crash(CrashPoint),
    /// A fault: as a process, the node would have stopped with the exit code of its kind.
    Fault(Fault),
}

thread_local! {
    static OUTLIVED: Cell<bool> = const { Cell::new(false) };
    static ORDERED: Cell<Option<CrashPoint>> = const { Cell::new(None) };
}

/// Calls a node that dies at `crash_at`, if it comes there in this thread, or by a fault; the process goes on.
///
/// It needs a build that unwinds, as builds of tests do; one that aborts at a panic ends the process here too.
///
/// # Errors
/// What the node died of. It must not be called again: drop it, and open its store anew.
pub fn outlive<T>(crash_at: Option<CrashPoint>, call: impl FnOnce() -> T) -> Result<T, Death> {
    OUTLIVED.set(true);
    ORDERED.set(crash_at);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    OUTLIVED.set(false);
    ORDERED.set(None);

    outcome.map_err(|payload| match payload.downcast::<Death>() {
        Ok(death) => *death,
        // A panic is nobody's order: it stays one.
        Err(panic) => resume_unwind(panic),
    })
}

/// Dies at the point if whoever outlives the node ordered it.
pub(crate) fn reach(point: CrashPoint) {
    if ORDERED.get() == Some(point) {
        die(Death::Crash(point));
    }
}

/// Dies, if somebody outlives the node; else returns, and the process has to end.
pub(crate) fn die(death: Death) {
    if OUTLIVED.get() {
        // No panic: nothing is printed, and no hook aborts the process.
        resume_unwind(Box::new(death));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_point;
    use crate::fault::{FaultKind, fatal};

    #[test]
    fn a_death_ends_the_call_and_no_more() {
        let point = CrashPoint::StoreAfterWrite;
        let died = outlive(Some(point), || crash_point::reach(point));
        assert_eq!(died, Err(Death::Crash(point)));

        let fault = Fault::new(FaultKind::DiskFull, "no space");
        let died = outlive(None, || -> () { fatal(fault.clone()) });
        assert_eq!(died, Err(Death::Fault(fault)));
    }

    #[test]
    fn a_node_that_comes_to_another_point_lives() {
        let lived = outlive(Some(CrashPoint::StoreAfterWrite), || {
            crash_point::reach(CrashPoint::StoreBeforeWrite);
        });
        assert_eq!(lived, Ok(()));
    }
}
