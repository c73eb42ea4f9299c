//! The transactions that wait, in a fair order. Pure: no clock, no lock, no task.
//!
//! Lanes take turns by start-time fair queueing over bytes, because bytes are what a block has few of: a transaction
//! starts where its lane's last one ended, but never before the turn of the first one that waits. So a lane that
//! sends ten thousand is served beside one that sends a single one and not before it, a newcomer waits for at most
//! one transaction of each other lane, and within a lane the order is that of arrival.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;

use super::{Entry, NotTaken, TxId};
use crate::embedded::canonical::TRANSACTIONS_MAX;

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions in all.
    pub transactions_max: usize,
    /// Their bytes inside a block.
    pub bytes_max: u64,
    /// Transactions of one lane.
    pub lane_transactions_max: usize,
    /// Bytes of one lane.
    pub lane_bytes_max: u64,
    /// Bytes of one transaction.
    pub transaction_bytes_max: usize,
}

/// A quarter of the pool for one member: enough to keep a block full, too little to shut the others out.
impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions_max: TRANSACTIONS_MAX,
            bytes_max: 64 << 20,
            lane_transactions_max: 25_000,
            lane_bytes_max: 16 << 20,
            transaction_bytes_max: 1 << 20,
        }
    }
}

/// A place in the order: where the transaction starts, in bytes of its lane's turn, then its arrival.
type Place = (u64, u64);

/// The pool's content.
pub(in crate::embedded) struct Waiting {
    limits: Limits,
    by_arrival: BTreeMap<u64, (Place, Entry)>,
    order: BTreeSet<Place>,
    arrivals: HashMap<TxId, u64>,
    /// Nothing that waits ends before this time. It may be too early, because whoever leaves does not change it.
    expires_from: i64,
    lanes: HashMap<Bytes, Lane>,
    bytes: u64,
    last_arrival: u64,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    /// Where its last transaction ends.
    end: u64,
    transactions: usize,
    bytes: u64,
}

impl Waiting {
    pub(in crate::embedded) fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_arrival: BTreeMap::new(),
            order: BTreeSet::new(),
            arrivals: HashMap::new(),
            expires_from: i64::MAX,
            lanes: HashMap::new(),
            bytes: 0,
            last_arrival: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_arrival.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of the newest arrival; numbers ascend and are never reused.
    pub(in crate::embedded) fn last_arrival(&self) -> u64 {
        self.last_arrival
    }

    pub(in crate::embedded) fn contains(&self, id: &TxId) -> bool {
        self.arrivals.contains_key(id)
    }

    pub(in crate::embedded) fn get(&self, id: &TxId) -> Option<&Entry> {
        let (_, entry) = self.by_arrival.get(self.arrivals.get(id)?)?;
        Some(entry)
    }

    /// What arrived after an arrival, in the order of arrival.
    pub(in crate::embedded) fn after(&self, arrival: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.by_arrival
            .range(arrival.saturating_add(1)..)
            .map(|(arrival, (_, entry))| (*arrival, entry))
    }

    /// Adds a transaction that does not wait yet. Where the pool is full, those leave whose turn would come last, and
    /// only for one whose turn comes before theirs.
    pub(in crate::embedded) fn insert(&mut self, entry: Entry) -> Result<Vec<Entry>, NotTaken> {
        let size = entry.bytes();
        let lane = self.lanes.get(&entry.lane).copied().unwrap_or_default();
        if lane.transactions >= self.limits.lane_transactions_max
            || lane.bytes + size > self.limits.lane_bytes_max
        {
            return Err(NotTaken::LaneFull {
                transactions: lane.transactions,
                bytes: lane.bytes,
            });
        }
        let first = self.order.first().map_or(0, |(start, _)| *start);
        let place = (lane.end.max(first), self.last_arrival + 1);
        let leaving = self.leaving(size, place).ok_or(NotTaken::PoolFull {
            transactions: self.len(),
            bytes: self.bytes,
        })?;

        let dropped = leaving
            .into_iter()
            .filter_map(|arrival| self.remove_arrival(arrival))
            .collect();
        self.last_arrival += 1;
        self.bytes += size;
        let lane = self.lanes.entry(entry.lane.clone()).or_default();
        lane.end = place.0 + size;
        lane.transactions += 1;
        lane.bytes += size;
        self.arrivals.insert(entry.id, self.last_arrival);
        if let Some(valid_until) = entry.valid_until {
            self.expires_from = self.expires_from.min(valid_until);
        }
        self.order.insert(place);
        self.by_arrival.insert(self.last_arrival, (place, entry));
        Ok(dropped)
    }

    pub(super) fn remove(&mut self, id: &TxId) -> Option<Entry> {
        let arrival = *self.arrivals.get(id)?;
        self.remove_arrival(arrival)
    }

    /// Removes what can no longer be done at a block time. All that waits is looked at where something may have ended,
    /// which is cheaper than to keep an order of ends for what nearly always leaves before its own.
    pub(super) fn expire(&mut self, now: i64) -> Vec<Entry> {
        if self.expires_from >= now {
            return Vec::new();
        }
        let mut expired = Vec::new();
        self.expires_from = i64::MAX;
        for (arrival, (_, entry)) in &self.by_arrival {
            match entry.valid_until {
                Some(valid_until) if valid_until < now => expired.push(*arrival),
                Some(valid_until) => self.expires_from = self.expires_from.min(valid_until),
                None => {}
            }
        }
        expired
            .into_iter()
            .filter_map(|arrival| self.remove_arrival(arrival))
            .collect()
    }

    /// The transactions whose turn it is, up to a size as protobuf counts it. One that no block of that size could
    /// carry is passed over; otherwise nobody is, so that a lane's order holds.
    pub(super) fn reap(&self, bytes_max: u64) -> Vec<&Entry> {
        let mut left = bytes_max;
        self.in_order()
            .filter(|entry| entry.bytes() <= bytes_max)
            .take_while(|entry| {
                let fits = entry.bytes() <= left;
                left = left.saturating_sub(entry.bytes());
                fits
            })
            .collect()
    }

    /// Everything, in the order of turns.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Entry> {
        self.order
            .iter()
            .filter_map(|(_, arrival)| self.by_arrival.get(arrival))
            .map(|(_, entry)| entry)
    }

    /// Who must leave so that `size` bytes at `place` have room: the last in the order. `None` when one of them has
    /// an earlier turn than the newcomer.
    fn leaving(&self, size: u64, place: Place) -> Option<Vec<u64>> {
        let (mut transactions, mut bytes) = (self.len() + 1, self.bytes + size);
        let mut leaving = Vec::new();
        let mut last = self.order.iter().rev();
        while transactions > self.limits.transactions_max || bytes > self.limits.bytes_max {
            let candidate = last.next().filter(|candidate| **candidate > place)?;
            let (_, entry) = self.by_arrival.get(&candidate.1)?;
            transactions -= 1;
            bytes -= entry.bytes();
            leaving.push(candidate.1);
        }
        Some(leaving)
    }

    fn remove_arrival(&mut self, arrival: u64) -> Option<Entry> {
        let (place, entry) = self.by_arrival.remove(&arrival)?;
        let size = entry.bytes();
        self.order.remove(&place);
        self.arrivals.remove(&entry.id);
        self.bytes -= size;
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            lane.transactions -= 1;
            lane.bytes -= size;
            if lane.transactions == 0 {
                self.lanes.remove(&entry.lane);
            }
        }
        Some(entry)
    }
}
