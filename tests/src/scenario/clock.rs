//! Times and durations as people write them.

use polity_ledger::time::DAY;

use super::text::Words;
use super::trouble::{Outcome, Trouble, trouble};

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// `2026-01-05` or `2026-01-05 09:00`, in UTC, as Unix seconds.
pub(super) fn time(words: &mut Words) -> Outcome<u64> {
    let date = words.word("a date")?;
    let unread = || Trouble(format!("`{date}` is no date such as 2026-01-05"));
    let parts: Vec<u64> = date
        .split('-')
        .map(|part| part.parse().map_err(|_| unread()))
        .collect::<Outcome<_>>()?;
    let [year, month, day] = parts[..] else {
        return Err(unread());
    };
    let clock = words.peek().and_then(clock);
    if clock.is_some() {
        words.word("the clock")?;
    }
    Ok(days(year, month, day) * DAY + clock.unwrap_or(0))
}

/// `72 hours`, `two days`, in seconds.
pub(super) fn duration(words: &mut Words) -> Outcome<u64> {
    let count = words.word("a number")?;
    let count = match NUMBERS.iter().position(|word| *word == count) {
        Some(number) => number as u64,
        None => count
            .parse()
            .map_err(|_| Trouble(format!("`{count}` is no number")))?,
    };
    let unit = words.word("a unit of time")?;
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => DAY,
        "week" => 7 * DAY,
        _ => return trouble(format!("`{unit}` is no unit of time")),
    };
    Ok(count * seconds)
}

/// Whether a duration comes next.
pub(super) fn is_duration(words: &Words) -> bool {
    duration(&mut words.clone()).is_ok()
}

fn clock(word: &str) -> Option<u64> {
    let (hours, minutes) = word.split_once(':')?;
    Some(hours.parse::<u64>().ok()? * 3_600 + minutes.parse::<u64>().ok()? * 60)
}

/// Days since 1970-01-01. Source: Howard Hinnant, `days_from_civil`.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let era = year / 400;
    let of_era = year % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_a_clock_are_read_as_utc() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2026-01-05", 1_767_571_200),
            ("2026-01-05 09:30", 1_767_571_200 + 34_200),
            ("2024-02-29", 1_709_164_800),
        ] {
            assert_eq!(time(&mut Words::of(text)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_duration_is_a_number_and_its_unit() {
        assert_eq!(duration(&mut Words::of("two days")), Ok(2 * DAY));
        assert_eq!(duration(&mut Words::of("72 hours")), Ok(3 * DAY));
        assert!(duration(&mut Words::of("many moons")).is_err());
    }
}
