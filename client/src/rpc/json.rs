//! JSON as CometBFT writes it: whole numbers as text, bytes as base64, hashes as hexadecimal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::visible::of_node;
use crate::{Error, ErrorKind, Result};

/// Reads the answer to one call: its result, or the error that the node reports.
pub(super) fn parse_answer<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AnswerError> {
    let envelope: Envelope<T> = serde_json::from_slice(bytes)
        .map_err(|error| AnswerError::Malformed(of_node(&error.to_string())))?;

    match (envelope.error, envelope.result) {
        (Some(error), _) => Err(AnswerError::Reported(error)),
        (None, Some(result)) => Ok(result),
        (None, None) => Err(AnswerError::Malformed("neither result nor error".into())),
    }
}

/// Why an answer holds no result.
#[derive(Debug)]
pub(super) enum AnswerError {
    /// It is not what was asked for; another node may do better.
    Malformed(String),
    /// The node understood and says no.
    Reported(ReportedError),
    /// It can be read, and cannot be proven.
    Unproven(Error),
}

impl From<ReportedError> for AnswerError {
    fn from(reported: ReportedError) -> Self {
        Self::Reported(reported)
    }
}

impl From<Error> for AnswerError {
    /// Why a result cannot be read.
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ProofFailed => Self::Unproven(error),
            _ => Self::Malformed(of_node(&error.to_string())),
        }
    }
}

/// A JSON-RPC error as the node wrote it.
#[derive(Debug, Deserialize)]
pub(super) struct ReportedError {
    #[serde(default)]
    pub(super) code: i64,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    data: serde_json::Value,
}

impl ReportedError {
    /// What a node says by the code of an answer.
    pub(super) fn of_code(code: u32, log: String) -> ReportedError {
        ReportedError {
            code: code.into(),
            message: log,
            data: serde_json::Value::Null,
        }
    }

    /// What the node said, as one line.
    pub(super) fn words(&self) -> String {
        let data = match &self.data {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        of_node(&[self.message.as_str(), data.as_str()].join(" "))
    }
}

impl From<ReportedError> for Error {
    fn from(reported: ReportedError) -> Self {
        Error::trouble(format!(
            "the node answered with error {}: {}",
            reported.code,
            reported.words()
        ))
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(default)]
    error: Option<ReportedError>,
    #[serde(default = "Option::default")]
    result: Option<T>,
}

/// A number as text or as a number.
pub(crate) fn number<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i128>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Number(i64),
    }

    let number: i128 = match Form::deserialize(deserializer)? {
        Form::Text(text) => text.parse().map_err(D::Error::custom)?,
        Form::Number(number) => number.into(),
    };
    N::try_from(number).map_err(|_| D::Error::custom("number out of range"))
}

/// Bytes as base64; null or absent is none.
pub(super) fn base64_bytes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    STANDARD.decode(text).map_err(D::Error::custom)
}

/// A list of bytes as base64; null is empty.
pub(super) fn base64_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Vec<u8>>, D::Error> {
    let texts = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    texts
        .into_iter()
        .map(|text| STANDARD.decode(text).map_err(D::Error::custom))
        .collect()
}

/// Hashes as base64, each of 32 bytes; null is empty.
pub(super) fn base64_hashes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<[u8; 32]>, D::Error> {
    base64_list(deserializer)?
        .into_iter()
        .map(|bytes| <[u8; 32]>::try_from(bytes).map_err(|_| D::Error::custom("not 32 bytes")))
        .collect()
}

/// Bytes as hexadecimal in either case; empty or null is none.
pub(super) fn hex_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    hex::decode(text).map_err(D::Error::custom)
}

/// A hash of 32 bytes as hexadecimal.
pub(super) fn hex_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    <[u8; 32]>::try_from(hex_bytes(deserializer)?).map_err(|_| D::Error::custom("not 32 bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        #[serde(deserialize_with = "number")]
        height: u64,
    }

    fn parse(text: &str) -> Result<Sample, AnswerError> {
        parse_answer(text.as_bytes())
    }

    #[test]
    fn a_number_is_read_as_text_and_as_a_number_within_its_range() {
        for text in [r#"{"result":{"height":"7"}}"#, r#"{"result":{"height":7}}"#] {
            assert_eq!(parse(text).expect(text), Sample { height: 7 });
        }
        for text in ["-1", "18446744073709551616", "1e3", "", "x"] {
            let text = format!(r#"{{"result":{{"height":"{text}"}}}}"#);
            assert!(
                matches!(parse(&text), Err(AnswerError::Malformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_outranks_a_result_and_its_words_are_bounded() {
        let long = "x".repeat(10_000);
        let text = format!(
            r#"{{"result":{{"height":"7"}},"error":{{"code":-32603,"message":"no","data":"{long}"}}}}"#
        );

        let Err(AnswerError::Reported(reported)) = parse(&text) else {
            panic!("an error was reported")
        };

        assert_eq!(reported.code, -32603);
        assert!(reported.words().starts_with("no x") && reported.words().len() <= 400);
    }

    #[test]
    fn what_a_node_says_moves_no_cursor_and_begins_no_line() {
        let says = r#""no\u001b[2J\n\u202eaccepted""#;
        let text = format!(r#"{{"error":{{"code":1,"message":{says},"data":{says}}}}}"#);
        let Err(AnswerError::Reported(reported)) = parse(&text) else {
            panic!("an error was reported")
        };
        let words = Error::from(reported).to_string();
        assert!(words.contains(r"no\u{1b}[2J\n\u{202e}accepted"), "{words}");

        // What cannot be read is cited by whoever reads it.
        let text = format!(r#"{{"result":{{"type":{says},"value":""}}}}"#);
        let key = parse_answer::<tendermint::PublicKey>(text.as_bytes());
        let Err(AnswerError::Malformed(words)) = key else {
            panic!("no sort of key is called so")
        };
        assert!(
            words.contains("accepted") && !words.contains(char::is_control),
            "{words}"
        );
    }

    #[test]
    fn an_answer_with_neither_result_nor_error_is_malformed() {
        for text in [
            "{}",
            r#"{"result":null}"#,
            "[]",
            "",
            "null",
            r#"{"result":[]}"#,
        ] {
            assert!(
                matches!(parse(text), Err(AnswerError::Malformed(_))),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse_answer::<Sample>(&bytes).is_err());
        }
    }
}
