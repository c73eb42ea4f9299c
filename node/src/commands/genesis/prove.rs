use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use ed25519_dalek::{Signer, SigningKey};
use polity_ledger::check;
use serde_json::json;

use super::{Common, Trouble};
use crate::commands::Output;
use crate::keys::NodeKeys;

/// Print a public key with its proof, as a charter wants it
///
/// Without --key: this node's consensus key, and its id. With --key: a member's key, in the plain
/// form that `polity key export` writes; `-` reads it from standard input.
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// The name of the chain that is being founded
    #[arg(long, value_name = "ID")]
    chain_id: String,
    /// A member's key instead of the node's
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// A key in plain form is one short line.
const KEY_BYTES_MAX: u64 = 1024;

impl Prove {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let (key, node_id) = match &self.key {
            Some(path) => (read_key(path)?, None),
            None => {
                let keys = NodeKeys::load(&common.load()?.config.keys_directory())?;
                let node_id = keys.node_id();
                (keys.consensus, Some(node_id))
            }
        };
        let public = key.verifying_key().to_bytes();
        let message = check::founding_possession_bytes(&self.chain_id, &public);
        let (public, possession) = (
            hex::encode(public),
            hex::encode(key.sign(&message).to_bytes()),
        );

        match (common.output, node_id) {
            (Output::Text, None) => print!("key = \"{public}\"\npossession = \"{possession}\"\n"),
            (Output::Text, Some(id)) => print!(
                "validator = {{ key = \"{public}\", possession = \"{possession}\", power = 10 }}\n\
                 node = [{{ id = \"{id}\", address = \"HOST:26656\" }}]\n"
            ),
            (Output::Json, node_id) => {
                let whole = json!({ "key": public, "possession": possession, "node_id": node_id });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}

/// Reads a member's key in its plain form: 64 hexadecimal digits, after the words of the form.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, Trouble> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(KEY_BYTES_MAX)
            .read_to_string(&mut text)?;
    } else {
        let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
        let file = fs::File::open(path).map_err(trouble)?;
        file.take(KEY_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(trouble)?;
    }
    parse_key(&text).ok_or_else(|| {
        format!(
            "{}: is not a key in plain form; see `polity key export`",
            path.display()
        )
        .into()
    })
}

fn parse_key(text: &str) -> Option<SigningKey> {
    let digits = text.trim_end().trim_start_matches("polity-key-ed25519 ");
    let mut seed = [0; 32];
    hex::decode_to_slice(digits, &mut seed).ok()?;
    Some(SigningKey::from_bytes(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_key_is_read_with_and_without_its_words() {
        let digits = "07".repeat(32);
        for text in [digits.clone(), format!("polity-key-ed25519 {digits}\n")] {
            assert_eq!(parse_key(&text).map(|key| key.to_bytes()), Some([7; 32]));
        }
        for text in [
            "",
            "polity-key-ed25519 ",
            "age-encryption.org/v1",
            &digits[1..],
        ] {
            assert!(parse_key(text).is_none(), "{text}");
        }
    }
}
