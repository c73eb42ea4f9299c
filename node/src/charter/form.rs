//! What a charter can say, as TOML. Unknown keys are errors.

use std::path::PathBuf;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Charter {
    pub(super) chain_id: String,
    pub(super) time: Option<String>,
    pub(super) constitution: Option<PathBuf>,
    pub(super) constitution_sha256: Option<String>,
    #[serde(default)]
    pub(super) parameters: Parameters,
    #[serde(default)]
    pub(super) units: Vec<Unit>,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) people: Vec<Person>,
    #[serde(default)]
    pub(super) assignments: Vec<Assignment>,
    #[serde(default)]
    pub(super) assets: Vec<Asset>,
    #[serde(default)]
    pub(super) parties: Vec<Party>,
    #[serde(default)]
    pub(super) accounts: Vec<Account>,
    #[serde(default)]
    pub(super) policies: Vec<Policy>,
    #[serde(default)]
    pub(super) duties_apart: Vec<DutiesApart>,
    #[serde(default)]
    pub(super) validators: Vec<Validator>,
    #[serde(default)]
    pub(super) nodes: Vec<Node>,
}

/// Waits and terms in words such as `72h`; what is absent has the ledger's default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
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
    pub(super) block_interval_ms: Option<u64>,
    pub(super) idle_interval: Option<String>,
    pub(super) propose_timeout_ms: Option<u64>,
    pub(super) vote_timeout_ms: Option<u64>,
    pub(super) timeout_step_ms: Option<u64>,
    pub(super) election_ballots: Option<String>,
    pub(super) election_reveal: Option<String>,
    pub(super) election_change: Option<String>,
    pub(super) election_objections: Option<String>,
    pub(super) election_term: Option<String>,
    pub(super) profile_deadline: Option<String>,
    pub(super) open_proposals_max: Option<u32>,
}

/// A unit by its path from the root; the one above stands before it in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) unit: String,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) label: String,
    #[serde(default)]
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) external_id: String,
    /// Absent: everything that the unit above holds.
    pub(super) confers: Option<Vec<String>>,
    /// Taken away from what is conferred.
    #[serde(default)]
    pub(super) keeps_back: Vec<String>,
    #[serde(default)]
    pub(super) ceiling: u32,
    /// A way of working, with its roles and policies: `holacracy`, `squads`, `department`.
    pub(super) profile: Option<String>,
}

/// A role: `unit#handle`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) role: String,
    pub(super) kind: Option<String>,
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
    #[serde(default)]
    pub(super) grants: Vec<Grant>,
}

/// What a role may do alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) can: Vec<String>,
    /// Absent: the role's own unit.
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
    /// Units and members; absent: anybody.
    #[serde(default)]
    pub(super) counterparties: Vec<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
}

/// A limit over the present day and the ones before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerDays {
    pub(super) days: u32,
    pub(super) amount: String,
}

/// A member with the key that they made themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) handle: String,
    pub(super) key: String,
    /// Absent: the member is invited, and joins later.
    pub(super) possession: Option<String>,
    pub(super) kind: Option<String>,
    /// The unit that admits.
    pub(super) unit: String,
    /// The units that the member joins; absent: the one that admits.
    pub(super) joins: Option<Vec<String>>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) external_id: String,
    pub(super) commitment: Option<String>,
}

/// An assignment that has a term, a focus or a percentage, or stands in until an election.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    pub(super) role: String,
    pub(super) member: String,
    pub(super) until: Option<String>,
    #[serde(default)]
    pub(super) focus: String,
    #[serde(default)]
    pub(super) percentage: u32,
    /// The member stands in for whoever is elected later.
    #[serde(default)]
    pub(super) surrogate: bool,
}

/// Something that accounts hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asset {
    pub(super) code: String,
    pub(super) decimals: u32,
    pub(super) kind: String,
    /// Whose `define_assets` and `issue` it is.
    pub(super) unit: String,
}

/// Somebody outside: `unit/@handle`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Party {
    pub(super) party: String,
    #[serde(default)]
    pub(super) external_id: String,
    pub(super) commitment: Option<String>,
}

/// An account: `owner:handle`; the owner is a unit, a member or a party.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) account: String,
    pub(super) asset: String,
    /// First issue, such as `1000000.00 EUR`.
    pub(super) issue: Option<String>,
    #[serde(default)]
    pub(super) external_id: String,
}

/// How a unit decides what nobody may do alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) unit: String,
    pub(super) capability: String,
    pub(super) asset: Option<String>,
    #[serde(default)]
    pub(super) recursive: bool,
    #[serde(default)]
    pub(super) words: String,
    pub(super) tiers: Vec<Tier>,
}

/// One step of a policy; the last has no bound.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    pub(super) up_to: Option<String>,
    pub(super) by: String,
    pub(super) mode: Mode,
}

/// How it is decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mode {
    pub(super) kind: String,
    pub(super) wait: Option<String>,
    pub(super) approver: Option<String>,
    #[serde(default)]
    pub(super) count: u32,
    pub(super) deadline: Option<String>,
    #[serde(default)]
    pub(super) silence_is_consent: bool,
    #[serde(default)]
    pub(super) quorum: u32,
    #[serde(default)]
    pub(super) pass: u32,
    pub(super) escalates_to: Option<Box<Mode>>,
}

/// Two capabilities that nobody holds together in a unit and below.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutiesApart {
    pub(super) unit: String,
    pub(super) first: String,
    pub(super) second: String,
}

/// A department's validator, as `polityd keys show --chain` prints it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validator {
    pub(super) unit: String,
    pub(super) key: String,
    pub(super) possession: String,
    pub(super) power: u64,
}

/// A department's node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) unit: String,
    pub(super) id: String,
    /// The node's public key, which the embedded engine needs.
    pub(super) key: Option<String>,
    /// `host:port`, where others reach it.
    #[serde(default)]
    pub(super) address: String,
}
