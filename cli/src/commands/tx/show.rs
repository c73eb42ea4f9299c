//! `tx show`: a draft as its signers read it, and what became of a transaction.

use std::path::Path;

use clap::Args;
use polity_client::ledger::Rejection;
use polity_client::proof::ProvenReceipt;
use polity_client::session::{Draft, Session, Simulated, lettered};
use polity_client::v1::ObjectKind;
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::output::facts;
use crate::transaction::is_over;
use crate::{draft_file, event, failure, receipt, time, unrecorded};

/// Says in plain words what a draft does and who has signed it, or what became of a transaction that was sent.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// A draft's file, or the id of a transaction that was sent.
    what: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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

/// Of another organisation nothing is signed, sent or judged here.
pub(super) fn check_organisation(session: &Session, draft: &Draft) -> Result<()> {
    if draft.body()?.organisation == session.organisation() {
        Ok(())
    } else {
        Err(usage("the draft is for another organisation"))
    }
}

/// The refusal that a draft would have now; 0: none. A network at rest may not know yet that its time is over.
pub(super) fn code_now(draft: &Draft, simulated: &Simulated) -> Result<u32> {
    Ok(if is_over(draft)? {
        Rejection::Expired.code()
    } else {
        simulated.receipt.code
    })
}

/// A draft as its signers read it, or what became of it where it was sent.
pub(super) async fn show_draft(context: &Context, draft: &Draft) -> Result<()> {
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
        let is_theirs = session.is_enrolled(signer).await?;
        let has = match (signature.is_empty(), is_theirs) {
            (true, _) => "has not signed",
            (false, true) => "has signed",
            (false, false) => "has not signed: the key that did is none of theirs",
        };
        text.push_str(&format!("{member} {has}\n"));
        signers.push(json!({
            "member": lettered(ObjectKind::Member, signer.member),
            "key": hex::encode(&signer.key),
            "signed": !signature.is_empty() && is_theirs,
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

/// What to do about a transaction whose bytes are kept.
const KEPT: &str = "its bytes are kept under sent/ in your home: polity tx submit FILE sends them again, which is safe, or says \
                    that their time is over";

/// What is known of a transaction that no block has.
pub(in crate::commands) fn show_unrecorded(context: &Context, id: &[u8; 32]) -> Result<()> {
    let Some(told) = unrecorded::recall(&context.home, id) else {
        let words = "no node that was asked shows a block with this transaction, and that none has it is not proven; of \
                     what doors refuse, no block ever tells";
        let open = Error::new(ErrorKind::OutcomeUnknown, words).with_transaction_id(*id);
        return Err(match draft_file::is_kept(&context.home, id) {
            true => open.with_way(KEPT),
            false => open,
        });
    };
    context.output.show(&told, || unrecorded::text(&told));
    Ok(())
}

/// What became of a transaction that a block has.
pub(super) async fn show_proven(
    context: &Context,
    id: &[u8; 32],
    proven: &ProvenReceipt,
) -> Result<()> {
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
pub(in crate::commands) fn sent(proven: &ProvenReceipt) -> Result<Draft> {
    Draft::from_envelope(&proven.transaction)
}

/// Reads a transaction's id.
pub(in crate::commands) fn id(text: &str) -> Option<[u8; 32]> {
    let mut id = [0; 32];
    hex::decode_to_slice(text, &mut id).ok()?;
    Some(id)
}
