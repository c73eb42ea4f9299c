//! `tx submit`.

use std::path::PathBuf;

use clap::Args;
use polity_client::Result;

use super::show::{check_organisation, show_draft};
use crate::context::Context;
use crate::draft_file;
use crate::failure::usage;

/// Sends a draft that everybody signed, and waits for its proven receipt. Anybody may send it, and again.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity tx submit swap.draft")]
pub(super) struct Submit {
    /// The draft's file.
    file: PathBuf,
}

impl Submit {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
        // One that was sent before may be in a block, whatever would be said of it now: sending it again is how to know.
        let id = draft.id();
        let was_sent =
            draft_file::is_kept(&context.home, &id) || session.sent_before(&id).await.is_some();
        if !was_sent && !context.options.send_anyway {
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
