//! `completions` and `man`: made from the same definitions as the help.

use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use polity_client::{Error, Result};
use serde_json::json;

use crate::cli::Cli;
use crate::context::Context;

/// Prints completions for a shell.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity completions bash > /etc/bash_completion.d/polity\n  \
    polity completions zsh > ~/.zfunc/_polity\n  \
    polity completions fish > ~/.config/fish/completions/polity.fish")]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Known,
}

/// Shells that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Known {
    /// The Bourne-again shell.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly shell.
    Fish,
}

impl Completions {
    /// Prints them.
    pub fn run(self, context: &Context) -> Result<()> {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        let mut bytes = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "polity", &mut bytes);
        let script = String::from_utf8_lossy(&bytes).into_owned();
        let json = json!({"shell": shell.to_string(), "script": script});
        context.output.show(&json, || script);
        Ok(())
    }
}

/// Writes man pages, one for each command.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity man ~/.local/share/man/man1")]
pub struct Man {
    /// Directory for the pages; it is made where it is not there.
    directory: PathBuf,
}

impl Man {
    /// Writes them.
    pub fn run(self, context: &Context) -> Result<()> {
        let trouble = |error: std::io::Error| {
            let words = format!("{} cannot be written", self.directory.display());
            Error::trouble(words).with_source(error)
        };
        std::fs::create_dir_all(&self.directory).map_err(trouble)?;
        clap_mangen::generate_to(Cli::command(), &self.directory).map_err(trouble)?;
        let directory = self.directory.display().to_string();
        let json = json!({ "directory": directory });
        context
            .output
            .show(&json, || format!("The pages are in {directory}."));
        Ok(())
    }
}
