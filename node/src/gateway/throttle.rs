//! How many calls an address may make.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use super::limits::Limits;
use crate::buckets::Buckets;

/// Counts calls by address. `None` where there is no limit.
pub(super) struct Throttle(Option<Buckets<IpAddr>>);

impl Throttle {
    pub(super) fn new(limits: &Limits) -> Throttle {
        Throttle((limits.calls_per_second > 0).then(|| {
            Buckets::new(
                limits.calls_per_second.into(),
                limits.calls_burst.into(),
                limits.addresses_max,
            )
        }))
    }

    /// Whether the address may make this many calls now. More than the burst cost the whole burst.
    pub(super) fn take(&self, address: IpAddr, calls: usize, now: Instant) -> bool {
        self.0
            .as_ref()
            .is_none_or(|buckets| buckets.take(counted_as(address), calls as f64, now))
    }

    /// Charges the address afterwards, down to a debt of one burst.
    pub(super) fn charge(&self, address: IpAddr, calls: usize, now: Instant) {
        if let Some(buckets) = &self.0 {
            buckets.charge(counted_as(address), calls as f64, now);
        }
    }
}

/// Whom an address belongs to: one customer commonly holds a whole /64 of IPv6.
pub(super) fn counted_as(address: IpAddr) -> IpAddr {
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
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn neighbours_within_a_64_of_ipv6_share_and_mapped_ipv4_does_not() {
        let limits = Limits {
            calls_per_second: 1,
            calls_burst: 1,
            ..Limits::default()
        };
        let (throttle, now) = (Throttle::new(&limits), Instant::now());
        assert!(throttle.take(address("2001:db8::1"), 1, now));
        assert!(!throttle.take(address("2001:db8::2"), 1, now));
        assert!(throttle.take(address("2001:db8:0:1::2"), 1, now));
        assert!(throttle.take(address("::ffff:192.0.2.1"), 1, now));
        assert!(!throttle.take(address("192.0.2.1"), 1, now));
        assert!(throttle.take(address("::ffff:192.0.2.2"), 1, now));
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let limits = Limits {
            calls_per_second: 0,
            calls_burst: 1,
            ..Limits::default()
        };
        let throttle = Throttle::new(&limits);
        assert!((0..1_000).all(|_| throttle.take(address("192.0.2.1"), 1, Instant::now())));
    }
}
