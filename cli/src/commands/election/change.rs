//! `election change`.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{ChangeBallot, Election, action::Kind};

use crate::context::Context;

/// Names somebody else after a tie: once, and openly.
///
/// Whoever stays with their choice names the same member again: once all voters have named somebody, nobody waits any longer.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity election change j3 lea")]
pub(super) struct Change {
    /// The election: j3.
    election: String,
    /// Whom you name now.
    nominee: String,
}

impl Change {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let change = ChangeBallot {
            election: context.numbered_ref::<Election>(&self.election).await?,
            nominee: context.member_ref(&self.nominee).await?,
        };
        context.act(vec![Kind::ChangeBallot(change)]).await
    }
}
