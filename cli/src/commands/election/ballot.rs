//! `election ballot`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{CommitBallot, Election, action::Kind};

use crate::context::Context;

/// Seals whom you name. Nobody can read it before you reveal it; your key is all that you need then.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity election ballot j3 lea")]
pub(super) struct SealBallot {
    /// The election: j3.
    election: String,
    /// Whom you name.
    nominee: String,
}

impl SealBallot {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let election: Election = context.numbered(&self.election).await?;
        let nominee = session.nominee(&election, &self.nominee).await?;
        let words = "others see its seal alone, until you reveal it";
        context
            .output
            .note(format!("The ballot names {}; {words}.", nominee.shown));
        let who = context.actor().await?;
        let signer = context.open_key(&who)?;
        let sealed = session.sealed_ballot(&signer, &election, who.member.number, nominee.number);
        let commit = CommitBallot {
            election: form::numbered(election.number),
            commitment: sealed.to_vec(),
        };
        context.act(vec![Kind::CommitBallot(commit)]).await
    }
}
