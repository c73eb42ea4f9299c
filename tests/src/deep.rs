//! How much the seeded suites do: a little in every run, more where `POLITY_DEEP` is set, and exactly
//! what `POLITY_SEEDS` and `POLITY_BLOCKS` say where somebody repeats a finding.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Whether the long forms run.
pub fn is_deep() -> bool {
    std::env::var_os("POLITY_DEEP").is_some_and(|value| !value.is_empty() && value != "0")
}

/// So many rounds in the short form, or in the long one where that is asked for.
pub fn rounds(short: usize, deep: usize) -> usize {
    if is_deep() { deep } else { short }
}

/// Seeds from `POLITY_SEEDS` (`17` or `1..40`), or as many as given, more in a deep run.
pub fn seeds(short: u64, deep: u64) -> RangeInclusive<u64> {
    let all = 1..=if is_deep() { deep } else { short };
    match std::env::var("POLITY_SEEDS") {
        Ok(text) => {
            range(&text).unwrap_or_else(|| panic!("POLITY_SEEDS is 17 or 1..40, not {text}"))
        }
        Err(_) => all,
    }
}

/// A number from the environment, or as given, more in a deep run.
pub fn number(variable: &str, short: u64, deep: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {text}")),
        Err(_) if is_deep() => deep,
        Err(_) => short,
    }
}

fn range(text: &str) -> Option<RangeInclusive<u64>> {
    let number = |text: &str| u64::from_str(text).ok();
    match text.split_once("..") {
        Some((first, last)) => Some(number(first)?..=number(last)?),
        None => number(text).map(|seed| seed..=seed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_one_or_a_range() {
        assert_eq!(range("17"), Some(17..=17));
        assert_eq!(range("1..40"), Some(1..=40));
        assert_eq!(range("a"), None);
    }
}
