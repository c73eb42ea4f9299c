//! The one way by which a command changes the ledger: asked, said in words, signed, sent, proven.

mod authority;
mod cosigner;
mod drafting;
mod sending;

use std::io::{IsTerminal, Write};

use polity_client::session::{AsOf, Draft, Simulated, action};
use polity_client::v1::{Action, Verdict, action::Kind};
use polity_client::{Error, Result};
use serde_json::json;

pub use sending::is_over;

use cosigner::CoSigner;

use crate::commands::can::verdict_json;
use crate::context::{Actor, Context, Purpose};
use crate::failure::usage;
use crate::refusal::{self, refused};
use crate::{draft_file, time};

impl Context {
    /// Does what the command is for with the actions that it built: sends them, or asks about them. Several actions
    /// are one transaction.
    pub async fn act(&self, kinds: Vec<Kind>) -> Result<()> {
        match &self.purpose {
            Purpose::Send => self.send(kinds, false).await,
            Purpose::Can => self.say_can(kinds).await,
            Purpose::WhoCan => self.say_who_can(kinds).await,
            Purpose::Collect(collected) => {
                self.only_now()?;
                let role = self.acting_role().await?;
                let mut collected = collected
                    .lock()
                    .map_err(|_| usage("an earlier action failed"))?;
                for kind in kinds {
                    collected.push(self.action(kind, role)?);
                }
                Ok(())
            }
        }
    }

    /// Sends what the member was asked about already, because a node that judges it reads what nobody may know before.
    pub async fn act_as_agreed(&self, kind: Kind) -> Result<()> {
        self.check_meant()?;
        self.send(vec![kind], true).await
    }

    /// An action of the first signer in this role (0: none), with what the options say of when it happened.
    pub fn action(&self, kind: Kind, role: u64) -> Result<Action> {
        Ok(Action {
            effective_at: time::optional(self.options.effective_at.as_deref())?,
            ..action(kind, role)
        })
    }

    /// The refusal of a draft that a dry run found, as `you` read it.
    pub async fn refusal(&self, draft: &Draft, simulated: &Simulated, you: u64) -> Result<Error> {
        let (body, code) = (draft.body()?, simulated.receipt.code);
        let told = &simulated.facts;
        let failed = body.actions.get(simulated.receipt.failed_action as usize);
        let facts = match failed {
            Some(action) => {
                let session = self.session().await?;
                refusal::facts(session, code, told, (&body.signers, action), you).await
            }
            None => told.clone(),
        };
        Ok(refused(code, &facts))
    }

    /// Tells a draft in words, one sentence an action.
    pub async fn sentences(
        &self,
        draft: &Draft,
        verdicts: &[Verdict],
        you: u64,
    ) -> Result<Vec<String>> {
        let words = self.session().await?.words();
        let body = draft.body()?;
        let mut sentences = Vec::new();
        for (index, action) in body.actions.iter().enumerate() {
            let sentence = words
                .sentence(&body.signers, action, verdicts.get(index), you)
                .await?;
            sentences.push(sentence);
        }
        Ok(sentences)
    }

