//! A journal for hledger. It declares what it uses, so that `hledger check --strict` holds, and ends with an assertion
//! of each proven balance, so that `hledger check` compares the journal with the ledger.

use std::fmt::Write;

use polity_proto::v1::{Asset, OwnerKind};

use super::books::{AccountName, BookAccount, Books, Entry, kind_word};
use crate::{amount, time};

/// The journal of books.
#[must_use]
pub fn journal(books: &Books) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = writeln!(
        text,
        "; Books of the chain {}, proven at height {} of {}.",
        books.chain_id,
        books.height,
        time::shown(books.time)
    );
    let _ = writeln!(text, "decimal-mark .\n");
    for asset in assets(books) {
        let _ = writeln!(text, "commodity {}", format_of(asset));
    }
    text.push('\n');
    for (number, name) in &books.names {
        let _ = writeln!(text, "account {}", account(*number, name));
    }
    for entry in &books.entries {
        transaction(&mut text, books, entry);
    }
    for one in &books.accounts {
        assertion(&mut text, books, one);
    }
    text
}

fn transaction(text: &mut String, books: &Books, entry: &Entry) {
    let asset = books.asset_of(entry);
    let amount = amount::shown(entry.amount, asset.scale);
    let code = commodity(&asset.code);
    let mut description = kind_word(entry.kind);
    if !entry.reference.is_empty() {
        description.push_str(": ");
        description.push_str(&plain(&entry.reference));
    }
    let mut tags = format!("height: {}", entry.height);
    if entry.value_date != 0 {
        tags.push_str(&format!(", value-date: {}", time::day(entry.value_date)));
    }
    if entry.effective_at != 0 {
        tags.push_str(&format!(", happened: {}", time::day(entry.effective_at)));
    }
    if let Some(id) = entry.transaction {
        tags.push_str(&format!(", transaction: {}", hex::encode(id)));
    }
    let _ = write!(
        text,
        "\n{} * (t{}) {description}\n    ; {tags}\n    {}  {amount} {code}\n    {}  -{amount} {code}\n",
        time::day(entry.time),
        entry.transfer,
        named(books, entry.to),
        named(books, entry.from),
    );
}

/// What the ledger proves: posted credits less posted debits.
fn assertion(text: &mut String, books: &Books, one: &BookAccount) {
    let sign = if one.debits > one.credits { "-" } else { "" };
    let balance = polity_ledger::Amount(one.credits.0.abs_diff(one.debits.0));
    let code = commodity(&one.asset.code);
    let _ = write!(
        text,
        "\n{} * proven balance at height {}\n    {}  {} {code} = {sign}{} {code}\n",
        time::day(books.time),
        books.height,
        named(books, one.number),
        amount::shown(polity_ledger::Amount::ZERO, one.asset.scale),
        amount::shown(balance, one.asset.scale),
    );
}

fn named(books: &Books, number: u64) -> String {
    match books.names.get(&number) {
        Some(name) => account(number, name),
        None => format!("a{number}"),
    }
}

/// `units:acme:dev:main a6`. The number stays where units move and handles are used again.
fn account(number: u64, name: &AccountName) -> String {
    let owner = match name.owner {
        OwnerKind::Unit => "units:",
        OwnerKind::Member => "members:",
        OwnerKind::Party => "parties:",
        OwnerKind::Issuance | OwnerKind::Escrow | OwnerKind::None => "",
    };
    let path = name.path.replace("/@", ":").replace('/', ":");
    format!("{owner}{path} a{number}")
}

fn assets(books: &Books) -> Vec<&Asset> {
    let mut assets: Vec<&Asset> = books
        .accounts
        .iter()
        .map(|account| &account.asset)
        .collect();
    assets.sort_by_key(|asset| &asset.code);
    assets.dedup_by_key(|asset| &asset.code);
    assets
}

/// How amounts of an asset are written: `1000.00 "EUR"`. A whole number ends with its decimal mark there.
fn format_of(asset: &Asset) -> String {
    let decimals = "0".repeat(asset.scale as usize);
    format!("1000.{decimals} {}", commodity(&asset.code))
}

/// Codes have digits, which hledger reads as part of the amount unless they are quoted.
fn commodity(code: &str) -> String {
    format!("\"{code}\"")
}

/// A reference without what ends a description: `;` begins a remark, `|` divides payee and note.
fn plain(reference: &str) -> String {
    let is_special = |one: char| one.is_control() || matches!(one, ';' | '|');
    let plain = reference.replace(is_special, " ");
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn a_journal_declares_moves_and_asserts() {
        let expected = "\
; Books of the chain acme, proven at height 9 of 2026-11-23T10:00:00Z.
decimal-mark .

commodity 1000.00 \"EUR\"
commodity 1000. \"R2\"

account units:acme:dev:main a6
account units:acme:dev:hours a7
account members:finn:main a16
account parties:acme:dev:shop:main a20

2026-11-22 * (t1) payment: 40 baskets, =1+1
    ; height: 2, value-date: 2026-11-01, happened: 2026-11-02, transaction: 0101010101010101010101010101010101010101010101010101010101010101
    members:finn:main a16  12.50 \"EUR\"
    units:acme:dev:main a6  -12.50 \"EUR\"

2026-11-23 * (t2) issue
    ; height: 3
    units:acme:dev:hours a7  7 \"R2\"
    parties:acme:dev:shop:main a20  -7 \"R2\"

2026-11-23 * proven balance at height 9
    units:acme:dev:main a6  0.00 \"EUR\" = -12.50 \"EUR\"

2026-11-23 * proven balance at height 9
    units:acme:dev:hours a7  0 \"R2\" = 7 \"R2\"
";
        assert_eq!(journal(&testing::books()), expected);
    }

    #[test]
    fn a_reference_cannot_end_its_line_or_begin_a_remark() {
        assert_eq!(plain("a\nb ; c | d\u{7}"), "a b   c   d");
        assert_eq!(plain(" ; "), "");
    }
}
