//! Places for connections: how many there are, and for whom.
//!
//! A connection is served from when its request has arrived whole until the answer was taken. Otherwise it idles, also
//! while it sends a part of a request, and keeps its place only while others are free. When all are taken, a newcomer
//! gets one: of those that have idled for a while, the oldest of the address with most idle ones; where there is none,
//! that which has idled longest. A websocket never idles; where nobody does, the oldest of the address that holds most
//! makes room for whoever holds less. So keeping many alive keeps nobody out, and whoever has just come has the time to
//! ask.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
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
        Place {
            state: Mutex::new(State::Served),
            sent_away: Arc::default(),
            counted,
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
    state: Mutex<State>,
    sent_away: Arc<Notify>,
    /// None in a place of this machine's own, which is nobody else's.
    counted: Option<Counted>,
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// By its turn among those of its address that idle.
    Idle(u64),
    /// A websocket, by its turn among those of its address.
    Watching(u64),
    Served,
    /// Served, until all that was written is taken.
    Answered,
}

impl Place {
    /// From now on it idles: the place may be somebody else's.
    pub(super) fn rest(&self) {
        self.line_up(|company| &mut company.idle, State::Idle);
    }

    /// From now on it is a websocket: the place may be somebody's who holds fewer.
    pub(super) fn watch(&self) {
        self.line_up(|company| &mut company.watching, State::Watching);
    }

    fn line_up(&self, line: fn(&mut Company) -> &mut Turns, state: fn(u64) -> State) {
        self.set(State::Served);
        if let Some(Counted { crowd, address }) = &self.counted {
            let waiting = Waiting {
                since: Instant::now(),
                sent_away: Arc::clone(&self.sent_away),
            };
            let turn = lock(crowd).line_up(*address, line, waiting);
            *lock(&self.state) = state(turn);
        }
    }

    /// Its request is here.
    pub(super) fn work(&self) {
        self.set(State::Served);
    }

    /// Its answer begins to be written.
    pub(super) fn answer(&self) {
        self.set(State::Answered);
    }

    /// Something is written: an answer, perhaps one that waited behind another of which all is taken.
    pub(super) fn write(&self) {
        let state = *lock(&self.state);
        if let State::Idle(_) = state {
            self.answer();
        }
    }

    /// All that was written so far is taken.
    pub(super) fn taken(&self) {
        if *lock(&self.state) == State::Answered {
            self.rest();
        }
    }

    fn set(&self, state: State) {
        let before = std::mem::replace(&mut *lock(&self.state), state);
        let turn = match before {
            State::Idle(turn) | State::Watching(turn) => turn,
            State::Served | State::Answered => return,
        };
        if let Some(Counted { crowd, address }) = &self.counted {
            lock(crowd).step_out(*address, turn);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(*lock(&self.state), State::Idle(_))
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

/// Who is inside and who of them idles, by address.
#[derive(Default)]
struct Crowd {
    next_turn: u64,
    by_address: HashMap<IpAddr, Company>,
}

/// In the order in which they lined up.
type Turns = BTreeMap<u64, Waiting>;

struct Waiting {
    since: Instant,
    /// Tells it to leave.
    sent_away: Arc<Notify>,
}

/// The connections of one address.
#[derive(Default)]
struct Company {
    count: usize,
    idle: Turns,
    /// The websockets.
    watching: Turns,
}

impl Crowd {
    fn line_up(
        &mut self,
        address: IpAddr,
        line: fn(&mut Company) -> &mut Turns,
        waiting: Waiting,
    ) -> u64 {
        let turn = self.next_turn;
        self.next_turn += 1;
        let company = self.by_address.entry(address).or_default();
        line(company).insert(turn, waiting);
        turn
    }

    fn step_out(&mut self, address: IpAddr, turn: u64) {
        if let Some(company) = self.by_address.get_mut(&address) {
            company.idle.remove(&turn);
            company.watching.remove(&turn);
        }
    }

    /// Makes room for one more of an address, which counts already; says whether somebody was sent away.
    fn send_one_away(&mut self, newcomer: IpAddr, now: Instant) -> bool {
        let held = self.by_address.get(&newcomer);
        let held = held.map_or(0, |company| company.count);
        let idles_long = |waiting: &Waiting| now.duration_since(waiting.since) >= SPARED_TIME;
        let chosen = self
            .first_where(|company| {
                let first = company.idle.values().next()?;
                idles_long(first).then_some((company.idle.len(), &mut company.idle))
            })
            .or_else(|| self.first_where(|company| Some((0, &mut company.idle))))
            .or_else(|| {
                self.first_where(|company| {
                    (company.count > held).then_some((company.count, &mut company.watching))
                })
            });
        let is_chosen = chosen.is_some();
        if let Some(waiting) = chosen {
            waiting.sent_away.notify_one();
        }
        is_chosen
    }

    /// The first of the line with the highest weight, or of equal ones the one that lined up first.
    fn first_where(
        &mut self,
        line: impl Fn(&mut Company) -> Option<(usize, &mut Turns)>,
    ) -> Option<Waiting> {
        let lines = self.by_address.values_mut().filter_map(|company| {
            let (weight, line) = line(company)?;
            let first = *line.first_key_value()?.0;
            Some((weight, Reverse(first), line))
        });
        let (_, _, line) = lines.max_by_key(|(weight, first, _)| (*weight, *first))?;
        line.pop_first().map(|(_, waiting)| waiting)
    }
}

/// A connection among those of its address.
struct Counted {
    address: IpAddr,
    crowd: Arc<Mutex<Crowd>>,
}

impl Counted {
    fn enter(crowd: &Arc<Mutex<Crowd>>, address: IpAddr, most: usize) -> Option<Counted> {
        let mut inside = lock(crowd);
        let company = inside.by_address.entry(address).or_default();
        if company.count >= most {
            return None;
        }
        company.count += 1;
        Some(Counted {
            address,
            crowd: Arc::clone(crowd),
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut crowd = lock(&self.crowd);
        if let Some(company) = crowd.by_address.get_mut(&self.address) {
            company.count -= 1;
            if company.count == 0 {
                crowd.by_address.remove(&self.address);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

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
            sent_away.await.expect("it is sent away");
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
        let told = idle.iter().map(|(text, millis)| {
            let told = Arc::new(Notify::new());
            let waiting = Waiting {
                since: now - Duration::from_millis(*millis),
                sent_away: Arc::clone(&told),
            };
            crowd.line_up(address(text), |company| &mut company.idle, waiting);
            told
        });
        let told: Vec<Arc<Notify>> = told.collect();
        crowd.send_one_away(address("192.0.2.9"), now);
        told.iter()
            .position(|told| told.notified().now_or_never().is_some())
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
        let crowd = lock(&places.crowd);
        let company = &crowd.by_address[&address("192.0.2.1")];
        assert_eq!((company.idle.len(), company.watching.len()), (0, 1));
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
