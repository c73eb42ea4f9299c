//! The one way by which a command changes the ledger: asked, said in words, signed, sent, proven.

use std::io::{IsTerminal, Write};

use polity_client::ledger::Rejection;
use polity_client::session::{
    Draft, Outcome, Session, VALIDITY_ONE_SIGNER, VALIDITY_SEVERAL_SIGNERS, actor, lettered,
    signed_by,
};
use polity_client::v1::{
    Action, Fact, Member, ObjectKind, Ref, Second, Signer, Verdict, VerdictKind, action::Kind,
};
use polity_client::{Error, ErrorKind, Refusal, Result};
use serde_json::json;

use crate::context::{Actor, Context, Purpose};
use crate::{draft_file, receipt, time};

impl Context {
    /// Does what the command is for with the actions that it built: sends them, or asks about them. Several actions
    /// are one transaction.
    pub async fn act(&self, kinds: Vec<Kind>) -> Result<()> {
        match &self.purpose {
            Purpose::Send => self.send(kinds).await,
            Purpose::Can => self.say_can(kinds).await,
            Purpose::WhoCan => self.say_who_can(kinds).await,
            Purpose::Collect(collected) => {
                let role = self.acting_role().await?;
                let mut collected = collected
                    .lock()
                    .map_err(|_| usage("an earlier action failed"))?;
                collected.extend(kinds.into_iter().map(|kind| actor(kind, role)));
                Ok(())
            }
        }
    }

