//! `election reveal`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::{Rejection, form};
use polity_client::session::{Session, lettered};
use polity_client::v1::{Election, ElectionStep, ObjectKind, RevealBallot, action::Kind};

use crate::context::{Context, Purpose};
use crate::digits;
use crate::failure::usage;
use crate::refusal::{fact, would_be_refused};

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
    /// Whom the ballot names: a number, or as the voter does.
    nominee: String,
    /// The same, for the voter to read.
    shown: String,
    salt: [u8; 32],
}

/// A node that is asked about the act reads whom the ballot names.
fn check_meant(context: &Context) -> Result<()> {
    match &context.purpose {
        Purpose::Send if !context.options.dry_run => Ok(()),
        Purpose::Send | Purpose::Can | Purpose::WhoCan | Purpose::Collect(_) => Err(usage(
            "to ask or to try this would tell a node already whom your ballot names",
        )),
    }
}

/// Before its step nothing of a ballot is told to a node, not even to be refused.
fn check_step(election: &Election) -> Result<()> {
    if election.step() == ElectionStep::Reveal {
        return Ok(());
    }
    let shown = lettered(ObjectKind::Election, election.number);
    let told = [
        fact("election", shown),
        fact("step", super::step_words(election.step())),
        fact("sent", "nothing: your ballot stays sealed"),
    ];
    let rejection = match election.closed_at {
        0 => Rejection::ElectionStep,
        _ => Rejection::ElectionClosed,
    };
    Err(would_be_refused(rejection.code(), &told))
}

impl Reveal {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        check_meant(context)?;
        let session = context.session().await?;
        let election: Election = context.numbered(&self.election).await?;
        check_step(&election)?;
        let Opened {
            nominee,
            shown,
            salt,
        } = self.opened(context, session, &election).await?;
        context.confirm(&question(&shown, self.instead.as_deref()))?;

        // From here on a node that is asked reads whom the ballot names.
        let reveal = RevealBallot {
            election: form::numbered(election.number),
            nominee: context.member_ref(&nominee).await?,
            salt: salt.to_vec(),
            instead: match &self.instead {
                Some(member) => context.member_ref(member).await?,
                None => None,
            },
        };
        context.act_as_agreed(Kind::RevealBallot(reveal)).await
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
            return Ok(Opened {
                nominee: nominee.clone(),
                shown: nominee.clone(),
                salt,
            });
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
        let nominee = lettered(ObjectKind::Member, nominee);
        Ok(Opened {
            shown: session.nominee(election, &nominee).await?.shown,
            nominee,
            salt: session.ballot_salt(&signer, election),
        })
    }
}

/// What the voter agrees to before any node is told.
fn question(nominee: &str, instead: Option<&str>) -> String {
    let openly = instead.map_or_else(String::new, |instead| {
        format!(", and name {instead} openly instead")
    });
    format!("Reveal to everybody that your ballot names {nominee}{openly}?")
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;

    use super::*;
    use crate::cli::Options;

    #[test]
    fn nothing_of_a_ballot_is_told_before_its_step() {
        let at = |step: ElectionStep| {
            let election = Election {
                number: 3,
                step: step as i32,
                ..Election::default()
            };
            check_step(&election)
        };
        assert!(at(ElectionStep::Reveal).is_ok());
        for step in [ElectionStep::Ballots, ElectionStep::Change] {
            let refused = at(step).expect_err("another step");
            let code = refused.refusal().map(|refusal| refusal.code);
            assert_eq!(code, Some(Rejection::ElectionStep.code()));
        }
    }

    #[test]
    fn whoever_only_asks_or_tries_tells_nobody_whom_their_ballot_names() {
        let context = |purpose: Purpose, dry_run| {
            let options = Options {
                home: Some("/nowhere".into()),
                dry_run,
                ..Options::default()
            };
            Context::with_purpose(options, purpose).expect("a context")
        };
        assert!(check_meant(&context(Purpose::Send, false)).is_ok());
        for (purpose, dry_run) in [
            (Purpose::Can, false),
            (Purpose::WhoCan, false),
            (Purpose::Send, true),
        ] {
            let refused = check_meant(&context(purpose, dry_run)).expect_err("only asked");
            assert_eq!(refused.kind(), ErrorKind::Usage);
        }
    }
}
