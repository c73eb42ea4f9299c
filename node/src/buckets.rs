//! Token buckets: who may ask for how much, and how soon again. Of members and of addresses alike.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A bucket for each key. Memory is bounded by `keys_max`.
pub(crate) struct Buckets<K> {
    /// Tokens a second that flow back.
    per_second: f64,
    /// Tokens of a full bucket.
    burst: f64,
    keys_max: usize,
    levels: Mutex<HashMap<K, Level>>,
}

#[derive(Clone, Copy)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub(crate) fn new(per_second: f64, burst: f64, keys_max: usize) -> Buckets<K> {
        Buckets {
            per_second,
            burst,
            keys_max,
            levels: Mutex::default(),
        }
    }

    /// What the key has left; nothing is charged.
    pub(crate) fn left(&self, key: K, now: Instant) -> f64 {
        let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels
            .get(&key)
            .map_or(self.burst, |level| self.refilled(level, now))
    }

    /// Charges the key if it has enough. More than the burst costs the whole burst.
    pub(crate) fn take(&self, key: K, cost: f64, now: Instant) -> bool {
        let cost = cost.min(self.burst);
        self.change(key, now, |tokens| {
            let enough = tokens >= cost;
            (if enough { tokens - cost } else { tokens }, enough)
        })
    }

    /// Charges the key afterwards, down to a debt of one burst.
    pub(crate) fn charge(&self, key: K, cost: f64, now: Instant) {
        self.change(key, now, |tokens| ((tokens - cost).max(-self.burst), ()));
    }

    fn change<T>(&self, key: K, now: Instant, act: impl FnOnce(f64) -> (f64, T)) -> T {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len() >= self.keys_max && !levels.contains_key(&key) {
            self.forget_some(&mut levels, now);
        }

        let tokens = levels
            .get(&key)
            .map_or(self.burst, |level| self.refilled(level, now));
        let (tokens, outcome) = act(tokens);
        levels.insert(key, Level { tokens, at: now });
        outcome
    }

    /// Makes room. Keys at rest lose nothing; when too few rest, everyone starts anew, so that a crowd of keys can
    /// neither lock others out nor make each call search the whole table.
    fn forget_some(&self, levels: &mut HashMap<K, Level>, now: Instant) {
        let before = levels.len();
        levels.retain(|_, level| self.refilled(level, now) < self.burst);
        if levels.len() > before / 2 {
            levels.clear();
        }
    }

    fn refilled(&self, level: &Level, now: Instant) -> f64 {
        let rested = now.saturating_duration_since(level.at).as_secs_f64();
        (level.tokens + self.per_second * rested).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_served_and_refills_with_time() {
        let (buckets, now) = (Buckets::new(10.0, 3.0, 100), Instant::now());
        assert!(buckets.take(1, 2.0, now) && buckets.take(1, 1.0, now));
        assert!(!buckets.take(1, 1.0, now));
        assert!(buckets.take(2, 3.0, now));
        let later = now + Duration::from_millis(100);
        assert!(buckets.take(1, 1.0, later));
        assert!(!buckets.take(1, 1.0, later));
    }

    #[test]
    fn a_debt_is_one_burst_at_most_and_must_be_waited_off() {
        let (buckets, now) = (Buckets::new(10.0, 10.0, 100), Instant::now());
        buckets.charge(1, 1_000.0, now);
        assert!(!buckets.take(1, 1.0, now + Duration::from_secs(1)));
        assert!(buckets.take(1, 1.0, now + Duration::from_millis(1_100)));
    }

    #[test]
    fn what_is_asked_beyond_the_burst_costs_the_burst() {
        let (buckets, now) = (Buckets::new(10.0, 10.0, 100), Instant::now());
        assert!(buckets.take(1, 50.0, now));
        assert!(!buckets.take(1, 1.0, now));
    }

    #[test]
    fn the_table_stays_bounded_whoever_comes() {
        let (buckets, now) = (Buckets::new(1.0, 2.0, 16), Instant::now());
        for key in 0..=255 {
            buckets.charge(key, 1.0, now);
            assert!(buckets.levels.lock().unwrap().len() <= 16);
        }
    }

    #[test]
    fn whoever_rests_makes_room_for_others_and_debtors_stay() {
        let (buckets, now) = (Buckets::new(1.0, 2.0, 4), Instant::now());
        for (key, cost) in [(1, 1.0), (2, 1.0), (3, 1.0), (4, 4.0)] {
            buckets.charge(key, cost, now);
        }
        let later = now + Duration::from_secs(1);
        buckets.charge(5, 1.0, later);
        assert_eq!(
            (buckets.left(1, later), buckets.left(4, later)),
            (2.0, -1.0)
        );
    }

    #[test]
    fn an_endless_bucket_is_never_empty() {
        let (buckets, now) = (
            Buckets::new(f64::INFINITY, f64::INFINITY, 4),
            Instant::now(),
        );
        buckets.charge(1, 1e9, now);
        assert!(buckets.take(1, 1e9, now));
    }
}
