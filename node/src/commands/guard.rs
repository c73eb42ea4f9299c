//! `polityd guard show | trust`: what keeps the validator from signing twice.

use std::path::Path;

use clap::{Args, Subcommand};
use polity_engine::embedded::guard::{Guard, GuardError, GuardState};
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::config::Engine;
use crate::keys::NodeKeys;

/// Show what keeps this validator from signing twice, and vouch for it.
///
/// For a stopped node with the embedded engine; `polityd status` shows the guard of a running one.
/// If the guard's file was copied, restored or lost, the validator signs again by itself as soon as
/// the others have decided three blocks. Only if they cannot decide, a person must know, and say,
/// what this key signed last.
///
/// Example:
///   polityd guard show --home /var/lib/polity
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Guarding {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print what the guard knows, and whether it signs
    Show,
    /// Let a guard sign whose file was copied, restored or lost
    ///
    /// Use it only if this home is the newest that the key has, and no other process will ever use the
    /// key: two votes that contradict each other are evidence, and cost the validator its power. Give
    /// `--above` if the file is lost, or older than the key's last signature.
    Trust {
        /// The key signed nothing above this height, and nothing at or below it is signed again
        #[arg(long, value_name = "HEIGHT", value_parser = clap::value_parser!(u64).range(..=HEIGHT_MAX))]
        above: Option<u64>,
        /// No other process has this key, nor will have it
        #[arg(long)]
        yes: bool,
    },
}

impl Guarding {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        if config.engine == Engine::Cometbft {
            let words = "this node's engine is CometBFT, whose guard is cometbft/guard/priv_validator_state.json";
            return Err(words.into());
        }
        let file = NodeKeys::guard_file(&config.keys_directory());
        match self.action {
            Action::Show if !file.try_exists()? => {
                return Err(format!("there is no guard {}", file.display()).into());
            }
            Action::Show => show(&file, &of_stopped(Guard::read(&file))?, common.output),
            Action::Trust { above, yes } => trust(&file, above, yes, common.output)?,
        }
        Ok(())
    }
}

/// A stopped node's guard, or what it shows: a running node has it to itself.
fn of_stopped<T>(given: Result<T, GuardError>) -> Result<T, Trouble> {
    given.map_err(|error| match error {
        GuardError::InUse(_) => {
            format!("{error}: `polityd status` tells how a running node signs, or stop it first")
                .into()
        }
        GuardError::Io(_, _) | GuardError::Damaged(_) => error.into(),
    })
}

/// Far above any height, and far below where the next one could not be counted.
const HEIGHT_MAX: u64 = u32::MAX as u64;

fn trust(file: &Path, above: Option<u64>, yes: bool, output: Output) -> Result<(), Trouble> {
    // A lost guard knows nothing, and is made only with the word that it may sign.
    let state = if file.try_exists()? {
        of_stopped(Guard::read(file))?
    } else {
        GuardState::default()
    };
    if state.is_trusted {
        return Err("the guard signs already".into());
    }
    if above.is_none() && state == GuardState::default() {
        let words = "the guard knows nothing: say by --above HEIGHT above which height the key signed nothing";
        return Err(words.into());
    }
    if !yes {
        let words = format!(
            "nothing is changed. The guard {} would sign again, from height {}. Repeat it with --yes where no other \
             process has this key, nor will have it, and the key signed nothing later",
            file.display(),
            signs_from(&state, above)
        );
        return Err(words.into());
    }
    let guard = of_stopped(Guard::open(file))?;
    guard.vouch(above.unwrap_or(0))?;
    show(file, &guard.state(), output);
    Ok(())
}

/// The height of the newest signature can be signed at again, in what follows it.
fn signs_from(state: &GuardState, above: Option<u64>) -> u64 {
    let floor = state.floor.max(above.unwrap_or(0));
    state.height.max(floor + 1)
}

fn show(file: &Path, state: &GuardState, output: Output) {
    let signs_from = signs_from(state, None);
    match output {
        Output::Text => {
            let newest = match state.height {
                0 => "nothing".to_owned(),
                height => format!("at height {height}"),
            };
            println!("guard        {}", file.display());
            println!("signed last  {newest}");
            println!("signs        {}", state.is_trusted);
            println!("signs from   height {signs_from}");
        }
        Output::Json => {
            let whole = json!({
                "file": file.display().to_string(),
                "signs": state.is_trusted,
                "height": state.height,
                "floor": state.floor,
                "signs_from": signs_from,
            });
            println!("{whole:#}");
        }
    }
}
