//! Work on many things, shared among all cores.

use std::thread;

/// Fewer things than this for each core are done faster by one.
pub(super) const SHARE_MIN: usize = 128;

/// How many things one core should do of so many.
pub(super) fn share(things: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    things.div_ceil(cores).max(SHARE_MIN)
}

/// What `work` makes of each thing, in order.
pub(super) fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut parts = things.chunks(share(things.len()));
    let first = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().map(&work).collect::<Vec<R>>()))
            .collect();
        let mut done: Vec<R> = first.iter().map(&work).collect();
        for other in others {
            // A panic aborts the process by its hook; in a test it goes on here.
            done.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_things_however_many_there_are() {
        for count in [0, 1, SHARE_MIN, 10 * SHARE_MIN + 1] {
            let things: Vec<usize> = (0..count).collect();
            assert_eq!(map(&things, |thing| *thing), things);
        }
    }
}
