//! `watch`: what happens, as it happens.

use std::time::Duration;

use clap::Args;
use polity_client::Result;
use polity_client::proof::ProvenReceipt;
use polity_client::session::{AsOf, Session, View, lettered};
use polity_client::v1::{Body, Election, EndReason, Event, ObjectKind, Proposal, Receipt};
use serde_json::json;

use super::{election, tx};
use crate::context::Context;
use crate::names::{self, Names};
use crate::{event, failure, output, receipt, word};

/// A node makes a block at least this often.
const QUIET_MAX: Duration = Duration::from_secs(600);

/// Shows each block with what its transactions did, and what it did by itself because its time had come, from now on,
/// until you stop it. Everything that is shown is proven, and nothing of a block is left out; the websocket only says
/// when to look.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity watch\n  \
    polity watch --blocks 10 -o json")]
pub struct Watch {
    /// Stop after so many blocks, each of which is shown, also where nothing happened in it.
    #[arg(long, value_name = "NUMBER")]
    blocks: Option<u64>,
    /// Also show blocks in which nothing happened.
    #[arg(long)]
    idle: bool,
}

impl Watch {
    /// Watches.
    pub async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let session = context.session().await?;
        let (newest, mut stream) = session.new_blocks().await?;
        context.tell_age(newest.time());
        let mut next = newest.height() + 1;
        let mut left = self.blocks.unwrap_or(u64::MAX);
        while left > 0 && output::is_open() {
            // What a block did is proven by the one after it, which follows a block that did something at once. A node
            // that skips a block in its telling hides nothing.
            let newest = stream.next_height(QUIET_MAX).await?;
            for height in (next..newest).take(usize::try_from(left).unwrap_or(usize::MAX)) {
                self.show(context, session, height).await?;
                next = height + 1;
                left -= 1;
            }
        }
        Ok(())
    }

    /// Whoever counts blocks sees each of them.
    fn shows_idle(&self) -> bool {
        self.idle || self.blocks.is_some()
    }

    async fn show(&self, context: &Context, session: &Session, height: u64) -> Result<()> {
        let receipts = session.evidence().block(height).await?;
        let timers = session.timers(height).await?;
        if receipts.is_empty() && timers.is_empty() && self.shows_idle() {
            let value = json!({"height": height, "transactions": []});
            context
                .output
                .show(&value, || format!("block {height}: nothing happened"));
        }
        for proven in &receipts {
            show_transaction(context, session, proven).await?;
        }
        for (index, receipt) in (receipts.len()..).zip(&timers) {
            let events = receipt::events_json(session, receipt, &Body::default()).await?;
            let value = json!({"height": height, "index": index, "timer": true, "events": events});
            let lines = lines_by_time(session, receipt).await?;
            context.output.show(&value, || {
                format!("block {height}, by itself: its time had come\n{lines}")
            });
        }
        Ok(())
    }
}

async fn show_transaction(
    context: &Context,
    session: &Session,
    proven: &ProvenReceipt,
) -> Result<()> {
    let height = proven.height;
    let body = tx::sent(proven)?.body()?;
    let events = receipt::events_json(session, &proven.receipt, &body).await?;
    let lines = event::lines(session, &proven.receipt, &body).await?;
    let signers: Vec<u64> = body.signers.iter().map(|one| one.member).collect();
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    names.load_members(signers.iter().copied()).await?;
    let by = names.members(&signers);
    let value = json!({
        "height": height,
        "index": proven.index,
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
    Ok(())
}

/// What a timer did, an event a line.
async fn lines_by_time(session: &Session, receipt: &Receipt) -> Result<String> {
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    let events = event::told(session, receipt, &Body::default()).await?;
    event::load_names(&mut names, &events).await?;
    let mut lines = String::new();
    for told in &events {
        let line = match stands(&view, &told.event).await? {
            Some(line) => line,
            None => event::line(&names, told),
        };
        lines.push_str(&format!("  {line}\n"));
    }
    Ok(lines)
}

/// Where a decision stands that went a step further by time: its event says no more than that.
async fn stands(view: &View<'_>, event: &Event) -> Result<Option<String>> {
    let has_word = event.did != 0 || event.reason() != EndReason::None;
    if has_word || event::is_adoption(event) {
        return Ok(None);
    }
    let shown = lettered(event.object(), event.number);
    if event.object() == ObjectKind::Proposal {
        let proposal: Option<Proposal> = view.get(event.number).await?;
        return Ok(proposal.map(|one| format!("{shown} is {} now", word::word(one.state()))));
    }
    if event.object() == ObjectKind::Election {
        let election: Option<Election> = view.get(event.number).await?;
        return Ok(election.map(|one| format!("{shown}: {}", election::step_words(one.step()))));
    }
    Ok(None)
}
