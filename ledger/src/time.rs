//! Days and months in UTC, from Unix seconds. Proleptic Gregorian calendar.

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// Seconds of an hour.
pub const HOUR: u64 = 3_600;

/// Seconds of a minute.
pub const MINUTE: u64 = 60;

/// The last second of the year 9999, after which no calendar of ours writes a date.
pub const LATEST: u64 = 253_402_300_799;

/// Days since 1970-01-01.
pub fn day(seconds: u64) -> u32 {
    u32::try_from(seconds / DAY).unwrap_or(u32::MAX)
}

/// Year, month (1 to 12) and day of the month of a day since 1970.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
pub fn civil(day: u32) -> (u64, u32, u32) {
    let shifted = u64::from(day) + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let of_month = (of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    } as u32;
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, of_month)
}

/// The first day of the calendar month of `day`, in days since 1970.
pub fn month_start(day: u32) -> u32 {
    day - (civil(day).2 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days_have_their_dates() {
        for (day, date) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_458, (2026, 1, 5)),
        ] {
            assert_eq!(civil(day), date);
        }
        assert_eq!(civil(month_start(20_458)), (2026, 1, 1));
    }
}
