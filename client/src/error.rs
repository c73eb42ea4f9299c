//! One error for the whole library: what kind of trouble, a sentence, and its cause.

use std::error::Error as StdError;
use std::fmt;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble: each kind is one exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Trouble of this machine, such as a file or a disk, or of a node that says so.
    Trouble,
    /// The caller asked for something that cannot be asked.
    Usage,
    /// The ledger refused, or its rules do by what is proven.
    Refused,
    /// No node could be reached, or none has an answer in time that can be read.
    NotReached,
    /// An answer came and its proof failed; the answer is withheld.
    ProofFailed,
    /// A transaction was sent and its outcome did not show in time. Sending it again is safe.
    OutcomeUnknown,
    /// A key file or its passphrase.
    Key,
}

impl ErrorKind {
    /// The exit code of a command that ends with this kind.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Trouble => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NotReached => 4,
            Self::ProofFailed => 5,
            Self::OutcomeUnknown => 6,
            Self::Key => 7,
        }
    }
}

/// A refusal: a number of the ledger's one list, and words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rejection's number.
    pub code: u32,
    /// What the node says about it; not proven.
    pub log: String,
    /// Names and values for the reader, such as what was available; not proven.
    pub facts: Vec<(String, String)>,
}

/// Why a call of this library failed.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    refusal: Option<Refusal>,
    transaction_id: Option<[u8; 32]>,
    way: Option<&'static str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` is lower case, without a full stop, the fact and not the blame.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            refusal: None,
            transaction_id: None,
            way: None,
            source: None,
        }))
    }

    /// A transaction or question that the ledger refused.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        let mut error = Self::new(
            ErrorKind::Refused,
            format!("refused, with code {}", refusal.code),
        );
        error.0.refusal = Some(refusal);
        error
    }

    /// The same error, with the cause beneath it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, naming the transaction that it is about.
    #[must_use]
    pub fn with_transaction_id(mut self, id: [u8; 32]) -> Self {
        self.0.transaction_id = Some(id);
        self
    }

    /// The same error, with what the reader can do about it.
    #[must_use]
    pub fn with_way(mut self, way: &'static str) -> Self {
        self.0.way = Some(way);
        self
    }

    /// What kind of trouble this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The refusal, where this is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal.as_ref()
    }

    /// The transaction that this is about, where there is one.
    #[must_use]
    pub fn transaction_id(&self) -> Option<[u8; 32]> {
        self.0.transaction_id
    }

    /// What the reader can do about it, where that is no matter of its kind.
    #[must_use]
    pub fn way(&self) -> Option<&'static str> {
        self.0.way
    }

    /// Trouble of this machine; as [`Error::new`].
    pub fn trouble(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Trouble, message)
    }

    /// What the caller asked for cannot be asked; as [`Error::new`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub(crate) fn not_reached(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotReached, message)
    }

    pub(crate) fn proof(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ProofFailed, message)
    }

    pub(crate) fn key(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Key, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(source.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_its_own_exit_code_and_none_is_success() {
        let kinds = [
            ErrorKind::Trouble,
            ErrorKind::Usage,
            ErrorKind::Refused,
            ErrorKind::NotReached,
            ErrorKind::ProofFailed,
            ErrorKind::OutcomeUnknown,
            ErrorKind::Key,
        ];

        let codes: Vec<u8> = kinds.into_iter().map(ErrorKind::exit_code).collect();

        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn an_error_keeps_its_cause_its_refusal_and_its_transaction() {
        let refusal = Refusal {
            code: 641,
            log: "budget line has too little left".into(),
            facts: vec![("available".into(), "3.00 EUR".into())],
        };
        let error = Error::refused(refusal.clone())
            .with_transaction_id([7; 32])
            .with_source(std::io::Error::other("beneath"));

        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.refusal(), Some(&refusal));
        assert_eq!(error.transaction_id(), Some([7; 32]));
        assert_eq!(error.to_string(), "refused, with code 641");
        assert_eq!(
            error.source().map(ToString::to_string),
            Some("beneath".into())
        );
    }
}
