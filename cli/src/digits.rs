//! Keys, proofs and hashes as people type them and scripts read them: in hexadecimal digits.

use polity_client::Result;
use serde_json::Value;

use crate::failure::usage;

/// Reads so many bytes of what somebody typed as `what`.
pub fn read<const N: usize>(what: &str, text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        let count = 2 * N;
        usage(format!("{what} is written in {count} hexadecimal digits"))
    })?;
    Ok(bytes)
}

/// Bytes for JSON, or null for none.
#[must_use]
pub fn json(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        Value::Null
    } else {
        hex::encode(bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;

    use super::*;

    #[test]
    fn what_has_not_the_digits_of_a_key_is_a_usage_error() {
        assert_eq!(read("a key", "00ff").expect("two bytes"), [0, 255]);
        for text in ["0", "xy", "0x00", "00", "00ff00"] {
            let error = read::<2>("a key", text).expect_err("no key");
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
        }
    }

    #[test]
    fn what_is_absent_is_null() {
        assert_eq!(json(&[]), Value::Null);
        assert_eq!(json(&[10, 255]), "0aff");
    }
}
