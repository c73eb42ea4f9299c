//! Places for connections: how many there are, and for whom.
//!
//! A connection is served from when its request has arrived whole until the answer was taken. Otherwise it idles, since when
//! it last brought a piece of a request of 16 KiB, and keeps its place only while others are free. When all are taken, a
//! newcomer gets one: of those that have idled for a while, the oldest of the address with most idle ones; where there is
//! none, that which has idled longest. A websocket never idles; where nobody does, the oldest of the address that holds most
//! makes room for whoever holds less. So keeping many alive keeps nobody out, whoever has just come has the time to ask, and
//! whoever uploads slowly the time to end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::limits::Limits;
use super::throttle::counted_as;

/// Places beyond all limits for whoever comes from this machine: its operator reaches it also while strangers fill it.
pub(crate) const OWN_PLACES: usize = 16;
/// How long a newcomer waits for the place of a connection that idles.
const HANDOVER_TIME: Duration = Duration::from_secs(1);
/// A connection that idles for less is sent away only where none has idled for longer.
const SPARED_TIME: Duration = Duration::from_secs(1);

/// Counts connections, in all and by address.
pub(super) struct Places {
    free: Arc<Semaphore>,
    free_max: u32,
    own: Arc<Semaphore>,
    per_address_max: usize,
    crowd: Arc<Mutex<Crowd>>,
    open: Gauge,
}

impl Places {
    pub(super) fn new(limits: &Limits, open: Gauge) -> Places {
        Places {
            free: Arc::new(Semaphore::new(limits.connections_max)),
            free_max: u32::try_from(limits.connections_max).unwrap_or(u32::MAX),
            own: Arc::new(Semaphore::new(OWN_PLACES)),
            per_address_max: limits.connections_per_address_max,
            crowd: Arc::default(),
            open,
        }
    }

    /// A place for a connection from `address`, if there is one; `is_own` says that it comes from this machine.
    pub(super) async fn enter(&self, address: IpAddr, is_own: bool) -> Option<Place> {
        let counted = Counted::enter(&self.crowd, counted_as(address), self.per_address_max);
        let free = counted.is_some().then(|| Arc::clone(&self.free));
        if let Some(Ok(permit)) = free.map(Semaphore::try_acquire_owned) {
            return Some(self.place(permit, counted));
        }
        let own = is_own.then(|| Arc::clone(&self.own));
        if let Some(Ok(permit)) = own.map(Semaphore::try_acquire_owned) {
            return Some(self.place(permit, None));
        }
        let counted = counted?;
        // Each who waits has sent one away, so no more wait than there were places.
        if !lock(&self.crowd).send_one_away(counted.address, Instant::now()) {
            return None;
        }
        let handover = timeout(HANDOVER_TIME, Arc::clone(&self.free).acquire_owned());
        let permit = handover.await.ok()?.ok()?;
        Some(self.place(permit, Some(counted)))
    }

