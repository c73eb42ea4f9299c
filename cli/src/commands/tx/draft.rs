//! `tx draft`: several commands as one transaction.

use std::path::PathBuf;

use clap::Args;
use polity_client::Result;

use crate::cli::Options;
use crate::commands::{Command, collect, inner};
use crate::context::Context;
use crate::failure::usage;

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
        let (options, commands) = together(context, &self.words)?;
        let mut kinds = Vec::new();
        for command in commands {
            let actions = collect(options.clone(), command).await?;
            kinds.extend(actions.into_iter().filter_map(|action| action.kind));
        }
        let options = Options {
            draft: Some(self.file),
            ..options
        };
        Context::new(options)?.act(kinds).await
    }
}

/// The commands, and the options of all of them: one member does them, in one way.
fn together(context: &Context, words: &[String]) -> Result<(Options, Vec<Command>)> {
    let each = words.split(|word| word == "+");
    let each: Vec<(Options, Command)> = each.map(inner).collect::<Result<_>>()?;
    let (said, commands): (Vec<Options>, Vec<Command>) = each.into_iter().unzip();
    let said = said.into_iter().map(|said| said.or(&context.options));
    let said: Vec<Options> = said.collect();
    if said.windows(2).all(|pair| pair[0] == pair[1]) {
        Ok((said.into_iter().next().unwrap_or_default(), commands))
    } else {
        Err(usage(
            "one member does all of a draft's commands, in one way: say --as, --member and the like before `tx draft`; what \
             somebody else does is added by a further command with --draft FILE",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options_of(outer: Options, line: &str) -> Result<Options> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let context = Context::new(Options {
            home: Some("/nowhere".into()),
            ..outer
        })?;
        Ok(together(&context, &words)?.0)
    }

    #[test]
    fn what_is_said_behind_the_words_of_a_draft_holds_for_it() {
        let line = "transfer send a1 a2 5.00 EUR --as r9 --member ada --dry-run";
        let said = options_of(Options::default(), line).expect("one command");
        assert_eq!(said.acting_role.as_deref(), Some("r9"));
        assert_eq!(said.member.as_deref(), Some("ada"));
        assert!(said.dry_run);

        let twice = "transfer send a1 a2 5.00 EUR + transfer send a2 a1 5.00 EUR";
        assert!(options_of(Options::default(), twice).is_ok());
        assert!(options_of(said, &format!("{twice} --as r9")).is_ok());
        let error = options_of(Options::default(), &format!("{twice} --as r9"));
        let error = error.expect_err("two roles").to_string();
        assert!(error.contains("before `tx draft`"), "{error}");
    }
}
