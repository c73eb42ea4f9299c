//! Telling a story to the ledger, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polity_ledger::Rejection;
use polity_ledger::invariants::{self, Step};
use polity_ledger::state::keys;
use polity_proto::v1::{Genesis, ObjectKind, Parameters, Receipt, Record};
use prost::Message;

use super::clock;
use super::draft::{Called, Draft, Place, Signatory};
use super::expectation::{self, Told};
use super::names::Names;
use super::phrases;
use super::sending::Sending;
use super::text::{Line, Words, lines};
use super::trouble::{Outcome, Trouble, trouble};
use crate::memory::{self, Memory};

/// Failures of one file that are told; the rest follows from them, mostly.
const FAILURES_TOLD: usize = 20;
/// Between two idle blocks, in seconds.
const IDLE: u64 = 60;

/// What became of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// `file:line: what was found`, for each line that does not hold.
    pub failures: Vec<String>,
    /// Wire numbers of the actions that were accepted.
    pub accepted: BTreeSet<u32>,
    /// Numbers of the rejections that were given.
    pub refused: BTreeSet<u32>,
    /// How many transactions were refused.
    pub refusals: usize,
    /// The app hash at the end, in lower-case hex.
    pub state: String,
    /// The app hash that the file states.
    pub stated: Option<String>,
}

