//! A member's or auditor's view of one organisation: proven reads, signed transactions.
//!
//! A home directory holds `genesis.json` (the root of trust), `config.toml` (where the nodes are,
//! who acts), `keys/` and `trust/` (headers verified by earlier calls).

mod audit;
mod ballots;
mod correction;
mod document;
mod draft;
mod evidence;
mod founding;
mod hands;
mod histories;
mod home;
mod letters;
mod lists;
mod moment;
mod names;
mod news;
mod past;
mod proposed;
mod questions;
mod read;
mod refusals;
mod remarks;
mod standing;
mod submit;
mod view;
mod when;
mod words;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use audit::{Audited, Sums};
pub use correction::FoundTransfer;
pub use document::hash_of_file;
pub use draft::{Draft, VALIDITY_ONE_SIGNER, VALIDITY_SEVERAL_SIGNERS, action, signed_by};
pub use evidence::{Evidence, ProvenEvent, Source};
pub use founding::Founding;
pub use histories::{History, HistoryItem};
pub use home::HomeConfig;
pub use letters::{kind_name, lettered, number_of, object};
pub use moment::{FRESH, Moment};
pub use names::{Named, is_code_only};
pub use proposed::{proposed, proposed_action};
pub use questions::Simulated;
pub(crate) use read::{decode, decode_object};
pub use refusals::Refused;
pub use remarks::{Behind, Remarks};
pub use submit::Outcome;
pub use view::{AsOf, Kinds, View};
pub use words::{Words, can_be_approved, mode_words, period_words, roles_named, who_words};

pub use crate::visible::visible;

use tokio::sync::OnceCell;

use crate::rpc::Client;
use crate::trust::LightClient;

/// How long a proof or an outcome is waited for.
pub const WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// One organisation, through one or several of its nodes.
pub struct Session {
    rpc: Client,
    light: LightClient,
    founding: Founding,
    /// How long proofs and outcomes are waited for.
    pub wait: Duration,
    /// Whether a transaction was handed to a node.
    sent: AtomicBool,
    /// Whether the genesis file was found to be that of the chain.
    tied: OnceCell<()>,
}

impl Session {
    /// A session over a way to the nodes and a root of trust.
    pub fn new(rpc: Client, light: LightClient, founding: Founding) -> Session {
        Session {
            rpc,
            light,
            founding,
            wait: WAIT_DEFAULT,
            sent: AtomicBool::new(false),
            tied: OnceCell::new(),
        }
    }

    /// Whether a transaction was handed to a node: without one, no outcome is open.
    pub fn has_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// The way to the nodes; its answers are hearsay.
    pub fn rpc(&self) -> &Client {
        &self.rpc
    }

    /// Verified headers.
    pub fn light(&self) -> &LightClient {
        &self.light
    }

    /// What the genesis file says.
    pub fn founding(&self) -> &Founding {
        &self.founding
    }

    /// The digest of the chain that goes on now, which every transaction binds.
    pub fn organisation(&self) -> &[u8; 32] {
        &self.founding.organisation
    }

    /// The digest under which the organisation was founded, which proofs of possession and sealed ballots bind on
    /// every chain of it.
    pub fn founded(&self) -> &[u8; 32] {
        &self.founding.founded
    }
}
