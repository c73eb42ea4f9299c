//! `transfer send | show | correct`.

use clap::{Args, Subcommand, ValueEnum};
use polity_client::v1::{self, Account, Ref, TransferKind, action::Kind};
use polity_client::{Error, ErrorKind, Result};

use crate::amount::AmountWords;
use crate::context::Context;
use crate::time;

/// Moves value between two accounts, and shows what moved.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity transfer send acme/dev:main finn:main 480.00 EUR\n  \
    polity transfer send acme/dev:main acme/ops:main 20.00 EUR --for reimbursement --reference INV-7")]
pub struct Transfer {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Send(Send),
}

impl Transfer {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Send(verb) => verb.run(context).await,
        }
    }
}

/// Pays from one account to another.
#[derive(Args, Debug)]
pub struct Send {
    /// The account that pays: `acme/dev:main` or a88.
    from: String,
    /// The account that is paid.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    /// Why value moves; without it `payment`, or `internal` between accounts of one owner.
    #[arg(long = "for", value_enum, value_name = "KIND")]
    kind: Option<Why>,
    /// Budget line that pays: its number, b7.
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long)]
    reference: Option<String>,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Day that the transfer belongs to.
    #[arg(long, value_name = "DAY")]
    value_date: Option<String>,
}

/// Why value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Why {
    /// For goods or services.
    Payment,
    /// Of what somebody laid out.
    Reimbursement,
    /// Of work.
    Compensation,
    /// Of an earlier payment.
    Refund,
    /// For nothing.
    Gift,
    /// Between accounts of one owner.
    Internal,
}

impl From<Why> for TransferKind {
    fn from(why: Why) -> TransferKind {
        match why {
            Why::Payment => TransferKind::Payment,
            Why::Reimbursement => TransferKind::Reimbursement,
            Why::Compensation => TransferKind::Compensation,
            Why::Refund => TransferKind::Refund,
            Why::Gift => TransferKind::Gift,
            Why::Internal => TransferKind::Internal,
        }
    }
}

impl Send {
    /// The transfer that the words stand for.
    pub async fn transfer(&self, context: &Context) -> Result<v1::Transfer> {
        let session = context.session().await?;
        let from = session.account(&self.from).await?.number;
        let to = session.account(&self.to).await?.number;
        let (amount, asset) = self.amount.read(session).await?;
        let accounts: Vec<Account> = session.get_all(&[from, to]).await?;
        for account in &accounts {
            if account.asset != asset.number {
                return Err(usage(format!(
                    "a{} holds no {}",
                    account.number, asset.code
                )));
            }
        }
        let is_internal = matches!(&accounts[..], [one, other] if one.owner == other.owner);
        let kind = match self.kind {
            Some(why) => why.into(),
            None if is_internal => TransferKind::Internal,
            None => TransferKind::Payment,
        };
        Ok(v1::Transfer {
            from: reference(from),
            to: reference(to),
            amount: amount.to_bytes(),
            kind: kind as i32,
            line: match &self.line {
                Some(line) => reference(line_number(line)?),
                None => None,
            },
            reference: self.reference.clone().unwrap_or_default(),
            document: match &self.document {
                Some(document) => super::document_hash(document)?,
                None => Vec::new(),
            },
            value_date: match &self.value_date {
                Some(day) => time::parse(day)?,
                None => 0,
            },
        })
    }

    async fn run(self, context: &Context) -> Result<()> {
        let transfer = self.transfer(context).await?;
        context.act(vec![Kind::Transfer(transfer)]).await
    }
}

fn reference(number: u64) -> Option<Ref> {
    super::reference(number)
}

fn line_number(text: &str) -> Result<u64> {
    super::numbered(v1::ObjectKind::BudgetLine, text)
}

fn usage(words: String) -> Error {
    Error::new(ErrorKind::Usage, words)
}
