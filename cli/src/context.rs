//! What a command works with: the session, who acts, and what its action is for.

mod acting;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, Once};
use std::time::{Duration, UNIX_EPOCH};

use polity_client::keys::{KeyStore, Passphrase};
use polity_client::session::{AsOf, Founding, HomeConfig, Session, View};
use polity_client::trust::Checkpoint;
use polity_client::v1::Action;
use polity_client::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;

use crate::cli::Options;
use crate::commands::Command;
use crate::failure::{self, usage};
use crate::output::Output;
use crate::passphrase::Passphrases;
use crate::time;

pub use acting::Actor;

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
    /// Where passphrases come from.
    pub passphrases: Passphrases,
    session: OnceCell<Session>,
    /// The passphrases of keys, typed once where a command needs a key twice.
    typed: Mutex<BTreeMap<String, Passphrase>>,
}

/// What people write for a block.
enum HeightOrTime {
    Height(u64),
    Time(u64),
}

impl Context {
    /// The surroundings of a command with these options. Opens nothing yet.
    pub fn new(options: Options) -> Result<Context> {
        Context::with_purpose(options, Purpose::Send)
    }

    /// The same, where actions are for something else than sending.
    pub fn with_purpose(options: Options, purpose: Purpose) -> Result<Context> {
        let home = home(options.home.clone(), std::env::var_os("HOME"))?;
        Ok(Context {
            output: Output {
                form: options.output,
            },
            passphrases: Passphrases::new(options.passphrase_fd),
            options,
            home,
            purpose,
            session: OnceCell::new(),
            typed: Mutex::default(),
        })
    }

    /// Runs a command in these surroundings. Where nothing can be written, it says so once.
    pub async fn run(&self, command: Command) -> Result<()> {
        static TOLD: Once = Once::new();

        let done = command.run(self).await;
        let session = self.session.get();
        if let Some(why) = session.and_then(|session| session.light().unkept()) {
            TOLD.call_once(|| {
                let why = failure::with_causes(why);
                self.output.note(format!(
                    "What was verified is not remembered for the next command: {why}"
                ));
            });
        }
        done
    }

