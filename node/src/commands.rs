//! The operator's commands: one file for each, and here what they share.

// First, because the others print by its macros.
#[macro_use]
mod stdout;

mod backup;
mod config;
mod continue_chain;
mod export;
mod genesis;
mod guard;
#[cfg(test)]
mod guides;
mod init;
mod keys;
mod restore;
mod rollback;
mod start;
mod status;
mod verify;

use std::error::Error;
use std::ffi::OsString;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::charter::CharterError;
use crate::config::{Config, Flags, Loaded, load};
use crate::fault::{Fault, FaultKind};
use crate::genesis_file::GenesisFileError;
use crate::member_key::MemberKeyError;
use crate::serve::store_options;
use crate::store::{Store, StoreOptions};

/// The node of a department: keeps the ledger, answers questions, takes part in consensus.
///
/// Exit codes: 0 done, 1 trouble, 2 usage or configuration, 4 node not reached, 7 key or passphrase, 70 to 77 the node
/// stopped by a fault.
#[derive(Debug, Parser)]
#[command(name = "polityd", version)]
pub struct Polityd {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Backup(backup::Backup),
    Config(config::Config),
    Continue(continue_chain::Continue),
    Export(export::Export),
    Genesis(genesis::Genesis),
    Guard(guard::Guarding),
    Init(init::Init),
    Keys(keys::Keys),
    Restore(restore::Restore),
    Rollback(rollback::Rollback),
    Start(start::Start),
    Status(status::Status),
    Verify(verify::Verify),
}

#[derive(Debug, Args)]
struct Common {
    /// The directory of configuration, keys and data [environment: POLITYD_HOME, default: ~/.polityd]
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A setting that wins over file and environment, such as log.level=debug; can be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    settings: Vec<(String, String)>,
    /// The form of what is printed
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// The form of what a command prints: tables for people, or JSON that stays stable for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// What a command ended with, when it was not well.
type Trouble = Box<dyn Error>;

/// Runs one command line; what it ends with is the exit code of the process.
pub fn run(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let error = match Polityd::try_parse_from(line) {
        Ok(polityd) => return polityd.run(),
        Err(error) => error,
    };
    let printed = error.print().or_else(|unwritten| stdout::judge(&unwritten));
    match (error.exit_code(), printed) {
        // Help is an answer too.
        (0, Err(trouble)) => tell(trouble),
        (0, Ok(())) => ExitCode::SUCCESS,
        (_, _) => ExitCode::from(2),
    }
}

impl Polityd {
    fn run(self) -> ExitCode {
        let common = self.common;
        let done = match self.command {
            Command::Backup(command) => command.run(&common),
            Command::Config(command) => command.run(&common),
            Command::Continue(command) => command.run(&common),
            Command::Export(command) => command.run(&common),
            Command::Genesis(command) => command.run(&common),
            Command::Guard(command) => command.run(&common),
            Command::Init(command) => command.run(&common),
            Command::Keys(command) => command.run(&common),
            Command::Restore(command) => command.run(&common),
            Command::Rollback(command) => command.run(&common),
            Command::Start(command) => command.run(&common),
            Command::Status(command) => command.run(&common),
            Command::Verify(command) => command.run(&common),
        };
        match done.and_then(|()| stdout::written()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(trouble) => tell(trouble),
        }
    }
}

impl Common {
    fn load(&self) -> Result<Loaded, Fault> {
        Ok(load(&self.flags(), environment())?)
    }

    /// The configuration of a home that is there: a command about what a node has makes no home of a mistyped name.
    fn load_home(&self) -> Result<Loaded, Fault> {
        let loaded = self.load()?;
        if !has_directory(&loaded.config.home)? {
            return Err(no_home(&loaded.config, ""));
        }
        Ok(loaded)
    }

