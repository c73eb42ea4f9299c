//! A home directory: where the nodes are, who acts, what is believed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Founding, Session};
use crate::rpc::{Client, ClientOptions};
use crate::trust::{Checkpoint, LightClient, TrustOptions, TrustRoot, TrustStore};
use crate::{Error, Result};

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
        let path = home.join("config.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(HomeConfig::default());
            }
            Err(error) => {
                return Err(
                    Error::trouble(format!("{} cannot be read", path.display())).with_source(error)
                );
            }
        };
        toml::from_str(&text).map_err(|error| {
            Error::usage(format!("{} is not as expected", path.display())).with_source(error)
        })
    }
}

impl Session {
    /// Opens a session from a home directory. `nodes`, where given, replace those of `config.toml`;
    /// a `checkpoint` replaces the genesis as the root of trust.
    pub fn open(home: &Path, nodes: &[String], checkpoint: Option<Checkpoint>) -> Result<Session> {
        let config = HomeConfig::read(home)?;
        let founding = Founding::in_home(home)?;
        let nodes = if nodes.is_empty() {
            config.nodes.clone()
        } else {
            nodes.to_vec()
        };
        let mut options = ClientOptions::for_nodes(nodes);
        options.ca_file = config.ca_file.as_ref().map(|file| home.join(file));
        let rpc = Client::new(options)?;

        let root = match checkpoint {
            Some(checkpoint) => TrustRoot::Checkpoint(checkpoint),
            None => TrustRoot::Genesis(founding.trust.clone()),
        };
        let store = TrustStore::in_home(home, &root);
        let mut trust = TrustOptions::default();
        if let Some(days) = config.trusting_days {
            trust.trusting_period = Some(std::time::Duration::from_secs(days * 86_400));
        }
        let light = LightClient::new(rpc.clone(), root, trust, Some(store))?;
        Ok(Session::new(rpc, light, founding))
    }
}
