//! The events behind a history's entries, each proven: by a receipt under a signed header, by the root of what a
//! block's timers did, or by the genesis file itself.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use polity_ledger::merkle::receipts;
use polity_ledger::state::keys;
use polity_ledger::timer::TIMERS_MAX;
use polity_proto::v1::{Action, Body, Envelope, Event, HistoryEntry, Receipt, Signer};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{HistoryItem, Session};
use crate::proof::ProvenReceipt;
use crate::{Error, ErrorKind, Result};

/// What proves an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The genesis file.
    Genesis,
    /// The transaction with this id.
    Transaction([u8; 32]),
    /// What a block did by itself, at its end.
    Timer,
}

/// An event that was proven.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenEvent {
    /// What happened.
    pub event: Event,
    /// How many earlier events of its receipt say the same.
    pub alike_before: usize,
    /// The block's time, Unix seconds.
    pub time: u64,
    /// What proves it.
    pub source: Source,
    /// The action of the transaction that it is an event of; none where timers or the genesis acted.
    pub action: Option<Action>,
    /// Who signed that transaction: actions name them by position.
    pub signers: Vec<Signer>,
}

/// A receipt that was proven, and the actions that it is about.
struct Proven {
    receipt: Receipt,
    source: Source,
    actions: Vec<Action>,
    signers: Vec<Signer>,
}

/// Proves events, asking once for what several entries share.
pub struct Evidence<'s> {
    session: &'s Session,
    receipts: BTreeMap<(u64, u32), Proven>,
    /// For a height: how many transactions its block has.
    totals: BTreeMap<u64, u32>,
    times: BTreeMap<u64, u64>,
}

impl Session {
    /// A collector of proven events.
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            session: self,
            receipts: BTreeMap::new(),
            totals: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    /// What a block did by itself at its end: a receipt of each timer that did something, in their order. They are rows
    /// beside the state, under a root that the state proves; where it has none, the block's timers did nothing.
    pub async fn timers(&self, height: u64) -> Result<Vec<Receipt>> {
        // No state before this block's is believed from here on.
        self.light().proven_at(height, self.wait).await?;
        let key = keys::key(keys::TIMER_RECEIPTS, &[height]);
        let (mut values, _) = self.read(&[key]).await?;
        let Some(root) = values.pop().flatten() else {
            return Ok(Vec::new());
        };
        let mut rows = Vec::new();
        for index in 0..TIMERS_MAX as u64 {
            let row = keys::key(keys::TIMER_RECEIPT, &[height, index]);
            let read = |value: &[u8]| Ok(value.to_vec());
            let value = self.rpc().query("/key", &row, 0, false, read).await?;
            if value.is_empty() {
                break;
            }
            rows.push(value);
        }
        if receipts::root(&rows)[..] != root[..] {
            return Err(Error::proof(
                "the receipts of the block's timers are others",
            ));
        }
        rows.iter()
            .map(|row| {
                Receipt::decode(&row[..])
                    .map_err(|error| Error::proof("a receipt is malformed").with_source(error))
            })
            .collect()
    }
}

