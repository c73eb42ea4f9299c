//! Amounts at the command line: `480.00 EUR`.

use clap::Args;
use polity_client::ledger::Amount;
use polity_client::session::Session;
use polity_client::v1::Asset;
use polity_client::{Error, ErrorKind, Result, amount};
use serde_json::{Value, json};

/// An amount as the last words of a command: two words, or one that is quoted.
#[derive(Args, Clone, Debug)]
pub struct AmountWords {
    /// Amount and asset, without grouping: `480.00 EUR`.
    #[arg(value_names = ["AMOUNT", "ASSET"], num_args = 1..=2, required = true)]
    pub amount: Vec<String>,
}

impl AmountWords {
    /// The amount, and the asset that it names.
    pub async fn read(&self, session: &Session) -> Result<(Amount, Asset)> {
        read(session, &self.amount.join(" ")).await
    }
}

/// Reads `480.00 EUR`, looking up how many decimals the asset has.
pub async fn read(session: &Session, text: &str) -> Result<(Amount, Asset)> {
    let (number, code) = split(text)?;
    let asset = session
        .get::<Asset>(session.asset(code).await?)
        .await?
        .ok_or_else(|| Error::new(ErrorKind::Usage, format!("no asset {code}")))?;
    Ok((amount::parse(number, asset.scale)?, asset))
}

/// Writes an amount in minor units with its asset.
#[must_use]
pub fn shown(minor: Amount, asset: &Asset) -> String {
    format!("{} {}", amount::shown(minor, asset.scale), asset.code)
}

/// The stable JSON of an amount.
#[must_use]
pub fn json(minor: Amount, asset: &Asset) -> Value {
    json!({
        "amount": amount::shown(minor, asset.scale),
        "minor": minor.0.to_string(),
        "asset": asset.code,
    })
}

fn split(text: &str) -> Result<(&str, &str)> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(number), Some(code), None) => Ok((number, code)),
        _ => Err(Error::new(
            ErrorKind::Usage,
            format!(
                "an amount is written with its asset, without grouping, like 480.00 EUR, not {text}"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_number_and_an_asset() {
        assert_eq!(split("480.00 EUR").expect("splits"), ("480.00", "EUR"));
        for text in ["480.00", "", "EUR", "1 000 EUR", "480.00 EUR now"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn json_has_the_amount_its_minor_units_and_the_asset() {
        let asset = Asset {
            code: "EUR".into(),
            scale: 2,
            ..Asset::default()
        };
        let expected = json!({"amount": "480.00", "minor": "48000", "asset": "EUR"});
        assert_eq!(super::json(Amount(48_000), &asset), expected);
        assert_eq!(shown(Amount(5), &asset), "0.05 EUR");
    }
}
