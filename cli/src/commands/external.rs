//! `external record | confirm`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::v1::{ConfirmExternal, Hold, RecordExternal, action::Kind};

use crate::amount::AmountWords;
use crate::context::Context;
use crate::time;

/// Money that came in from, or went out to, the world outside: one person records, another confirms.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity external record acme/@bank:main acme:main 5000.00 EUR --statement statement-2026-03.pdf\n  \
    polity external confirm h6 --statement statement-2026-03.pdf")]
pub struct External {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Record(Record),
    Confirm(Confirm),
}

impl External {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Record(verb) => verb.run(context).await,
            Verb::Confirm(verb) => verb.run(context).await,
        }
    }
}

/// Records what a bank's statement says. It counts when another person confirms it; until then `polity hold list` shows it,
/// and `polity hold void` takes it back.
#[derive(Args, Debug)]
struct Record {
    /// The account that gave: a party's where money came in.
    from: String,
    /// The account that received.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    /// SHA-256 of the statement, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    statement: String,
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long, default_value = "")]
    reference: String,
    /// Day of the statement's entry.
    #[arg(long, value_name = "DAY")]
    value_date: Option<String>,
}

impl Record {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let from = context.account_ref(&self.from).await?;
        let to = context.account_ref(&self.to).await?;
        let amount = self.amount.read_held(session, &[from, to]).await?;
        let record = RecordExternal {
            from,
            to,
            amount: amount.to_bytes(),
            statement: super::document_hash(&self.statement)?,
            reference: self.reference,
            value_date: time::optional(self.value_date.as_deref())?,
        };
        context.act(vec![Kind::RecordExternal(record)]).await
    }
}

/// Confirms, from the statement in one's own hand, what another person recorded.
#[derive(Args, Debug)]
struct Confirm {
    /// The record: a hold, h6.
    hold: String,
    /// SHA-256 of the statement, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    statement: String,
}

impl Confirm {
    async fn run(self, context: &Context) -> Result<()> {
        let confirm = ConfirmExternal {
            hold: context.numbered_ref::<Hold>(&self.hold).await?,
            statement: super::document_hash(&self.statement)?,
        };
        context.act(vec![Kind::ConfirmExternal(confirm)]).await
    }
}
