//! The founding bytes inside CometBFT's genesis file.
//!
//! They stand there as one base64 string. CometBFT re-formats JSON, so an object would reach a repeated `InitChain`
//! in other bytes than the first one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The JSON value that holds the bytes.
#[must_use]
pub fn encode(bytes: &[u8]) -> Value {
    Value::String(STANDARD.encode(bytes))
}

/// The bytes of a JSON value written by [`encode`]; none when the value is absent, `null` or `{}`, as in a genesis
/// file made by CometBFT itself. `None` for any other value.
#[must_use]
pub fn decode(json: &[u8]) -> Option<Vec<u8>> {
    if matches!(json.trim_ascii(), b"" | b"null" | b"{}") {
        return Some(Vec::new());
    }
    let text: String = serde_json::from_slice(json).ok()?;
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn founding_bytes_survive_the_genesis_file() {
        for bytes in [&b""[..], b"a", &[0, 255, 10, 13, 34, 92]] {
            assert_eq!(
                decode(encode(bytes).to_string().as_bytes()).as_deref(),
                Some(bytes)
            );
        }
    }

    #[test]
    fn a_genesis_file_of_cometbft_itself_has_no_founding_bytes() {
        for json in ["", "null", "{}", " {} \n"] {
            assert_eq!(decode(json.as_bytes()), Some(Vec::new()), "{json:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in ["{\"a\":1}", "[]", "1", "\"=\"", "\"YQ\"", "\"YQ==", "YQ=="] {
            assert_eq!(decode(json.as_bytes()), None, "{json:?}");
        }
    }
}
