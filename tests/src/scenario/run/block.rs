//! Blocks: each acts on the memory, and what must hold after each is looked at.

use polity_ledger::invariants::{self, Step};
use polity_ledger::state::keys;
use polity_proto::v1::{ObjectKind, Receipt, Record};
use prost::Message;

use super::Story;
use crate::memory;
use crate::scenario::clock;
use crate::scenario::draft::Called;
use crate::scenario::names::Names;
use crate::scenario::phrases;
use crate::scenario::text::Words;
use crate::scenario::trouble::{Outcome, trouble};

/// Between two idle blocks, in seconds.
const IDLE: u64 = 60;

impl Story {
    /// `two days pass [block by block]`, `12 hours without network pass`, `it becomes TIME`.
    pub(super) fn time_passes(&mut self, words: &mut Words) -> Outcome<bool> {
        let now = self.memory.as_ref().map_or(0, |memory| memory.time);
        let (seconds, gap, steps) = if words.take("it becomes") {
            let then = clock::time(words)?;
            let Some(seconds) = then.checked_sub(now).filter(|seconds| *seconds > 0) else {
                return trouble("this is not in the future");
            };
            (seconds, IDLE.min(seconds), 1)
        } else if clock::is_duration(words) {
            let seconds = clock::duration(words)?;
            if words.take("without network pass") {
                (seconds, seconds, 1)
            } else {
                words.need("pass")?;
                if words.take("block by block") {
                    (IDLE, IDLE, seconds / IDLE)
                } else {
                    (seconds, IDLE.min(seconds), 1)
                }
            }
        } else {
            return Ok(false);
        };
        words.done()?;
        let mut timers = Vec::new();
        for _ in 0..steps {
            self.block(seconds, gap, &[])?;
            timers.append(&mut self.timers);
        }
        for receipt in timers.clone() {
            self.count(&receipt, &[]);
        }
        self.timers = timers;
        Ok(true)
    }

    /// Executes and commits a block `seconds` later, whose parent was `gap` seconds before it.
    pub(super) fn block(
        &mut self,
        seconds: u64,
        gap: u64,
        bytes: &[Vec<u8>],
    ) -> Outcome<Vec<Receipt>> {
        let Some(memory) = &mut self.memory else {
            return trouble("nothing is founded yet");
        };
        let time = memory.time + seconds;
        let outcome = memory.execute(time, gap, bytes);
        let all_refused = outcome.receipts.iter().all(|receipt| receipt.code != 0);
        if all_refused && outcome.timer_receipts.is_empty() {
            // A refusal changes nothing but the record of itself.
            let touched = outcome
                .changes
                .keys()
                .find(|key| !memory::is_of_consumption(key));
            if let Some(key) = touched {
                let key = hex::encode(key);
                return trouble(format!("a refused transaction changed the key {key}"));
            }
        }
        for (key, value) in &outcome.changes {
            let (Some(&keys::ACCOUNT), Some(value)) = (key.first(), value) else {
                continue;
            };
            remember_movement(&mut self.names, key, value);
        }
        // What held before an idle block holds after it.
        let before = (!outcome.changes.is_empty()).then(|| memory.state.clone());
        memory.commit(time, outcome.changes);
        if let Some(before) = &before {
            let now = memory.now();
            let step = Step {
                before,
                after: &memory.state,
                now,
                receipts: &outcome.receipts,
                timer_receipts: &outcome.timer_receipts,
            };
            let sound = invariants::check(&memory.state, now);
            if let Err(broken) = sound.and_then(|()| invariants::check_step(&step)) {
                return trouble(broken.to_string());
            }
        }
        self.timers = outcome.timer_receipts;
        Ok(outcome.receipts)
    }

    /// Numbers of what the story named.
    pub(super) fn remember(&mut self, receipt: &Receipt, called: &[Called]) {
        for called in called {
            let event = receipt
                .events
                .iter()
                .find(|event| event.action == called.action && event.object() == called.kind);
            let number = event.map(|event| match (&event.posting, called.kind) {
                (Some(posting), ObjectKind::Transfer) => posting.transfer,
                _ => event.number,
            });
            if let Some(number) = number {
                let entry = (called.kind as i32, called.name.clone());
                self.names.called.insert(entry, number);
            }
        }
    }

    /// What is to be told about which actions and refusals a story shows.
    pub(super) fn count(&mut self, receipt: &Receipt, bytes: &[u8]) {
        if receipt.code != 0 {
            self.report.refused.insert(receipt.code);
            self.report.refusals += 1;
            return;
        }
        let failed = receipt.events.iter().map(|event| event.failed_code);
        self.report.refused.extend(failed.filter(|code| *code != 0));
        let did = receipt.events.iter().map(|event| event.did);
        self.report.accepted.extend(did.filter(|tag| *tag != 0));
        self.report.accepted.extend(tags(bytes));
    }
}

/// Wire numbers of the actions in an envelope.
fn tags(bytes: &[u8]) -> Vec<u32> {
    let envelope = polity_proto::v1::Envelope::decode(bytes).unwrap_or_default();
    let body = polity_proto::v1::Body::decode(envelope.body.as_slice()).unwrap_or_default();
    body.actions
        .iter()
        .map(polity_ledger::actions::tag)
        .collect()
}

fn remember_movement(names: &mut Names, key: &[u8], value: &[u8]) {
    let record = Record::decode(value).unwrap_or_default();
    let number = <[u8; 8]>::try_from(&key[1..]).map(u64::from_be_bytes);
    if let (Some(transfer), Ok(account)) = (phrases::moved_by(&record.object), number) {
        names.movements.insert((transfer, account), record.object);
    }
}
