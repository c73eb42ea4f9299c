//! A file of organisational events: one JSON object a line, in the order in which they happened.
//!
//! `{"n": 1, "at": "2018-11-04T20:28:43Z", "type": "unit_created", "unit": "core", "kind": "team", "parent": null}`

mod fields;

use std::path::Path;
use std::time::UNIX_EPOCH;

use polity_ledger::form;
use serde_json::Value;

use fields::Fields;

use crate::{Error, Result, files};

/// No file of events is larger, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// No line is longer, in bytes.
const LINE_BYTES_MAX: usize = 4_096;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number in the file, from 1.
    pub number: u64,
    /// When it really happened, Unix seconds.
    pub at: u64,
    /// What happened.
    pub what: What,
}

/// What happened. Names are the source's own, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum What {
    /// A unit came to be; without a parent, at the top of what is imported.
    UnitCreated {
        unit: String,
        kind: String,
        parent: Option<String>,
    },
    /// A unit went elsewhere, with all below it.
    UnitMoved {
        unit: String,
        parent: Option<String>,
    },
    /// A unit ended.
    UnitDissolved { unit: String },
    /// Somebody is known from now on.
    MemberAdded { member: String },
    /// Somebody holds a role of a unit.
    Assigned {
        unit: String,
        role: String,
        member: String,
    },
    /// Somebody holds it no longer.
    Unassigned {
        unit: String,
        role: String,
        member: String,
    },
}

/// Reads a file of events, whole. What is wrong is a usage error that names the line.
pub fn read(path: &Path) -> Result<Vec<Event>> {
    let bytes = files::read(path, FILE_BYTES_MAX).map_err(|error| {
        Error::usage(format!("{} cannot be read", path.display())).with_source(error)
    })?;
    parse(&bytes)
}

/// Reads events from bytes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    let lines = bytes.split(|byte| *byte == b'\n');
    for (index, line) in lines.enumerate() {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let wrong = |words: String| Error::usage(format!("line {}: {words}", index + 1));
        if line.len() > LINE_BYTES_MAX {
            return Err(wrong("is too long".into()));
        }
        let event = event(line).map_err(wrong)?;
        let (number, at) = events.last().map_or((0, 0), |last| (last.number, last.at));
        if event.number != number + 1 {
            return Err(wrong(format!(
                "event {} follows event {number}",
                event.number
            )));
        }
        if event.at < at {
            return Err(wrong("happened before the line above it".into()));
        }
        events.push(event);
    }
    Ok(events)
}

/// The events 1 to `until`. What happened in one instant is taken together, so `until` ends one.
pub fn up_to(events: &[Event], until: u64) -> Result<&[Event]> {
    let count = usize::try_from(until).unwrap_or(usize::MAX);
    if count > events.len() {
        return Err(Error::usage(format!(
            "there are {} events, not {until}",
            events.len()
        )));
    }
    let (taken, left) = events.split_at(count);
    if let (Some(last), Some(next)) = (taken.last(), left.first())
        && last.at == next.at
    {
        return Err(Error::usage(format!(
            "events {} and {} happened in one instant, which is imported whole",
            last.number, next.number
        )));
    }
    Ok(taken)
}

/// Refuses what has not happened yet: the first event after this moment, Unix seconds, is named.
pub fn check_happened(events: &[Event], now: u64) -> Result<()> {
    match events.iter().find(|event| event.at > now) {
        None => Ok(()),
        Some(event) => Err(Error::usage(format!(
            "event {} lies ahead: {}",
            event.number,
            crate::time::shown(event.at)
        ))),
    }
}

fn event(line: &[u8]) -> Result<Event, String> {
    let fields = Fields::of(line)?;
    Ok(Event {
        number: fields.read("n", "a whole number", Value::as_u64)?,
        at: fields.read("at", "a time such as 2018-11-04T20:28:43Z", seconds)?,
        what: what(&fields)?,
    })
}

fn what(fields: &Fields) -> Result<What, String> {
    const TYPES: &str =
        "one of unit_created, unit_moved, unit_dissolved, member_added, assigned, unassigned";

    let unit = || fields.read("unit", NAME, name);
    let role = || fields.read("role", NAME, name);
    let member = || fields.read("member", NAME, name);
    let parent = || match fields.get("parent") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => fields.read("parent", NAME, name).map(Some),
    };
    Ok(match fields.get("type").and_then(Value::as_str) {
        Some("unit_created") => What::UnitCreated {
            unit: unit()?,
            kind: fields.read("kind", NAME, name)?,
            parent: parent()?,
        },
        Some("unit_moved") => What::UnitMoved {
            unit: unit()?,
            parent: parent()?,
        },
        Some("unit_dissolved") => What::UnitDissolved { unit: unit()? },
        Some("member_added") => What::MemberAdded { member: member()? },
        Some("assigned") => What::Assigned {
            unit: unit()?,
            role: role()?,
            member: member()?,
        },
        Some("unassigned") => What::Unassigned {
            unit: unit()?,
            role: role()?,
            member: member()?,
        },
        Some(_) | None => return Err(fields.unread("type", TYPES)),
    })
}

