//! A mode in words: `approve 2 by lead after 24h`, `announce 72h else approve 1 by lead`.

use polity_client::session::mode_words;
use polity_client::v1::{Mode, ModeKind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::failure::usage;
use crate::names::Names;
use crate::tier::{role_shown, who_shown};
use crate::{time, word};

/// A mode whose people still have to be looked up.
#[derive(Debug, PartialEq)]
pub struct ModeWords<'t> {
    /// The mode without people.
    pub mode: Mode,
    /// Who approves, as the words say it.
    pub approver: Option<&'t str>,
    /// What an objection leads to.
    pub escalates_to: Option<Box<ModeWords<'t>>>,
}

impl ModeWords<'_> {
    /// The mode, with what was looked up.
    #[must_use]
    pub fn into_mode(self) -> Mode {
        Mode {
            escalates_to: self.escalates_to.map(|next| Box::new(next.into_mode())),
            ..self.mode
        }
    }
}

/// Reads a mode.
pub fn read(text: &str) -> Result<ModeWords<'_>> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (kind, rest) {
        ("alone", "") => Ok(plain(ModeKind::Alone)),
        ("departments", "") => Ok(plain(ModeKind::Departments)),
        ("approve", rest) => approve(rest),
        ("announce", rest) => announce(rest),
        ("consent", rest) => consent(rest),
        ("vote", rest) => vote(rest),
        _ => Err(wrong(text)),
    }
}

fn plain(kind: ModeKind) -> ModeWords<'static> {
    ModeWords {
        mode: Mode {
            kind: kind as i32,
            ..Mode::default()
        },
        approver: None,
        escalates_to: None,
    }
}

/// `2 by WHO [after 24h]`
fn approve(text: &str) -> Result<ModeWords<'_>> {
    let (count, rest) = text.split_once(" by ").ok_or_else(|| wrong(text))?;
    let (approver, wait) = match rest.split_once(" after ") {
        Some((approver, wait)) => (approver, seconds(wait)?),
        None => (rest, 0),
    };
    let mut words = ModeWords {
        approver: Some(approver.trim()),
        ..plain(ModeKind::Approve)
    };
    words.mode.count = count.trim().parse().map_err(|_| wrong(text))?;
    words.mode.wait = wait;
    Ok(words)
}

/// `72h else MODE`
fn announce(text: &str) -> Result<ModeWords<'_>> {
    let (wait, next) = text.split_once(" else ").ok_or_else(|| wrong(text))?;
    let mut words = plain(ModeKind::Announce);
    words.mode.wait = seconds(wait)?;
    Ok(ModeWords {
        escalates_to: Some(Box::new(read(next.trim())?)),
        ..words
    })
}

/// `within 72h [unless silent]`
fn consent(text: &str) -> Result<ModeWords<'_>> {
    let within = text.strip_prefix("within ").ok_or_else(|| wrong(text))?;
    let (deadline, all_must_answer) = match within.strip_suffix(" unless silent") {
        Some(deadline) => (deadline, true),
        None => (within, false),
    };
    let mut words = plain(ModeKind::Consent);
    words.mode.deadline = seconds(deadline)?;
    words.mode.silence_is_consent = !all_must_answer;
    Ok(words)
}

/// `within 72h quorum 50% pass 60%`
fn vote(text: &str) -> Result<ModeWords<'_>> {
    let percent = |text: &str| -> Result<u32> {
        let number = text.trim().strip_suffix('%').ok_or_else(|| wrong(text))?;
        number.parse().map_err(|_| wrong(text))
    };
    let within = text.strip_prefix("within ").ok_or_else(|| wrong(text))?;
    let (deadline, rest) = within.split_once(" quorum ").ok_or_else(|| wrong(text))?;
    let (quorum, pass) = rest.split_once(" pass ").ok_or_else(|| wrong(text))?;
    let mut words = plain(ModeKind::Vote);
    words.mode.deadline = seconds(deadline)?;
    words.mode.quorum = percent(quorum)?;
    words.mode.pass = percent(pass)?;
    Ok(words)
}

/// A mode in the words that would set it.
#[must_use]
pub fn shown(mode: &Mode, names: &Names<'_>) -> String {
    mode_words(mode, &|role| role_shown(role, names))
}

/// The stable JSON of a mode: its kind, and what that kind goes by.
#[must_use]
pub fn json(mode: &Mode, names: &Names<'_>) -> Value {
    let kind = word::word(mode.kind());
    match mode.kind() {
        ModeKind::None | ModeKind::Alone | ModeKind::Departments => json!({ "kind": kind }),
        ModeKind::Announce => json!({
            "kind": kind,
            "wait_seconds": mode.wait,
            "escalates_to": mode.escalates_to.as_ref().map(|next| json(next, names)),
        }),
        ModeKind::Approve => json!({
            "kind": kind,
            "count": mode.count,
            "approver": mode.approver.as_ref().map(|who| who_shown(who, names)),
            "wait_seconds": mode.wait,
        }),
        ModeKind::Consent => json!({
            "kind": kind,
            "deadline_seconds": mode.deadline,
            "silence_is_consent": mode.silence_is_consent,
        }),
        ModeKind::Vote => json!({
            "kind": kind,
            "deadline_seconds": mode.deadline,
            "quorum": mode.quorum,
            "pass": mode.pass,
        }),
    }
}

fn seconds(text: &str) -> Result<u64> {
    time::parse_seconds(text.trim())
}

fn wrong(text: &str) -> Error {
    let words = format!(
        "a mode is written: alone, departments, approve 2 by WHO [after 24h], announce 72h else MODE, \
         consent within 72h [unless silent], or vote within 72h quorum 50% pass 60%; not {text:?}"
    );
    usage(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_reads_its_numbers_its_people_and_its_times() {
        let approve = read("approve 2 by capability approve after 24h").expect("a mode");
        assert_eq!(approve.approver, Some("capability approve"));
        assert_eq!((approve.mode.count, approve.mode.wait), (2, 86_400));

        let announce = read("announce 72h else approve 1 by lead").expect("a mode");
        assert_eq!(announce.mode.wait, 3 * 86_400);
        let next = announce.escalates_to.as_ref().expect("an escalation");
        assert_eq!(next.approver, Some("lead"));
        assert_eq!(announce.into_mode().kind(), ModeKind::Announce);

        let silent = read("consent within 72h").expect("a mode").mode;
        assert!(silent.silence_is_consent);
        let all = read("consent within 72h unless silent")
            .expect("a mode")
            .mode;
        assert!(!all.silence_is_consent);

        let vote = read("vote within 7d quorum 50% pass 60%")
            .expect("a mode")
            .mode;
        assert_eq!((vote.quorum, vote.pass), (50, 60));
    }

    #[test]
    fn what_is_half_said_is_no_mode() {
        for text in [
            "",
            "approve",
            "approve by lead",
            "approve 2",
            "approve two by lead",
            "approve 1 by lead after soon",
            "announce",
            "announce 72h",
            "announce 72h else",
            "consent",
            "consent 72h",
            "vote",
            "vote within 72h",
            "vote within 72h quorum 50 pass 60",
            "alone please",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
