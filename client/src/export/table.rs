//! Books as CSV: one row for each account that a transfer moved, with the balance after it.

use std::collections::BTreeMap;

use polity_ledger::Amount;

use super::books::{BookAccount, Books, Entry, kind_word};
use crate::{Error, Result, amount, time};

const HEADINGS: [&str; 14] = [
    "time",
    "account",
    "account_name",
    "transfer",
    "kind",
    "counterparty",
    "counterparty_name",
    "asset",
    "amount",
    "balance",
    "reference",
    "value_date",
    "transaction",
    "effective_at",
];

/// The table of books.
pub fn csv(books: &Books) -> Result<String> {
    let accounts: BTreeMap<u64, &BookAccount> =
        books.accounts.iter().map(|one| (one.number, one)).collect();
    let mut balances: BTreeMap<u64, Balance> = BTreeMap::new();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADINGS).map_err(unwritable)?;
    for entry in &books.entries {
        for (own, other, is_credit) in [(entry.from, entry.to, false), (entry.to, entry.from, true)]
        {
            let Some(account) = accounts.get(&own) else {
                continue;
            };
            let balance = balances.entry(own).or_default();
            balance.add(is_credit, entry.amount)?;
            let row = row(books, entry, account, other, is_credit, balance).map(harmless);
            writer.write_record(row).map_err(unwritable)?;
        }
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::trouble("the table cannot be written").with_source(error))?;
    String::from_utf8(bytes)
        .map_err(|error| Error::trouble("the table is no text").with_source(error))
}

fn row(
    books: &Books,
    entry: &Entry,
    account: &BookAccount,
    other: u64,
    is_credit: bool,
    balance: &Balance,
) -> [String; HEADINGS.len()] {
    let scale = account.asset.scale;
    let sign = if is_credit { "" } else { "-" };
    let day = |seconds| match seconds {
        0 => String::new(),
        seconds => time::day(seconds),
    };
    [
        time::shown(entry.time),
        format!("a{}", account.number),
        books.name(account.number),
        format!("t{}", entry.transfer),
        kind_word(entry.kind),
        format!("a{other}"),
        books.name(other),
        account.asset.code.clone(),
        format!("{sign}{}", amount::shown(entry.amount, scale)),
        balance.shown(scale),
        entry.reference.clone(),
        day(entry.value_date),
        entry.transaction.map_or_else(String::new, hex::encode),
        time::shown(entry.effective_at),
    ]
}

/// A cell that no spreadsheet takes for a formula: one that begins like it, and is no number, gets an apostrophe, which
/// spreadsheets read as the mark of a text.
fn harmless(cell: String) -> String {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let digits = cell.strip_prefix('-').unwrap_or(&cell);
    let is_number = !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if begins && !is_number {
        format!("'{cell}")
    } else {
        cell
    }
}

#[derive(Default)]
struct Balance {
    credits: Amount,
    debits: Amount,
}

impl Balance {
    fn add(&mut self, is_credit: bool, amount: Amount) -> Result<()> {
        let side = if is_credit {
            &mut self.credits
        } else {
            &mut self.debits
        };
        *side = side
            .plus(amount)
            .map_err(|_| Error::proof("the movements sum to more than can be counted"))?;
        Ok(())
    }

    fn shown(&self, scale: u32) -> String {
        let sign = if self.debits > self.credits { "-" } else { "" };
        let minor = Amount(self.credits.0.abs_diff(self.debits.0));
        format!("{sign}{}", amount::shown(minor, scale))
    }
}

fn unwritable(error: csv::Error) -> Error {
    Error::trouble("the table cannot be written").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn what_somebody_wrote_is_no_formula() {
        let table = [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+49 30", "'+49 30"),
            ("-1+2", "'-1+2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("-12.50", "-12.50"),
            ("40 baskets, =1+1", "40 baskets, =1+1"),
            ("", ""),
        ];
        for (cell, written) in table {
            assert_eq!(harmless(cell.to_owned()), written);
        }
    }

    #[test]
    fn a_row_for_each_account_and_transfer_with_the_balance_after_it() {
        let expected = "\
time,account,account_name,transfer,kind,counterparty,counterparty_name,asset,amount,balance,reference,value_date,transaction,effective_at
2026-11-22T10:00:00Z,a6,acme/dev:main,t1,payment,a16,finn:main,EUR,-12.50,-12.50,\"40 baskets, =1+1\",2026-11-01,0101010101010101010101010101010101010101010101010101010101010101,2026-11-02T00:00:00Z
2026-11-23T10:00:00Z,a7,acme/dev:hours,t2,issue,a20,acme/dev/@shop:main,R2,7,7,,,,
";
        assert_eq!(csv(&testing::books()).expect("a table"), expected);
    }
}
