use std::path::PathBuf;

use clap::Args;
use ed25519_dalek::Signer;
use polity_ledger::check;
use polity_ledger::judge::{Now, policies};
use polity_ledger::state::objects;
use polity_proto::v1::{Member, Unit};

use super::{Trouble, prove, replace};
use crate::genesis_file::{GenesisFile, Signature, state_of};

/// Sign a genesis file for the departments that a member operates
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The genesis file, to which the signature is added
    file: PathBuf,
    /// The operator's member key, in the plain form that `polity key export` writes; `-` reads it
    /// from standard input
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Trouble> {
        let mut genesis = GenesisFile::read(&self.file)?;
        let key = prove::read_key(&self.key)?;
        let public = key.verifying_key().to_bytes();
        let (founded, organisation) = genesis.found()?;
        let state = state_of(&founded);

        let member = (1..)
            .map_while(|number| objects::get::<Member>(&state, number))
            .find(|member| member.keys.iter().any(|known| known.public == public))
            .ok_or("no founding member has this key")?;
        let now = Now {
            time: genesis.time()?,
            paused: 0,
        };
        let operated = policies::operated_by(&state, member.number, now);
        let handles: Vec<String> = operated
            .iter()
            .filter_map(|validator| objects::get::<Unit>(&state, validator.unit))
            .map(|unit| unit.handle)
            .collect();
        if handles.is_empty() {
            return Err(format!(
                "{} operates no founding department's validator",
                member.handle
            )
            .into());
        }

        let message = check::founding_bytes(&genesis.app_state()?);
        genesis
            .signatures
            .retain(|signature| signature.member != member.number);
        genesis.signatures.push(Signature {
            department: handles.join(", "),
            member: member.number,
            key: hex::encode(public),
            signature: hex::encode(key.sign(&message).to_bytes()),
        });
        replace(&self.file, &genesis.to_json())?;

        println!("{} signed for {}", member.handle, handles.join(", "));
        println!("organisation {}", hex::encode(organisation));
        Ok(())
    }
}