/// Runs a scenario.
///
/// # Errors
/// Why the file cannot be read.
pub fn run_file(path: &Path) -> std::io::Result<Report> {
    let file = std::fs::read_to_string(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut story = Story::default();
    let lines = lines(&file);
    let mut rest = lines.as_slice();
    while let Some((head, after)) = rest.split_first() {
        let below = after.iter().take_while(|line| line.indented).count();
        let (block, next) = after.split_at(below);
        story.paragraph(head, block);
        rest = next;
    }

    let mut report = story.report;
    report.state = story
        .memory
        .map_or_else(String::new, |memory| hex::encode(memory.app_hash));
    if let Some((line, stated)) = story.stated {
        if stated != report.state {
            let words = format!("the state is {}", report.state);
            story.failures.push((line, words));
        }
        report.stated = Some(stated);
    }
    report.failures = story
        .failures
        .into_iter()
        .take(FAILURES_TOLD)
        .map(|(line, words)| format!("{name}:{line}: {words}"))
        .collect();
    Ok(report)
}

/// A story while it is told.
#[derive(Default)]
struct Story {
    memory: Option<Memory>,
    names: Names,
    report: Report,
    failures: Vec<(usize, String)>,
    stated: Option<(usize, String)>,
    salt: u64,
    /// Bytes that somebody kept, and what they would create.
    kept: BTreeMap<String, (Vec<u8>, Vec<Called>)>,
    last: Vec<u8>,
    receipt: Option<Receipt>,
    timers: Vec<Receipt>,
}

impl Story {
    fn fail(&mut self, line: &Line, trouble: Trouble) {
        self.failures.push((line.number, trouble.0));
    }

    /// A line and the indented ones below it.
    fn paragraph(&mut self, head: &Line, below: &[Line]) {
        let mut words = Words::of(&head.text);
        if words.take("founding") {
            return self.found(head, &mut words, below);
        }
        if words.take("state") {
            self.stated = Some((head.number, words.word("hash").unwrap_or_default()));
            return;
        }
        self.receipt = None;
        let told = match self.do_line(head, below) {
            Ok(told) => told,
            Err((line, trouble)) => {
                self.failures.push((line, trouble.0));
                return;
            }
        };
        let is_act = self.receipt.is_some();
        let expectations = &below[told..];
        let says_outcome = expectations
            .iter()
            .any(|line| line.text == "accepted" || line.text.starts_with("refused"));
        if is_act && !says_outcome {
            self.fail(head, Trouble("nothing says what comes of this".into()));
        }
        for line in expectations {
            let held = self.expect(line);
            if let Err(trouble) = held {
                self.fail(line, trouble);
            }
        }
    }

    fn expect(&mut self, line: &Line) -> Outcome<()> {
        let Some(memory) = &self.memory else {
            return trouble("nothing is founded yet");
        };
        let told = Told {
            memory,
            receipt: self.receipt.as_ref(),
            timers: &self.timers,
        };
        expectation::check(&told, &mut self.names, &mut Words::of(&line.text))
    }

    /// `founding ORGANISATION at TIME`, and below it founding acts.
    fn found(&mut self, head: &Line, words: &mut Words, below: &[Line]) {
        let told = (|| {
            let chain_id = words.word("organisation")?;
            words.need("at")?;
            Ok((chain_id, clock::time(words)?))
        })();
        let (chain_id, time) = match told {
            Ok(told) => told,
            Err(trouble) => return self.fail(head, trouble),
        };
        let mut draft = Draft::new(Place::Genesis(&chain_id), &mut self.names);
        let mut parameters = Parameters::default();
        let mut line_of = Vec::new();
        for line in below {
            let mut words = Words::of(&line.text);
            let read = match words.take("set parameter") {
                true => phrases::parameter(&mut words).map(|given| {
                    let merged = given.encode_to_vec();
                    // Each line sets one parameter: the messages add up.
                    parameters.merge(merged.as_slice()).ok();
                }),
                false => phrases::read(&mut draft, &mut words),
            };
            if let Err(trouble) = read {
                self.failures.push((line.number, trouble.0));
                return;
            }
            line_of.resize(draft.actions.len(), line.number);
        }
        let genesis = Genesis {
            chain_id: chain_id.clone(),
            parameters: Some(parameters),
            actions: draft.actions,
            constitution: phrases::constitution(),
        };
        let called = draft.called;
        match Memory::found(&genesis, time) {
            Ok(memory) => {
                self.remember(&memory.founded.clone(), &called);
                self.count(&memory.founded.clone(), &[]);
                self.memory = Some(memory);
            }
            Err(error) => {
                let line = line_of.get(error.action).copied().unwrap_or(head.number);
                let words = format!("the founding is refused: {}", error.rejection.name());
                self.failures.push((line, words));
            }
        }
    }

    /// Does what a line says; how many of the lines below belong to the act itself.
    fn do_line(&mut self, head: &Line, below: &[Line]) -> Result<usize, (usize, Trouble)> {
        let at = |number: usize| move |trouble| (number, trouble);
        let mut words = Words::of(&head.text);
        if self.memory.is_none() {
            return trouble("nothing is founded yet").map_err(at(head.number));
        }
        if self.time_passes(&mut words).map_err(at(head.number))? {
            return Ok(0);
        }
        if words.take("the same bytes again") {
            let bytes = self.last.clone();
            self.send(bytes, &[]).map_err(at(head.number))?;
            return Ok(0);
        }
        if words.take("sent") {
            let name = words.word("name").map_err(at(head.number))?;
            let Some((bytes, called)) = self.kept.remove(&name) else {
                let words = format!("nothing was kept as `{name}`");
                return trouble(words).map_err(at(head.number));
            };
            self.send(bytes, &called).map_err(at(head.number))?;
            return Ok(0);
        }
        self.act(head, below)
    }

    /// A transaction: the head line, and lines that begin with `and` or `also`.
    fn act(&mut self, head: &Line, below: &[Line]) -> Result<usize, (usize, Trouble)> {
        let at = |number: usize| move |trouble| (number, trouble);
        let Some(memory) = &self.memory else {
            return Ok(0);
        };
        let mut draft = Draft::new(Place::Ledger(memory), &mut self.names);
        let mut words = Words::of(&head.text);
        let sending = Sending::read(&mut words).map_err(at(head.number))?;
        read_act(&mut draft, &mut words).map_err(at(head.number))?;
        let mut more = 0;
        for line in below {
            let mut words = Words::of(&line.text);
            let read = if words.take("and") {
                read_act(&mut draft, &mut words)
            } else if words.take("also") {
                phrases::seal(&mut draft, &mut words)
            } else {
                break;
            };
            read.map_err(at(line.number))?;
            more += 1;
        }
        self.salt += 1;
        let bytes = sending
            .envelope(&mut draft, self.salt)
            .map_err(at(head.number))?;
        let called = draft.called;
        match sending.kept_as {
            Some(name) => {
                self.kept.insert(name, (bytes, called));
            }
            None => self.send(bytes, &called).map_err(at(head.number))?,
        }
        Ok(more)
    }

    /// Puts a transaction into a block of its own, a second later.
    fn send(&mut self, bytes: Vec<u8>, called: &[Called]) -> Outcome<()> {
        let receipts = self.block(1, 1, std::slice::from_ref(&bytes))?;
        let Some(receipt) = receipts.into_iter().next() else {
            return trouble("the block has no receipt for the transaction");
        };
        self.remember(&receipt, called);
        self.count(&receipt, &bytes);
        self.last = bytes;
        self.receipt = Some(receipt);
        Ok(())
    }

    /// `two days pass [block by block]`, `12 hours without network pass`, `it becomes TIME`.
    fn time_passes(&mut self, words: &mut Words) -> Outcome<bool> {
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
                match words.take("block by block") {
                    true => (IDLE, IDLE, seconds / IDLE),
                    false => (seconds, IDLE.min(seconds), 1),
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
    fn block(&mut self, seconds: u64, gap: u64, bytes: &[Vec<u8>]) -> Outcome<Vec<Receipt>> {
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
    fn remember(&mut self, receipt: &Receipt, called: &[Called]) {
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
    fn count(&mut self, receipt: &Receipt, bytes: &[u8]) {
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

/// `MEMBER [as ROLE] [with key K] [with MEMBER [as ROLE]]… [recording TIME] PHRASE`.
fn read_act(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    draft.template = polity_proto::v1::Action::default();
    let (place, role) = read_person(draft, words, true)?;
    draft.template.actor = place;
    draft.template.acting_role = role;
    while words.take("with") {
        let (place, role) = read_person(draft, words, false)?;
        draft.template.seconds.push(polity_proto::v1::Second {
            signer: place,
            acting_role: role,
        });
    }
    if words.take("recording") {
        draft.template.effective_at = clock::time(words)?;
    }
    phrases::read(draft, words)
}

fn read_person(
    draft: &mut Draft<'_>,
    words: &mut Words,
    acts: bool,
) -> Outcome<(u32, Option<polity_proto::v1::Ref>)> {
    let member = words.word("member")?;
    let role = match words.take("as") {
        true => draft.refer(ObjectKind::Role, words)?,
        false => None,
    };
    let key = match words.take("with key") {
        true => words.word("key")?,
        false => member.clone(),
    };
    if acts {
        draft.actor.clone_from(&member);
    }
    Ok((draft.signer(Signatory { member, key }), role))
}

/// The rejection of a code, as a name.
pub(super) fn rejection_name(code: u32) -> String {
    Rejection::from_code(code).map_or_else(|| code.to_string(), |found| found.name().to_owned())
}
