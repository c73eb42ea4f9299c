//! What a command works with: the session, who acts, and what its action is for.

use std::path::PathBuf;
use std::sync::Mutex;

use polity_client::keys::{KeyStore, Passphrase, Signer, StoredKey};
use polity_client::ledger::state::keys;
use polity_client::session::{AsOf, Founding, HomeConfig, Named, Session, View};
use polity_client::trust::Checkpoint;
use polity_client::v1::{Action, Index, Member};
use polity_client::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;

use crate::cli::Options;
use crate::output::Output;
use crate::{passphrase, time};

/// What is done with the action that a command builds.
#[derive(Debug, Default)]
pub enum Purpose {
    /// It is signed and sent.
    #[default]
    Send,
    /// The judge is asked whether the actor may.
    Can,
    /// The judge is asked who may.
    WhoCan,
    /// It becomes a part of something else, such as a proposal.
    Collect(Mutex<Vec<Action>>),
}

/// One command's surroundings.
pub struct Context {
    /// The options of every command.
    pub options: Options,
    /// The home directory.
    pub home: PathBuf,
    /// Where answers go.
    pub output: Output,
    /// What is done with actions.
    pub purpose: Purpose,
    session: OnceCell<Session>,
    /// Typed once, where a command needs the key twice.
    passphrase: Mutex<Option<Passphrase>>,
}

/// What people write for a block.
enum HeightOrTime {
    Height(u64),
    Time(u64),
}

/// Who acts, and with which key.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The member.
    pub member: Named,
    /// The key; its secret stays in its file until something is signed.
    pub key: StoredKey,
}

impl Context {
    /// The surroundings of a command with these options. Opens nothing yet.
    pub fn new(options: Options) -> Result<Context> {
        Context::with_purpose(options, Purpose::Send)
    }

    /// The same, where actions are for something else than sending.
    pub fn with_purpose(options: Options, purpose: Purpose) -> Result<Context> {
        let home = match (&options.home, std::env::var_os("HOME")) {
            (Some(home), _) => home.clone(),
            (None, Some(user)) => PathBuf::from(user).join(".polity"),
            (None, None) => return Err(usage("no home directory: give --home")),
        };
        Ok(Context {
            output: Output {
                form: options.output,
            },
            options,
            home,
            purpose,
            session: OnceCell::new(),
            passphrase: Mutex::new(None),
        })
    }

    /// The organisation, opened at first use.
    pub async fn session(&self) -> Result<&Session> {
        self.session.get_or_try_init(|| async { self.open() }).await
    }

    /// The keys of the home directory.
    #[must_use]
    pub fn keys(&self) -> KeyStore {
        KeyStore::in_home(&self.home)
    }

    /// Which state to read: `--at`, or the newest.
    pub async fn as_of(&self) -> Result<AsOf> {
        match &self.options.at {
            None => Ok(AsOf::Newest),
            Some(text) => {
                let height = self.height_of(text).await?;
                let newest = self.session().await?.newest_height().await?;
                match height > newest {
                    true => Err(usage(format!(
                        "height {height} lies ahead: the newest is {newest}"
                    ))),
                    false => Ok(AsOf::Height(height)),
                }
            }
        }
    }