    /// Sends a draft that everybody signed. Where its outcome is open, its bytes are kept: whoever repeats the command
    /// instead would do it twice.
    pub async fn submit(&self, draft: &Draft) -> Result<()> {
        let session = self.session().await?;
        let id = draft.id();
        self.output.note(format!("transaction {}", hex::encode(id)));
        match session.submit(draft).await {
            Ok(outcome) => self.show_outcome(session, &id, &outcome).await,
            Err(error) if error.kind() == ErrorKind::Refused => Err(error),
            Err(error) => {
                let kept = draft_file::keep(&self.home, draft)?;
                self.output.note(format!(
                    "The signed transaction is kept: polity tx submit {} sends the same bytes again, which is safe.",
                    kept.display()
                ));
                Err(error)
            }
        }
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

    async fn send(&self, kinds: Vec<Kind>) -> Result<()> {
        let session = self.session().await?;
        let who = self.actor().await?;
        let seconds = self.seconds(session).await?;
        let actions = self.in_roles(session, &who, kinds, &seconds).await?;
        let mut draft = self.draft(session, &who, actions, &seconds)?;
        if let Some(path) = &self.options.draft {
            if path.exists() {
                draft = self.appended(draft_file::read(path)?, &draft)?;
            }
            return self.keep_draft(path, &draft, &who).await;
        }

        let simulated = session.simulate(&draft).await?;
        let code = simulated.receipt.code;
        if code != 0 && !self.options.send_anyway {
            return Err(refused(code, &simulated.facts));
        }
        for sentence in self
            .sentences(&draft, &simulated.verdicts, who.member.number)
            .await?
        {
            self.output.note(format!("{sentence}."));
        }
        if self.options.dry_run {
            let value = json!({"accepted": code == 0, "code": code, "height": simulated.height, "sent": false});
            self.output.show(&value, || match code {
                0 => "It would be accepted. Nothing was sent.".to_owned(),
                _ => "It would be refused. Nothing was sent.".to_owned(),
            });
            return Ok(());
        }
        if draft.body()?.signers.len() > 1 {
            return Err(usage(
                "several people sign this: write it to a file with --draft FILE",
            ));
        }
        self.confirm("Sign and send?")?;
        self.sign(&mut draft, &who)?;
        self.submit(&draft).await
    }

    /// Signs with the actor's key, asking for its passphrase.
    pub fn sign(&self, draft: &mut Draft, who: &Actor) -> Result<()> {
        let signer = self.open_key(who)?;
        let organisation = draft.body()?.organisation;
        let organisation: [u8; 32] = organisation
            .try_into()
            .map_err(|_| usage("the draft names no organisation"))?;
        if !draft.sign(&organisation, &signer)? {
            return Err(usage(format!(
                "the key {} is not among the signers",
                who.key.name
            )));
        }
        Ok(())
    }

    /// Asks at the terminal, unless `--yes`; where nobody can be asked, nothing is signed.
    pub fn confirm(&self, question: &str) -> Result<()> {
        if self.options.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(usage("nobody can be asked here: say --yes to sign"));
        }
        let mut stderr = anstream::stderr();
        let _ = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
        let mut answer = String::new();
        std::io::stdin()
            .read_line(&mut answer)
            .map_err(|error| trouble("the answer cannot be read").with_source(error))?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(trouble("nothing was sent")),
        }
    }

    /// Chooses for each action the role in which it is allowed, or reports why it is in none.
    async fn in_roles(
        &self,
        session: &Session,
        who: &Actor,
        kinds: Vec<Kind>,
        seconds: &[CoSigner],
    ) -> Result<Vec<Action>> {
        let effective_at = match &self.options.effective_at {
            Some(text) => time::parse(text)?,
            None => 0,
        };
        let given = self.acting_role().await?;
        let mut role = given;
        let mut actions = Vec::new();
        for (index, kind) in kinds.into_iter().enumerate() {
            let mut action = actor(kind, role);
            action.effective_at = effective_at;
            action.seconds = (1..)
                .zip(seconds)
                .map(|(signer, second)| Second {
                    signer,
                    acting_role: second.role(),
                })
                .collect();
            if given == 0 && seconds.is_empty() {
                let verdict = self.verdict(session, who, &action).await?;
                // Also where it is refused: the record names the role in which it came closest.
                let closest = verdict.acting_role;
                match verdict.kind() {
                    VerdictKind::Allowed => role = closest,
                    // A later action may name what an earlier one creates: the dry run judges it.
                    VerdictKind::Refused if index > 0 => {}
                    VerdictKind::None | VerdictKind::Refused => {
                        if !self.options.send_anyway && self.options.draft.is_none() {
                            return Err(refused(verdict.code, &verdict.facts));
                        }
                        role = closest;
                    }
                    VerdictKind::NeedsDecision => {
                        if !self.options.send_anyway {
                            return Err(self.needs_decision(session, &verdict).await?);
                        }
                        role = closest;
                    }
                }
                action.acting_role = (role != 0).then_some(Ref {
                    number: role,
                    new: 0,
                });
            }
            actions.push(action);
        }
        Ok(actions)
    }

    async fn verdict(&self, session: &Session, who: &Actor, action: &Action) -> Result<Verdict> {
        // Signers are placed later: the judge is asked about the actor alone.
        session.can(who.member.number, action, true).await
    }

    async fn needs_decision(&self, session: &Session, verdict: &Verdict) -> Result<Error> {
        let words = session.words().authority(verdict).await?;
        let mut facts = verdict.facts.clone();
        facts.push(Fact {
            name: "instead".into(),
            value: format!(
                "{words}: polity proposal open {} -- and the same words",
                lettered(ObjectKind::Unit, verdict.unit)
            ),
        });
        let code = match verdict.code {
            0 => Rejection::NeedsDecision.code(),
            code => code,
        };
        Ok(refused(code, &facts))
    }

    fn draft(
        &self,
        session: &Session,
        who: &Actor,
        actions: Vec<Action>,
        seconds: &[CoSigner],
    ) -> Result<Draft> {
        let mut signers = vec![signed_by(who.member.number, &who.key.public_key)];
        signers.extend(seconds.iter().map(|second| second.signer.clone()));
        let several = signers.len() > 1 || self.options.draft.is_some();
        let validity = match &self.options.valid_for {
            Some(text) => time::parse_duration(text)?,
            None if several => VALIDITY_SEVERAL_SIGNERS,
            None => VALIDITY_ONE_SIGNER,
        };
        Draft::new(session.organisation(), signers, actions, validity)
    }

    /// The draft of a file with further actions. Signatures are over the whole, so there must be none yet.
    fn appended(&self, there: Draft, more: &Draft) -> Result<Draft> {
        if there
            .signatures
            .iter()
            .any(|signature| !signature.is_empty())
        {
            return Err(usage(
                "the draft is signed already: further actions need a new one",
            ));
        }
        let (mut body, more) = (there.body()?, more.body()?);
        let mut place = Vec::new();
        for signer in &more.signers {
            let found = body
                .signers
                .iter()
                .position(|one| one.member == signer.member);
            place.push(found.unwrap_or(body.signers.len()));
            if found.is_none() {
                body.signers.push(signer.clone());
            }
        }
        let placed = |signer: u32| {
            let index = place.get(signer as usize).copied().unwrap_or_default();
            u32::try_from(index).unwrap_or(u32::MAX)
        };
        for mut action in more.actions {
            action.actor = placed(action.actor);
            for second in &mut action.seconds {
                second.signer = placed(second.signer);
            }
            body.actions.push(action);
        }
        Draft::of_body(&body)
    }

    async fn keep_draft(&self, path: &std::path::Path, draft: &Draft, who: &Actor) -> Result<()> {
        for sentence in self.sentences(draft, &[], who.member.number).await? {
            self.output.note(format!("{sentence}."));
        }
        draft_file::write(path, draft)?;
        let value = json!({"id": hex::encode(draft.id()), "file": path.display().to_string()});
        self.output.show(&value, || {
            format!(
                "Written to {0}; nobody has signed yet.\nSign it with: polity tx sign {0}",
                path.display()
            )
        });
        Ok(())
    }

    async fn seconds(&self, session: &Session) -> Result<Vec<CoSigner>> {
        let mut seconds = Vec::new();
        for text in &self.options.seconds {
            let (member, role) = text.split_once('=').unwrap_or((text, ""));
            let number = session.member(member).await?.number;
            let role = match role {
                "" => 0,
                role => session.role(role).await?.number,
            };
            let keys = session
                .get::<Member>(number)
                .await?
                .unwrap_or_default()
                .keys;
            let key = keys
                .into_iter()
                .find(|key| key.revoked_at == 0)
                .ok_or_else(|| usage(format!("{member} has no key to sign with")))?;
            let signer = Signer {
                member: number,
                key: key.public,
            };
            seconds.push(CoSigner { signer, role });
        }
        Ok(seconds)
    }

    async fn show_outcome(
        &self,
        session: &Session,
        id: &[u8; 32],
        outcome: &Outcome,
    ) -> Result<()> {
        if outcome.code != 0 {
            let refusal = Refusal {
                code: outcome.code,
                log: String::new(),
                facts: vec![
                    ("height".into(), outcome.height.to_string()),
                    (
                        "recorded".into(),
                        "the refusal is proven in the block".into(),
                    ),
                ],
            };
            return Err(Error::refused(refusal).with_transaction_id(*id));
        }
        let value = receipt::json(session, id, outcome).await?;
        let green = anstyle::AnsiColor::Green.on_default();
        let mut text = format!(
            "{green}accepted{green:#} in block {}, proven\n",
            outcome.height
        );
        text.push_str(&receipt::event_lines(session, &outcome.receipt).await?);
        self.output.show(&value, || text);
        Ok(())
    }
}

/// Another signer, and the role in which they stand behind the actions; 0: none.
struct CoSigner {
    signer: Signer,
    role: u64,
}

impl CoSigner {
    fn role(&self) -> Option<Ref> {
        (self.role != 0).then_some(Ref {
            number: self.role,
            new: 0,
        })
    }
}

/// A refusal that a dry run found; nothing was sent.
pub fn refused(code: u32, facts: &[Fact]) -> Error {
    let mut facts: Vec<(String, String)> = facts
        .iter()
        .map(|fact| (fact.name.clone(), fact.value.clone()))
        .collect();
    facts.push((
        "sent".into(),
        "nothing; --send-anyway records the attempt".into(),
    ));
    Error::refused(Refusal {
        code,
        log: String::new(),
        facts,
    })
}

fn usage(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, words)
}

fn trouble(words: &str) -> Error {
    Error::new(ErrorKind::Trouble, words)
}
