//! Waiting for what is observable, up to a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until the probe answers; `None` when `within` has passed without an answer.
/// Looks at least once, and once more at the very end.
pub fn poll<T>(within: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        let last = Instant::now() >= deadline;
        if let Some(found) = probe() {
            return Some(found);
        }
        if last {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Like [`poll`], for tests: without an answer it panics and says what was waited for.
#[track_caller]
pub fn until<T>(what: &str, within: Duration, probe: impl FnMut() -> Option<T>) -> T {
    match poll(within, probe) {
        Some(found) => found,
        None => panic!("waited {within:?} in vain: {what}"),
    }
}

/// Lets time pass, for trials of which the moment itself is a part: what must have happened is asked, not awaited thus.
pub fn pass(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_time_is_returned() {
        let mut looks = 0;
        let found = poll(Duration::from_secs(5), || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found, Some(3));
    }

    #[test]
    fn what_never_comes_ends_at_the_deadline() {
        assert_eq!(poll(Duration::from_millis(50), || None::<()>), None);
    }
}
