//! Telling a story to the ledger, line by line.

mod act;
mod block;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use polity_ledger::Rejection;
use polity_proto::v1::{Genesis, Parameters, Receipt};
use prost::Message;

use super::clock;
use super::draft::{Called, Draft, Place};
use super::expectation::{self, Told};
use super::names::Names;
use super::phrases;
use super::text::{Line, Words, lines};
use super::trouble::{Outcome, Trouble, trouble};
use crate::memory::Memory;

/// Failures of one file that are told; the rest follows from them, mostly.
const FAILURES_TOLD: usize = 20;

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

    for (name, (line, ..)) in &story.kept {
        story
            .failures
            .push((*line, format!("what was kept as `{name}` is never sent")));
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
    /// Bytes that somebody kept: the line, and what they would create.
    kept: BTreeMap<String, (usize, Vec<u8>, Vec<Called>)>,
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
            let read = if words.take("set parameter") {
                phrases::parameter(&mut words).map(|given| {
                    let merged = given.encode_to_vec();
                    // Each line sets one parameter: the messages add up.
                    parameters.merge(merged.as_slice()).ok();
                })
            } else {
                phrases::read(&mut draft, &mut words)
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
}

/// The rejection of a code, as a name.
pub(super) fn rejection_name(code: u32) -> String {
    Rejection::from_code(code).map_or_else(|| code.to_string(), |found| found.name().to_owned())
}
