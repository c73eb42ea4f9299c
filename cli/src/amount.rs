//! Amounts at the command line: `480.00 EUR`.

use clap::Args;
use polity_client::ledger::{Amount, Rejection};
use polity_client::session::Session;
use polity_client::v1::{Account, Asset, Ref};
use polity_client::{Error, Result, amount};
use serde_json::{Value, json};

use crate::failure::usage;
use crate::refusal::{fact, would_be_refused};

/// An amount as the last words of a command: two words, or one that is quoted.
#[derive(Args, Clone, Debug)]
pub struct AmountWords {
    /// Amount and asset, without grouping: `480.00 EUR`.
    // A sign is refused in words: to the parser it would be an unknown option.
    #[arg(
        value_names = ["AMOUNT", "ASSET"],
        num_args = 1..=2,
        required = true,
        allow_negative_numbers = true
    )]
    pub amount: Vec<String>,
}

impl AmountWords {
    /// The amount, and the asset that it names.
    pub async fn read(&self, session: &Session) -> Result<(Amount, Asset)> {
        read(session, &self.amount.join(" ")).await
    }

    /// The amount for an action that names accounts and no asset.
    pub async fn read_held(&self, session: &Session, accounts: &[Option<Ref>]) -> Result<Amount> {
        read_held(session, &self.amount.join(" "), accounts).await
    }
}

/// Reads an amount for an action that names accounts and no asset: the ledger would count it in what they hold. What none
/// of them holds cannot be asked of it; what an earlier action opens is not there yet, and the ledger judges that.
pub async fn read_held(session: &Session, text: &str, accounts: &[Option<Ref>]) -> Result<Amount> {
    let (amount, asset) = read(session, text).await?;
    let known = accounts.iter().flatten().map(|account| account.number);
    let known: Vec<u64> = known.filter(|number| *number != 0).collect();
    let held = session.get_all::<Account>(&known).await?;
    match not_held(held.iter().flatten(), asset.number) {
        Some(account) => {
            let words = format!("a{account} holds no {}", asset.code);
            Err(wrong_asset(Rejection::WrongAsset, amount, &asset, &words))
        }
        None => Ok(amount),
    }
}

/// The first of some accounts of which none holds an asset.
fn not_held<'a>(
    mut accounts: impl Iterator<Item = &'a Account> + Clone,
    asset: u64,
) -> Option<u64> {
    let is_held = accounts.clone().any(|account| account.asset == asset);
    let first = accounts.next().filter(|_| !is_held);
    first.map(|account| account.number)
}

/// Reads `480.00 EUR`, looking up how many decimals the asset has.
pub async fn read(session: &Session, text: &str) -> Result<(Amount, Asset)> {
    let (number, code) = split(text)?;
    let asset = session
        .get::<Asset>(session.asset(code).await?)
        .await?
        .ok_or_else(|| usage(format!("no asset {code}")))?;
    Ok((amount::parse(number, asset.scale)?, asset))
}

/// An amount where none at all means everything: a limit, or what of a hold is paid. On the wire zero is written like none,
/// so a limit of zero would be no limit.
pub fn filled(amount: Amount) -> Result<Vec<u8>> {
    if amount.is_zero() {
        let why = "nothing: here zero would be read as no amount at all, which means any";
        let code = Rejection::AmountZero.code();
        return Err(would_be_refused(code, &[fact("sent", why)]));
    }
    Ok(amount.to_bytes())
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

/// The refusal of an amount in another asset than that of what the action is about, where no transaction can say it.
pub fn wrong_asset(rejection: Rejection, minor: Amount, asset: &Asset, why: &str) -> Error {
    let facts = [
        fact("requested", shown(minor, asset)),
        fact("sent", format!("nothing: {why}")),
    ];
    would_be_refused(rejection.code(), &facts)
}

/// What an account has: credits less debits, which is below zero where it owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Whether it is below zero.
    pub is_negative: bool,
    /// How far from zero.
    pub minor: Amount,
}

impl Balance {
    /// Of posted credits and debits.
    #[must_use]
    pub fn of(credits: Amount, debits: Amount) -> Balance {
        Balance {
            is_negative: debits > credits,
            minor: Amount(credits.0.abs_diff(debits.0)),
        }
    }

    /// Of an account, without what is pending.
    pub fn posted(account: &Account) -> Result<Balance> {
        Ok(Balance::of(
            counted(&account.credits_posted)?,
            counted(&account.debits_posted)?,
        ))
    }

    /// With its asset: `-480.00 EUR`.
    #[must_use]
    pub fn shown(self, asset: &Asset) -> String {
        format!("{}{}", self.sign(), shown(self.minor, asset))
    }

    /// The stable JSON: that of an amount, with a sign.
    #[must_use]
    pub fn json(self, asset: &Asset) -> Value {
        let sign = self.sign();
        json!({
            "amount": format!("{sign}{}", amount::shown(self.minor, asset.scale)),
            "minor": format!("{sign}{}", self.minor.0),
            "asset": asset.code,
        })
    }

    fn sign(self) -> &'static str {
        if self.is_negative { "-" } else { "" }
    }
}

/// An amount in a state value. What a node remembers of the past is not proven, so it may be malformed.
pub fn counted(bytes: &[u8]) -> Result<Amount> {
    Amount::from_bytes(bytes)
        .map_err(|_| Error::trouble("the node's answer has a malformed amount"))
}

fn split(text: &str) -> Result<(&str, &str)> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(number), Some(code), None) => Ok((number, code)),
        _ => Err(usage(format!(
            "an amount is written with its asset, without grouping, like 480.00 EUR, and behind an option in quotes, like \
             '480.00 EUR'; not {text}"
        ))),
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
    fn an_amount_is_in_what_one_of_the_accounts_holds() {
        let holds = |number, asset| Account {
            number,
            asset,
            ..Account::default()
        };
        let accounts = [holds(4, 1), holds(5, 2)];
        let not_held = |accounts: &[Account], asset| super::not_held(accounts.iter(), asset);
        assert_eq!(not_held(&accounts, 1), None);
        assert_eq!(not_held(&accounts, 2), None);
        assert_eq!(not_held(&accounts, 3), Some(4));
        assert_eq!(not_held(&accounts[1..], 1), Some(5));
        // What an earlier action opens cannot be read yet.
        assert_eq!(not_held(&[], 1), None);
    }

    #[test]
    fn zero_is_refused_where_none_means_everything() {
        assert_eq!(filled(Amount(256)).expect("an amount"), [1, 0]);
        let refused = filled(Amount::ZERO).expect_err("none");
        let code = refused.refusal().map(|refusal| refusal.code);
        assert_eq!(code, Some(Rejection::AmountZero.code()));
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

    #[test]
    fn a_balance_below_zero_has_a_sign() {
        let asset = Asset {
            code: "EUR".into(),
            scale: 2,
            ..Asset::default()
        };
        let owing = Balance::of(Amount(100), Amount(48_100));
        assert_eq!(owing.shown(&asset), "-480.00 EUR");
        assert_eq!(owing.json(&asset)["minor"], "-48000");
        assert_eq!(Balance::of(Amount(7), Amount(7)).shown(&asset), "0.00 EUR");
    }
}
