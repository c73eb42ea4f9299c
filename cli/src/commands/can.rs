//! `can` and `who-can`: the judge's answer before anybody signs.

use std::collections::BTreeSet;

use clap::Args;
use polity_client::ledger::{Family, Rejection};
use polity_client::session::{AsOf, Session, lettered, visible};
use polity_client::v1::{Action, Looked, ObjectKind, Signer, Verdict, VerdictKind, action::Kind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::cli::{Cli, Options};
use crate::commands::{Command, acts};
use crate::context::{Context, Purpose};
use crate::failure::{misread, usage};
use crate::names;
use crate::output::Table;
use crate::refusal::{self, would_be_refused};

/// May I do this? Takes the words of a command, and sends nothing.
///
/// Exit code 0: yes, alone; 3: no, or not alone, and then the answer says what you may begin.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity can transfer send acme/dev:main finn:main 480.00 EUR\n  \
    polity can --member ada role assign acme/dev#lead finn\n  \
    polity can account freeze finn:main --with ada=acme/ops#lead")]
pub struct Can {
    /// The words of a command.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND"
    )]
    words: Vec<String>,
}

/// Who may do this, alone, together, or by beginning a decision? Takes the words of a command, and sends nothing.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity who-can transfer send acme/dev:main finn:main 480.00 EUR")]
pub struct WhoCan {
    /// The words of a command.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND"
    )]
    words: Vec<String>,
}

/// How somebody may do what one person is not enough for.
const BESIDE: &str = "may sign beside somebody of another unit who may too: --with NAME";

impl Can {
    /// Asks.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (said, command) = inner(&self.words)?;
        run(said.or(&context.options), command, Purpose::Can)
            .await
            .map(|_| ())
    }
}

impl WhoCan {
    /// Asks.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (said, command) = inner(&self.words)?;
        let options = said.or(&context.options);
        if options.acting_role.is_some() {
            return Err(usage(
                "who-can asks about everybody, each in roles of their own: --as is for polity can",
            ));
        }
        run(options, command, Purpose::WhoCan).await.map(|_| ())
    }
}

/// The actions that the words of a command stand for, which become a part of something else, such as a proposal. Nobody
/// acts, tries or signs them there: who does that to the whole is said outside of the words.
pub async fn actions_of(context: &Context, words: &[String]) -> Result<Vec<Action>> {
    let (mut said, command) = inner(words)?;
    // When it happened belongs to the act.
    let effective_at = said.effective_at.take();
    if said != Options::default() {
        return Err(usage(
            "of the options of every command, those words take --effective-at alone: others, such as --dry-run or \
             --member, stand before `--`, and hold for the whole",
        ));
    }
    let options = Options {
        effective_at,
        ..context.options.clone()
    };
    collect(options, command).await
}

/// The actions of a command that becomes a part of something else.
pub async fn collect(options: Options, command: Command) -> Result<Vec<Action>> {
    let inner = run(options, command, Purpose::Collect(Default::default())).await?;
    match inner.purpose {
        Purpose::Collect(actions) => actions
            .into_inner()
            .map_err(|_| Error::trouble("an earlier action failed")),
        Purpose::Send | Purpose::Can | Purpose::WhoCan => Ok(Vec::new()),
    }
}

/// The command that words stand for, which is an act, and the options of every command among them.
pub fn inner(words: &[String]) -> Result<(Options, Command)> {
    if words.is_empty() {
        return Err(usage("a command is missing: `+` stands between two"));
    }
    let words = std::iter::once("polity").chain(words.iter().map(String::as_str));
    let (cli, name) = Cli::read_inner(words).map_err(|error| misread(&error))?;
    if !acts::is_act(&name) {
        return Err(usage(format!(
            "`polity {name}` is no act of the ledger: what is asked about, proposed or drafted is one, such as \
             `transfer send`"
        )));
    }
    Ok((cli.options, cli.command))
}

async fn run(options: Options, command: Command, purpose: Purpose) -> Result<Context> {
    let inner = Context::with_purpose(options, purpose)?;
    Box::pin(inner.run(command)).await?;
    Ok(inner)
}

