//! Amounts as people write them.

use polity_ledger::Amount;

use super::CharterError;

/// `480.00` in minor units, as the wire has it. No grouping; more decimals than the asset has are
/// refused, because nothing may be rounded.
pub(super) fn parse(text: &str, scale: u32) -> Result<Vec<u8>, CharterError> {
    minor_units(text, scale)
        .map(|amount| Amount(amount).to_bytes())
        .ok_or_else(|| {
            CharterError(format!(
                "{text:?} is not an amount with at most {scale} decimals"
            ))
        })
}

fn minor_units(text: &str, scale: u32) -> Option<u128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let scale = usize::try_from(scale).ok()?;
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(decimals) || decimals.len() > scale {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    format!("{whole}{decimals:0<scale$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, scale, minor) in [
            ("480.00", 2, 48_000),
            ("480", 2, 48_000),
            ("480.5", 2, 48_050),
            ("7", 0, 7),
            ("0.01", 2, 1),
        ] {
            assert_eq!(minor_units(text, scale), Some(minor), "{text}");
        }
    }

    #[test]
    fn what_would_have_to_be_guessed_or_rounded_is_refused() {
        let huge = "9".repeat(60);
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1.001",
            "1,000",
            "-1",
            "+1",
            "1e3",
            " 1",
            "1.0.0",
            huge.as_str(),
        ] {
            assert_eq!(minor_units(text, 2), None, "{text}");
        }
    }
}
