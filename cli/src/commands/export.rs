//! `export account | unit`: books for other programs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueEnum};
use polity_client::export::books::{Books, Entry, kind_word};
use polity_client::export::{hledger, table};
use polity_client::ledger::Amount;
use polity_client::session::{AsOf, lettered};
use polity_client::v1::ObjectKind;
use polity_client::{Error, Result, files};
use serde_json::{Value, json};

use crate::amount::{self, Balance};
use crate::context::Context;
use crate::output::Form;
use crate::progress::Progress;
use crate::time;
use crate::word::counted;

/// Writes books for other programs: every movement proven, the sums equal to the proven balances.
///
/// The journal for hledger ends with an assertion of each balance, so `hledger check` compares it with the ledger. With
/// `--at` the books end with what had moved by then.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity export account finn:main --file finn.journal && hledger -f finn.journal check --strict\n  \
    polity export unit acme/dev --format csv --file dev.csv\n  \
    polity export unit acme/dev --at 2026-04-01 --file first-quarter.journal")]
pub struct Export {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Account(Account),
    Unit(Unit),
}

/// Exports the books of one account.
#[derive(Args, Debug)]
struct Account {
    /// The account.
    account: String,
    #[command(flatten)]
    to: To,
}

/// Exports the books of all accounts that a unit ever had, in one.
#[derive(Args, Debug)]
struct Unit {
    /// The unit.
    unit: String,
    #[command(flatten)]
    to: To,
}

/// In which form, and where to.
#[derive(Args, Debug)]
struct To {
    /// The form of the books.
    #[arg(long, value_enum, default_value_t = Format::Hledger)]
    format: Format,
    /// Write to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The form of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A journal of plain text accounting.
    Hledger,
    /// A table, with a row for each account and movement.
    Csv,
}

impl Export {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        let at = context.as_of().await?;
        let session = context.session().await?;
        let progress = Progress::new("reading");
        let tell = &mut |done, of| progress.at(done, of);
        let (books, to) = match &self.verb {
            Verb::Account(verb) => {
                let account = session.account(&verb.account).await?.number;
                let accounts = BTreeSet::from([account]);
                (session.books(&accounts, at, tell).await?, &verb.to)
            }
            Verb::Unit(verb) => {
                let unit = session.unit(&verb.unit).await?.number;
                (session.books_of_unit(unit, at, tell).await?, &verb.to)
            }
        };
        drop(progress);
        to.write(context, &books)?;
        if at == AsOf::Newest {
            context.tell_age(UNIX_EPOCH + Duration::from_secs(books.time));
        }
        Ok(())
    }
}

impl To {
    fn write(&self, context: &Context, books: &Books) -> Result<()> {
        let text = match self.format {
            Format::Hledger => hledger::journal(books),
            Format::Csv => table::csv(books)?,
        };
        let Some(file) = &self.file else {
            context.output.show(&as_json(books), || text);
            return Ok(());
        };
        files::write(file, text.as_bytes()).map_err(|error| {
            let words = format!("{} cannot be written", file.display());
            Error::trouble(words).with_source(error)
        })?;
        let said = format!(
            "{} of {} written to {}, proven at height {}",
            counted(books.entries.len() as u64, "movement"),
            counted(books.accounts.len() as u64, "account"),
            file.display(),
            books.height
        );
        match context.output.form {
            Form::Json => context.output.show(&as_json(books), String::new),
            Form::Text => context.output.note(said),
        }
        Ok(())
    }
}

fn as_json(books: &Books) -> Value {
    let accounts = books.accounts.iter().map(|account| {
        let balance = Balance::of(account.credits, account.debits);
        json!({
            "account": lettered(ObjectKind::Account, account.number),
            "name": books.name(account.number),
            "credits": amount::json(account.credits, &account.asset),
            "debits": amount::json(account.debits, &account.asset),
            "balance": balance.json(&account.asset),
        })
    });
    json!({
        "height": books.height,
        "proven": true,
        "accounts": accounts.collect::<Vec<Value>>(),
        "entries": books.entries.iter().map(|entry| entry_json(books, entry)).collect::<Vec<Value>>(),
    })
}

fn entry_json(books: &Books, entry: &Entry) -> Value {
    let money = |minor: Amount| amount::json(minor, &books.asset_of(entry));
    json!({
        "transfer": lettered(ObjectKind::Transfer, entry.transfer),
        "time": time::json(entry.time),
        "height": entry.height,
        "kind": kind_word(entry.kind),
        "from": lettered(ObjectKind::Account, entry.from),
        "to": lettered(ObjectKind::Account, entry.to),
        "amount": money(entry.amount),
        "reference": entry.reference,
        "value_date": time::json(entry.value_date),
        "effective_at": time::json(entry.effective_at),
        "transaction": entry.transaction.map(hex::encode),
    })
}