impl Evidence<'_> {
    /// Proves the event that an entry of a verified history points to.
    pub async fn event(&mut self, item: &HistoryItem) -> Result<ProvenEvent> {
        self.event_of(&item.entry).await
    }

    /// Proves the event that an entry points to; the entry is proven already.
    pub(super) async fn event_of(&mut self, entry: &HistoryEntry) -> Result<ProvenEvent> {
        let (height, position) = (entry.height, entry.position);
        if !self.receipts.contains_key(&(height, position)) {
            let found = self.receipt(height, position).await?;
            self.receipts.insert((height, position), found);
        }
        let time = self.time(height).await?;
        let proven = self
            .receipts
            .get(&(height, position))
            .ok_or_else(|| Error::trouble("a receipt was lost"))?;
        let event = proven
            .receipt
            .events
            .get(entry.event as usize)
            .ok_or_else(|| Error::proof("the receipt has no such event"))?;
        let earlier = &proven.receipt.events[..entry.event as usize];
        Ok(ProvenEvent {
            event: event.clone(),
            alike_before: earlier.iter().filter(|one| *one == event).count(),
            time,
            source: proven.source.clone(),
            action: proven.actions.get(event.action as usize).cloned(),
            signers: proven.signers.clone(),
        })
    }

    /// All events of the receipt in which an event was proven before; none where it was not.
    pub fn beside(&self, item: &HistoryItem) -> &[Event] {
        let place = (item.entry.height, item.entry.position);
        let receipt = self.receipts.get(&place).map(|proven| &proven.receipt);
        receipt.map_or(&[], |receipt| &receipt.events)
    }

    async fn receipt(&mut self, height: u64, position: u32) -> Result<Proven> {
        if height == 0 {
            return match position {
                0 => Ok(Proven {
                    receipt: self.session.founding().receipt.clone(),
                    source: Source::Genesis,
                    actions: Vec::new(),
                    signers: Vec::new(),
                }),
                _ => Err(Error::proof("the genesis has one receipt")),
            };
        }
        let total = self.total(height).await?;
        if position < total {
            let proven = self.transaction(height, position).await?;
            let malformed = |error| Error::proof("the transaction is malformed").with_source(error);
            let envelope = Envelope::decode(&proven.transaction[..]).map_err(malformed)?;
            let body = Body::decode(&envelope.body[..]).map_err(malformed)?;
            return Ok(Proven {
                receipt: proven.receipt,
                source: Source::Transaction(Sha256::digest(&envelope.body).into()),
                actions: body.actions,
                signers: body.signers,
            });
        }
        let receipts = self.session.timers(height).await?;
        receipts
            .into_iter()
            .nth((position - total) as usize)
            .map(|receipt| Proven {
                receipt,
                source: Source::Timer,
                actions: Vec::new(),
                signers: Vec::new(),
            })
            .ok_or_else(|| Error::proof("the block has no receipt at this position"))
    }

    /// How many transactions a block has: all of them hash to the root in its header. Without the number, a path to
    /// one transaction could be shown as that of its neighbour.
    async fn total(&mut self, height: u64) -> Result<u32> {
        if let Some(total) = self.totals.get(&height) {
            return Ok(*total);
        }
        let header = self.session.light().verified_header(height).await?;
        let block = self.session.rpc().block(Some(height)).await?;
        let hashes: Vec<_> = block.transactions.iter().map(Sha256::digest).collect();
        if header.data_hash() != Some(receipts::root(&hashes)) && !hashes.is_empty() {
            return Err(Error::proof("the block has other transactions"));
        }
        if hashes.is_empty()
            && header
                .data_hash()
                .is_some_and(|hash| hash != receipts::root::<[u8; 0]>(&[]))
        {
            return Err(Error::proof("the block has transactions"));
        }
        let total = u32::try_from(hashes.len())
            .map_err(|_| Error::proof("the block has too many transactions"))?;
        self.totals.insert(height, total);
        Ok(total)
    }

    /// Everything that a block's transactions came to, in its order: none is left out.
    pub async fn block(&mut self, height: u64) -> Result<Vec<ProvenReceipt>> {
        let total = self.total(height).await?;
        let mut receipts = Vec::new();
        for index in 0..total {
            receipts.push(self.transaction(height, index).await?);
        }
        Ok(receipts)
    }

    /// What one transaction of a block came to, at its own place.
    pub(super) async fn transaction(&mut self, height: u64, index: u32) -> Result<ProvenReceipt> {
        let total = self.total(height).await?;
        let proven = self.session.receipt_at(height, index).await?;
        if proven.total == total {
            Ok(proven)
        } else {
            Err(Error::proof("the receipt is of a block of another length"))
        }
    }

    pub(super) async fn time(&mut self, height: u64) -> Result<u64> {
        if height == 0 {
            return Ok(self.session.founding().time);
        }
        if let Some(time) = self.times.get(&height) {
            return Ok(*time);
        }
        let time = self.session.light().verified_header(height).await?.time();
        let seconds = time
            .duration_since(UNIX_EPOCH)
            .map_err(|error| {
                Error::new(ErrorKind::ProofFailed, "a block is before 1970").with_source(error)
            })?
            .as_secs();
        self.times.insert(height, seconds);
        Ok(seconds)
    }
}
