//! The sections of a charter, as TOML writes them.

use serde::Deserialize;

/// An organisation as it begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// Names the chain: 1 to 50 bytes.
    pub chain_id: String,
    /// When it begins, RFC 3339; without it, when the genesis is made.
    pub genesis_time: Option<String>,
    /// The file of the constitution, beside the charter. Founding members agree to its hash.
    pub constitution: Option<String>,
    /// Waits, terms and bounds; what is absent keeps its default.
    #[serde(default)]
    pub parameters: Parameters,
    #[serde(default, rename = "unit")]
    pub(super) units: Vec<Unit>,
    #[serde(default, rename = "asset")]
    pub(super) assets: Vec<Asset>,
    #[serde(default, rename = "member")]
    pub(super) members: Vec<Member>,
    #[serde(default, rename = "role")]
    pub(super) roles: Vec<Role>,
    #[serde(default, rename = "grant")]
    pub(super) grants: Vec<Grant>,
    #[serde(default, rename = "policy")]
    pub(super) policies: Vec<Policy>,
    #[serde(default, rename = "duty")]
    pub(super) duties: Vec<Duty>,
    #[serde(default, rename = "account")]
    pub(super) accounts: Vec<Account>,
    #[serde(default, rename = "budget")]
    pub(super) budgets: Vec<Budget>,
}

/// What the organisation sets for itself. Durations as `72h` or `30d`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    pub(super) validity_max: Option<String>,
    pub(super) validators_min: Option<u32>,
    pub(super) key_protection: Option<String>,
    pub(super) recovery_wait: Option<String>,
    pub(super) recovery_window: Option<String>,
    pub(super) recovery_sleep: Option<String>,
    pub(super) admission_distance: Option<String>,
    pub(super) proposal_ttl: Option<String>,
    pub(super) exception_max: Option<String>,
    pub(super) auditor_max: Option<String>,
    pub(super) outage_gap: Option<String>,
    pub(super) hold_max: Option<String>,
    pub(super) transaction_bytes_max: Option<u32>,
}

/// A unit; its parent stands before it in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) path: String,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) label: String,
    #[serde(default)]
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) external_id: String,
    /// What the parent confers; absent: all but what founds (`define_assets`, `issue`,
    /// `govern_network`).
    pub(super) confers: Option<Vec<String>>,
    #[serde(default)]
    pub(super) ceiling: u32,
    pub(super) validator: Option<Validator>,
    #[serde(default, rename = "node")]
    pub(super) nodes: Vec<Node>,
}

/// The department's consensus key, as `polityd genesis prove` prints it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validator {
    pub(super) key: String,
    pub(super) possession: String,
    pub(super) power: u64,
}

/// A node of the department: the only peers that others accept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) id: String,
    #[serde(default)]
    pub(super) address: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asset {
    pub(super) code: String,
    pub(super) scale: u32,
    pub(super) kind: String,
    /// Whose `define_assets` is used; absent: the root.
    pub(super) unit: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) handle: String,
    #[serde(default = "person")]
    pub(super) kind: String,
    /// The member's public key and its proof, as `polityd genesis prove` prints them.
    pub(super) key: String,
    pub(super) possession: String,
    #[serde(default)]
    pub(super) external_id: String,
    /// Salted commitment to personal data: 64 hexadecimal digits.
    #[serde(default)]
    pub(super) commitment: String,
    /// Who admits; absent: the root.
    pub(super) admitted_by: Option<String>,
    /// Units that the member joins.
    #[serde(default)]
    pub(super) joins: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) path: String,
    #[serde(default = "ordinary")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) accountabilities: Vec<String>,
    #[serde(default)]
    pub(super) holders_min: u32,
    #[serde(default)]
    pub(super) holders_max: u32,
    pub(super) term: Option<String>,
    #[serde(default)]
    pub(super) elected: bool,
    #[serde(default)]
    pub(super) external_id: String,
    /// Members who hold it from the beginning.
    #[serde(default)]
    pub(super) holders: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) role: String,
    /// One grant for each.
    pub(super) capabilities: Vec<String>,
    /// Where; absent: the role's own unit.
    pub(super) unit: Option<String>,
    /// Also in the units below.
    #[serde(default)]
    pub(super) below: bool,
    /// One account instead of a unit.
    pub(super) account: Option<String>,
    pub(super) asset: Option<String>,
    pub(super) per_transfer: Option<String>,
    pub(super) per_month: Option<String>,
    pub(super) per_days: Option<PerDays>,
    /// Units or members; absent: anybody.
    #[serde(default)]
    pub(super) counterparties: Vec<String>,
    pub(super) until: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerDays {
    pub(super) days: u32,
    pub(super) amount: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) unit: String,
    pub(super) capability: String,
    pub(super) asset: Option<String>,
    #[serde(default)]
    pub(super) recursive: bool,
    #[serde(default)]
    pub(super) words: String,
    #[serde(rename = "tier")]
    pub(super) tiers: Vec<Tier>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    pub(super) up_to: Option<String>,
    pub(super) by: String,
    pub(super) mode: Mode,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mode {
    pub(super) kind: String,
    pub(super) wait: Option<String>,
    pub(super) approver: Option<String>,
    #[serde(default)]
    pub(super) count: u32,
    pub(super) escalates_to: Option<Box<Mode>>,
    pub(super) deadline: Option<String>,
    #[serde(default)]
    pub(super) silence_is_consent: bool,
    #[serde(default)]
    pub(super) quorum: u32,
    #[serde(default)]
    pub(super) pass: u32,
}

/// Two capabilities that no member holds together in a unit and below.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Duty {
    pub(super) unit: String,
    pub(super) apart: [String; 2],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// `acme/dev:main` or `finn:main`.
    pub(super) path: String,
    pub(super) asset: String,
    /// What is issued into it.
    pub(super) issue: Option<String>,
    #[serde(default)]
    pub(super) external_id: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    pub(super) unit: String,
    pub(super) category: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) asset: String,
    pub(super) approved: String,
    #[serde(default)]
    pub(super) hard: bool,
    #[serde(default)]
    pub(super) carry_forward: bool,
}

fn person() -> String {
    "person".into()
}

fn ordinary() -> String {
    "ordinary".into()
}