    /// An error as it is told: what ended before anything was sent leaves no outcome open, whatever did not come in time.
    pub fn ended(&self, error: Error) -> Error {
        let has_sent = self.session.get().is_some_and(Session::has_sent);
        match (error.kind(), error.transaction_id()) {
            (ErrorKind::OutcomeUnknown, None) if !has_sent => {
                Error::new(ErrorKind::OutcomeUnknown, "nothing was sent").with_source(error)
            }
            (_, _) => error,
        }
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
                // Verified, so that no state before it proves what was then.
                let newest = self.session().await?.light().newest().await?.height();
                if let Some(note) = beside_newest(height, newest)? {
                    self.output.note(note);
                }
                Ok(AsOf::Height(height))
            }
        }
    }

    /// The state that is asked for, through which everything is read that is shown of it.
    pub async fn view(&self) -> Result<View<'_>> {
        let at = self.as_of().await?;
        Ok(self.session().await?.view(at))
    }

    /// For what knows the newest state alone: an `--at` that it would pass over is refused.
    pub fn only_now(&self) -> Result<()> {
        match &self.options.at {
            None => Ok(()),
            Some(_) => Err(usage("this is about the newest state: there is no --at")),
        }
    }

    /// A height that is written as such, or as a time: then the newest block that is not later.
    pub async fn height_of(&self, text: &str) -> Result<u64> {
        match self.height_or_time(text)? {
            HeightOrTime::Height(height) => Ok(height),
            HeightOrTime::Time(seconds) => {
                let session = self.session().await?;
                let height = session.height_at(seconds).await?;
                let block = session.light().verified_header(height).await?.time();
                self.tell_gap(block, UNIX_EPOCH + Duration::from_secs(seconds));
                Ok(height)
            }
        }
    }

    /// Where a reading of blocks begins: a height, or the block of a time; the first block where the time lies before.
    pub async fn height_from(&self, text: &str) -> Result<u64> {
        match self.height_or_time(text)? {
            HeightOrTime::Height(height) => Ok(height),
            HeightOrTime::Time(seconds) => {
                match self.session().await?.height_not_after(seconds).await? {
                    Some(height) => Ok(height),
                    None => Ok(1),
                }
            }
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

    /// The role of `--as`; 0: none was given.
    pub async fn acting_role(&self) -> Result<u64> {
        match &self.options.acting_role {
            Some(text) => Ok(self.session().await?.role(text).await?.number),
            None => Ok(0),
        }
    }

    /// What the command line and the environment say of how nodes are reached and believed.
    fn given(&self) -> Result<HomeConfig> {
        let options = self.options.clone();
        // Whoever types a path means one of where they are.
        let ca_file = options.ca_file.map(std::path::absolute).transpose();
        Ok(HomeConfig {
            nodes: options.nodes,
            ca_file: ca_file.map_err(|error| usage(format!("--ca-file: {error}")))?,
            trusting_days: options.trusting_days,
            ..HomeConfig::default()
        })
    }

    fn open(&self) -> Result<Session> {
        let checkpoint = match &self.options.checkpoint {
            Some(text) => Some(self.checkpoint(text)?),
            None => None,
        };
        let mut session = Session::open(&self.home, self.given()?, checkpoint)?;
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
        let height = height.parse().ok().filter(|height| *height != 0);
        Ok(Checkpoint {
            height: height.ok_or_else(wrong)?,
            chain_id: Founding::in_home(&self.home)?.chain_id,
            header_hash,
        })
    }
}

/// The home that was given, or the one in the user's own. An empty HOME names none: it would be wherever somebody stands.
fn home(given: Option<PathBuf>, user: Option<OsString>) -> Result<PathBuf> {
    let of_user = user.filter(|user| !user.is_empty());
    let of_user = of_user.map(|user| PathBuf::from(user).join(".polity"));
    given
        .or(of_user)
        .ok_or_else(|| usage("no home directory: give --home"))
}

/// What is to be said of a height that is asked for: of the newest, why nothing of it is proven yet.
fn beside_newest(height: u64, newest: u64) -> Result<Option<String>> {
    match height.cmp(&newest) {
        Ordering::Less => Ok(None),
        Ordering::Equal => Ok(Some(format!(
            "Height {height} is the newest: what its block came to, the next one proves."
        ))),
        Ordering::Greater => Err(usage(format!(
            "height {height} lies ahead: the newest is {newest}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_home_of_the_user_is_none() {
        let of_user = |user: &str| home(None, Some(user.into()));
        assert_eq!(
            of_user("/home/finn").expect("a home"),
            PathBuf::from("/home/finn/.polity")
        );
        assert_eq!(
            of_user("").map_err(|error| error.kind()),
            Err(ErrorKind::Usage)
        );
        let given = home(Some("/given".into()), Some("".into()));
        assert_eq!(given.expect("a home"), PathBuf::from("/given"));
    }

    #[test]
    fn of_the_newest_height_it_is_said_why_nothing_is_proven() {
        assert_eq!(beside_newest(4, 5).expect("below"), None);
        let note = beside_newest(5, 5).expect("there").expect("a note");
        assert!(note.contains("the next one proves"), "{note}");
        assert!(beside_newest(6, 5).is_err());
    }

    #[test]
    fn a_checkpoint_is_a_height_and_a_hash() {
        let context = Context::new(Options {
            home: Some("/nowhere".into()),
            ..Options::default()
        })
        .expect("a context");
        let told = |text: &str| context.checkpoint(text).expect_err(text).to_string();

        let hash = "5f".repeat(32);
        for text in [
            "",
            "7",
            &hash,
            &format!("0:{hash}"),
            "7:5f",
            &format!("-7:{hash}"),
        ] {
            assert!(told(text).contains("HEIGHT:HASH"), "{text}");
        }
        assert!(told(&format!("7:{hash}")).contains("genesis.json"));
    }

    #[test]
    fn what_sent_nothing_and_names_no_transaction_says_so() {
        let context = Context::new(Options {
            home: Some("/nowhere".into()),
            ..Options::default()
        })
        .expect("a context");
        let late = || Error::new(ErrorKind::OutcomeUnknown, "it did not come in time");
        let told = |error| failure::with_causes(&context.ended(error));

        assert_eq!(told(late()), "nothing was sent: it did not come in time");
        let sent = late().with_transaction_id([7; 32]);
        assert_eq!(told(sent), "it did not come in time");
        assert_eq!(told(usage("no such unit")), "no such unit");
    }
}
