//! `why TX | REJECTION`: by which authority something was accepted, or which rule refused it.

use clap::Args;
use polity_client::session::{AsOf, action, visible};
use polity_client::v1::VerdictKind;
use polity_client::{Error, Result};
use serde_json::json;

use super::explain::Explain;
use super::tx;
use crate::context::Context;
use crate::output::facts;
use crate::{event, failure, receipt, refusal};

/// Says why a transaction was accepted or refused, and what the judge would say now.
///
/// Given the number or the name of a refusal instead of an id, explains that.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity why 5f0c…\n  \
    polity why limit_per_transfer")]
pub struct Why {
    /// A transaction's id, or a refusal's number or name.
    what: String,
}

impl Why {
    /// Says why.
    pub async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let Some(id) = tx::id(&self.what) else {
            return Explain::of(&self.what).run(context).map_err(|error| {
                let words = format!("{error}; a transaction's id has 64 hexadecimal digits");
                Error::new(error.kind(), words)
            });
        };
        let session = context.session().await?;
        let Some(proven) = session.receipt_anywhere(&id).await? else {
            return tx::show_unrecorded(context, &id);
        };
        let draft = tx::sent(&proven)?;
        let body = draft.body()?;
        let sentences = context.sentences(&draft, &[], 0).await?;
        let mut json = receipt::json(session, &id, &proven).await?;
        let mut text = String::new();
        if proven.code == 0 {
            text.push_str(&format!("Accepted in block {}:\n", proven.height));
            let lines = event::lines_with_authority(session, &proven.receipt, &body).await?;
            text.push_str(&lines);
            context.output.show(&json, || text);
            return Ok(());
        }

        let index = proven.receipt.failed_action as usize;
        let sentence = sentences.get(index).cloned().unwrap_or_default();
        text.push_str(&facts(&[
            ("refused", format!("in block {}, proven", proven.height)),
            ("action", format!("{}: {sentence}", index + 1)),
            (
                "rule",
                format!("{} {}", proven.code, failure::rejection_name(proven.code)),
            ),
            ("which says", failure::rejection_sentence(proven.code)),
        ]));
        // The facts of then are not hashed: what the judge says now is the nearest that can be told.
        if let Some(refused) = body.actions.get(index) {
            let member = body
                .signers
                .get(refused.actor as usize)
                .map_or(0, |signer| signer.member);
            let mut asked = refused
                .kind
                .clone()
                .map(|kind| action(kind, 0))
                .unwrap_or_default();
            asked.acting_role = refused.acting_role;
            let verdict = session.can(member, &asked, false, AsOf::Newest).await?;
            let now = match verdict.kind() {
                VerdictKind::Refused => format!("{} {}", verdict.code, verdict.rejection),
                VerdictKind::None | VerdictKind::Allowed | VerdictKind::NeedsDecision => {
                    session.words().authority(&verdict).await?
                }
            };
            text.push_str(&format!(
                "now, as the node says; not proven: {}\n",
                visible(&now)
            ));
            for fact in &verdict.facts {
                let (name, value) = (visible(&fact.name), visible(&fact.value));
                text.push_str(&format!("  {name}: {value}\n"));
            }
            let facts_now = verdict.facts.iter();
            let facts_now = facts_now.map(|fact| (&fact.name[..], &fact.value[..]));
            let facts_now = refusal::as_json(facts_now);
            json["now"] = json!({"says": now, "facts": facts_now, "proven": false});
        }
        context.output.show(&json, || text);
        Ok(())
    }
}
