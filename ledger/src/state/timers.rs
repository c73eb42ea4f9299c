//! What falls due when: buckets of one minute, found through a tree of 64-bit words.
//!
//! State is read by key alone, so the first filled bucket is found by walking six levels of
//! words from the top; an empty queue costs one read.

use std::rc::Rc;

use polity_proto::v1::{Timer, TimerBucket, TimerKind, TimerWord};
use prost::Message;

use super::{Overlay, Read, keys, objects};
use crate::time::MINUTE;

/// Six bits of the minute a level: 2^36 minutes reach beyond the year 130000.
const LEVELS: u64 = 6;
/// All later times share the last bucket, which no block reaches.
const MINUTE_LAST: u64 = (1 << (6 * LEVELS)) - 1;

/// Most timers of one minute where somebody chooses the minute: each one writes the minute's whole value anew.
pub(crate) const OF_A_MINUTE_MAX: usize = 2_048;
/// Minutes among which a timer that may be late finds its place.
const LATE_MAX: usize = 16;

/// The bucket in which what is due then waits.
pub(crate) fn bucket_of(due: u64) -> u64 {
    (due / MINUTE).min(MINUTE_LAST)
}

/// Sets a timer. The same one is set once.
pub fn set(state: &mut Overlay<'_>, due: u64, kind: TimerKind, number: u64) {
    let minute = bucket_of(due);
    let mut bucket = bucket_to_change(state, minute);
    let timer = Timer {
        due,
        kind: kind as i32,
        number,
    };
    if let Err(position) = bucket.timers.binary_search_by_key(&order(&timer), order) {
        bucket.timers.insert(position, timer);
    }
    put_bucket(state, minute, &bucket);

    for level in 0..LEVELS {
        let place = minute >> (6 * level);
        let (word, bit) = (place >> 6, place & 63);
        let before = bits(state, level, word);
        put_bits(state, level, word, before | 1 << bit);
        if before != 0 {
            break;
        }
    }
}

/// Sets a timer that comes some minutes later where many wait for its own minute.
pub fn set_about(state: &mut Overlay<'_>, due: u64, kind: TimerKind, number: u64) {
    let has_room = |due: &u64| waiting(state, *due) < OF_A_MINUTE_MAX;
    let place = moments_about(due).find(has_room);
    let last = moments_about(due).last();
    set(state, place.or(last).unwrap_or(due), kind, number);
}

/// Takes such a timer away, if it is there.
pub fn clear_about(state: &mut Overlay<'_>, due: u64, kind: TimerKind, number: u64) {
    if let Some(due) = moments_about(due).find(|due| is_set(state, *due, kind, number)) {
        clear(state, due, kind, number);
    }
}

/// When a timer may come that may be late: at its time, or as a later minute begins.
pub(crate) fn moments_about(due: u64) -> impl Iterator<Item = u64> {
    let later = (bucket_of(due) + 1..=MINUTE_LAST).map(|minute| minute * MINUTE);
    std::iter::once(due).chain(later).take(LATE_MAX)
}

fn is_set(state: &dyn Read, due: u64, kind: TimerKind, number: u64) -> bool {
    let is_it = |timer: &Timer| order(timer) == (due, kind as i32, number);
    bucket(state, bucket_of(due)).timers.iter().any(is_it)
}

/// How many timers wait for the minute of that time.
pub fn waiting(state: &dyn Read, due: u64) -> usize {
    bucket(state, bucket_of(due)).timers.len()
}

/// Takes a timer away, if it is there.
pub fn clear(state: &mut Overlay<'_>, due: u64, kind: TimerKind, number: u64) {
    let minute = bucket_of(due);
    let mut bucket = bucket_to_change(state, minute);
    let timer = Timer {
        due,
        kind: kind as i32,
        number,
    };
    let Ok(position) = bucket.timers.binary_search_by_key(&order(&timer), order) else {
        return;
    };
    bucket.timers.remove(position);
    put_less(state, minute, &bucket);
}

/// Takes away the first timers that are due at `now`, at most `max` and of one bucket, in the order
/// (due, kind, number). A bucket is written once for all of them.
pub fn take_due(state: &mut Overlay<'_>, now: u64, max: usize) -> Vec<Timer> {
    let Some(first) = first_due(state, now) else {
        return Vec::new();
    };
    let minute = bucket_of(first.due);
    let mut bucket = bucket_to_change(state, minute);
    let due = bucket.timers.iter().take(max);
    let count = due.take_while(|timer| timer.due <= now).count();
    let taken = bucket.timers.drain(..count).collect();
    put_less(state, minute, &bucket);
    taken
}

