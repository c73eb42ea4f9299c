//! `watch`: what happens, as it happens.

use std::time::Duration;

use clap::Args;
use polity_client::Result;
use polity_client::session::{AsOf, Session};
use polity_client::v1::ObjectKind;
use serde_json::json;

use super::tx;
use crate::context::Context;
use crate::names::{self, Names};
use crate::{failure, receipt};

/// A node makes a block at least this often.
const QUIET_MAX: Duration = Duration::from_secs(600);

/// Shows each block with what its transactions did, from now on, until you stop it. Everything that
/// is shown is proven; the websocket only says when to look.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity watch\n  \
    polity watch --blocks 10 -o json")]
pub struct Watch {
    /// Stop after so many blocks.
    #[arg(long, value_name = "NUMBER")]
    blocks: Option<u64>,
    /// Also show blocks in which nothing happened.
    #[arg(long)]
    idle: bool,
}

impl Watch {
    /// Watches.
    pub async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let mut stream = session.rpc().subscribe_blocks().await?;
        let mut left = self.blocks.unwrap_or(u64::MAX);
        while left > 0 {
            let height = stream.next_height(QUIET_MAX).await?;
            self.show(context, session, height).await?;
            left -= 1;
        }
        Ok(())
    }

    async fn show(&self, context: &Context, session: &Session, height: u64) -> Result<()> {
        let block = session.rpc().block(Some(height)).await?;
        let count = block.transactions.len() as u32;
        if count == 0 && self.idle {
            let value = json!({"height": height, "transactions": []});
            context.output.show(&value, || format!("block {height}"));
        }
        for index in 0..count {
            let proven = session.receipt_at(height, index).await?;
            let events = receipt::events_json(session, &proven.receipt).await?;
            let lines = receipt::event_lines(session, &proven.receipt).await?;
            let signers = tx::sent(&proven)?.body()?.signers;
            let signers: Vec<u64> = signers.iter().map(|one| one.member).collect();
            let view = session.view(AsOf::Newest);
            let mut names = Names::new(&view);
            names.load_members(signers.iter().copied()).await?;
            let by = names.members(&signers);
            let value = json!({
                "height": height,
                "index": index,
                "signers": signers.iter().map(|one| names::json(ObjectKind::Member, *one)).collect::<Vec<_>>(),
                "code": proven.code,
                "events": events,
            });
            context.output.show(&value, || match proven.code {
                0 => format!("block {height}, by {by}\n{lines}"),
                code => format!(
                    "block {height}, by {by}: refused {code} {}",
                    failure::rejection_name(code)
                ),
            });
        }
        Ok(())
    }
}
