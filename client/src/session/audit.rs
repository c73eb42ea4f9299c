//! Audits from end to end: the whole history, every event proven, and the sums against the balances.

use std::collections::BTreeSet;

use polity_ledger::Amount;
use polity_ledger::state::Object;
use polity_ledger::state::objects::object_key;
use polity_proto::v1::{Account, Event, Hold, HoldState, ObjectKind, Record};
use prost::Message;

use super::evidence::{ProvenEvent, Source};
use super::{History, Session, lettered};
use crate::{Error, Result};

/// How often an object that changes while it is audited is read again.
const ATTEMPTS_MAX: u32 = 10;

/// What an audit found in order. There is no such value of something that is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited {
    /// What was audited.
    pub kind: ObjectKind,
    /// Its number.
    pub number: u64,
    /// The height whose state holds the history's root.
    pub height: u64,
    /// Entries, all rebuilt to the root.
    pub entries: u64,
    /// Events proven by receipts under signed headers.
    pub by_transactions: u64,
    /// Events proven by the root of what timers did.
    pub by_timers: u64,
    /// Events proven by the genesis file.
    pub by_genesis: u64,
    /// Sums over the events, where the object is an account.
    pub sums: Option<Sums>,
    /// The accounts that the history names.
    pub accounts: Vec<u64>,
}

/// Sums of an account's events; equal to its counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What was credited.
    pub credits: Amount,
    /// What was debited.
    pub debits: Amount,
    /// What open holds would credit.
    pub credits_pending: Amount,
    /// What open holds would debit.
    pub debits_pending: Amount,
    /// What open proposals keep back beside it, by the proven state: no event of the account tells of them.
    pub reserved: Amount,
}

impl Sums {
    /// What the events in an account's history moved.
    fn posted(account: u64, events: &[ProvenEvent]) -> Result<Sums> {
        let mut sums = Sums::default();
        for proven in events {
            if !concerns(&proven.event, account) {
                return Err(Error::proof(format!(
                    "an event in the history of a{account} is about another account"
                )));
            }
            if let Some(posting) = &proven.event.posting {
                let amount = counted(&posting.amount)?;
                if posting.from == account {
                    sums.debits = plus(sums.debits, amount)?;
                }
                if posting.to == account {
                    sums.credits = plus(sums.credits, amount)?;
                }
            }
        }
        Ok(sums)
    }
}