impl Context {
    /// Says of each action whether the actor may do it alone; the first that they may not ends with its exit code.
    pub(crate) async fn say_can(&self, kinds: Vec<Kind>) -> Result<()> {
        if !self.options.cosigners.is_empty() {
            return self.say_can_together(kinds).await;
        }
        let session = self.session().await?;
        let member = self.member().await?;
        let role = self.acting_role().await?;
        let at = self.as_of().await?;
        let mut answers = Vec::new();
        let mut text = String::new();
        let mut refusal = None;
        let mut height = 0;
        for kind in kinds {
            let action = self.action(kind, role)?;
            let judged = session.can_as_of(member.number, &action, role == 0, at);
            let (of_height, verdict) = judged.await?;
            height = of_height;
            answers.push(verdict_json(session, &verdict).await?);
            text.push_str(&verdict_text(session, &verdict).await?);
            if verdict.kind() != VerdictKind::Allowed && refusal.is_none() {
                let signers = [Signer {
                    member: member.number,
                    key: Vec::new(),
                }];
                let (told, acted) = (&verdict.facts, (&signers[..], &action));
                // The state says what holds now.
                let facts = match at {
                    AsOf::Newest => {
                        refusal::facts(session, verdict.code, told, acted, member.number).await
                    }
                    AsOf::Height(_) => told.clone(),
                };
                refusal = Some(would_be_refused(verdict.code, &facts));
            }
        }
        let json = json!({
            "member": lettered(ObjectKind::Member, member.number),
            "height": height,
            "answers": answers,
        });
        self.hearsay(at, json, || text);
        refusal.map_or(Ok(()), Err)
    }

    /// The same, of what others sign beside the actor.
    async fn say_can_together(&self, kinds: Vec<Kind>) -> Result<()> {
        self.only_now()?;
        let session = self.session().await?;
        let member = self.member().await?;
        let (draft, simulated) = self.done_together(kinds).await?;
        let mut answers = Vec::new();
        let mut text = String::new();
        for verdict in &simulated.verdicts {
            answers.push(verdict_json(session, verdict).await?);
            text.push_str(&verdict_text(session, verdict).await?);
        }
        let json = json!({
            "member": lettered(ObjectKind::Member, member.number),
            "height": simulated.height,
            "answers": answers,
        });
        self.hearsay(AsOf::Newest, json, || text);
        let code = simulated.receipt.code;
        if code == 0 {
            return Ok(());
        }
        let failed = simulated.receipt.failed_action as usize;
        let body = draft.body()?;
        let facts = match body.actions.get(failed) {
            Some(action) => {
                let acted = (&body.signers[..], action);
                refusal::facts(session, code, &simulated.facts, acted, member.number).await
            }
            None => simulated.facts,
        };
        Err(would_be_refused(code, &facts))
    }

    /// Says of each action who may do it.
    pub(crate) async fn say_who_can(&self, kinds: Vec<Kind>) -> Result<()> {
        if !self.options.cosigners.is_empty() {
            return Err(usage(
                "who-can asks about everybody, each alone: polity can … --with NAME asks about several who sign, and says \
                 who else could",
            ));
        }
        let session = self.session().await?;
        let at = self.as_of().await?;
        let mut rows = Vec::new();
        let mut table = Table::new(["member", "role", "how"]);
        let mut truncated = false;
        let mut together = BTreeSet::new();
        let mut height = 0;
        for kind in kinds {
            let answer = session.who_can(&self.action(kind, 0)?, at).await?;
            height = answer.height;
            truncated |= answer.truncated;
            for one in answer.members {
                let member = session.member(&format!("m{}", one.member)).await?.shown;
                let role = role_shown(session, one.role).await?;
                let verdict = one.verdict.unwrap_or_default();
                let how = match session.words().beginning(&verdict).await? {
                    _ if verdict.code == Rejection::PeopleMissing.code() => {
                        together.insert(one.member);
                        BESIDE.to_owned()
                    }
                    Some(beginning) => format!("may {beginning}"),
                    None => session.words().authority(&verdict).await?,
                };
                rows.push(json!({
                    "member": lettered(ObjectKind::Member, one.member),
                    "role": names::json(ObjectKind::Role, one.role),
                    "verdict": verdict_json(session, &verdict).await?,
                }));
                table.row([member, role, bare(&how).to_owned()]);
            }
        }
        let empty = rows.is_empty();
        self.hearsay(
            at,
            json!({"height": height, "members": rows, "truncated": truncated}),
            || {
                if empty {
                    "Nobody may do this, alone or by a decision.".to_owned()
                } else if together.len() == 1 {
                    format!(
                        "{table}One is not enough, and nobody else is there to sign beside them."
                    )
                } else if truncated {
                    format!("{table}There are more: not all members were looked at.")
                } else {
                    table.to_string()
                }
            },
        );
        Ok(())
    }
}

pub(crate) async fn verdict_json(session: &Session, verdict: &Verdict) -> Result<Value> {
    let kind = match verdict.kind() {
        VerdictKind::None => "none",
        VerdictKind::Allowed => "allowed",
        VerdictKind::NeedsDecision => "needs_decision",
        VerdictKind::Refused => "refused",
    };
    let facts = verdict.facts.iter();
    let facts = facts.map(|fact| (fact.name.as_str(), fact.value.as_str()));
    Ok(json!({
        "verdict": kind,
        "authority": bare(&session.words().authority(verdict).await?),
        "you_may": session.words().beginning(verdict).await?,
        "acting_role": names::json(ObjectKind::Role, verdict.acting_role),
        "unit": names::json(ObjectKind::Unit, verdict.unit),
        "policy": names::json(ObjectKind::Policy, verdict.policy),
        "code": verdict.code,
        "rejection": verdict.rejection,
        "facts": refusal::as_json(facts),
        "looked_at": verdict.looked.iter().map(looked_json).collect::<Vec<_>>(),
    }))
}

