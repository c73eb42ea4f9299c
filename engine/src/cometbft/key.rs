//! Keys in the form that CometBFT reads.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRIVATE_KEY_TYPE: &str = "tendermint/PrivKeyEd25519";
const PUBLIC_KEY_TYPE: &str = "tendermint/PubKeyEd25519";

/// An ed25519 key of a node: either its name in the network or its vote.
#[derive(Clone)]
pub struct Key(SigningKey);

/// Why a key file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not JSON, or without the fields of a key file.
    #[error("not a key file of CometBFT")]
    Form,
    /// The type is another one.
    #[error("the key is not of type {PRIVATE_KEY_TYPE}")]
    Type,
    /// Not 64 bytes of base64.
    #[error("the key is not 64 bytes of base64")]
    Bytes,
    /// The two halves of the key, or its public fields, do not belong together.
    #[error("the public part does not belong to the private key")]
    Pair,
}

impl Key {
    /// The key that a seed of 32 random bytes determines.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, to be kept as secret as the key.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The text of `node_key.json`.
    #[must_use]
    pub fn to_node_key_json(&self) -> String {
        json!({ "priv_key": self.private_json() }).to_string()
    }

    /// The text of `priv_validator_key.json`.
    #[must_use]
    pub fn to_validator_key_json(&self) -> String {
        let public_key = self.public_key();
        json!({
            "address": hex::encode_upper(address(&public_key)),
            "pub_key": public_key_json(&public_key),
            "priv_key": self.private_json(),
        })
        .to_string()
    }

    /// Reads either kind of key file.
    pub fn from_json(text: &str) -> Result<Self, KeyError> {
        let file: Value = serde_json::from_str(text).map_err(|_| KeyError::Form)?;
        let private = file.get("priv_key").ok_or(KeyError::Form)?;
        if private.get("type").and_then(Value::as_str) != Some(PRIVATE_KEY_TYPE) {
            return Err(KeyError::Type);
        }
        let encoded = private
            .get("value")
            .and_then(Value::as_str)
            .ok_or(KeyError::Form)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Bytes)?;
        let pair: [u8; 64] = bytes.try_into().map_err(|_| KeyError::Bytes)?;

        let key = Self(SigningKey::from_keypair_bytes(&pair).map_err(|_| KeyError::Pair)?);
        match file.get("pub_key") {
            Some(public) if *public != public_key_json(&key.public_key()) => Err(KeyError::Pair),
            Some(_) | None => Ok(key),
        }
    }

    fn private_json(&self) -> Value {
        json!({ "type": PRIVATE_KEY_TYPE, "value": STANDARD.encode(self.0.to_keypair_bytes()) })
    }
}

/// Shows the public key alone.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", hex::encode(self.public_key()))
    }
}

/// The address of a public key: the first 20 bytes of its SHA-256.
#[must_use]
pub fn address(public_key: &[u8; 32]) -> [u8; 20] {
    let mut address = [0; 20];
    address.copy_from_slice(&Sha256::digest(public_key)[..20]);
    address
}

/// The id by which peers know a node: the address of its node key in lower-case hexadecimal digits.
#[must_use]
pub fn node_id(public_key: &[u8; 32]) -> String {
    hex::encode(address(public_key))
}

pub(super) fn public_key_json(public_key: &[u8; 32]) -> Value {
    json!({ "type": PUBLIC_KEY_TYPE, "value": STANDARD.encode(public_key) })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Written by CometBFT itself.
    const NODE_KEY: &str = r#"{"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"4SVsSZVFqNI11YcbjnLUFcMD3WDLthhUZ9TW9lw07HAQxqFYlxQE3SVTTDURP6Y+gE0o9kcEYk4AVMe7DSEx4Q=="}}"#;
    const VALIDATOR_KEY: &str = r#"{
  "address": "592C7ACDA8AD1B03F6852A867D1ABC72DE29A3D6",
  "pub_key": {
    "type": "tendermint/PubKeyEd25519",
    "value": "JZvC9kYzavVj2e2id2mOK/a5lrlEwCJhffxqpnUji1Q="
  },
  "priv_key": {
    "type": "tendermint/PrivKeyEd25519",
    "value": "s1yv0miSmyJwH7pW88yRre7LT8HebrI3e82YBmiGRUolm8L2RjNq9WPZ7aJ3aY4r9rmWuUTAImF9/GqmdSOLVA=="
  }
}"#;

    #[test]
    fn keys_are_read_and_written_as_cometbft_does() {
        for (text, written) in [
            (NODE_KEY, Key::to_node_key_json as fn(&Key) -> String),
            (VALIDATOR_KEY, Key::to_validator_key_json),
        ] {
            let key = Key::from_json(text).unwrap();
            let again: Value =
                serde_json::from_str(&written(&Key::from_seed(&key.seed()))).unwrap();
            assert_eq!(again, serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn a_node_id_is_the_one_that_cometbft_shows() {
        let key = Key::from_json(NODE_KEY).unwrap();
        assert_eq!(
            node_id(&key.public_key()),
            "15fa1c0d4528174c50f4fef7c74cfab404d3ca36"
        );
    }

    #[test]
    fn a_wrong_key_file_is_named() {
        let cases = [
            ("", KeyError::Form),
            ("[]", KeyError::Form),
            (r#"{"priv_key":{}}"#, KeyError::Type),
            (
                r#"{"priv_key":{"type":"tendermint/PrivKeySecp256k1","value":"AA=="}}"#,
                KeyError::Type,
            ),
            (
                r#"{"priv_key":{"type":"tendermint/PrivKeyEd25519"}}"#,
                KeyError::Form,
            ),
            (
                r#"{"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"AA=="}}"#,
                KeyError::Bytes,
            ),
            (
                r#"{"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"?"}}"#,
                KeyError::Bytes,
            ),
            (&NODE_KEY.replace("DSEx4Q", "DSEx4g"), KeyError::Pair),
            (&VALIDATOR_KEY.replace("JZvC", "JZvD"), KeyError::Pair),
        ];
        for (text, expected) in cases {
            assert_eq!(Key::from_json(text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let key = Key::from_seed(&[7; 32]);
        assert!(!format!("{key:?}").contains(&hex::encode([7; 32])));
    }
}
