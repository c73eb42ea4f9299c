//! A question to the committed state.

use bytes::Bytes;

/// A question. Every field may come from anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What is asked, for instance `/key`.
    pub path: String,
    /// The argument of the path.
    pub data: Bytes,
    /// Height to answer for; 0 means the newest.
    pub height: u64,
    /// Whether the answer shall carry a proof.
    pub prove: bool,
}

/// An answer, or the code that says why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// 0 when answered.
    pub code: u32,
    /// A sentence for people.
    pub log: String,
    /// The key that was read.
    pub key: Bytes,
    /// The answer; empty when the key is absent.
    pub value: Bytes,
    /// Height that the answer describes.
    pub height: u64,
    /// The proof, innermost step first; empty when none was asked for.
    pub proof_ops: Vec<ProofOp>,
    /// Names the list to which `code` belongs.
    pub codespace: String,
}

/// One step of a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofOp {
    /// Names the proof's format, for instance `ics23:jmt`.
    pub kind: String,
    /// The key that it proves.
    pub key: Bytes,
    /// The proof in that format.
    pub data: Bytes,
}