    fn flags(&self) -> Flags {
        Flags {
            home: self.home.clone(),
            settings: self.settings.clone(),
        }
    }
}

/// The store of a stopped node, to be written. One that is not there is not made.
fn open_store(config: &Config) -> Result<Store, Fault> {
    require_ledger(config)?;
    Store::open(&config.store_directory(), store_options(config))
}

/// The same, only to be read: also from a disk to which nobody may write.
fn read_store(config: &Config) -> Result<Store, Fault> {
    require_ledger(config)?;
    let options = StoreOptions {
        reads_only: true,
        ..store_options(config)
    };
    Store::open(&config.store_directory(), options)
}

fn require_ledger(config: &Config) -> Result<(), Fault> {
    if has_directory(&config.store_directory())? {
        return Ok(());
    }
    let words = format!("{} has no ledger yet", config.home.display());
    Err(Fault::new(FaultKind::Usage, words))
}

/// Whether there is a directory. That it may not be looked at does not say that it is not there.
fn has_directory(path: &Path) -> Result<bool, Fault> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(false),
        Err(error) => {
            let doing = format!("looking at {}", path.display());
            Err(Fault::from_io(&doing, &error))
        }
    }
}

fn no_home(config: &Config, else_name: &str) -> Fault {
    let home = config.home.display();
    let words = format!("there is no home at {home}: name one by --home{else_name}");
    Fault::new(FaultKind::Usage, words)
}

/// Says what a command ended with, and what to do where it is known; answers the exit code.
fn tell(trouble: Trouble) -> ExitCode {
    let fault = match trouble.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(trouble) => {
            eprintln!("polityd: {trouble}");
            return ExitCode::from(exit_code(&trouble));
        }
    };
    eprintln!("polityd: {fault}");
    eprintln!("what to do: {}", fault.advice());
    ExitCode::from(fault.kind().exit_code())
}

/// The exit code of trouble that is no fault of a running node.
fn exit_code(trouble: &Trouble) -> u8 {
    use GenesisFileError::{Form, Missing};
    let is_no_genesis = matches!(trouble.downcast_ref(), Some(Form(_) | Missing(_)));
    if trouble.is::<status::NotReached>() {
        4
    } else if trouble.is::<MemberKeyError>() {
        7
    } else if trouble.is::<CharterError>() || is_no_genesis {
        2
    } else {
        1
    }
}

/// The environment's variables whose names and values are text; ours always are.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("not of the form KEY=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_shows_an_example_in_its_help() {
        let command = Polityd::command();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            let help = subcommand.clone().render_long_help().to_string();
            let example = format!("polityd {}", subcommand.get_name());
            assert!(
                help.contains("Example") && help.contains(&example),
                "{help}"
            );
        }
    }

    #[test]
    fn no_line_of_a_help_is_broken_again_at_a_hundred_columns() {
        for subcommand in Polityd::command().get_subcommands() {
            let about = subcommand.get_long_about().map(ToString::to_string);
            for line in about.unwrap_or_default().lines() {
                assert!(line.chars().count() <= 98, "{line}");
            }
        }
    }

    #[test]
    fn a_mistyped_home_is_refused_and_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("mistyped");
        let common = Common {
            home: Some(home.clone()),
            settings: Vec::new(),
            output: Output::Text,
        };

        let fault = common.load_home().unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Usage);
        assert!(fault.words().starts_with("there is no home at"), "{fault}");
        for words in [
            "start",
            "config show",
            "keys show",
            "keys prove --unit u7",
            "genesis create organisation.toml",
            "genesis continue acme-2 --file goes-on.json",
            "genesis sign --key ada.key",
            "genesis verify",
            "genesis show",
            "guard show",
            "guard trust --above 7",
            "status",
            "verify",
            "backup to",
            "rollback",
            "export",
            "continue goes-on.json",
        ] {
            let line = format!("polityd {words} --home {}", home.display());
            let polityd = Polityd::parse_from(line.split(' '));
            let ended = format!("{:?}", polityd.run());
            assert_eq!(ended, format!("{:?}", ExitCode::from(2)), "{words}");
        }
        let config = common.load().unwrap().config;
        let fault = open_store(&config).err().unwrap();
        assert_eq!(fault.kind(), FaultKind::Usage);
        assert!(!home.exists());
    }

    #[test]
    fn a_directory_that_cannot_be_looked_at_is_not_told_as_missing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data");
        assert_eq!(has_directory(&path), Ok(false));
        // Who is root may look at everything, but goes round in circles too.
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let config = Config {
            home: home.path().to_owned(),
            ..Config::default()
        };
        let fault = require_ledger(&config).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Io);
        let place = path.display().to_string();
        assert!(fault.words().contains(&place), "{fault}");
    }

    #[test]
    fn settings_have_a_key_and_a_value() {
        assert_eq!(key_and_value("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        assert!(key_and_value("a").is_err() && key_and_value("=a").is_err());
    }
}
