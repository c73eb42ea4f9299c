//! Work on many things, shared among all cores.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Fewer things than this for each core are done faster by one.
pub(crate) const SHARE_MIN: usize = 128;
/// Parts for each core where the order of work does not matter: the last one that somebody waits for is small.
const PARTS: usize = 4;

/// How many cores there are. Asked once: the system reads files to tell.
static COUNT: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));

/// How many things one core should do of so many.
pub(crate) fn share(things: usize) -> usize {
    things.div_ceil(*COUNT).max(SHARE_MIN)
}

fn part(things: usize) -> usize {
    things.div_ceil(PARTS * *COUNT).max(SHARE_MIN)
}

/// What `work` makes of each thing, in order.
pub(crate) fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let parts = things.chunks(part(things.len())).collect();
    let done = each(parts, |part: &[T]| {
        part.iter().map(&work).collect::<Vec<R>>()
    });
    done.into_iter().flatten().collect()
}

/// Does `work` on each thing.
pub(crate) fn for_each<T: Send>(things: &mut [T], work: impl Fn(&mut T) + Sync) {
    let parts = things.chunks_mut(part(things.len())).collect();
    each(parts, |part: &mut [T]| part.iter_mut().for_each(&work));
}

/// What `work` makes of each part, in order. Whichever core is free takes the next part.
pub(crate) fn each<P: Send, R: Send>(parts: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
    let _shared = (parts.len() > 1).then(Shared::begin);
    ahead(parts, work, |done| done.collect())
}

/// Does one thing here and another on another core, and answers what both made.
pub(crate) fn both<T: Send, H>(
    there: impl FnOnce() -> T + Send,
    here: impl FnOnce() -> H,
) -> (T, H) {
    let shared = Shared::begin();
    thread::scope(|scope| {
        let there = scope.spawn(move || {
            let _shared = shared;
            there()
        });
        let here = here();
        // A panic aborts the process by its hook; in a test it goes on here.
        let there = there.join().unwrap_or_else(|panic| resume_unwind(panic));
        (there, here)
    })
}

/// Hands `consume` what `work` makes of each part, in order. Other cores work ahead of it, and so does its own core
/// as often as what comes next is not there yet.
pub(crate) fn ahead<P: Send, R: Send, O>(
    parts: Vec<P>,
    work: impl Fn(P) -> R + Sync,
    consume: impl FnOnce(&mut dyn Iterator<Item = R>) -> O,
) -> O {
    let places = 0..parts.len();
    let helpers = COUNT.min(parts.len()).saturating_sub(1);
    let queue = Mutex::new(parts.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (sender, arrivals) = mpsc::channel();
    let help = |sender: Sender<(usize, R)>| {
        while let Some((place, part)) = next() {
            // Nobody listens any more where the consumer has seen enough.
            let _ = sender.send((place, work(part)));
        }
    };

    thread::scope(|scope| {
        for _ in 0..helpers {
            let (help, sender) = (&help, sender.clone());
            scope.spawn(move || help(sender));
        }
        drop(sender);
        let mut done = BTreeMap::new();
        let mut in_order = places.map(|place| {
            loop {
                done.extend(arrivals.try_iter());
                if let Some(result) = done.remove(&place) {
                    return result;
                }
                let (place, result) = match next() {
                    Some((place, part)) => (place, work(part)),
                    // A panic aborts the process by its hook; in a test it goes on here.
                    None => arrivals.recv().expect("a thread that helps panicked"),
                };
                done.insert(place, result);
            }
        });
        consume(&mut in_order)
    })
}

/// Works that are shared among the cores now.
static SHARED: Mutex<usize> = Mutex::new(0);
static NONE_SHARED: Condvar = Condvar::new();

/// A work of which each part is waited for, as long as it goes on.
struct Shared;

impl Shared {
    fn begin() -> Shared {
        *shared() += 1;
        Shared
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut works = shared();
        *works -= 1;
        if *works == 0 {
            NONE_SHARED.notify_all();
        }
    }
}

fn shared() -> MutexGuard<'static, usize> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long the one work stands back for others: they may come without end.
const GIVING_WAY_MAX: Duration = Duration::from_millis(100);

/// Waits while the cores share a work. Whoever works ahead of what is asked calls it between small pieces, and holds
/// nothing meanwhile that others wait for: a part of a shared work that has to stand back for it holds all of it up.
pub(crate) fn give_way() {
    let waited = NONE_SHARED.wait_timeout_while(shared(), GIVING_WAY_MAX, |works| *works > 0);
    drop(waited);
}

/// Work that goes on beside what its owner does. Whoever drops the owner waits for it: it may hold what has to be closed.
#[derive(Default)]
pub(crate) struct Beside {
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Beside {
    /// Begins some work.
    pub(crate) fn begin(&self, work: impl FnOnce() + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|thread| !thread.is_finished());
        running.push(thread::spawn(work));
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let running = self.running.get_mut();
        for thread in running.unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A panic aborts the process by its hook; in a test it was told where it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::RecvTimeoutError;

    use super::*;

    #[test]
    fn the_order_is_that_of_the_things_however_many_there_are() {
        for count in [0, 1, SHARE_MIN, 10 * SHARE_MIN + 1] {
            let things: Vec<usize> = (0..count).collect();
            assert_eq!(map(&things, |thing| *thing), things);
            assert_eq!(each(things.clone(), |thing| thing), things);
        }
    }

    #[test]
    fn whoever_takes_results_one_by_one_has_them_in_order_and_may_stop() {
        let parts: Vec<usize> = (0..100).collect();
        let taken = ahead(
            parts.clone(),
            |part| part,
            |results| results.take(7).collect::<Vec<_>>(),
        );
        assert_eq!(taken, parts[..7]);
    }

    #[test]
    fn what_can_wait_gives_way_to_a_work_that_the_cores_share() {
        let (sender, receiver) = mpsc::channel();
        let waiting = both(
            move || {
                let waiting = thread::spawn(move || {
                    give_way();
                    let _ = sender.send(());
                });
                let gave_way = receiver.recv_timeout(GIVING_WAY_MAX / 2);
                assert_eq!(gave_way, Err(RecvTimeoutError::Timeout));
                (waiting, receiver)
            },
            || {},
        );
        let ((waiting, receiver), ()) = waiting;
        waiting.join().unwrap();
        assert_eq!(receiver.recv(), Ok(()));
    }

    #[test]
    fn whoever_drops_it_waits_for_what_goes_on_beside() {
        let (sender, receiver) = mpsc::channel();
        let beside = Beside::default();
        beside.begin(move || {
            for number in 0..1_000 {
                let _ = sender.send(number);
            }
        });
        drop(beside);
        assert_eq!(receiver.try_iter().count(), 1_000);
    }
}