/// Writes a bucket from which timers were taken; an empty one leaves the index.
fn put_less(state: &mut Overlay<'_>, minute: u64, bucket: &TimerBucket) {
    put_bucket(state, minute, bucket);
    if !bucket.timers.is_empty() {
        return;
    }
    for level in 0..LEVELS {
        let place = minute >> (6 * level);
        let (word, bit) = (place >> 6, place & 63);
        let after = bits(state, level, word) & !(1 << bit);
        put_bits(state, level, word, after);
        if after != 0 {
            break;
        }
    }
}

/// The first timer in the order (due, kind, number), if it is due at `now`.
pub fn first_due(state: &dyn Read, now: u64) -> Option<Timer> {
    let mut place = 0;
    for level in (0..LEVELS).rev() {
        let word = bits(state, level, place);
        if word == 0 {
            return None;
        }
        place = place << 6 | u64::from(word.trailing_zeros());
    }
    bucket(state, place)
        .timers
        .first()
        .filter(|timer| timer.due <= now)
        .copied()
}

fn order(timer: &Timer) -> (u64, i32, u64) {
    (timer.due, timer.kind, timer.number)
}

/// What waits for a minute. That may be much, and many look at it: it is decoded once for all.
fn bucket(state: &dyn Read, minute: u64) -> Rc<TimerBucket> {
    let key = keys::key(keys::TIMER_BUCKET, &[minute]);
    let bucket = state.decoded(&key, |value| {
        Rc::new(objects::decode_shared::<TimerBucket>(value))
    });
    bucket.map_or_else(Rc::default, |bucket| {
        bucket.downcast().expect("only timers lie there")
    })
}

/// The same, to change it.
fn bucket_to_change(state: &dyn Read, minute: u64) -> TimerBucket {
    Rc::unwrap_or_clone(bucket(state, minute))
}

fn put_bucket(state: &mut Overlay<'_>, minute: u64, bucket: &TimerBucket) {
    let key = keys::key(keys::TIMER_BUCKET, &[minute]);
    if bucket.timers.is_empty() {
        state.delete(key);
    } else {
        state.put(key, bucket.encode_to_vec());
    }
}

fn bits(state: &dyn Read, level: u64, word: u64) -> u64 {
    let key = keys::key(keys::TIMER_WORD, &[level, word]);
    objects::value::<TimerWord>(state, &key)
        .unwrap_or_default()
        .bits
}

fn put_bits(state: &mut Overlay<'_>, level: u64, word: u64, bits: u64) {
    let key = keys::key(keys::TIMER_WORD, &[level, word]);
    if bits == 0 {
        state.delete(key);
    } else {
        state.put(key, TimerWord { bits }.encode_to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn timers_come_in_order_and_leave_nothing_behind() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        let mut expected = BTreeSet::new();
        let mut seed = 7_u64;
        for number in 0..500 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let due = seed >> 34;
            set(&mut state, due, TimerKind::Hold, number);
            set(&mut state, due, TimerKind::Hold, number);
            expected.insert((due, number));
        }
        for (index, (due, number)) in expected.clone().into_iter().enumerate() {
            if index % 5 == 0 {
                clear(&mut state, due, TimerKind::Hold, number);
                expected.remove(&(due, number));
            }
        }
        for (due, number) in expected {
            assert_eq!(
                first_due(&state, due.saturating_sub(1)).filter(|t| t.due >= due),
                None
            );
            let timer = first_due(&state, due).expect("a timer is due");
            assert_eq!((timer.due, timer.number), (due, number));
            clear(&mut state, due, TimerKind::Hold, number);
        }
        assert!(state.into_changes().is_empty());
    }

    #[test]
    fn timers_that_may_be_late_find_room_in_the_minutes_after_and_are_found_there() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        let count = OF_A_MINUTE_MAX as u64 * 2 + 1;
        for number in 0..count {
            set_about(&mut state, 90, TimerKind::Assignment, number);
        }
        let waiting = |state: &Overlay<'_>| [90, 120, 180, 240].map(|due| waiting(state, due));
        assert_eq!(waiting(&state), [OF_A_MINUTE_MAX, OF_A_MINUTE_MAX, 1, 0]);
        assert!(is_set(&state, 90, TimerKind::Assignment, 0));
        assert!(is_set(&state, 180, TimerKind::Assignment, count - 1));

        for number in 0..count {
            clear_about(&mut state, 90, TimerKind::Assignment, number);
        }
        assert!(state.into_changes().is_empty());
    }
}
