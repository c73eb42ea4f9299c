//! A token bucket for each address: how many calls it may make.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::limits::Limits;

/// Counts calls by address. Memory is bounded by `addresses_max`.
pub(super) struct Throttle {
    /// `None` when there is no limit.
    rate: Option<f64>,
    burst: f64,
    addresses_max: usize,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Throttle {
    pub(super) fn new(limits: &Limits) -> Throttle {
        Throttle {
            rate: (limits.calls_per_second > 0).then_some(f64::from(limits.calls_per_second)),
            burst: f64::from(limits.calls_burst),
            addresses_max: limits.addresses_max,
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Whether the address may make this many calls now. More than the burst cost the whole burst.
    pub(super) fn take(&self, address: IpAddr, calls: usize, now: Instant) -> bool {
        let cost = (calls as f64).min(self.burst);
        self.with_bucket(address, now, |bucket| {
            let enough = bucket.tokens >= cost;
            if enough {
                bucket.tokens -= cost;
            }
            enough
        })
        .unwrap_or(true)
    }

    /// Charges the address afterwards, down to a debt of one burst.
    pub(super) fn charge(&self, address: IpAddr, calls: usize, now: Instant) {
        self.with_bucket(address, now, |bucket| {
            bucket.tokens = (bucket.tokens - calls as f64).max(-self.burst)
        });
    }

    fn with_bucket<T>(
        &self,
        address: IpAddr,
        now: Instant,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> Option<T> {
        let rate = self.rate?;
        let address = counted_as(address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.addresses_max && !buckets.contains_key(&address) {
            forget_some(&mut buckets, rate, self.burst, now);
        }

        let bucket = buckets.entry(address).or_insert(Bucket {
            tokens: self.burst,
            filled: now,
        });
        bucket.tokens = bucket.level(rate, self.burst, now);
        bucket.filled = now;
        Some(act(bucket))
    }
}

impl Bucket {
    fn level(&self, rate: f64, burst: f64, now: Instant) -> f64 {
        (self.tokens + rate * now.saturating_duration_since(self.filled).as_secs_f64()).min(burst)
    }
}

/// Makes room. Addresses at rest lose nothing; when too few rest, everyone starts anew, so that a crowd of addresses
/// can neither lock others out nor make each call search the whole table.
fn forget_some(buckets: &mut HashMap<IpAddr, Bucket>, rate: f64, burst: f64, now: Instant) {
    let before = buckets.len();
    buckets.retain(|_, bucket| bucket.level(rate, burst, now) < burst);
    if buckets.len() > before / 2 {
        buckets.clear();
    }
}

/// One customer commonly holds a whole /64 of IPv6.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn throttle(calls_per_second: u32, calls_burst: u32, addresses_max: usize) -> Throttle {
        Throttle::new(&Limits {
            calls_per_second,
            calls_burst,
            addresses_max,
            ..Limits::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_is_served_and_refills_with_time() {
        let (throttle, now) = (throttle(10, 3, 100), Instant::now());
        let one = address("192.0.2.1");
        assert!(throttle.take(one, 2, now) && throttle.take(one, 1, now));
        assert!(!throttle.take(one, 1, now));
        assert!(throttle.take(address("192.0.2.2"), 3, now));
        assert!(throttle.take(one, 1, now + Duration::from_millis(100)));
        assert!(!throttle.take(one, 1, now + Duration::from_millis(100)));
    }

    #[test]
    fn a_debt_must_be_waited_off() {
        let (throttle, now) = (throttle(10, 10, 100), Instant::now());
        let one = address("192.0.2.1");
        throttle.charge(one, 1_000, now);
        assert!(!throttle.take(one, 1, now + Duration::from_secs(1)));
        assert!(throttle.take(one, 1, now + Duration::from_millis(1_100)));
    }

    #[test]
    fn a_batch_beyond_the_burst_costs_the_burst() {
        let (throttle, now) = (throttle(10, 10, 100), Instant::now());
        assert!(throttle.take(address("192.0.2.1"), 50, now));
        assert!(!throttle.take(address("192.0.2.1"), 1, now));
    }

    #[test]
    fn neighbours_within_a_64_of_ipv6_share_and_mapped_ipv4_does_not() {
        let (throttle, now) = (throttle(1, 1, 100), Instant::now());
        assert!(throttle.take(address("2001:db8::1"), 1, now));
        assert!(!throttle.take(address("2001:db8::2"), 1, now));
        assert!(throttle.take(address("2001:db8:0:1::2"), 1, now));
        assert!(throttle.take(address("::ffff:192.0.2.1"), 1, now));
        assert!(!throttle.take(address("192.0.2.1"), 1, now));
        assert!(throttle.take(address("::ffff:192.0.2.2"), 1, now));
    }

    #[test]
    fn the_table_stays_bounded() {
        let (throttle, now) = (throttle(1, 2, 16), Instant::now());
        for last in 0..=255 {
            throttle.take(IpAddr::from([192, 0, 2, last]), 1, now);
            assert!(throttle.buckets.lock().unwrap().len() <= 16);
        }
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let throttle = throttle(0, 1, 16);
        assert!((0..1_000).all(|_| throttle.take(address("192.0.2.1"), 1, Instant::now())));
    }
}
