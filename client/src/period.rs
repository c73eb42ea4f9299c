//! Periods of a budget: `2026`, `2026-q3`, `2026-03`, `2026-01-01..2026-07-01`, and fiscal years, `fy2026`.

use std::time::UNIX_EPOCH;

use crate::{Error, Result};

/// From the first second until before `until`, Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first second.
    pub from: u64,
    /// The first second after it.
    pub until: u64,
}

/// Reads a period. The second day of `DAY..DAY` is the first day after it. A fiscal year begins on the first of
/// `fiscal_month`, in the calendar year before it unless that is January.
pub fn parse(text: &str, fiscal_month: u32) -> Result<Period> {
    let lower = text.to_ascii_lowercase();
    if let Some((from, until)) = lower.split_once("..") {
        return between(day(from, text)?, day(until, text)?, text);
    }
    let wrong = || usage(text);
    let year_of = |text: &str| -> Result<u64> {
        let fits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| fits).ok_or_else(wrong)
    };
    if let Some(year) = lower.strip_prefix("fy") {
        let year = year_of(year)?;
        let begins = if fiscal_month == 1 {
            year
        } else {
            year.saturating_sub(1)
        };
        return months(begins, fiscal_month, 12, text);
    }
    let Some((year, part)) = lower.split_once('-') else {
        return months(year_of(&lower)?, 1, 12, text);
    };
    let year = year_of(year)?;
    if let Some(quarter) = part.strip_prefix('q') {
        let quarter: u32 = quarter
            .parse()
            .ok()
            .filter(|one| (1..=4).contains(one))
            .ok_or_else(wrong)?;
        return months(year, 3 * quarter - 2, 3, text);
    }
    let month: u32 = part
        .parse()
        .ok()
        .filter(|one| part.len() == 2 && (1..=12).contains(one))
        .ok_or_else(wrong)?;
    months(year, month, 1, text)
}

fn months(year: u64, month: u32, count: u32, text: &str) -> Result<Period> {
    let first = |index: u32| {
        let year = year + u64::from(index / 12);
        day(&format!("{year:04}-{:02}-01", index % 12 + 1), text)
    };
    between(first(month - 1)?, first(month - 1 + count)?, text)
}

/// The first second of a day.
fn day(day: &str, text: &str) -> Result<u64> {
    humantime::parse_rfc3339_weak(&format!("{day}T00:00:00Z"))
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map(|since| since.as_secs())
        .ok_or_else(|| usage(text))
}

fn between(from: u64, until: u64, text: &str) -> Result<Period> {
    if from < until {
        Ok(Period { from, until })
    } else {
        Err(usage(text))
    }
}

fn usage(text: &str) -> Error {
    Error::usage(format!(
        "a period is written 2026, 2026-q3, 2026-03, fy2026 or 2026-01-01..2026-07-01, not {text}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_days_in_utc() {
        let table = [
            ("2026", 1, "2026-01-01", "2027-01-01"),
            ("2026-q3", 1, "2026-07-01", "2026-10-01"),
            ("2026-Q4", 1, "2026-10-01", "2027-01-01"),
            ("2026-12", 1, "2026-12-01", "2027-01-01"),
            ("fy2026", 10, "2025-10-01", "2026-10-01"),
            ("FY2026", 1, "2026-01-01", "2027-01-01"),
            ("2026-02-01..2026-02-15", 1, "2026-02-01", "2026-02-15"),
        ];
        for (text, month, from, until) in table {
            let period = parse(text, month).expect(text);
            assert_eq!(period.from, day(from, text).expect(from), "{text}");
            assert_eq!(period.until, day(until, text).expect(until), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "26",
            "2026-13",
            "2026-q5",
            "2026-1",
            "fy26",
            "2026-02-01..2026-02-01",
            "1960",
            "now",
            "+026",
        ] {
            assert!(parse(text, 1).is_err(), "{text}");
        }
    }
}
