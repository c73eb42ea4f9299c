//! `tx show | draft | sign | submit | refusals`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use polity_client::ledger::Rejection;
use polity_client::proof::ProvenReceipt;
use polity_client::session::{Draft, Session, Simulated, lettered};
use polity_client::v1::ObjectKind;
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::actions_of;
use super::refusals::Refusals;
use crate::context::Context;
use crate::failure::usage;
use crate::output::facts;
use crate::transaction::is_over;
use crate::{draft_file, event, failure, receipt, time, unrecorded, word};

/// Transactions: drafts that several people sign, and what became of those that were sent.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity --draft swap.draft transfer send finn:hours ada:hours 3 HOURS\n  \
    polity --member ada --draft swap.draft transfer send ada:main finn:main 90.00 EUR\n  \
    polity tx show swap.draft\n  \
    polity tx sign swap.draft\n  \
    polity tx submit swap.draft\n  \
    polity tx show 5f0c…\n  \
    polity tx refusals acme/dev")]
pub struct Tx {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Show(Show),
    Draft(MakeDraft),
    Sign(Sign),
    Submit(Submit),
    Refusals(Refusals),
}

impl Tx {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Show(verb) => verb.run(context).await,
            Verb::Draft(verb) => verb.run(context).await,
            Verb::Sign(verb) => verb.run(context).await,
            Verb::Submit(verb) => verb.run(context).await,
            Verb::Refusals(verb) => verb.run(context).await,
        }
    }
}

/// Says in plain words what a draft does and who has signed it, or what became of a transaction that was sent.
#[derive(Args, Debug)]
struct Show {
    /// A draft's file, or the id of a transaction that was sent.
    what: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        match id(&self.what) {
            Some(id) => show_sent(context, &id).await,
            None if !Path::new(&self.what).exists() => Err(usage(format!(
                "neither a file nor a transaction's id, which has 64 hexadecimal digits: {}",
                self.what
            ))),
            None => show_draft(context, &draft_file::read(Path::new(&self.what))?).await,
        }
    }
}

/// Writes a draft of one or more commands, separated by `+`, that one transaction does together.
#[derive(Args, Debug)]
struct MakeDraft {
    /// The draft's file; one that is there and not signed takes further actions.
    file: PathBuf,
    /// The words of commands, with `+` between two.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND"
    )]
    words: Vec<String>,
}

impl MakeDraft {
    async fn run(self, context: &Context) -> Result<()> {
        let mut kinds = Vec::new();
        for words in self.words.split(|word| word == "+") {
            let actions = actions_of(context, words).await?;
            kinds.extend(actions.into_iter().filter_map(|action| action.kind));
        }
        let mut options = context.options.clone();
        options.draft = Some(self.file);
        Context::new(options)?.act(kinds).await
    }
}

/// Shows a draft, asks, and adds your signature. Of what a block has already it shows the outcome; what is over is refused.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity tx sign swap.draft")]
struct Sign {
    /// The draft's file.
    file: PathBuf,
}

impl Sign {
    async fn run(self, context: &Context) -> Result<()> {
        let mut draft = draft_file::read(&self.file)?;
        let who = context.actor().await?;
        let body = draft.body()?;
        let session = context.session().await?;
        check_organisation(session, &draft)?;
        // What a block has is done, and what is over is never done: no signature changes that.
        if let Some(proven) = session.sent_before(&draft.id()).await {
            return show_proven(context, &draft.id(), &proven).await;
        }
        context.check_time(&draft)?;
        for sentence in context.sentences(&draft, &[], who.member.number).await? {
            context.output.note(format!("{sentence}."));
        }
        context
            .output
            .note(format!("Valid until {}.", time::shown(body.valid_until)));
        let simulated = context.simulate(session, &draft).await?;
        let code = code_now(&draft, &simulated)?;
        if code != 0 {
            let name = failure::rejection_name(code);
            let words = format!("As the node says, it would be refused now: {code} {name}.");
            context.output.note(words);
        }
        context.confirm(&format!("Sign as {}?", who.member.shown))?;
        context.sign(&mut draft, &who)?;
        draft_file::write(&self.file, &draft)?;
        let missing = draft.signatures.iter().filter(|one| one.is_empty()).count();
        let json = json!({"id": hex::encode(draft.id()), "missing_signatures": missing});
        context.output.show(&json, || match missing {
            // Why was told before.
            0 if code != 0 => {
                "Signed by all. As the node says, it would be refused now.".to_owned()
            }
            0 => format!(
                "Signed by all. Send it with: polity tx submit {}",
                self.file.display()
            ),
            missing => format!(
                "Signed. Still missing: {}. Pass {} on.",
                word::counted(missing as u64, "signature"),
                self.file.display()
            ),
        });
        Ok(())
    }
}

/// Sends a draft that everybody signed, and waits for its proven receipt. Anybody may send it, and again.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity tx submit swap.draft")]
struct Submit {
    /// The draft's file.
    file: PathBuf,
}