async fn verdict_text(session: &Session, verdict: &Verdict) -> Result<String> {
    let authority = session.words().authority(verdict).await?;
    let mut text = match verdict.kind() {
        VerdictKind::None => "The node gave no verdict.\n".to_owned(),
        VerdictKind::Allowed => yes(&role_shown(session, verdict.acting_role).await?, &authority),
        // The refusal itself ends the command, with its facts.
        VerdictKind::NeedsDecision | VerdictKind::Refused => {
            match session.words().beginning(verdict).await? {
                Some(beginning) => format!("Not alone. You may {beginning}.\n"),
                None if verdict.code == Rejection::PeopleMissing.code() => {
                    "Not alone: somebody else signs beside you.\n".to_owned()
                }
                None if is_about_authority(verdict) => {
                    "No; nor may you begin a decision about it.\n".to_owned()
                }
                None => "No.\n".to_owned(),
            }
        }
    };
    if !verdict.looked.is_empty() {
        text.push_str("Looked at:\n");
    }
    let mut told = Vec::new();
    for rule in &verdict.looked {
        // For each of two needs the same rule may be looked at.
        if !told.contains(&rule) {
            let kind = ObjectKind::try_from(rule.kind).unwrap_or(ObjectKind::None);
            let number = lettered(kind, rule.number);
            text.push_str(&format!("  {number}: {}\n", visible(&rule.outcome)));
            told.push(rule);
        }
    }
    Ok(text)
}

/// That the actor may, and by which authority.
fn yes(role: &str, authority: &str) -> String {
    match (role, authority.strip_prefix("which ")) {
        ("", Some(own)) => format!("Yes: it {own}.\n"),
        ("", None) => format!("Yes: {authority}.\n"),
        (role, _) => format!("Yes, as {role}, {authority}.\n"),
    }
}

/// Whether what stands in the way is authority, and neither the object's state nor its value.
fn is_about_authority(verdict: &Verdict) -> bool {
    Family::of_code(verdict.code) == Some(Family::Authority)
}

/// An authority where it is not the end of a sentence.
fn bare(authority: &str) -> &str {
    authority.trim_start_matches("which ")
}

fn looked_json(rule: &Looked) -> Value {
    let kind = ObjectKind::try_from(rule.kind).unwrap_or(ObjectKind::None);
    json!({"rule": lettered(kind, rule.number), "outcome": rule.outcome})
}

async fn role_shown(session: &Session, role: u64) -> Result<String> {
    match role {
        0 => Ok(String::new()),
        role => Ok(session.role(&format!("r{role}")).await?.shown),
    }
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn whoever_tries_inside_the_words_of_a_proposal_is_told_where_that_is_said() {
        let context = Context::new(Options {
            home: Some("/nowhere".into()),
            ..Options::default()
        })
        .expect("a context");
        let of = async |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let actions = actions_of(&context, &words).await;
            actions.expect_err("no organisation is there").to_string()
        };
        for option in ["--dry-run", "--member ada", "--draft a.draft", "--as r9"] {
            let told = of(&format!("member leave {option}")).await;
            assert!(told.contains("stand before `--`"), "{option}: {told}");
        }
        let told = of("member leave --effective-at 2026-99-99").await;
        assert!(told.contains("a time is written"), "{told}");
    }

    #[tokio::test]
    async fn who_can_takes_nobodys_role() {
        for (outer, words) in [(Some("r9"), "member leave"), (None, "member leave --as r9")] {
            let context = Context::new(Options {
                home: Some("/nowhere".into()),
                acting_role: outer.map(str::to_owned),
                ..Options::default()
            })
            .expect("a context");
            let words = words.split(' ').map(str::to_owned).collect();
            let refused = WhoCan { words }.run(&context).await.expect_err("a role");
            assert_eq!(refused.kind(), ErrorKind::Usage);
            assert!(refused.to_string().contains("--as"), "{refused}");
        }
    }

    #[test]
    fn that_somebody_may_is_a_sentence() {
        let own = "which is yours to do";
        assert_eq!(yes("", own), "Yes: it is yours to do.\n");
        assert_eq!(
            yes("", "allowed by policy y3"),
            "Yes: allowed by policy y3.\n"
        );
        let grant = "allowed by grant g41";
        assert_eq!(
            yes("r6 acme#lead", grant),
            "Yes, as r6 acme#lead, allowed by grant g41.\n"
        );
    }
}
