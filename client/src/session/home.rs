//! A home directory: where the nodes are, who acts, what is believed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use polity_ledger::time::DAY;
use serde::{Deserialize, Serialize};

use super::{Founding, Session};
use crate::rpc::{Client, ClientOptions};
use crate::trust::{Checkpoint, LightClient, TrustOptions, TrustRoot, TrustStore};
use crate::{Error, Result, files};

const CONFIG_FILE: &str = "config.toml";
/// No configuration is longer.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// `config.toml` of a home directory. Unknown keys are errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeConfig {
    /// Base addresses of nodes; the first that answers is used.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// Who acts: a member's number or handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Name of the key that signs; the member's handle where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A file of PEM certificates for `https` nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Days for which a verified header vouches for newer ones; 30 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusting_days: Option<u64>,
}

impl HomeConfig {
    /// Reads `config.toml`; without one, everything is absent.
    pub fn read(home: &Path) -> Result<HomeConfig> {
        let path = home.join(CONFIG_FILE);
        let text = match files::read_text(&path, FILE_BYTES_MAX) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(HomeConfig::default());
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidData | ErrorKind::FileTooLarge
                ) =>
            {
                return Err(unexpected(&path, error));
            }
            Err(error) => {
                return Err(
                    Error::trouble(format!("{} cannot be read", path.display())).with_source(error)
                );
            }
        };
        toml::from_str(&text).map_err(|error| unexpected(&path, error))
    }

    /// This configuration, and where it is silent another one.
    #[must_use]
    pub fn or(self, other: HomeConfig) -> HomeConfig {
        HomeConfig {
            nodes: if self.nodes.is_empty() {
                other.nodes
            } else {
                self.nodes
            },
            member: self.member.or(other.member),
            key: self.key.or(other.key),
            ca_file: self.ca_file.or(other.ca_file),
            trusting_days: self.trusting_days.or(other.trusting_days),
        }
    }

    fn nodes(&self, home: &Path) -> Result<Vec<String>> {
        match &self.nodes[..] {
            [] => Err(Error::usage(format!(
                "no node is named: name one under `nodes` in {}, or by --node",
                home.join(CONFIG_FILE).display()
            ))),
            nodes => Ok(nodes.to_vec()),
        }
    }

    /// For how long a verified header vouches for newer ones, where it is said.
    fn trusting_period(&self) -> Result<Option<Duration>> {
        let Some(days) = self.trusting_days else {
            return Ok(None);
        };
        match days.checked_mul(DAY) {
            Some(0) => Err(Error::usage("trusting_days = 0 believes no header at all")),
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None => Err(Error::usage(format!(
                "trusting_days = {days} is longer than any chain lasts"
            ))),
        }
    }
}

fn unexpected(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::usage(format!("{} is not as expected", path.display())).with_source(error)
}

impl Session {
    /// Opens a session from a home directory. What is `given` wins over `config.toml`; a `checkpoint` replaces the genesis
    /// as the root of trust.
    pub fn open(home: &Path, given: HomeConfig, checkpoint: Option<Checkpoint>) -> Result<Session> {
        let config = given.or(HomeConfig::read(home)?);
        let founding = Founding::in_home(home)?;
        let mut options = ClientOptions::for_nodes(config.nodes(home)?);
        options.ca_file = config.ca_file.as_ref().map(|file| home.join(file));
        let rpc = Client::new(options)?;

        let root = match checkpoint {
            Some(checkpoint) => TrustRoot::Checkpoint(checkpoint),
            None => TrustRoot::Genesis(founding.trust.clone()),
        };
        let store = TrustStore::in_home(home, &root);
        let mut trust = TrustOptions::default();
        if let Some(period) = config.trusting_period()? {
            trust.trusting_period = Some(period);
        }
        let light = LightClient::new(rpc.clone(), root, trust, Some(store))?;
        Ok(Session::new(rpc, light, founding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusting_period_is_days_or_refused() {
        let period = |trusting_days| {
            let config = HomeConfig {
                trusting_days,
                ..HomeConfig::default()
            };
            config.trusting_period()
        };

        assert_eq!(period(None).expect("none"), None);
        let two = period(Some(2)).expect("two days");
        assert_eq!(two, Some(Duration::from_secs(172_800)));
        for days in [0, u64::MAX] {
            let refused = period(Some(days)).expect_err("no such time");
            assert_eq!(refused.kind(), crate::ErrorKind::Usage);
            assert!(refused.to_string().contains("trusting_days"), "{refused}");
        }
    }

    #[test]
    fn a_configuration_that_does_not_serve_is_the_usage_of_whoever_wrote_it() {
        let home = tempfile::tempdir().expect("a directory");
        assert_eq!(
            HomeConfig::read(home.path()).expect("none is there"),
            HomeConfig::default()
        );
        for text in [&b"nodes = 1"[..], b"node = []", b"member = \"\xff\""] {
            std::fs::write(home.path().join(CONFIG_FILE), text).expect("written");
            let refused = HomeConfig::read(home.path()).expect_err("refused");
            assert_eq!(refused.kind(), crate::ErrorKind::Usage, "{text:?}");
        }
    }

    #[test]
    fn what_is_given_wins_over_the_file() {
        let of = |node: &str, days| HomeConfig {
            nodes: vec![node.to_owned()],
            ca_file: Some(format!("{node}.pem").into()),
            trusting_days: days,
            ..HomeConfig::default()
        };
        let file = of("b", Some(30));

        assert_eq!(of("a", None).or(file.clone()), of("a", Some(30)));
        assert_eq!(of("a", Some(2)).or(file.clone()), of("a", Some(2)));
        assert_eq!(HomeConfig::default().or(file.clone()), file);
    }

    #[test]
    fn whoever_names_no_node_is_told_where_to() {
        let home = Path::new("/home/finn/.polity");
        let refused = HomeConfig::default().nodes(home).expect_err("none");
        let words = refused.to_string();
        for expected in ["/home/finn/.polity/config.toml", "`nodes`", "--node"] {
            assert!(words.contains(expected), "{words}");
        }
    }
}