    fn place(&self, permit: OwnedSemaphorePermit, counted: Option<Counted>) -> Place {
        self.open.inc();
        let guest = counted.as_ref().map(|counted| Arc::clone(&counted.guest));
        Place {
            guest: guest.unwrap_or_default(),
            _counted: counted,
            open: self.open.clone(),
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
    guest: Arc<Guest>,
    /// None in a place of this machine's own, which is nobody else's.
    _counted: Option<Counted>,
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

/// A connection, as its own task and who looks for a place see it.
#[derive(Default)]
struct Guest {
    state: Mutex<State>,
    /// Whether it has to leave.
    sent_away: watch::Sender<bool>,
    /// Whether it has heard that.
    is_told: AtomicBool,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Served,
    /// Served, until all that was written is taken.
    Answered,
    Idle(Instant),
    /// A websocket.
    Watching(Instant),
}

impl Place {
    /// From now on it idles: the place may be somebody else's.
    pub(super) fn rest(&self) {
        *self.state() = State::Idle(Instant::now());
    }

    /// From now on it is a websocket: the place may be somebody's who holds fewer.
    pub(super) fn watch(&self) {
        *self.state() = State::Watching(Instant::now());
    }

    /// Its request is here.
    pub(super) fn work(&self) {
        *self.state() = State::Served;
    }

    /// Its answer begins to be written.
    pub(super) fn answer(&self) {
        *self.state() = State::Answered;
    }

    /// It brought a piece of a request.
    pub(super) fn bring(&self) {
        let mut state = self.state();
        if let State::Idle(since) = &mut *state {
            *since = Instant::now();
        }
    }

    /// Something is written: an answer, perhaps one that waited behind another of which all is taken.
    pub(super) fn write(&self) {
        let mut state = self.state();
        if let State::Idle(_) = *state {
            *state = State::Answered;
        }
    }

    /// All that was written so far is taken.
    pub(super) fn taken(&self) {
        let mut state = self.state();
        if let State::Answered = *state {
            *state = State::Idle(Instant::now());
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(*self.state(), State::Idle(_))
    }

    /// Waits until a newcomer needs the place; answers whether nobody has heard that before.
    pub(super) async fn sent_away(&self) -> bool {
        // The sender lives as long as the place.
        let _ = self
            .guest
            .sent_away
            .subscribe()
            .wait_for(|told| *told)
            .await;
        !self.guest.is_told.swap(true, Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.guest.state)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// Who is inside, by address.
#[derive(Default)]
struct Crowd {
    next_number: u64,
    by_address: HashMap<IpAddr, Company>,
}

/// The connections of one address, by number.
type Company = BTreeMap<u64, Arc<Guest>>;

impl Crowd {
    fn enter(&mut self, address: IpAddr, guest: Arc<Guest>, most: usize) -> Option<u64> {
        let company = self.by_address.entry(address).or_default();
        if company.len() >= most {
            return None;
        }
        let number = self.next_number;
        self.next_number += 1;
        company.insert(number, guest);
        Some(number)
    }

    fn leave(&mut self, address: IpAddr, number: u64) {
        if let Some(company) = self.by_address.get_mut(&address) {
            company.remove(&number);
            if company.is_empty() {
                self.by_address.remove(&address);
            }
        }
    }

    /// Makes room for one more of an address, which counts already; says whether somebody was sent away.
    fn send_one_away(&self, newcomer: IpAddr, now: Instant) -> bool {
        let held = self.by_address.get(&newcomer).map_or(0, Company::len);
        let candidates = self
            .by_address
            .values()
            .flat_map(|company| candidates(company, held, now));
        let Some((_, chosen)) = candidates.max_by_key(|(reason, _)| *reason) else {
            return false;
        };
        chosen.sent_away.send_replace(true);
        true
    }
}

/// Why rather this one leaves than another, the highest first: by what it does, how many of its address do, since when.
type Reason = (u8, usize, Reverse<Instant>);

/// Who of an address could be sent away for a newcomer whose address holds so many.
fn candidates(company: &Company, held: usize, now: Instant) -> Vec<(Reason, &Guest)> {
    let staying = company.values().filter(|guest| !*guest.sent_away.borrow());
    let staying = staying.map(|guest| (guest.as_ref(), *lock(&guest.state)));
    let staying: Vec<(&Guest, State)> = staying.collect();
    let idle = staying
        .iter()
        .filter(|(_, state)| matches!(state, State::Idle(_)));
    let idle = idle.count();
    let reason = |state| match state {
        State::Idle(since) if now.duration_since(since) >= SPARED_TIME => Some((2, idle, since)),
        State::Idle(since) => Some((1, 0, since)),
        State::Watching(since) if company.len() > held => Some((0, company.len(), since)),
        State::Watching(_) | State::Served | State::Answered => None,
    };
    let candidates = staying.into_iter().filter_map(|(guest, state)| {
        let (kind, weight, since) = reason(state)?;
        Some(((kind, weight, Reverse(since)), guest))
    });
    candidates.collect()
}

/// A connection among those of its address.
struct Counted {
    address: IpAddr,
    number: u64,
    guest: Arc<Guest>,
    crowd: Arc<Mutex<Crowd>>,
}

impl Counted {
    fn enter(crowd: &Arc<Mutex<Crowd>>, address: IpAddr, most: usize) -> Option<Counted> {
        let guest = Arc::<Guest>::default();
        let number = lock(crowd).enter(address, Arc::clone(&guest), most)?;
        Some(Counted {
            address,
            number,
            guest,
            crowd: Arc::clone(crowd),
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        lock(&self.crowd).leave(self.address, self.number);
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

    /// The newcomer's place, where the other one is sent away for it.
    async fn in_place_of(
        other: Place,
        newcomer: impl Future<Output = Option<Place>>,
    ) -> Option<Place> {
        let leave = async move {
            let sent_away = timeout(2 * HANDOVER_TIME, other.sent_away());
            assert!(sent_away.await.expect("it is sent away"));
            assert!(!other.sent_away().await, "it has heard that");
        };
        tokio::join!(newcomer, leave).0
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
    async fn a_newcomer_gets_the_place_of_whoever_idles_longest_and_of_nobody_who_is_served() {
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

        let second = in_place_of(longest, enter("192.0.2.2")).await;
        assert!(second.is_some());
        newest.work();
        assert!(enter("192.0.2.3").await.is_none());
    }

    /// Whom a newcomer would get the place of, where these idle for so many milliseconds.
    fn sent_away(idle: &[(&str, u64)]) -> Option<usize> {
        let mut crowd = Crowd::default();
        let now = Instant::now() + Duration::from_secs(60);
        let guests = idle.iter().map(|(text, millis)| {
            let guest = Arc::<Guest>::default();
            *lock(&guest.state) = State::Idle(now - Duration::from_millis(*millis));
            crowd.enter(address(text), Arc::clone(&guest), idle.len());
            guest
        });
        let guests: Vec<Arc<Guest>> = guests.collect();
        crowd.send_one_away(address("192.0.2.9"), now);
        guests.iter().position(|guest| *guest.sent_away.borrow())
    }

    #[test]
    fn of_those_that_idle_for_long_one_of_the_address_with_most_goes() {
        let (one, two) = ("192.0.2.1", "192.0.2.2");
        assert_eq!(
            sent_away(&[(one, 9_000), (two, 5_000), (two, 4_000)]),
            Some(1)
        );
        assert_eq!(sent_away(&[(one, 9_000), (two, 5_000)]), Some(0));
    }

    #[test]
    fn whoever_has_just_come_stays_while_others_idle_for_longer() {
        let (one, two) = ("192.0.2.1", "192.0.2.2");
        assert_eq!(sent_away(&[(one, 1_000), (two, 20), (two, 10)]), Some(0));
        assert_eq!(sent_away(&[(one, 30), (two, 20), (two, 10)]), Some(0));
        assert_eq!(sent_away(&[]), None);
    }

    #[tokio::test]
    async fn nobody_is_sent_away_twice() {
        let places = places(1, 2);
        let place = places.enter(address("192.0.2.1"), false).await.unwrap();
        place.rest();
        let newcomer = address("192.0.2.2");
        assert!(lock(&places.crowd).send_one_away(newcomer, Instant::now()));
        place.work();
        place.rest();
        assert!(!lock(&places.crowd).send_one_away(newcomer, Instant::now()));
    }

    #[tokio::test]
    async fn a_websocket_makes_room_for_whoever_holds_less_and_for_nobody_else() {
        let places = places(2, 2);
        let enter = |text: &str| places.enter(address(text), false);
        let first = enter("192.0.2.1").await.unwrap();
        let second = enter("192.0.2.1").await.unwrap();
        first.watch();
        second.watch();

        let newcomer = in_place_of(first, enter("192.0.2.2")).await;
        newcomer.as_ref().unwrap().watch();
        assert!(enter("192.0.2.3").await.is_none(), "each holds one");
    }

    #[tokio::test]
    async fn whoever_is_answered_idles_once_the_answer_is_taken() {
        let places = places(1, 2);
        let place = places.enter(address("192.0.2.1"), false).await.unwrap();
        place.rest();
        place.work();
        place.taken();
        assert!(!place.is_idle(), "nothing was answered yet");
        place.answer();
        assert!(!place.is_idle());
        place.taken();
        assert!(place.is_idle());
        place.write();
        assert!(!place.is_idle(), "a second answer stood behind the first");
        place.taken();
        assert!(place.is_idle());
    }

    #[tokio::test]
    async fn a_websocket_stays_one_whatever_is_written_to_it() {
        let places = places(2, 2);
        let place = places.enter(address("192.0.2.1"), false).await.unwrap();
        place.watch();
        place.write();
        place.taken();
        assert!(matches!(*place.state(), State::Watching(_)));
    }

    #[tokio::test]
    async fn whoever_comes_from_this_machine_finds_a_place_where_strangers_find_none() {
        for (places, who) in [(places(1, 10), "192.0.2.1"), (places(10, 1), "127.0.0.1")] {
            let _taken = places.enter(address(who), false).await.unwrap();
            assert!(places.enter(address("127.0.0.1"), true).await.is_some());
            assert!(places.enter(address(who), false).await.is_none());
        }
    }
}
