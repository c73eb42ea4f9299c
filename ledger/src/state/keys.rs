//! Keys of the state: one prefix byte, then big-endian numbers.
//!
//! A prefix below [`BESIDE`] is a leaf of the state tree. From there on rows stand beside the
//! tree: the chain alone determines them too, and something in the tree vouches for each.
//! Prefixes are append-only; `tests/golden/numbers.txt` freezes them.

use polity_proto::v1::{Capability, ObjectKind, Owner, OwnerKind};

/// Rows whose first byte is this or above are not in the tree.
pub const BESIDE: u8 = 0x80;

/// Whether a key is a leaf of the tree.
pub fn is_leaf(key: &[u8]) -> bool {
    key.first().is_some_and(|prefix| *prefix < BESIDE)
}

macro_rules! prefixes {
    ($($(#[$doc:meta])* $name:ident = $byte:literal;)*) => {
        $($(#[$doc])* pub const $name: u8 = $byte;)*

        /// Every prefix with its name, for documents and golden files.
        pub const ALL: &[(u8, &str)] = &[$(($byte, stringify!($name))),*];
    };
}

prefixes! {
    /// The organisation, which has the number 0.
    ORGANISATION = 0x01;
    /// Member by number.
    MEMBER = 0x02;
    /// Unit by number.
    UNIT = 0x03;
    /// Role by number.
    ROLE = 0x04;
    /// Assignment by number.
    ASSIGNMENT = 0x05;
    /// Grant by number.
    GRANT = 0x06;
    /// Policy by number.
    POLICY = 0x07;
    /// Proposal by number.
    PROPOSAL = 0x08;
    /// Account by number.
    ACCOUNT = 0x09;
    /// Asset by number.
    ASSET = 0x0a;
    /// Hold by number.
    HOLD = 0x0b;
    /// External party by number.
    PARTY = 0x0c;
    /// Budget line by number.
    BUDGET_LINE = 0x0d;
    /// Separation-of-duties rule by number.
    SOD_RULE = 0x0e;
    /// Exception of a duty rule by number.
    SOD_EXCEPTION = 0x0f;
    /// Registered node by number.
    NODE = 0x10;
    /// Anchored document by number.
    DOCUMENT = 0x11;
    /// Recovery of a member by number.
    RECOVERY = 0x12;
    /// Auditor's grant by number.
    AUDITOR = 0x13;
    /// Validator by its unit's number.
    VALIDATOR = 0x14;
    /// Objection to a proposal by number.
    OBJECTION = 0x15;
    /// Election by number.
    ELECTION = 0x1a;
    /// Last number given, by object kind.
    COUNTER = 0x20;
    /// Head of a list: list kind, owner.
    LIST_HEAD = 0x21;
    /// Page of a list: list kind, owner, page.
    LIST_PAGE = 0x22;
    /// Number by handle: object kind, containing number, handle bytes.
    HANDLE = 0x23;
    /// Number by external id: object kind, external id bytes.
    EXTERNAL_ID = 0x24;
    /// Member by public key: 32 bytes.
    KEY = 0x25;
    /// Asset number by code bytes.
    ASSET_CODE = 0x26;
    /// Policy number by unit and capability.
    POLICY_OF = 0x27;
    /// Role number by unit and domain bytes.
    DOMAIN = 0x28;
    /// Unit by consensus key: 32 bytes.
    CONSENSUS_KEY = 0x29;
    /// Node number by node id: 20 bytes.
    NODE_ID = 0x2a;
    /// Document number by hash: 32 bytes.
    DOCUMENT_HASH = 0x2b;
    /// Budget line number by unit, first second of the period, category bytes.
    BUDGET_LINE_OF = 0x2c;
    /// What a grant was used for, by day.
    GRANT_USE = 0x30;
    /// What a source account spent towards one owner, by day: account, owner kind, owner.
    SPENT = 0x31;
    /// Sum of the corrections of a transfer.
    CORRECTION = 0x32;
    /// Until when a unit's periods are closed.
    CLOSED_PERIOD = 0x33;
    /// Parameters: no number.
    PARAMETERS = 0x34;
    /// Sum of outages: no number.
    PAUSED = 0x35;
    /// Timers of one bucket.
    TIMER_BUCKET = 0x36;
    /// Index of filled buckets: level, word.
    TIMER_WORD = 0x37;
    /// Root of the receipts of a block's timers, by height.
    TIMER_RECEIPTS = 0x38;
    /// Ids that expire in one minute.
    CONSUMED = 0x39;
    /// Evidence of double signing: height, validator address.
    MISBEHAVIOUR = 0x3a;
    /// Height at which validators last changed: no number.
    VALIDATORS_CHANGED = 0x3b;
    /// A version of a proposal that another one replaced: proposal, version.
    PROPOSAL_VERSION = 0x3c;

    /// Entry of a history: object kind, number, index.
    HISTORY_ENTRY = 0x80;
    /// Completed inner node of a history: object kind, number, level, index.
    HISTORY_NODE = 0x81;
    /// Right edge of a history: object kind, number.
    HISTORY_EDGE = 0x82;
    /// Consumed id: 32 bytes; the value is empty.
    CONSUMED_ID = 0x83;
    /// Ids that one minute got in one block: minute, how many it has with them.
    CONSUMED_AT = 0x84;
    /// Receipt of a block's timers: height, position.
    TIMER_RECEIPT = 0x85;
}

/// Rows that are put where nothing stands, and later at most deleted, where they stand: whoever does either need not look
/// what was there.
pub const PUT_ONCE: [u8; 5] = [
    HISTORY_ENTRY,
    HISTORY_NODE,
    CONSUMED_ID,
    CONSUMED_AT,
    TIMER_RECEIPT,
];

/// Rows that follow from others: whoever keeps rows may forget these at any time.
pub const DERIVED: [u8; 1] = [HISTORY_EDGE];

/// Listable sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum List {
    /// Living child units of a unit.
    Children = 1,
    /// Members who joined a unit.
    Joined = 2,
    /// Roles of a unit that are not removed.
    Roles = 3,
    /// Open assignments of a role.
    Holders = 4,
    /// Open assignments of a member.
    Assignments = 5,
    /// Grants of a role that have not ended.
    Grants = 6,
    /// Delegations to a member that have not ended.
    Delegations = 7,
    /// Open accounts of an owner; the owner's number carries its kind, see [`owner_number`].
    Accounts = 8,
    /// Open proposals of a unit.
    Proposals = 9,
    /// Units that run a validator; owner 0.
    Validators = 10,
    /// Policies of a unit that hold.
    Policies = 11,
    /// Duty rules that hold; owner 0.
    SodRules = 12,
    /// Exceptions of a duty rule.
    SodExceptions = 13,
    /// Registered nodes of a unit.
    Nodes = 14,
    /// Open holds that touch an account.
    Holds = 15,
    /// Budget lines of a unit.
    BudgetLines = 16,
    /// External parties of a unit.
    Parties = 17,
    /// Assets; owner 0.
    Assets = 18,
    /// All members ever; owner 0.
    Members = 19,
    /// Grants whose scope is a unit or an object of it.
    GrantsOver = 20,
    /// Delegations that come from a grant.
    DelegationsOf = 21,
    /// Units that a member joined.
    JoinedBy = 22,
    /// Auditor grants; owner 0.
    Auditors = 23,
    /// Open proposals of a member.
    ProposalsBy = 24,
    /// Objections to a proposal, all that were ever raised.
    Objections = 25,
    /// Budget lines of a unit that are not closed.
    OpenLines = 26,
    /// Policies that hold and name a role.
    NamedBy = 27,
    /// Open elections of a unit.
    Elections = 40,
}

/// A key: prefix and numbers.
pub fn key(prefix: u8, numbers: &[u64]) -> Vec<u8> {
    key_with(prefix, numbers, &[])
}

/// A key that ends in bytes.
pub fn key_with(prefix: u8, numbers: &[u64], tail: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + 8 * numbers.len() + tail.len());
    key.push(prefix);
    for number in numbers {
        key.extend_from_slice(&number.to_be_bytes());
    }
    key.extend_from_slice(tail);
    key
}

/// Key of a list's head.
pub fn list_head(list: List, owner: u64) -> Vec<u8> {
    key(LIST_HEAD, &[list as u64, owner])
}

/// Key of a list's page, from 0.
pub fn list_page(list: List, owner: u64, page: u64) -> Vec<u8> {
    key(LIST_PAGE, &[list as u64, owner, page])
}

/// The number under which an owner's accounts are listed: its kind in the top byte.
pub fn owner_number(kind: OwnerKind, number: u64) -> u64 {
    (kind as u64) << 56 | number
}

/// Key of the policy of a unit for a capability.
pub fn policy_of(unit: u64, capability: Capability) -> Vec<u8> {
    key(POLICY_OF, &[unit, capability as u64])
}

/// Key of a handle: unique among the living of its kind inside `container`.
pub fn handle(kind: ObjectKind, container: u64, handle: &str) -> Vec<u8> {
    key_with(HANDLE, &[kind as u64, container], handle.as_bytes())
}

/// Key of an external id: unique among the living of its kind.
pub fn external_id(kind: ObjectKind, id: &str) -> Vec<u8> {
    key_with(EXTERNAL_ID, &[kind as u64], id.as_bytes())
}

/// Key of the spending window of an account towards an owner.
pub fn spent(account: u64, towards: Owner) -> Vec<u8> {
    key(SPENT, &[account, towards.kind() as u64, towards.number])
}

/// Key of a history entry. The object kind is one byte: these rows are many.
pub fn history_entry(kind: ObjectKind, number: u64, index: u64) -> Vec<u8> {
    [
        &[HISTORY_ENTRY, kind as u8],
        &number.to_be_bytes()[..],
        &index.to_be_bytes(),
    ]
    .concat()
}

/// Key of a completed inner node of a history.
pub fn history_node(kind: ObjectKind, number: u64, level: u32, index: u64) -> Vec<u8> {
    [
        &[HISTORY_NODE, kind as u8],
        &number.to_be_bytes()[..],
        &[level as u8],
        &index.to_be_bytes(),
    ]
    .concat()
}

/// Key of a history's right edge.
pub fn history_edge(kind: ObjectKind, number: u64) -> Vec<u8> {
    [&[HISTORY_EDGE, kind as u8], &number.to_be_bytes()[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_ascend_without_repetition() {
        for pair in ALL.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} and {}", pair[0].1, pair[1].1);
        }
    }
}