    async fn send(&self, kinds: Vec<Kind>, is_agreed: bool) -> Result<()> {
        self.only_now()?;
        let session = self.session().await?;
        let who = self.actor().await?;
        let cosigners = self.cosigners(session).await?;
        let signer = who.signer();
        let actions = self.in_roles(session, &signer, kinds, &cosigners).await?;
        let mut draft = self.draft(session, &signer, actions, &cosigners).await?;
        if let Some(path) = &self.options.draft {
            if path.exists() {
                draft = self.appended(draft_file::read(path)?, &draft)?;
            }
            if !self.options.dry_run {
                return self.keep_draft(path, &draft, &who).await;
            }
        }

        let simulated = self.simulate(session, &draft).await?;
        let code = simulated.receipt.code;
        if code != 0 && !self.options.send_anyway {
            return Err(self.refusal(&draft, &simulated, who.member.number).await?);
        }
        let sentences = self
            .sentences(&draft, &simulated.verdicts, who.member.number)
            .await?;
        for sentence in &sentences {
            self.output.note(format!("{sentence}."));
        }
        self.tell_state_age(session);
        if self.options.dry_run {
            let mut verdicts = Vec::new();
            for verdict in &simulated.verdicts {
                verdicts.push(verdict_json(session, verdict).await?);
            }
            let value = json!({
                "accepted": code == 0,
                "code": code,
                "height": simulated.height,
                "sent": false,
                "sentences": sentences,
                "verdicts": verdicts,
            });
            self.hearsay(AsOf::Newest, value, || match code {
                0 => "It would be accepted. Nothing was sent.".to_owned(),
                _ => "It would be refused. Nothing was sent.".to_owned(),
            });
            return Ok(());
        }
        let beside = cosigners.iter().map(CoSigner::here);
        let beside: Vec<&Actor> = beside.collect::<Result<_>>()?;
        if !is_agreed {
            self.confirm("Sign and send?")?;
        }
        for who in std::iter::once(&who).chain(beside) {
            self.sign(&mut draft, who)?;
        }
        self.check_time(&draft)?;
        self.submit(&draft, Some(&simulated)).await
    }

    /// Nothing is signed or sent where somebody only asks, whatever the command.
    fn check_meant(&self) -> Result<()> {
        match self.purpose {
            Purpose::Send => Ok(()),
            Purpose::Can | Purpose::WhoCan | Purpose::Collect(_) => {
                Err(usage("whoever only asks signs and sends nothing"))
            }
        }
    }

    /// Signs with the actor's key, asking for its passphrase.
    pub fn sign(&self, draft: &mut Draft, who: &Actor) -> Result<()> {
        self.check_meant()?;
        check_named(draft, who)?;
        let signer = self.open_key(who)?;
        let organisation = draft.body()?.organisation;
        let organisation: [u8; 32] = organisation
            .try_into()
            .map_err(|_| usage("the draft names no organisation"))?;
        draft.sign(&organisation, &signer)?;
        Ok(())
    }

    /// Asks at the terminal, unless `--yes`; where nobody can be asked, nothing is signed.
    pub fn confirm(&self, question: &str) -> Result<()> {
        if self.options.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(usage("nobody can be asked here: say --yes if you mean it"));
        }
        let mut stderr = anstream::stderr();
        let _ = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
        let mut answer = String::new();
        std::io::stdin()
            .read_line(&mut answer)
            .map_err(|error| Error::trouble("the answer cannot be read").with_source(error))?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Error::trouble("you did not say yes: nothing was done")),
        }
    }
}

/// Refuses a key that the draft does not name, before anybody is asked for anything.
pub fn check_named(draft: &Draft, who: &Actor) -> Result<()> {
    let signers = draft.body()?.signers;
    if signers.iter().any(|one| one.key == who.key.public_key) {
        Ok(())
    } else {
        Err(usage(format!(
            "the draft does not name the key {} of {}: polity tx show FILE says who signs it",
            who.key.name, who.member.shown
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use polity_client::keys::StoredKey;
    use polity_client::session::{Named, signed_by};
    use polity_client::v1::Leave;

    use super::*;

    #[test]
    fn whose_key_a_draft_does_not_name_is_told_before_they_are_asked() {
        let leave = action(Kind::Leave(Leave {}), 0);
        let draft = Draft::new(
            &[1; 32],
            vec![signed_by(3, &[7; 32])],
            vec![leave],
            Duration::from_secs(60),
        );
        let draft = draft.expect("a draft");
        let with = |public_key| Actor {
            member: Named {
                number: 3,
                shown: "m3 finn".into(),
            },
            key: StoredKey {
                name: "desk".into(),
                public_key,
            },
        };
        assert!(check_named(&draft, &with([7; 32])).is_ok());
        let refused = check_named(&draft, &with([8; 32])).expect_err("another key");
        assert!(refused.to_string().contains("m3 finn"), "{refused}");
    }
}
