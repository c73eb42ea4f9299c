//! What one peer is told next. Pure: it reads the pool, and keeps no transaction of its own.
//!
//! What came through this node's own gateway is sent at once. Everything that has waited for a second is offered by
//! id, in case it came by no other way, and the peer asks for what it lacks; so transactions get around a broken
//! connection, and a node that comes back learns what waits. A peer that reads slowly falls behind in the pool and
//! holds nothing else up: what was meant for it leaves the pool with its block, and no queue grows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::frame::{Frame, IDS_MAX, TRANSACTIONS_MAX};
use crate::embedded::NodeId;
use crate::embedded::pool::{Entry, Origin, TxId, Waiting};

/// Bytes from which on a batch is full. The last transaction may be a large one.
const BATCH_BYTES: usize = 256 << 10;
/// From that age on a transaction is offered.
pub(super) const OFFER_AGE: Duration = Duration::from_secs(1);
/// So often everything that still waits is offered anew.
const OFFER_AGAIN: Duration = Duration::from_secs(10);
/// Ids that a peer may have asked for and not received; it can ask again when they are offered anew.
const REQUESTED_MAX: usize = 4 * IDS_MAX;

/// The way to one peer.
pub(super) struct Outbox {
    peer: NodeId,
    /// Arrivals up to this one were sent, or are left to offers.
    sent: u64,
    /// Arrivals up to this one were offered in this round.
    offered: u64,
    /// What waited when the connection began is offered whatever its age.
    waited_before: u64,
    next_round: Instant,
    /// What the peer asked for.
    requested: VecDeque<TxId>,
    /// What the peer is to be asked for.
    lacking: VecDeque<TxId>,
    /// Transactions that it was asked for, each perhaps more than once: it is offered anew while an answer is on its way.
    asked: usize,
}

impl Outbox {
    pub(super) fn new(peer: NodeId, waiting: &Waiting, now: Instant) -> Self {
        Self {
            peer,
            sent: waiting.last_arrival(),
            offered: 0,
            waited_before: waiting.last_arrival(),
            next_round: now + OFFER_AGAIN,
            requested: VecDeque::new(),
            lacking: VecDeque::new(),
            asked: 0,
        }
    }

    /// The peer asks for transactions.
    pub(super) fn request(&mut self, ids: Vec<TxId>) {
        let room = REQUESTED_MAX.saturating_sub(self.requested.len());
        self.requested.extend(ids.into_iter().take(room));
    }

    /// The peer has transactions that this node lacks.
    pub(super) fn lack(&mut self, ids: Vec<TxId>) {
        let room = REQUESTED_MAX.saturating_sub(self.lacking.len());
        self.lacking.extend(ids.into_iter().take(room));
    }

    /// The peer sent so many transactions a second time; answers how many of them this node did not ask for.
    pub(super) fn unasked(&mut self, repeated: usize) -> usize {
        let excused = repeated.min(self.asked);
        self.asked -= excused;
        repeated - excused
    }

    /// The next frame, or none while there is nothing to say.
    pub(super) fn next(&mut self, waiting: &Waiting, now: Instant) -> Option<Frame> {
        self.ask()
            .or_else(|| self.answer(waiting))
            .or_else(|| self.send(waiting))
            .or_else(|| self.offer(waiting, now))
    }

    fn ask(&mut self) -> Option<Frame> {
        let count = self.lacking.len().min(IDS_MAX);
        let ids: Vec<TxId> = self.lacking.drain(..count).collect();
        self.asked = (self.asked + count).min(REQUESTED_MAX);
        (!ids.is_empty()).then_some(Frame::Want(ids))
    }

    fn answer(&mut self, waiting: &Waiting) -> Option<Frame> {
        let mut batch = Batch::default();
        while !batch.is_full()
            && let Some(id) = self.requested.pop_front()
        {
            if let Some(entry) = waiting.get(&id) {
                batch.add(entry);
            }
        }
        batch.into_frame()
    }

    fn send(&mut self, waiting: &Waiting) -> Option<Frame> {
        let mut batch = Batch::default();
        for (arrival, entry) in waiting.after(self.sent) {
            if batch.is_full() {
                return batch.into_frame();
            }
            self.sent = arrival;
            if entry.origin == Origin::Here {
                batch.add(entry);
            }
        }
        self.sent = waiting.last_arrival();
        batch.into_frame()
    }

    fn offer(&mut self, waiting: &Waiting, now: Instant) -> Option<Frame> {
        if now >= self.next_round {
            self.next_round = now + OFFER_AGAIN;
            self.offered = 0;
        }
        let mut ids = Vec::new();
        for (arrival, entry) in waiting.after(self.offered) {
            let due = arrival <= self.waited_before || entry.since + OFFER_AGE <= now;
            if !due || ids.len() == IDS_MAX {
                break;
            }
            self.offered = arrival;
            if entry.origin != Origin::Peer(self.peer) {
                ids.push(entry.id);
            }
        }
        (!ids.is_empty()).then_some(Frame::Have(ids))
    }
}

