//! `tx draft`: several commands as one transaction.

use std::path::PathBuf;

use clap::Args;
use polity_client::Result;

use crate::commands::actions_of;
use crate::context::Context;

/// Writes a draft of one or more commands, separated by `+`, that one transaction does together.
#[derive(Args, Debug)]
pub(super) struct MakeDraft {
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
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
