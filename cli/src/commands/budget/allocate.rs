//! `budget allocate | return`.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{Allocate as AllocateAction, ReturnAllocation, action::Kind};

use crate::amount::AmountWords;
use crate::commands::optional_document;
use crate::context::Context;
use crate::time;

/// Passes budget money from a unit's account to another unit's.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity budget allocate acme:main acme/dev:main 250000.00 EUR")]
pub(super) struct Allocate {
    /// The account that gives.
    from: String,
    /// The account that receives.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    /// The giving unit's budget line.
    #[arg(long)]
    line: Option<String>,
    #[command(flatten)]
    remarks: Remarks,
}

impl Allocate {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let from = context.account_ref(&self.from).await?;
        let to = context.account_ref(&self.to).await?;
        let amount = self.amount.read_held(session, &[from, to]).await?;
        let allocate = AllocateAction {
            from,
            to,
            amount: amount.to_bytes(),
            line: match &self.line {
                Some(line) => context.line_ref(line).await?,
                None => None,
            },
            document: optional_document(self.remarks.document.as_deref())?,
            value_date: time::optional(self.remarks.value_date.as_deref())?,
            reference: self.remarks.reference,
        };
        context.act(vec![Kind::Allocate(allocate)]).await
    }
}

/// Gives budget money back to the unit that it came from. Asks for `allocate` in the unit that gives it back; no budget line
/// counts it.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity budget return acme/dev:main acme:main 1000.00 EUR")]
pub(super) struct Return {
    /// The account that gives back.
    from: String,
    /// The account that once gave.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    #[command(flatten)]
    remarks: Remarks,
}

impl Return {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let from = context.account_ref(&self.from).await?;
        let to = context.account_ref(&self.to).await?;
        let amount = self.amount.read_held(session, &[from, to]).await?;
        let step = ReturnAllocation {
            from,
            to,
            amount: amount.to_bytes(),
            document: optional_document(self.remarks.document.as_deref())?,
            value_date: time::optional(self.remarks.value_date.as_deref())?,
            reference: self.remarks.reference,
        };
        context.act(vec![Kind::ReturnAllocation(step)]).await
    }
}

/// What a movement of budget money can say about itself.
#[derive(Args, Debug)]
struct Remarks {
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long, default_value = "")]
    reference: String,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Day that the money belongs to.
    #[arg(long, value_name = "DAY")]
    value_date: Option<String>,
}
