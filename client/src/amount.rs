//! Amounts as people write them, `480.00`, and as the ledger counts them, in minor units.

use polity_ledger::Amount;

use crate::{Error, Result};

/// Most decimals that an asset can have.
const SCALE_MAX: u32 = 18;

/// Reads a number without grouping. More decimals than the asset has are refused, not rounded.
pub fn parse(text: &str, scale: u32) -> Result<Amount> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(Error::usage(format!(
            "an amount is written 480 or 480.00, without sign and grouping, not {text}"
        )));
    }
    if fraction.len() > scale as usize {
        return Err(Error::usage(format!(
            "{text} has more decimals than the asset, which has {scale}"
        )));
    }

    let minor = format!("{whole}{fraction:0<width$}", width = scale as usize);
    minor
        .parse()
        .map(Amount)
        .map_err(|_| Error::usage(format!("{text} is too large to be counted")))
}

/// Writes an amount with all decimals of its asset.
#[must_use]
pub fn shown(amount: Amount, scale: u32) -> String {
    amount.in_decimals(scale.min(SCALE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_and_shows_as_people_write_it() {
        let table = [
            ("480.00", 2, 48_000, "480.00"),
            ("480", 2, 48_000, "480.00"),
            ("480.5", 2, 48_050, "480.50"),
            ("0.01", 2, 1, "0.01"),
            ("0", 2, 0, "0.00"),
            ("7", 0, 7, "7"),
            (
                "1.000000000000000001",
                18,
                1_000_000_000_000_000_001,
                "1.000000000000000001",
            ),
        ];
        for (text, scale, minor, back) in table {
            let amount = parse(text, scale).expect(text);
            assert_eq!(amount, Amount(minor), "{text}");
            assert_eq!(shown(amount, scale), back, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        let table = [
            ("", 2),
            (".", 2),
            (".50", 2),
            ("5.", 2),
            ("-5", 2),
            ("+5", 2),
            ("1,000.00", 2),
            ("1'000", 2),
            ("1 000", 2),
            ("1e3", 2),
            ("480.001", 2),
            ("1.0", 0),
            ("0x10", 2),
            ("٤", 2),
            ("340282366920938463463374607431768211456", 0),
        ];
        for (text, scale) in table {
            assert!(parse(text, scale).is_err(), "{text}");
        }
    }
}
