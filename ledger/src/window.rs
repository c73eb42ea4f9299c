//! Sums by day, for limits per period and for tiers that splitting does not lower.

use polity_proto::v1::{Day, Window};

use crate::{Amount, Rejection};

/// Days that a spending window looks back, the present one counted.
pub const SPENDING_DAYS: u32 = 30;
/// Days that a grant's use is kept: the longest period of a limit.
pub const GRANT_DAYS: u32 = 366;

/// Sum from day `first` to day `last`, both counted.
pub fn sum(window: &Window, first: u32, last: u32) -> Amount {
    let days = window
        .days
        .iter()
        .filter(|day| (first..=last).contains(&day.day));
    days.fold(Amount::ZERO, |sum, day| {
        Amount(sum.0.saturating_add(Amount::from_state(&day.amount).0))
    })
}

/// Adds to a day and forgets days older than `keep` before it.
pub fn add(window: &mut Window, day: u32, amount: Amount, keep: u32) -> Result<(), Rejection> {
    window.days.retain(|entry| entry.day + keep > day);
    match window.days.iter_mut().find(|entry| entry.day == day) {
        Some(entry) => {
            entry.amount = Amount::from_state(&entry.amount).plus(amount)?.to_bytes();
        }
        None => {
            let position = window.days.partition_point(|entry| entry.day < day);
            window.days.insert(
                position,
                Day {
                    day,
                    amount: amount.to_bytes(),
                },
            );
        }
    }
    Ok(())
}

/// Takes back from a day what was added to it; a day that was forgotten stays forgotten.
pub fn take_back(window: &mut Window, day: u32, amount: Amount) {
    if let Some(entry) = window.days.iter_mut().find(|entry| entry.day == day) {
        let left = Amount::from_state(&entry.amount)
            .minus(amount)
            .unwrap_or_default();
        entry.amount = left.to_bytes();
    }
    window.days.retain(|entry| !entry.amount.is_empty());
}
