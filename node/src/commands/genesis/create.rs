use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::{Trouble, write_new};
use crate::charter;
use crate::genesis_file::GenesisFile;

/// Make a genesis file from a charter; it is not signed yet
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The charter: one TOML file that describes the organisation
    charter: PathBuf,
    /// Where the genesis file goes; an existing file is not overwritten
    #[arg(long, value_name = "FILE", default_value = "genesis.json")]
    out: PathBuf,
}

impl Create {
    pub(super) fn run(self) -> Result<(), Trouble> {
        let (genesis, time) = charter::read(&self.charter)?;
        let time = match time {
            Some(time) => time,
            None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        };
        let actions = genesis.actions.len();
        let file = GenesisFile::new(&genesis, time);
        // Founded once here, so that nobody is asked to sign what founds nothing.
        let (founded, organisation) = file.found().map_err(|error| explain(&genesis, &error))?;

        write_new(&self.out, &file.to_json())?;
        println!("wrote {}", self.out.display());
        println!(
            "{actions} founding actions, {} validators",
            founded.validators.len()
        );
        println!("organisation {}", hex::encode(organisation));
        Ok(())
    }
}

/// Shows the action that the rules refuse, since a charter has no numbers.
fn explain(
    genesis: &polity_proto::v1::Genesis,
    error: &crate::genesis_file::GenesisFileError,
) -> Trouble {
    use crate::genesis_file::GenesisFileError;
    let GenesisFileError::Founding(founding) = error else {
        return error.to_string().into();
    };
    match genesis
        .actions
        .get(founding.action)
        .and_then(|action| action.kind.as_ref())
    {
        Some(kind) => format!("{error}\nthe action is {kind:?}").into(),
        None => error.to_string().into(),
    }
}
