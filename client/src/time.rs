//! Times as people read them: RFC 3339 in UTC, and durations in days and less.

use std::time::{Duration, UNIX_EPOCH};

use polity_ledger::time::{DAY, HOUR, LATEST};

/// Writes Unix seconds as RFC 3339; 0 is nothing.
#[must_use]
pub fn shown(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => rfc3339(seconds),
    }
}

/// Writes Unix seconds as RFC 3339; 0 is the first moment of 1970.
#[must_use]
pub fn rfc3339(seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
        Some(time) if seconds <= LATEST => humantime::format_rfc3339_seconds(time).to_string(),
        Some(_) | None => format!("{seconds} s"),
    }
}

/// Writes the day of Unix seconds: `2026-03-01`.
#[must_use]
pub fn day(seconds: u64) -> String {
    shown(seconds).chars().take(10).collect()
}

/// Whole hours up to so many are told in hours, as waits are commonly said.
const HOURS_MAX: u64 = 72;

/// Writes a duration in seconds: `365d`, `4d 3h`, `72h`, `90s` as `1m 30s`. Months and years have no length that
/// everybody agrees on, so days are the longest unit.
#[must_use]
pub fn length(seconds: u64) -> String {
    let rest = || humantime::format_duration(Duration::from_secs(seconds % DAY)).to_string();
    match (seconds / DAY, seconds % DAY) {
        (0, _) => rest(),
        (_, _) if seconds.is_multiple_of(HOUR) && seconds <= HOURS_MAX * HOUR => {
            format!("{}h", seconds / HOUR)
        }
        (days, 0) => format!("{days}d"),
        (days, _) => format!("{days}d {}", rest()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_in_utc() {
        assert_eq!(shown(1_772_366_400), "2026-03-01T12:00:00Z");
        assert_eq!(day(1_772_366_400), "2026-03-01");
        assert_eq!(shown(0), "");
        assert_eq!(shown(u64::MAX), format!("{} s", u64::MAX));
    }
}