impl Session {
    /// Audits an account: history, events, sums. `progress` is told how many of how many events are proven.
    pub async fn audit_account(
        &self,
        number: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Audited> {
        let (account, history) = self.with_history::<Account>(number).await?;
        let events = self.proven_events(&history, progress).await?;
        let mut sums = Sums::posted(number, &events)?;
        self.add_pending(&mut sums, number, &events).await?;
        // Holds are read a moment later than the account: only where it did not move since are they comparable.
        let (_, again) = self.record::<Account>(number).await?;
        let is_still = again.history_count == history.count;
        let table = [
            ("credits", sums.credits, &account.credits_posted, true),
            ("debits", sums.debits, &account.debits_posted, true),
            (
                "pending credits",
                sums.credits_pending,
                &account.credits_pending,
                is_still,
            ),
        ];
        let differ = |what: &str, counter: Amount, sum: Amount| {
            Error::proof(format!(
                "the {what} of a{number} are {} by its state and {} by its events",
                counter.0, sum.0
            ))
        };
        for (what, sum, counter, is_comparable) in table {
            let counter = counted(counter)?;
            if is_comparable && sum != counter {
                return Err(differ(what, counter, sum));
            }
        }
        if is_still {
            let (counter, held) = (counted(&account.debits_pending)?, sums.debits_pending);
            let reserved = counter.0.checked_sub(held.0);
            sums.reserved =
                Amount(reserved.ok_or_else(|| differ("pending debits", counter, held))?);
        }
        Ok(audited(
            ObjectKind::Account,
            number,
            &history,
            &events,
            Some(sums),
        ))
    }

    /// Adds what the open holds of an account's events would move.
    async fn add_pending(
        &self,
        sums: &mut Sums,
        account: u64,
        events: &[ProvenEvent],
    ) -> Result<()> {
        let of_holds = events
            .iter()
            .filter(|proven| proven.event.object() == ObjectKind::Hold);
        let holds: BTreeSet<u64> = of_holds.map(|proven| proven.event.number).collect();
        let holds: Vec<u64> = holds.into_iter().collect();
        for (held, hold) in holds.iter().zip(self.get_all::<Hold>(&holds).await?) {
            let hold = hold.ok_or_else(|| {
                Error::proof(format!("h{held} has an event, and is not in the state"))
            })?;
            if hold.state() == HoldState::Open && hold.from == account {
                sums.debits_pending = plus(sums.debits_pending, counted(&hold.amount)?)?;
            }
            if hold.state() == HoldState::Open && hold.to == account {
                sums.credits_pending = plus(sums.credits_pending, counted(&hold.amount)?)?;
            }
        }
        Ok(())
    }

    /// Audits any other object that has a history: history and events.
    pub async fn audit_object(
        &self,
        kind: ObjectKind,
        number: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Audited> {
        let history = self.history(kind, number).await?;
        let events = self.proven_events(&history, progress).await?;
        Ok(audited(kind, number, &history, &events, None))
    }

    /// The events of a verified history, each proven, in the history's order.
    pub async fn proven_events(
        &self,
        history: &History,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<ProvenEvent>> {
        let mut evidence = self.evidence();
        let mut events = Vec::with_capacity(history.items.len());
        let total = history.items.len() as u64;
        for item in &history.items {
            events.push(evidence.event(item).await?);
            progress(events.len() as u64, total);
        }
        Ok(events)
    }

    /// An object and its whole history, of one moment.
    pub async fn with_history<T: Object>(&self, number: u64) -> Result<(T, History)> {
        for _ in 0..ATTEMPTS_MAX {
            let history = self.history(T::KIND, number).await?;
            let (object, record) = self.record::<T>(number).await?;
            if record.history_count == history.count && record.history_root == history.root {
                return Ok((object, history));
            }
        }
        Err(Error::trouble(format!(
            "{} changed again and again while it was read",
            lettered(T::KIND, number)
        )))
    }

    async fn record<T: Object>(&self, number: u64) -> Result<(T, Record)> {
        let (mut values, _) = self.read(&[object_key(T::PREFIX, number)]).await?;
        let value = values
            .pop()
            .flatten()
            .ok_or_else(|| Error::usage(format!("there is no {}", lettered(T::KIND, number))))?;
        let malformed = |error| Error::trouble("the state value is malformed").with_source(error);
        let record = Record::decode(&value[..]).map_err(malformed)?;
        let object = T::decode(&record.object[..]).map_err(malformed)?;
        Ok((object, record))
    }
}

fn audited(
    kind: ObjectKind,
    number: u64,
    history: &History,
    events: &[ProvenEvent],
    sums: Option<Sums>,
) -> Audited {
    let count = |is: fn(&Source) -> bool| {
        let sources = events.iter().map(|proven| &proven.source);
        sources.filter(|source| is(source)).count() as u64
    };
    let of_accounts = events
        .iter()
        .filter(|proven| proven.event.object() == ObjectKind::Account);
    let accounts: BTreeSet<u64> = of_accounts.map(|proven| proven.event.number).collect();
    Audited {
        kind,
        number,
        height: history.moment.height,
        entries: history.count,
        by_transactions: count(|source| matches!(source, Source::Transaction(_))),
        by_timers: count(|source| matches!(source, Source::Timer)),
        by_genesis: count(|source| matches!(source, Source::Genesis)),
        sums,
        accounts: accounts.into_iter().collect(),
    }
}

/// Whether an event can stand in an account's history: it moved its value, or a hold's.
fn concerns(event: &Event, account: u64) -> bool {
    match &event.posting {
        Some(posting) => posting.from == account || posting.to == account,
        None => event.object() == ObjectKind::Hold,
    }
}

fn counted(bytes: &[u8]) -> Result<Amount> {
    Amount::from_bytes(bytes).map_err(|_| Error::proof("an amount is malformed"))
}

fn plus(sum: Amount, amount: Amount) -> Result<Amount> {
    sum.plus(amount)
        .map_err(|_| Error::proof("the events sum to more than can be counted"))
}
