//! `key new | list | show | import | export`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use polity_client::keys::{ImportForm, StoredKey};
use polity_client::ledger::check;
use polity_client::session::lettered;
use polity_client::v1::ObjectKind;
use polity_client::{Error, ErrorKind, Result, files};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{Table, facts};

/// No key file is larger.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Makes and keeps signing keys, in files that a passphrase encrypts.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity key new finn\n  \
    polity key show finn --for m12\n  \
    polity key export finn --file finn-backup.age")]
pub struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    New(New),
    List(List),
    Show(Show),
    Import(Import),
    Export(Export),
}

impl Key {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::New(verb) => verb.run(context),
            Verb::List(verb) => verb.run(context),
            Verb::Show(verb) => verb.run(context).await,
            Verb::Import(verb) => verb.run(context),
            Verb::Export(verb) => verb.run(context),
        }
    }
}

/// Makes a new key and shows its public part: whoever invites you needs it.
#[derive(Args, Debug)]
struct New {
    /// Name of the key's file: a-z, 0-9 and -.
    name: String,
}

impl New {
    fn run(self, context: &Context) -> Result<()> {
        context.keys().check_free(&self.name)?;
        let passphrase = context.passphrases.of_new(&self.name)?;
        let key = context.keys().create(&self.name, &passphrase)?;
        tell(context, &key);
        Ok(())
    }
}

/// Lists the keys of the home directory.
#[derive(Args, Debug)]
struct List {}

impl List {
    fn run(self, context: &Context) -> Result<()> {
        let keys = context.keys().list()?;
        let mut table = Table::new(["name", "public key"]);
        let (mut readable, mut broken) = (Vec::new(), Vec::new());
        for (name, key) in &keys {
            match key {
                Ok(key) => {
                    table.row([name.clone(), hex::encode(key.public_key)]);
                    readable.push(key_json(key));
                }
                Err(error) => {
                    table.row([name.clone(), error.to_string()]);
                    broken.push(json!({"name": name, "message": error.to_string()}));
                }
            }
        }
        let json = json!({ "keys": readable, "broken": broken });
        context.output.show(&json, || {
            if keys.is_empty() {
                "No keys. Make one with: polity key new NAME".to_owned()
            } else {
                table.to_string()
            }
        });
        Ok(())
    }
}

/// Shows a public key; with `--for` or `--chain-id` also the proof that you hold its secret.
#[derive(Args, Debug)]
struct Show {
    /// Name of the key.
    name: String,
    /// Prove possession for this member: for add-key, recover, and the first key of an import.
    #[arg(long = "for", value_name = "MEMBER", conflicts_with = "chain_id")]
    holder: Option<String>,
    /// Prove possession for the founding of the chain with this name.
    #[arg(long, value_name = "ID")]
    chain_id: Option<String>,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let key = context.keys().public(&self.name)?;
        let mut json = key_json(&key);
        let mut pairs = vec![
            ("name", key.name.clone()),
            ("public key", hex::encode(key.public_key)),
        ];
        let possession = match (&self.holder, &self.chain_id) {
            (Some(member), _) => {
                let session = context.session().await?;
                let member = session.member(member).await?;
                json["member"] = lettered(ObjectKind::Member, member.number).into();
                pairs.push(("member", member.shown));
                Some(
                    self.open(context)?
                        .prove_possession(session.founded(), member.number),
                )
            }
            (None, Some(chain)) => {
                json["chain"] = chain.as_str().into();
                pairs.push(("chain", chain.clone()));
                let bytes = check::founding_possession_bytes(chain, &key.public_key);
                Some(self.open(context)?.sign(&bytes))
            }
            (None, None) => None,
        };
        if let Some(possession) = possession {
            json["possession"] = hex::encode(possession).into();
            pairs.push(("possession", hex::encode(possession)));
        }
        context.output.show(&json, || facts(&pairs));
        Ok(())
    }

    fn open(&self, context: &Context) -> Result<polity_client::keys::Signer> {
        let passphrase = context.passphrases.of_existing(&self.name)?;
        context.keys().open(&self.name, &passphrase)
    }
}

/// Takes in a key made elsewhere: an exported file, or 64 hexadecimal digits of a seed in a file.
#[derive(Args, Debug)]
struct Import {
    /// Name that the key gets here.
    name: String,
    /// The file; `-` reads from standard input.
    file: PathBuf,
}

impl Import {
    fn run(self, context: &Context) -> Result<()> {
        use std::io::Read;
        context.keys().check_free(&self.name)?;
        let trouble = |error: std::io::Error| {
            let words = format!("{} cannot be read", self.file.display());
            Error::new(ErrorKind::Key, words).with_source(error)
        };
        let mut bytes = Vec::new();
        let read = if self.file.as_os_str() == "-" {
            std::io::stdin()
                .take(FILE_BYTES_MAX)
                .read_to_end(&mut bytes)
        } else {
            let file = std::fs::File::open(&self.file).map_err(trouble)?;
            file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)
        };
        read.map_err(trouble)?;

        let theirs = if ImportForm::is_encrypted(&bytes) {
            let key = format!("in {}", self.file.display());
            Some(context.passphrases.of_existing(&key)?)
        } else {
            None
        };
        let form = match &theirs {
            Some(theirs) => ImportForm::Encrypted(&bytes, theirs),
            None => ImportForm::Plain(&bytes),
        };
        let ours = context.passphrases.of_new(&self.name)?;
        let key = context.keys().import(&self.name, form, &ours)?;
        tell(context, &key);
        Ok(())
    }
}

/// Writes a key to a file to take elsewhere, encrypted under a passphrase.
#[derive(Args, Debug)]
struct Export {
    /// Name of the key.
    name: String,
    /// The file; it must not exist yet.
    #[arg(long, alias = "to", value_name = "FILE")]
    file: PathBuf,
    /// Unencrypted: whoever reads the file can sign in your name.
    #[arg(long)]
    plain: bool,
}

impl Export {
    fn run(self, context: &Context) -> Result<()> {
        let passphrase = context.passphrases.of_existing(&self.name)?;
        if self.plain {
            context.confirm(
                "Write the key unencrypted: whoever reads the file can sign in your name. Go on?",
            )?;
        }
        let other = (!self.plain).then_some(&passphrase);
        let bytes = context.keys().export(&self.name, &passphrase, other)?;
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file)
            .and_then(|mut file| {
                let written = file
                    .write_all(&bytes)
                    .and_then(|()| file.sync_all())
                    .and_then(|()| files::sync_parent(&self.file));
                if written.is_err() {
                    let _ = std::fs::remove_file(&self.file);
                }
                written
            })
            .map_err(|error| {
                let words = format!("{} cannot be written", self.file.display());
                Error::trouble(words).with_source(error)
            })?;
        let json = json!({"name": self.name, "file": self.file.display().to_string(), "encrypted": !self.plain});
        context.output.show(&json, || {
            if self.plain {
                format!("Written to {}, unencrypted.", self.file.display())
            } else {
                format!(
                    "Written to {}, encrypted under the key's passphrase.",
                    self.file.display()
                )
            }
        });
        Ok(())
    }
}

fn tell(context: &Context, key: &StoredKey) {
    context.output.show(&key_json(key), || {
        facts(&[
            ("name", key.name.clone()),
            ("public key", hex::encode(key.public_key)),
        ])
    });
}

fn key_json(key: &StoredKey) -> Value {
    json!({"name": key.name, "public_key": hex::encode(key.public_key)})
}