const NAME: &str = "a name of 1 to 64 printable ASCII characters";

fn name(value: &Value) -> Option<String> {
    let name = value.as_str().filter(|name| !name.is_empty())?;
    form::external_id(name).is_ok().then(|| name.to_owned())
}

fn seconds(value: &Value) -> Option<u64> {
    let time = humantime::parse_rfc3339(value.as_str()?).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = concat!(
        r#"{"n":1,"at":"2018-11-04T20:28:43Z","type":"unit_created","unit":"core","kind":"team","parent":null}"#,
        "\r\n",
        r#"{"n":2,"at":"2018-11-04T20:28:43Z","type":"member_added","member":"Ada"}"#,
        "\n\n",
        r#"{"n":3,"at":"2018-11-05T00:00:00Z","type":"assigned","unit":"core","role":"lead","member":"Ada"}"#,
    );

    #[test]
    fn events_read_in_their_order_with_their_dates() {
        let events = parse(GOOD.as_bytes()).expect("reads");
        let dates: Vec<(u64, u64)> = events.iter().map(|one| (one.number, one.at)).collect();
        assert_eq!(
            dates,
            [(1, 1_541_363_323), (2, 1_541_363_323), (3, 1_541_376_000)]
        );
    }

    #[test]
    fn an_instant_is_not_divided() {
        let events = parse(GOOD.as_bytes()).expect("reads");
        for (until, count) in [(0, 0), (2, 2), (3, 3)] {
            assert_eq!(up_to(&events, until).expect("whole instants").len(), count);
        }
        for until in [1, 4] {
            let refused = up_to(&events, until).expect_err("refused");
            assert_eq!(refused.kind(), crate::ErrorKind::Usage, "{until}");
        }
    }

    #[test]
    fn what_lies_ahead_has_not_happened() {
        let events = parse(GOOD.as_bytes()).expect("reads");
        check_happened(&events, 1_541_376_000).expect("all of it is past");
        let refused = check_happened(&events, 1_541_375_999).expect_err("the third is not");
        assert_eq!(refused.kind(), crate::ErrorKind::Usage);
        assert_eq!(
            refused.to_string(),
            "event 3 lies ahead: 2018-11-05T00:00:00Z"
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        let line =
            |n: u64, rest: &str| format!(r#"{{"n":{n},"at":"2020-01-01T00:00:00Z",{rest}}}"#);
        let added = r#""type":"member_added","member":"ada""#;
        let long = "x".repeat(65);
        let table = [
            ("{".to_owned(), "line 1: is not one JSON object"),
            ("[]".to_owned(), "line 1: is not one JSON object"),
            (
                line(1, added) + &line(2, added),
                "line 1: is not one JSON object",
            ),
            (
                line(1, &format!(r#"{added},"member":"bob""#)),
                "line 1: is not one JSON object that has each of its fields once",
            ),
            (line(2, added), "line 1: event 2 follows event 0"),
            (
                line(1, r#""type":"exploded""#),
                "line 1: `type` is \"exploded\", not one of unit_created, ",
            ),
            (
                line(1, r#""member":"ada""#),
                "line 1: `type` is missing; it is one of ",
            ),
            (
                line(1, r#""type":"member_added""#),
                "line 1: `member` is missing; it is a name of 1 to 64",
            ),
            (
                line(1, r#""type":"member_added","member":"""#),
                "line 1: `member` is \"\", not a name",
            ),
            (
                line(1, r#""type":"member_added","member":["ada"]"#),
                "line 1: `member` is [\"ada\"], not a name",
            ),
            (
                line(1, &format!(r#""type":"member_added","member":"{long}""#)),
                "not a name of 1 to 64",
            ),
            (
                line(1, r#""type":"member_added","member":"é""#),
                "line 1: `member` is \"é\", not a name",
            ),
            (
                line(1, r#""type":"unit_moved","unit":"core","parent":7"#),
                "line 1: `parent` is 7, not a name",
            ),
            (
                r#"{"n":"one","at":"2020-01-01T00:00:00Z"}"#.to_owned(),
                "line 1: `n` is \"one\", not a whole number",
            ),
            (
                format!("{}\n{}", line(1, added), line(3, added)),
                "line 2: event 3 follows event 1",
            ),
            (
                format!(
                    "{}\n{}",
                    line(1, added),
                    r#"{"n":2,"at":"2019-01-01T00:00:00Z","type":"member_added","member":"b"}"#
                ),
                "line 2: happened before",
            ),
            (
                r#"{"n":1,"at":"yesterday","type":"member_added","member":"b"}"#.to_owned(),
                "line 1: `at` is \"yesterday\", not a time such as ",
            ),
            (" ".repeat(5_000) + "x", "line 1: is too long"),
        ];
        for (text, expected) in table {
            let words = parse(text.as_bytes()).expect_err(&text).to_string();
            assert!(words.contains(expected), "{text}: {words}");
        }
        let not_text = [0xff, 0xfe, b'\n'];
        assert!(parse(&not_text).is_err());
    }
}
