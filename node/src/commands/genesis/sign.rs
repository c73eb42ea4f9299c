//! `polityd genesis sign`: a department's signature under a genesis.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Common, File, Trouble};
use crate::commands::Output;
use crate::genesis_file::GenesisFile;
use crate::member_key::{self, PassphraseSource};

/// Sign the genesis for your department, with the member key of its operator
///
/// The passphrase of the key comes from POLITY_PASSPHRASE, from a file descriptor, or from the
/// terminal. The genesis of a chain that goes on is signed in the home of a stopped node, which must
/// stand where it says. Look at `genesis show` and compare the digest with the other departments first: it is what
/// you sign.
#[derive(Debug, Args)]
pub(super) struct Sign {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    key: KeyFile,
    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    passphrase_fd: Option<u32>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeyFile {
    /// The operator's encrypted key file, such as keys/ada.key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// An unencrypted seed of 64 hexadecimal digits, in a file for its owner alone
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
}

impl Sign {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let path = self.file.path(common)?;
        let mut genesis = GenesisFile::read(&path)?;
        let key = match (&self.key.key, &self.key.seed_file) {
            (Some(file), _) => {
                let source = match self.passphrase_fd {
                    Some(number) => PassphraseSource::Descriptor(number),
                    None => PassphraseSource::EnvironmentOrTerminal,
                };
                let passphrase = source.obtain(&format!("passphrase of {}", file.display()))?;
                member_key::open(file, &passphrase)?
            }
            (None, Some(file)) => member_key::read_seed(file)?,
            (None, None) => return Err("name a key: --key or --seed-file".into()),
        };

        let department = match genesis.continues {
            None => genesis.sign(&key)?,
            Some(_) => genesis.sign_continuation(&key, &super::stand(common)?)?,
        };
        super::write(&path, &genesis)?;
        let (signed, of) = (genesis.signatures.len(), genesis.validators.len());
        eprintln!(
            "signed {} for {department} ({signed} of {of} departments have signed)",
            path.display()
        );
        if common.output == Output::Json {
            let whole = json!({
                "organisation": hex::encode(genesis.digest()?),
                "file": path.display().to_string(),
                "department": department,
                "signed": signed,
                "departments": of,
            });
            println!("{whole:#}");
        }
        Ok(())
    }
}
