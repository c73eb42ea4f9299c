//! Times as RFC 3339 in UTC, and durations such as `72h` or `30d`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use polity_client::ledger::time::{HOUR, LATEST};
pub use polity_client::time::{length, shown};
use polity_client::{Error, Result};

use crate::failure::usage;

/// Reads a time: `2026-03-01T12:00:00Z`, or a day, `2026-03-01`, which is its first second in UTC. Unix seconds.
pub fn parse(text: &str) -> Result<u64> {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    humantime::parse_rfc3339_weak(&full)
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map(|since| since.as_secs())
        .ok_or_else(|| {
            usage(format!(
                "a time is written 2026-03-01 or 2026-03-01T12:00:00Z, not {text}"
            ))
        })
}

/// Reads a moment that is ahead: a time, or a duration from now. Unix seconds.
pub fn parse_until(text: &str) -> Result<u64> {
    if let Ok(length) = humantime::parse_duration(text) {
        return now()?
            .checked_add(length.as_secs())
            .filter(|seconds| *seconds <= LATEST)
            .ok_or_else(|| usage(format!("{text} from now is after the year 9999")));
    }
    told(text)
}

/// The same where it can be left out: 0 is nothing.
pub fn optional_until(text: Option<&str>) -> Result<u64> {
    text.map_or(Ok(0), parse_until)
}

/// A time that can be left out: 0 is nothing.
pub fn optional(text: Option<&str>) -> Result<u64> {
    text.map_or(Ok(0), told)
}

/// A time where 0 says that none was told: the first second of 1970 would be passed over.
fn told(text: &str) -> Result<u64> {
    match parse(text)? {
        0 => Err(usage(format!(
            "{text} stands for no time at all: name a later one, or none"
        ))),
        seconds => Ok(seconds),
    }
}

/// Reads a duration: `10m`, `72h`, `30d`.
pub fn parse_duration(text: &str) -> Result<Duration> {
    humantime::parse_duration(text)
        .map_err(|_| usage(format!("a duration is written 10m, 72h or 30d, not {text}")))
}

/// Reads a duration that the ledger counts, in whole seconds: of less, 0 would be left, which is another thing.
pub fn parse_seconds(text: &str) -> Result<u64> {
    let length = parse_duration(text)?;
    match length.subsec_nanos() {
        0 => Ok(length.as_secs()),
        _ => Err(usage(format!(
            "durations on the ledger are whole seconds, not {text}"
        ))),
    }
}

/// Reads how long something is valid: a duration that is longer than nothing.
pub fn parse_validity(text: &str) -> Result<Duration> {
    match parse_duration(text)? {
        length if length.as_secs() == 0 => Err(usage(format!(
            "what is valid for {text} is over before it is sent"
        ))),
        length => Ok(length),
    }
}

/// A moment for JSON: RFC 3339, or null for none.
#[must_use]
pub fn json(seconds: u64) -> serde_json::Value {
    match seconds {
        0 => serde_json::Value::Null,
        seconds => shown(seconds).into(),
    }
}

/// A moment that is ahead, and how far: `2026-03-01T12:00:00Z (in 3h)`. 0 is nothing.
pub fn ahead(seconds: u64) -> Result<String> {
    let left = seconds.saturating_sub(now()?);
    Ok(match (seconds, left) {
        (0, _) => String::new(),
        (_, 0) => format!("{} (over)", shown(seconds)),
        // Nobody plans by the second what is hours away.
        (_, HOUR..) => format!("{} (in {})", shown(seconds), length(left / HOUR * HOUR)),
        (_, _) => format!("{} (in {})", shown(seconds), length(left)),
    })
}

/// This machine's clock, Unix seconds.
pub fn now() -> Result<u64> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .map_err(|error| Error::trouble("the clock is before 1970").with_source(error))
}

/// A point in time as Unix seconds; 0 before 1970.
#[must_use]
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;
    use polity_client::ledger::time::DAY;

    use super::*;

    #[test]
    fn times_read_and_show_in_utc() {
        let table = [
            ("1970-01-02", 86_400, "1970-01-02T00:00:00Z"),
            (
                "2026-03-01T12:00:00Z",
                1_772_366_400,
                "2026-03-01T12:00:00Z",
            ),
            ("2026-03-01 12:00:00", 1_772_366_400, "2026-03-01T12:00:00Z"),
        ];
        for (text, seconds, back) in table {
            assert_eq!(parse(text).expect(text), seconds, "{text}");
            assert_eq!(shown(seconds), back, "{text}");
        }
    }

    #[test]
    fn durations_are_told_as_they_are_commonly_said() {
        for (seconds, text) in [
            (0, "0s"),
            (90, "1m 30s"),
            (24 * 3_600, "24h"),
            (72 * 3_600, "72h"),
            (4 * DAY, "4d"),
            (365 * DAY, "365d"),
            (DAY + 90, "1d 1m 30s"),
            (4 * DAY + 3_600, "4d 1h"),
        ] {
            assert_eq!(length(seconds), text);
            let read = parse_duration(text).expect(text);
            assert_eq!(read.as_secs(), seconds, "{text} is read back");
        }
    }

    #[test]
    fn what_is_too_far_or_too_short_is_a_wrong_use() {
        for text in ["18446744073709551615s", "9000y"] {
            let refused = parse_until(text).expect_err(text);
            assert_eq!(refused.kind(), ErrorKind::Usage, "{text}");
        }
        assert!(parse_until("30d").is_ok());
        for text in ["0s", "0d", "900ms"] {
            let refused = parse_validity(text).expect_err(text);
            assert_eq!(refused.kind(), ErrorKind::Usage, "{text}");
        }
        assert_eq!(parse_validity("10m").expect("a length").as_secs(), 600);
    }

    #[test]
    fn what_would_be_read_as_nothing_is_refused() {
        for text in ["1970-01-01", "1970-01-01T00:00:00Z"] {
            assert!(optional(Some(text)).is_err(), "{text}");
            assert!(optional_until(Some(text)).is_err(), "{text}");
            assert!(parse_until(text).is_err(), "{text}");
        }
        assert_eq!(optional(Some("1970-01-02")).expect("a day"), DAY);
        assert_eq!(optional(None).expect("none"), 0);
        for text in ["900ms", "1500ms"] {
            let refused = parse_seconds(text).expect_err(text);
            assert_eq!(refused.kind(), ErrorKind::Usage, "{text}");
        }
        assert_eq!(parse_seconds("72h").expect("a length"), 72 * 3_600);
        assert_eq!(parse_seconds("0s").expect("none"), 0);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2026-13-01",
            "01.03.2026",
            "1969-12-31",
            "2026-02-30",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["", "soon", "30", "-1d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
