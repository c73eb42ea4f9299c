//! `election reveal`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::session::Session;
use polity_client::v1::{Election, RevealBallot, action::Kind};

use crate::context::Context;
use crate::digits;
use crate::failure::usage;

/// Reveals your sealed ballot: from then on everybody reads whom you name.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity election reveal j3\n  \
    polity election reveal j3 --instead finn\n  \
    polity election reveal j3 --nominee lea --salt 5f0c…")]
pub(super) struct Reveal {
    /// The election: j3.
    election: String,
    /// Whom you name openly, where the one in your ballot cannot be elected.
    #[arg(long, value_name = "MEMBER")]
    instead: Option<String>,
    /// Whom the ballot names, where another program or a key that you no longer have sealed it.
    #[arg(long, value_name = "MEMBER", requires = "salt")]
    nominee: Option<String>,
    /// The salt of that ballot: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", requires = "nominee")]
    salt: Option<String>,
}

/// What a ballot was sealed with.
struct Opened {
    nominee: u64,
    salt: [u8; 32],
}

impl Reveal {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let election = super::found(session, &self.election).await?;
        let Opened { nominee, salt } = self.opened(context, session, &election).await?;
        let reveal = RevealBallot {
            election: form::numbered(election.number),
            nominee: form::numbered(nominee),
            salt: salt.to_vec(),
            instead: match &self.instead {
                Some(member) => context.member_ref(member).await?,
                None => None,
            },
        };
        context.act(vec![Kind::RevealBallot(reveal)]).await
    }

    /// What the voter says, or what their key says.
    async fn opened(
        &self,
        context: &Context,
        session: &Session,
        election: &Election,
    ) -> Result<Opened> {
        if let (Some(nominee), Some(salt)) = (&self.nominee, &self.salt) {
            let salt = digits::read("a salt", salt)?;
            let nominee = session.member(nominee).await?.number;
            return Ok(Opened { nominee, salt });
        }
        let who = context.actor().await?;
        let voter = who.member.number;
        let ballot = election.ballots.iter().find(|ballot| ballot.voter == voter);
        let ballot = ballot.ok_or_else(|| usage("you sealed no ballot"))?;
        let signer = context.open_key(&who)?;
        let nominees = election.electorate.iter().copied();
        let nominee = session
            .opened_ballot(&signer, election, ballot, nominees)
            .ok_or_else(|| {
                usage("the ballot was sealed with another key: give --nominee and --salt")
            })?;
        let salt = session.ballot_salt(&signer, election);
        Ok(Opened { nominee, salt })
    }
}