impl Submit {
    async fn run(self, context: &Context) -> Result<()> {
        let draft = draft_file::read(&self.file)?;
        if !draft.is_complete() {
            return Err(usage(format!(
                "signatures are missing: polity tx show {} says whose",
                self.file.display()
            )));
        }
        if context.options.dry_run {
            return show_draft(context, &draft).await;
        }
        let session = context.session().await?;
        check_organisation(session, &draft)?;
        // One that was sent before has its receipt, whatever would be said of it now.
        if session.sent_before(&draft.id()).await.is_none() && !context.options.send_anyway {
            context.check_time(&draft)?;
            let simulated = context.simulate(session, &draft).await?;
            if simulated.receipt.code != 0 {
                // Whoever submits it need not be who acts.
                return Err(context.refusal(&draft, &simulated, 0).await?);
            }
        }
        context.submit(&draft, None).await
    }
}

/// Of another organisation nothing is signed, sent or judged here.
fn check_organisation(session: &Session, draft: &Draft) -> Result<()> {
    match draft.body()?.organisation == session.organisation() {
        true => Ok(()),
        false => Err(usage("the draft is for another organisation")),
    }
}

/// The refusal that a draft would have now; 0: none. A network at rest may not know yet that its time is over.
fn code_now(draft: &Draft, simulated: &Simulated) -> Result<u32> {
    Ok(match is_over(draft)? {
        true => Rejection::Expired.code(),
        false => simulated.receipt.code,
    })
}

async fn show_draft(context: &Context, draft: &Draft) -> Result<()> {
    let session = context.session().await?;
    check_organisation(session, draft)?;
    let body = draft.body()?;
    // Whoever asks about a draft that was sent wants to know what became of it.
    if let Some(proven) = session.sent_before(&draft.id()).await {
        return show_proven(context, &draft.id(), &proven).await;
    }
    let simulated = context.simulate(session, draft).await?;
    let code = code_now(draft, &simulated)?;
    // Nobody is "you" in a file that several people read.
    let sentences = context.sentences(draft, &simulated.verdicts, 0).await?;
    let mut signers = Vec::new();
    let mut text = String::new();
    for sentence in &sentences {
        text.push_str(&format!("{sentence}.\n"));
    }
    text.push_str(&facts(&[
        ("id", hex::encode(draft.id())),
        ("valid until", time::shown(body.valid_until)),
        (
            "now",
            match code {
                0 => "it would be accepted, as the node says; not proven".to_owned(),
                _ if is_over(draft)? => {
                    "it is expired by this machine's clock: a new one must be made".to_owned()
                }
                code => format!(
                    "it would be refused: {code} {}, as the node says; not proven",
                    failure::rejection_name(code)
                ),
            },
        ),
    ]));
    for (signer, signature) in body.signers.iter().zip(&draft.signatures) {
        let member = session
            .member(&lettered(ObjectKind::Member, signer.member))
            .await?
            .shown;
        let has = if signature.is_empty() {
            "has not signed"
        } else {
            "has signed"
        };
        text.push_str(&format!("{member} {has}\n"));
        signers.push(json!({
            "member": lettered(ObjectKind::Member, signer.member),
            "key": hex::encode(&signer.key),
            "signed": !signature.is_empty(),
        }));
    }
    let json = json!({
        "id": hex::encode(draft.id()),
        "valid_until": time::json(body.valid_until),
        "actions": sentences,
        "signers": signers,
        "code": code,
        "would_be_accepted": code == 0,
        "proven": false,
    });
    context.output.show(&json, || text);
    Ok(())
}

async fn show_sent(context: &Context, id: &[u8; 32]) -> Result<()> {
    let session = context.session().await?;
    match session.receipt_anywhere(id).await? {
        Some(proven) => show_proven(context, id, &proven).await,
        None => show_unrecorded(context, id),
    }
}

/// What is known of a transaction that no block has.
pub(super) fn show_unrecorded(context: &Context, id: &[u8; 32]) -> Result<()> {
    let Some(told) = unrecorded::recall(&context.home, id) else {
        let words = "no node that was asked shows a block with this transaction, and that none has it is not proven; of \
                     what doors refuse, no block ever tells";
        return Err(Error::new(ErrorKind::OutcomeUnknown, words).with_transaction_id(*id));
    };
    context.output.show(&told, || unrecorded::text(&told));
    Ok(())
}

async fn show_proven(context: &Context, id: &[u8; 32], proven: &ProvenReceipt) -> Result<()> {
    let session = context.session().await?;
    let draft = sent(proven)?;
    let sentences = context.sentences(&draft, &[], 0).await?;
    let mut json = receipt::json(session, id, proven).await?;
    json["actions"] = Value::from(sentences.clone());
    let events = event::lines(session, &proven.receipt, &draft.body()?).await?;
    context.output.show(&json, || {
        let mut text: String = sentences.iter().map(|one| format!("{one}.\n")).collect();
        text.push_str(&match proven.code {
            0 => format!("accepted in block {}, proven\n{events}", proven.height),
            code => format!(
                "refused in block {}, proven: {code} {}: {}\n",
                proven.height,
                failure::rejection_name(code),
                failure::rejection_sentence(code)
            ),
        });
        text
    });
    Ok(())
}

/// The transaction behind a proven receipt.
pub(super) fn sent(proven: &ProvenReceipt) -> Result<Draft> {
    Draft::from_envelope(&proven.transaction)
}

/// Reads a transaction's id.
pub(super) fn id(text: &str) -> Option<[u8; 32]> {
    let mut id = [0; 32];
    hex::decode_to_slice(text, &mut id).ok()?;
    Some(id)
}
