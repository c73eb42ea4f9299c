//! `tx sign`.

use std::path::PathBuf;

use clap::Args;
use polity_client::Result;
use serde_json::json;

use super::show::{check_organisation, code_now, show_proven};
use crate::context::Context;
use crate::transaction::check_named;
use crate::{draft_file, failure, time, word};

/// Shows a draft, asks, and adds your signature. Of what a block has already it shows the outcome; what is over is refused.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity tx sign swap.draft")]
pub(super) struct Sign {
    /// The draft's file.
    file: PathBuf,
}

impl Sign {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
        check_named(&draft, &who)?;
        for sentence in context.sentences(&draft, &[], who.member.number).await? {
            context.output.note(format!("{sentence}."));
        }
        context
            .output
            .note(format!("Valid until {}.", time::shown(body.valid_until)));
        context.tell_state_age(session);
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