/// Transactions of one frame.
#[derive(Default)]
struct Batch {
    transactions: Vec<bytes::Bytes>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.transactions.len() >= TRANSACTIONS_MAX
    }

    fn add(&mut self, entry: &Entry) {
        self.bytes += entry.transaction.len();
        self.transactions.push(entry.transaction.clone());
    }

    fn into_frame(self) -> Option<Frame> {
        (!self.transactions.is_empty()).then_some(Frame::Transactions(self.transactions))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::embedded::pool::Limits;

    const ANN: NodeId = NodeId([1; 20]);
    const BEN: NodeId = NodeId([2; 20]);

    fn waiting() -> Waiting {
        Waiting::new(Limits::default())
    }

    fn add(waiting: &mut Waiting, words: &str, origin: Origin) -> TxId {
        let transaction = Bytes::from(words.to_owned());
        let id = TxId::of(&transaction);
        let entry = Entry {
            id,
            transaction,
            lane: Bytes::new(),
            valid_until: None,
            origin,
            since: Instant::now(),
        };
        waiting.insert(entry).unwrap();
        id
    }

    fn batch(words: &[&str]) -> Option<Frame> {
        let copy = |words: &&str| Bytes::copy_from_slice(words.as_bytes());
        Some(Frame::Transactions(words.iter().map(copy).collect()))
    }

    #[test]
    fn own_transactions_go_at_once_and_all_are_offered_when_they_have_waited() {
        let mut waiting = waiting();
        let start = Instant::now();
        let mut outbox = Outbox::new(ANN, &waiting, start);
        let own = add(&mut waiting, "own", Origin::Here);
        let from_ben = add(&mut waiting, "from ben", Origin::Peer(BEN));
        add(&mut waiting, "from ann", Origin::Peer(ANN));

        assert_eq!(outbox.next(&waiting, start), batch(&["own"]));
        assert_eq!(outbox.next(&waiting, start), None);

        let later = Instant::now() + OFFER_AGE;
        let offer = Some(Frame::Have(vec![own, from_ben]));
        assert_eq!(outbox.next(&waiting, later), offer);
        assert_eq!(outbox.next(&waiting, later), None);
        assert_eq!(outbox.next(&waiting, later + OFFER_AGAIN), offer);
    }

    #[test]
    fn a_new_connection_begins_with_an_offer_of_what_waits() {
        let mut waiting = waiting();
        let waits = add(&mut waiting, "waits", Origin::Here);
        let mut outbox = Outbox::new(ANN, &waiting, Instant::now());

        assert_eq!(
            outbox.next(&waiting, Instant::now()),
            Some(Frame::Have(vec![waits]))
        );
        assert_eq!(outbox.next(&waiting, Instant::now()), None);
    }

    #[test]
    fn what_a_peer_asks_for_is_sent_while_it_waits() {
        let mut waiting = waiting();
        let (here, gone) = (
            add(&mut waiting, "here", Origin::Peer(BEN)),
            TxId::of(b"gone"),
        );
        let mut outbox = Outbox::new(ANN, &waiting, Instant::now());

        outbox.lack(vec![gone]);
        outbox.request(vec![gone, here]);

        assert_eq!(
            outbox.next(&waiting, Instant::now()),
            Some(Frame::Want(vec![gone]))
        );
        assert_eq!(outbox.next(&waiting, Instant::now()), batch(&["here"]));
    }

    #[test]
    fn batches_are_bounded_and_nothing_is_left_out() {
        let mut waiting = waiting();
        let mut outbox = Outbox::new(ANN, &waiting, Instant::now());
        for number in 0..10 {
            let words = format!("{number}{}", "x".repeat(60_000));
            add(&mut waiting, &words, Origin::Here);
        }

        let mut sizes = Vec::new();
        while let Some(Frame::Transactions(batch)) = outbox.next(&waiting, Instant::now()) {
            sizes.push(batch.len());
        }

        assert_eq!(sizes, [5, 5]);
        outbox.request(vec![TxId::of(b"x"); 2 * REQUESTED_MAX]);
        assert_eq!(outbox.requested.len(), REQUESTED_MAX);
    }

    #[test]
    fn a_peer_that_is_asked_twice_may_answer_twice() {
        let waiting = waiting();
        let now = Instant::now();
        let mut outbox = Outbox::new(BEN, &waiting, now);
        assert_eq!(outbox.unasked(2), 2);
        for _ in 0..2 {
            outbox.lack(vec![TxId([7; 32]), TxId([8; 32])]);
            assert!(outbox.next(&waiting, now).is_some());
        }
        assert_eq!(outbox.unasked(1), 0);
        assert_eq!(outbox.unasked(5), 2);
    }
}
