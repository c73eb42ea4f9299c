//! Places for connections: how many there are, and for whom.
//!
//! Who idles between two requests keeps its place only while others are free. When all are taken, a newcomer gets that
//! of the connection that has idled longest: so keeping many alive keeps nobody out. One that has sent a part of a request
//! leaves only when the time for a header is over.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::limits::Limits;
use super::throttle::counted_as;

/// Places beyond all limits for who comes from this machine: its operator reaches it also while strangers fill it.
pub(crate) const OWN_PLACES: usize = 16;
/// How long a newcomer waits for the place of a connection that idles.
const HANDOVER_TIME: Duration = Duration::from_secs(1);

/// Counts connections, in all and by address.
pub(super) struct Places {
    free: Arc<Semaphore>,
    free_max: u32,
    own: Arc<Semaphore>,
    per_address_max: usize,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    idle: Arc<Mutex<Idle>>,
    open: Gauge,
}

impl Places {
    pub(super) fn new(limits: &Limits, open: Gauge) -> Places {
        Places {
            free: Arc::new(Semaphore::new(limits.connections_max)),
            free_max: u32::try_from(limits.connections_max).unwrap_or(u32::MAX),
            own: Arc::new(Semaphore::new(OWN_PLACES)),
            per_address_max: limits.connections_per_address_max,
            by_address: Arc::default(),
            idle: Arc::default(),
            open,
        }
    }

    /// A place for a connection from `address`, if there is one; `is_own` says that it comes from this machine.
    pub(super) async fn enter(&self, address: IpAddr, is_own: bool) -> Option<Place> {
        let counted = Counted::enter(&self.by_address, counted_as(address), self.per_address_max);
        if let Some(counted) = counted {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Some(self.place(permit, Some(counted)));
            }
            // Each who waits has sent one away, so no more wait than there were places.
            if lock(&self.idle).send_first_away() {
                let handover = timeout(HANDOVER_TIME, Arc::clone(&self.free).acquire_owned());
                if let Ok(Ok(permit)) = handover.await {
                    return Some(self.place(permit, Some(counted)));
                }
            }
        }
        if !is_own {
            return None;
        }
        let permit = Arc::clone(&self.own).try_acquire_owned().ok()?;
        Some(self.place(permit, None))
    }

    fn place(&self, permit: OwnedSemaphorePermit, counted: Option<Counted>) -> Place {
        self.open.inc();
        // Places of this machine's own are nobody else's.
        let idle = counted.is_some().then(|| Arc::clone(&self.idle));
        Place {
            turn: Mutex::new(None),
            sent_away: Arc::default(),
            idle,
            open: self.open.clone(),
            _counted: counted,
            _permit: permit,
        }
    }

    /// Waits until nobody is inside.
    pub(super) async fn empty(&self) -> io::Result<()> {
        let own = self.own.acquire_many(OWN_PLACES as u32);
        own.await.map(drop).map_err(io::Error::other)?;
        let free = self.free.acquire_many(self.free_max);
        free.await.map(drop).map_err(io::Error::other)
    }
}

/// A connection's place, given back when dropped.
pub(super) struct Place {
    /// Its turn among those that idle, while it does.
    turn: Mutex<Option<u64>>,
    sent_away: Arc<Notify>,
    idle: Option<Arc<Mutex<Idle>>>,
    open: Gauge,
    _counted: Option<Counted>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// From now on it idles: the place may be somebody else's.
    pub(super) fn rest(&self) {
        if let Some(idle) = &self.idle {
            let turn = lock(idle).push(Arc::clone(&self.sent_away));
            *lock(&self.turn) = Some(turn);
        }
    }

    /// It idles no more.
    pub(super) fn work(&self) {
        if let (Some(idle), Some(turn)) = (&self.idle, lock(&self.turn).take()) {
            lock(idle).by_turn.remove(&turn);
        }
    }

    /// Waits until a newcomer needs the place.
    pub(super) async fn sent_away(&self) {
        self.sent_away.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.work();
        self.open.dec();
    }
}

/// The connections that idle, in the order in which they began to.
#[derive(Default)]
struct Idle {
    next: u64,
    by_turn: BTreeMap<u64, Arc<Notify>>,
}

impl Idle {
    fn push(&mut self, sent_away: Arc<Notify>) -> u64 {
        let turn = self.next;
        self.next += 1;
        self.by_turn.insert(turn, sent_away);
        turn
    }

    fn send_first_away(&mut self) -> bool {
        let first = self.by_turn.pop_first();
        first.is_some_and(|(_, sent_away)| {
            sent_away.notify_one();
            true
        })
    }
}

/// A connection among those of its address.
struct Counted {
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Counted {
    fn enter(
        by_address: &Arc<Mutex<HashMap<IpAddr, usize>>>,
        address: IpAddr,
        most: usize,
    ) -> Option<Counted> {
        let mut counts = lock(by_address);
        let count = counts.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Counted {
            address,
            by_address: Arc::clone(by_address),
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = lock(&self.by_address);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections_max: usize, connections_per_address_max: usize) -> Places {
        let limits = Limits {
            connections_max,
            connections_per_address_max,
            ..Limits::default()
        };
        Places::new(&limits, Gauge::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn neighbours_within_a_64_of_ipv6_share_their_places_and_give_them_back() {
        let places = places(10, 1);
        let enter = |text: &str| places.enter(address(text), false);

        let first = enter("2001:db8::1").await;
        assert!(first.is_some() && enter("2001:db8::2").await.is_none());
        assert!(enter("2001:db8:0:1::2").await.is_some());
        drop(first);
        assert!(enter("2001:db8::2").await.is_some());
    }

    #[tokio::test]
    async fn a_newcomer_gets_the_place_of_who_idles_longest_and_of_nobody_who_is_served() {
        let places = places(3, 3);
        let enter = |text: &str| places.enter(address(text), false);
        let (served, longest, newest) = (
            enter("192.0.2.1").await.unwrap(),
            enter("192.0.2.1").await.unwrap(),
            enter("192.0.2.1").await.unwrap(),
        );
        for place in [&served, &longest, &newest] {
            place.rest();
        }
        served.work();

        let leave = async move {
            longest.sent_away().await;
            drop(longest);
        };
        let (second, ()) = tokio::join!(enter("192.0.2.2"), leave);
        assert!(second.is_some());
        newest.work();
        assert!(enter("192.0.2.3").await.is_none());
    }

    #[tokio::test]
    async fn who_comes_from_this_machine_finds_a_place_where_strangers_find_none() {
        for (places, who) in [(places(1, 10), "192.0.2.1"), (places(10, 1), "127.0.0.1")] {
            let _taken = places.enter(address(who), false).await.unwrap();
            assert!(places.enter(address("127.0.0.1"), true).await.is_some());
            assert!(places.enter(address(who), false).await.is_none());
        }
    }
}
