//! Work on many things, shared among all cores.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Fewer things than this for each core are done faster by one.
pub(super) const SHARE_MIN: usize = 128;

/// How many cores there are.
fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How many things one core should do of so many.
pub(super) fn share(things: usize) -> usize {
    things.div_ceil(count()).max(SHARE_MIN)
}

/// What `work` makes of each thing, in order.
pub(super) fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let parts = things.chunks(share(things.len())).collect();
    let done = each(parts, |part: &[T]| {
        part.iter().map(&work).collect::<Vec<R>>()
    });
    done.into_iter().flatten().collect()
}

/// What `work` makes of each part, in order. Whichever core is free takes the next part.
pub(super) fn each<P: Send, R: Send>(parts: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
    let helpers = count().min(parts.len()).saturating_sub(1);
    let queue = Mutex::new(parts.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take_part = || {
        let mut done = Vec::new();
        while let Some((place, part)) = next() {
            done.push((place, work(part)));
        }
        done
    };

    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (0..helpers).map(|_| scope.spawn(take_part)).collect();
        let mut done = take_part();
        for other in others {
            // A panic aborts the process by its hook; in a test it goes on here.
            done.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_things_however_many_there_are() {
        for count in [0, 1, SHARE_MIN, 10 * SHARE_MIN + 1] {
            let things: Vec<usize> = (0..count).collect();
            assert_eq!(map(&things, |thing| *thing), things);
            assert_eq!(each(things.clone(), |thing| thing), things);
        }
    }
}
