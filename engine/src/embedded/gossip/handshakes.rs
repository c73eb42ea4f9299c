//! Handshakes with whoever dials, before anybody knows who that is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handshakes at one time; more are turned away.
const HANDSHAKES_MAX: usize = 64;
/// Of one address: several departments may live on one machine, and no address takes all the places.
const PER_ADDRESS_MAX: usize = 16;

/// The handshakes that are under way, by address.
#[derive(Clone, Default)]
pub(super) struct Handshakes(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// The place of one handshake; dropping it frees the place.
pub(super) struct Handshake {
    all: Handshakes,
    source: IpAddr,
}

impl Handshakes {
    /// A place for one more, where there is one.
    pub(super) fn begin(&self, address: IpAddr) -> Option<Handshake> {
        let source = source(address);
        let mut under_way = self.lock();
        let of_source = under_way.get(&source).copied().unwrap_or_default();
        let of_all: usize = under_way.values().sum();
        if of_source >= PER_ADDRESS_MAX || of_all >= HANDSHAKES_MAX {
            return None;
        }

        under_way.insert(source, of_source + 1);
        Some(Handshake {
            all: self.clone(),
            source,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut under_way = self.all.lock();
        if let Some(count) = under_way.get_mut(&self.source) {
            *count -= 1;
        }
        under_way.retain(|_, count| *count > 0);
    }
}

/// Whoever has an address of version 6 has the 2^64 beside it too.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_share_of_the_places_and_all_of_them_no_more_than_there_are() {
        let handshakes = Handshakes::default();
        let begin = |address: &str| handshakes.begin(address.parse().unwrap());
        let mut under_way: Vec<Handshake> = (0..PER_ADDRESS_MAX)
            .filter_map(|neighbour| begin(&format!("2001:db8::{neighbour:x}")))
            .collect();
        assert_eq!(under_way.len(), PER_ADDRESS_MAX);
        assert!(begin("2001:db8::ffff:ffff:ffff:ffff").is_none());
        assert!(begin("2001:db8:0:1::1").is_some(), "and its place is free");

        under_way.pop();
        under_way.extend(begin("2001:db8::1"));
        assert_eq!(under_way.len(), PER_ADDRESS_MAX);
        let others = (1..=HANDSHAKES_MAX).filter_map(|other| begin(&format!("10.0.0.{other}")));
        under_way.extend(others);
        assert_eq!(under_way.len(), HANDSHAKES_MAX);
        assert!(begin("10.0.1.1").is_none());
        under_way.clear();
        assert!(handshakes.lock().is_empty());
    }
}
