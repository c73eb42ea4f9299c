//! `transfer send`.

use clap::{Args, ValueEnum};
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, Account, TransferKind, action::Kind};

use crate::amount::AmountWords;
use crate::commands::optional_document;
use crate::context::Context;
use crate::time;

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
    /// Budget line that pays: b7, or `acme/dev:travel`.
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long)]
    reference: Option<String>,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Day that the transfer belongs to. A hold takes the budget of that day; what it pays counts from when it is posted.
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
        let numbers = [
            session.account(&self.from).await?.number,
            session.account(&self.to).await?.number,
        ];
        let [from, to] = numbers.map(form::numbered);
        let amount = self.amount.read_held(session, &[from, to]).await?;
        let accounts = session.get_all::<Account>(&numbers).await?;
        let is_internal =
            matches!(&accounts[..], [Some(one), Some(other)] if one.owner == other.owner);
        let kind = match self.kind {
            Some(why) => why.into(),
            None if is_internal => TransferKind::Internal,
            None => TransferKind::Payment,
        };
        Ok(v1::Transfer {
            from,
            to,
            amount: amount.to_bytes(),
            kind: kind as i32,
            line: match &self.line {
                Some(line) => context.line_ref(line).await?,
                None => None,
            },
            reference: self.reference.clone().unwrap_or_default(),
            document: optional_document(self.document.as_deref())?,
            value_date: time::optional(self.value_date.as_deref())?,
        })
    }

    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let transfer = self.transfer(context).await?;
        context.act(vec![Kind::Transfer(transfer)]).await
    }
}
