//! The form of a key file: one line of text with the seed, encrypted by `age` under a passphrase.

use std::io::{Read, Write};

use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use super::Passphrase;
use crate::{Error, Result};

/// The default of scrypt's work factor, as a power of two: about a third of a second and 64 MiB.
pub const WORK_FACTOR_DEFAULT: u8 = 16;

/// The largest work factor that is written or read: about five seconds and 1 GiB. A file from a
/// stranger cannot ask for more.
pub const WORK_FACTOR_MAX: u8 = 20;

/// A key file is far smaller; anything larger is something else.
pub(super) const FILE_BYTES_MAX: u64 = 16 * 1024;

const PLAIN_PREFIX: &str = "polity-key-ed25519 ";
const AGE_PREFIX: &[u8] = b"age-encryption.org/";

/// A seed on its way between memory and a file; wiped when dropped.
pub(super) type Seed = Zeroizing<[u8; 32]>;

/// The bytes of an encrypted key file.
pub(super) fn encrypt(seed: &Seed, passphrase: &Passphrase, work_factor: u8) -> Result<Vec<u8>> {
    if passphrase.is_empty() {
        return Err(Error::key("the passphrase is empty"));
    }
    if !(1..=WORK_FACTOR_MAX).contains(&work_factor) {
        return Err(Error::usage(format!(
            "the work factor {work_factor} is not between 1 and {WORK_FACTOR_MAX}"
        )));
    }

    let mut recipient = Recipient::new(secret(passphrase));
    recipient.set_work_factor(work_factor);
    let failed = |source| Error::key("the key could not be encrypted").with_source(source);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _))
        .map_err(|error| failed(error.to_string()))?;

    let mut bytes = Vec::new();
    let mut writer = encryptor
        .wrap_output(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    writer
        .write_all(plain(seed).as_bytes())
        .and_then(|()| writer.finish().map(drop))
        .map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

/// The seed in an encrypted key file.
pub(super) fn decrypt(bytes: &[u8], passphrase: &Passphrase) -> Result<Seed> {
    let mut identity = Identity::new(secret(passphrase));
    identity.set_max_work_factor(WORK_FACTOR_MAX);

    let mut reader = Decryptor::new_buffered(bytes)
        .and_then(|decryptor| decryptor.decrypt(std::iter::once(&identity as _)))
        .map_err(refusal_to_open)?;
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    reader
        .by_ref()
        .take(256)
        .read_to_end(&mut text)
        .map_err(|error| Error::key("the key file is damaged").with_source(error))?;
    parse_plain(&text)
}

/// Whether these bytes claim to be encrypted by `age`.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(AGE_PREFIX)
}

/// The text of an unencrypted key.
pub(super) fn plain(seed: &Seed) -> Zeroizing<String> {
    let digits = Zeroizing::new(hex::encode(seed.as_slice()));
    let mut text = Zeroizing::new(String::with_capacity(PLAIN_PREFIX.len() + 65));
    text.push_str(PLAIN_PREFIX);
    text.push_str(&digits);
    text.push('\n');
    text
}

/// The seed of an unencrypted key: our own line, or 64 hexadecimal digits and nothing else.
pub(super) fn parse_plain(bytes: &[u8]) -> Result<Seed> {
    let malformed = || Error::key("not a key: expected a seed of 64 hexadecimal digits");
    let text = std::str::from_utf8(bytes).map_err(|_| malformed())?.trim();
    let digits = text.strip_prefix(PLAIN_PREFIX).unwrap_or(text);

    let mut seed = Seed::default();
    hex::decode_to_slice(digits, seed.as_mut_slice()).map_err(|_| malformed())?;
    Ok(seed)
}

fn secret(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.expose())
}

fn refusal_to_open(error: DecryptError) -> Error {
    let message = match &error {
        // A wrong passphrase and a changed file look alike to the cipher.
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::InvalidMac => "the passphrase does not open this key",
        DecryptError::ExcessiveWork { .. } => "the key file asks for more work than is allowed",
        DecryptError::NoMatchingKeys => "the key file is not encrypted by a passphrase",
        DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_) => {
            "the key file is damaged"
        }
    };
    Error::key(message).with_source(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.into())
    }

    #[test]
    fn an_encrypted_seed_comes_back_under_its_passphrase_only() {
        let seed = Seed::new([9; 32]);
        let bytes = encrypt(&seed, &passphrase("right"), 2).expect("encrypts");

        assert!(is_encrypted(&bytes));
        assert_eq!(decrypt(&bytes, &passphrase("right")).expect("opens"), seed);
        let refused = decrypt(&bytes, &passphrase("wrong")).expect_err("wrong passphrase");
        assert_eq!(refused.kind(), crate::ErrorKind::Key);
    }

    #[test]
    fn a_file_with_any_byte_changed_does_not_open() {
        let bytes = encrypt(&Seed::new([9; 32]), &passphrase("p"), 2).expect("encrypts");

        // The header's work factor is authenticated as well; changing it must not pass either.
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            assert!(decrypt(&changed, &passphrase("p")).is_err(), "{position}");
        }
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused() {
        let bytes = encrypt(&Seed::new([9; 32]), &passphrase("p"), 2).expect("encrypts");
        let factor = bytes
            .windows(3)
            .position(|w| w == b" 2\n")
            .expect("a factor");
        let changed = [&bytes[..factor], b" 40\n", &bytes[factor + 3..]].concat();

        let refused = decrypt(&changed, &passphrase("p")).expect_err("too much work");

        assert!(refused.to_string().contains("more work"), "{refused}");
    }

    #[test]
    fn a_plain_seed_is_read_in_both_forms_and_nothing_else() {
        let seed = Seed::new([0xab; 32]);
        let digits = "ab".repeat(32);

        assert_eq!(parse_plain(plain(&seed).as_bytes()).expect("ours"), seed);
        assert_eq!(
            parse_plain(format!(" {digits}\n").as_bytes()).expect("hex"),
            seed
        );
        for wrong in ["", "ab", &digits[1..], &format!("{digits}00"), "zz"] {
            assert!(parse_plain(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_empty_passphrase_protects_nothing_and_is_refused() {
        assert!(encrypt(&Seed::new([1; 32]), &passphrase(""), 2).is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let headed = [b"age-encryption.org/v1\n".as_slice(), &bytes].concat();
            prop_assert!(decrypt(&bytes, &passphrase("p")).is_err());
            prop_assert!(decrypt(&headed, &passphrase("p")).is_err());
            let _ = parse_plain(&bytes);
        }
    }
}