    /// The state that is asked for, through which everything is read that is shown of it.
    pub async fn view(&self) -> Result<View<'_>> {
        let at = self.as_of().await?;
        Ok(self.session().await?.view(at))
    }

    /// For commands that know the newest state alone: an `--at` that they would pass over is refused.
    pub fn only_now(&self) -> Result<()> {
        match &self.options.at {
            None => Ok(()),
            Some(_) => Err(usage("this tells of the newest state: there is no --at")),
        }
    }

    /// A height that is written as such, or as a time: then the newest block that is not later.
    pub async fn height_of(&self, text: &str) -> Result<u64> {
        match self.height_or_time(text)? {
            HeightOrTime::Height(height) => Ok(height),
            HeightOrTime::Time(seconds) => self.session().await?.height_at(seconds).await,
        }
    }

    /// Where a reading of blocks begins: a height, or the block of a time; the first block where the time lies before.
    pub async fn height_from(&self, text: &str) -> Result<u64> {
        let session = self.session().await?;
        match self.height_or_time(text)? {
            HeightOrTime::Height(height) => Ok(height),
            HeightOrTime::Time(seconds) => match session.height_not_after(seconds).await? {
                Some(height) => Ok(height),
                None => session.first_height().await,
            },
        }
    }

    fn height_or_time(&self, text: &str) -> Result<HeightOrTime> {
        match text.parse() {
            // To a node it is the newest height.
            Ok(0) => return Err(usage("heights begin with 1")),
            Ok(height) => return Ok(HeightOrTime::Height(height)),
            Err(_) => {}
        }
        let seconds = time::parse(text).map_err(|_| {
            usage(format!(
                "neither a height nor a time like 2026-03-01T12:00:00Z: {text}"
            ))
        })?;
        if seconds > time::now()? {
            return Err(usage(format!("{text} lies ahead")));
        }
        Ok(HeightOrTime::Time(seconds))
    }

    /// The member who acts or asks. Needs no key where `--member` or the configuration names one.
    pub async fn member(&self) -> Result<Named> {
        if let Some(member) = self.member_text()? {
            return self.session().await?.member(&member).await;
        }
        Ok(self.actor().await?.member)
    }

    /// Who acts, and the key that will sign.
    pub async fn actor(&self) -> Result<Actor> {
        let session = self.session().await?;
        if let Some(text) = self.member_text()? {
            let member = session.member(&text).await?;
            let key = self.key_of(session, member.number).await?;
            return Ok(Actor { member, key });
        }

        let key = match self.key_text()? {
            Some(name) => self.keys().public(&name)?,
            None => self.only_key()?,
        };
        let index: Option<Index> = session
            .value(keys::key_with(keys::KEY, &[], &key.public_key))
            .await?;
        let number = index.map(|index| index.number).ok_or_else(|| {
            usage(format!(
                "the key {} belongs to no member; is it enrolled?",
                key.name
            ))
        })?;
        let member = session.member(&format!("m{number}")).await?;
        Ok(Actor { member, key })
    }

    /// The actor's key, opened; its passphrase is asked for once.
    pub fn open_key(&self, who: &Actor) -> Result<Signer> {
        let mut known = self
            .passphrase
            .lock()
            .map_err(|_| Error::new(ErrorKind::Trouble, "an earlier step failed"))?;
        let passphrase = match known.take() {
            Some(passphrase) => passphrase,
            None => passphrase::existing(&who.key.name, self.options.passphrase_fd)?,
        };
        let signer = self.keys().open(&who.key.name, &passphrase);
        *known = Some(passphrase);
        signer
    }

    /// The role of `--as`; 0: none was given.
    pub async fn acting_role(&self) -> Result<u64> {
        match &self.options.acting_role {
            Some(text) => Ok(self.session().await?.role(text).await?.number),
            None => Ok(0),
        }
    }

    fn open(&self) -> Result<Session> {
        let checkpoint = match &self.options.checkpoint {
            Some(text) => Some(self.checkpoint(text)?),
            None => None,
        };
        let mut session = Session::open(&self.home, &self.options.nodes, checkpoint)?;
        if let Some(wait) = &self.options.wait {
            session.wait = time::parse_duration(wait)?;
        }
        Ok(session)
    }

    fn checkpoint(&self, text: &str) -> Result<Checkpoint> {
        let wrong =
            || usage("a checkpoint is written HEIGHT:HASH, the hash with 64 hexadecimal digits");
        let (height, hash) = text.split_once(':').ok_or_else(wrong)?;
        let mut header_hash = [0; 32];
        hex::decode_to_slice(hash, &mut header_hash).map_err(|_| wrong())?;
        Ok(Checkpoint {
            chain_id: Founding::in_home(&self.home)?.chain_id,
            height: height.parse().map_err(|_| wrong())?,
            header_hash,
        })
    }

    fn member_text(&self) -> Result<Option<String>> {
        match &self.options.member {
            Some(member) => Ok(Some(member.clone())),
            None => Ok(HomeConfig::read(&self.home)?.member),
        }
    }

    fn key_text(&self) -> Result<Option<String>> {
        match &self.options.key {
            Some(key) => Ok(Some(key.clone())),
            // A key of the configuration is the key of its member.
            None if self.options.member.is_some() => Ok(None),
            None => Ok(HomeConfig::read(&self.home)?.key),
        }
    }

    /// The key of a member: the one that was named, else a key of the store that is enrolled for them.
    async fn key_of(&self, session: &Session, member: u64) -> Result<StoredKey> {
        match self.key_text()? {
            Some(name) => self.keys().public(&name),
            None => self.enrolled_key(session, member).await,
        }
    }

    /// A key of the store that is enrolled for a member.
    pub async fn enrolled_key(&self, session: &Session, member: u64) -> Result<StoredKey> {
        let member: Member = session.get(member).await?.unwrap_or_default();
        let enrolled = |key: &StoredKey| {
            member
                .keys
                .iter()
                .any(|one| one.revoked_at == 0 && one.public == key.public_key)
        };
        self.keys()
            .list()?
            .into_iter()
            .find(enrolled)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Key,
                    format!(
                        "no key of {} lies in {}: see polity key list",
                        member.handle,
                        self.home.join("keys").display()
                    ),
                )
            })
    }

    fn only_key(&self) -> Result<StoredKey> {
        let mut all = self.keys().list()?;
        match (all.pop(), all.is_empty()) {
            (Some(key), true) => Ok(key),
            (Some(_), false) => Err(usage(
                "several keys are there: say who acts, with --member or --key",
            )),
            (None, _) => Err(Error::new(
                ErrorKind::Key,
                format!(
                    "no key in {}: make one with polity key new NAME",
                    self.home.join("keys").display()
                ),
            )),
        }
    }
}

fn usage(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, words)
}
