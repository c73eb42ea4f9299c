//! `election reveal`.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{RevealBallot, action::Kind};

use crate::commands::reference;
use crate::context::Context;

/// Reveals your sealed ballot: from then on everybody reads whom you name.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity election reveal c3\n  \
    polity election reveal c3 --instead finn")]
pub(super) struct Reveal {
    /// The election: c3.
    election: String,
    /// Whom you name openly, where the one in your ballot cannot be elected.
    #[arg(long, value_name = "MEMBER")]
    instead: Option<String>,
}

impl Reveal {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let election = super::found(session, &self.election).await?;
        let who = context.actor().await?;
        let voter = who.member.number;
        let ballot = election.ballots.iter().find(|ballot| ballot.voter == voter);
        let ballot = ballot.ok_or_else(|| super::usage("you sealed no ballot".into()))?;
        let signer = context.open_key(&who)?;
        let nominees = election.electorate.iter().copied();
        let nominee = session
            .opened_ballot(&signer, &election, ballot, nominees)
            .ok_or_else(|| super::usage("the ballot was sealed with another key".into()))?;
        let reveal = RevealBallot {
            election: reference(election.number),
            nominee: reference(nominee),
            salt: session.ballot_salt(&signer, &election).to_vec(),
            instead: match &self.instead {
                Some(member) => context.member_ref(member).await?,
                None => None,
            },
        };
        context.act(vec![Kind::RevealBallot(reveal)]).await
    }
}
