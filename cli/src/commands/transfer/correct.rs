//! `transfer correct`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::Rejection;
use polity_client::v1::action::Kind;

use super::find::find;
use crate::amount;
use crate::commands::document_hash;
use crate::context::Context;

/// Gives back a transfer, in whole or in part: the account that was paid pays it back. Nothing is changed or deleted.
#[derive(Args, Debug)]
pub(super) struct Correct {
    /// Number of the transfer, t501.
    transfer: String,
    /// What goes back; without it, all of the transfer.
    #[arg(value_names = ["AMOUNT", "ASSET"], num_args = 0..=2)]
    amount: Vec<String>,
    /// An account that paid or was paid; without it, your own and those of your roles' units are searched.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
}

impl Correct {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let found = find(context, &self.transfer, self.account.as_deref()).await?;
        let amount = match &self.amount[..] {
            [] => None,
            words => {
                let (amount, asset) = amount::read(session, &words.join(" ")).await?;
                if asset.number != found.asset.number {
                    let words = format!("{} moved {}", self.transfer, found.asset.code);
                    let rejection = Rejection::WrongAsset;
                    return Err(amount::wrong_asset(rejection, amount, &asset, &words));
                }
                Some(amount)
            }
        };
        let mut act = session.correction(&found, amount).await?;
        if let Some(document) = &self.document {
            act.document = document_hash(document)?;
        }
        context.act(vec![Kind::CorrectTransfer(act)]).await
    }
}
