//! Who acts, and the key that signs for them.

use polity_client::keys::{Signer, StoredKey};
use polity_client::ledger::state::keys;
use polity_client::session::{HomeConfig, Named, Session, signed_by};
use polity_client::v1::{self, Index, Member};
use polity_client::{Error, ErrorKind, Result};

use super::Context;
use crate::failure::usage;

/// Who acts, and with which key.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The member.
    pub member: Named,
    /// The key; its secret stays in its file until something is signed.
    pub key: StoredKey,
}

impl Actor {
    /// Their entry in a transaction.
    pub fn signer(&self) -> v1::Signer {
        signed_by(self.member.number, &self.key.public_key)
    }
}

impl Context {
    /// The member who acts or asks. Needs no key where `--member` or the configuration names one.
    pub async fn member(&self) -> Result<Named> {
        if let Some(member) = self.member_text()? {
            return self.session().await?.member(&member).await;
        }
        Ok(self.actor().await?.member)
    }

    /// Who acts, and the key that will sign.
    pub async fn actor(&self) -> Result<Actor> {
        let session = self.session().await?;
        if let Some(text) = self.member_text()? {
            let member = session.member(&text).await?;
            let key = self.key_of(session, member.number).await?;
            return Ok(Actor { member, key });
        }

        let key = match self.key_text()? {
            Some(name) => self.keys().public(&name)?,
            None => self.only_key()?,
        };
        let index: Option<Index> = session
            .value(keys::key_with(keys::KEY, &[], &key.public_key))
            .await?;
        let number = index.map(|index| index.number).ok_or_else(|| {
            usage(format!(
                "the key {} belongs to no member; is it enrolled?",
                key.name
            ))
        })?;
        let member = session.member(&format!("m{number}")).await?;
        Ok(Actor { member, key })
    }

    /// The actor's key, opened; its passphrase is asked for once.
    pub fn open_key(&self, who: &Actor) -> Result<Signer> {
        let name = &who.key.name;
        let mut known = self
            .typed
            .lock()
            .map_err(|_| Error::trouble("an earlier step failed"))?;
        let passphrase = match known.remove(name) {
            Some(passphrase) => passphrase,
            None => self.passphrases.of_existing(name)?,
        };
        let signer = self.keys().open(name, &passphrase);
        known.insert(name.clone(), passphrase);
        signer
    }

    fn member_text(&self) -> Result<Option<String>> {
        match &self.options.member {
            Some(member) => Ok(Some(member.clone())),
            None => Ok(HomeConfig::read(&self.home)?.member),
        }
    }

    fn key_text(&self) -> Result<Option<String>> {
        match &self.options.key {
            Some(key) => Ok(Some(key.clone())),
            // A key of the configuration is the key of its member.
            None if self.options.member.is_some() => Ok(None),
            None => Ok(HomeConfig::read(&self.home)?.key),
        }
    }

    /// The key of a member: the one that was named, else a key of the store that is enrolled for them.
    async fn key_of(&self, session: &Session, member: u64) -> Result<StoredKey> {
        match self.key_text()? {
            Some(name) => self.keys().public(&name),
            None => self.enrolled_key(session, member).await,
        }
    }

    /// A key of the store that is enrolled for a member. One whose public part cannot be read may be: that is told.
    pub async fn enrolled_key(&self, session: &Session, member: u64) -> Result<StoredKey> {
        let member: Member = session.get(member).await?.unwrap_or_default();
        let enrolled = |key: &StoredKey| {
            member
                .keys
                .iter()
                .any(|one| one.revoked_at == 0 && one.public == key.public_key)
        };
        let keys = self.keys().list()?.into_iter().map(|(_, key)| key);
        first(keys, enrolled).map_err(|unread| {
            let directory = self.home.join("keys");
            let lacking = format!(
                "no key of {} lies in {}",
                member.handle,
                directory.display()
            );
            match unread {
                None => Error::new(ErrorKind::Key, lacking + ": see polity key list"),
                Some(error) => {
                    let words = lacking + " whose public part can be read";
                    Error::new(ErrorKind::Key, words).with_source(error)
                }
            }
        })
    }

    fn only_key(&self) -> Result<StoredKey> {
        let mut all = self.keys().list()?;
        match (all.pop(), all.is_empty()) {
            (Some((_, key)), true) => key,
            (Some(_), false) => Err(usage(
                "several keys are there: say who acts, with --member or --key",
            )),
            (None, _) => Err(Error::new(
                ErrorKind::Key,
                format!(
                    "no key in {}: make one with polity key new NAME",
                    self.home.join("keys").display()
                ),
            )),
        }
    }
}

/// The first key that serves; where none does, why one could not be looked at, if so.
fn first(
    keys: impl Iterator<Item = Result<StoredKey>>,
    serves: impl Fn(&StoredKey) -> bool,
) -> Result<StoredKey, Option<Error>> {
    let mut unread = None;
    for key in keys {
        match key {
            Ok(key) if serves(&key) => return Ok(key),
            Ok(_) => {}
            Err(error) => {
                unread.get_or_insert(error);
            }
        }
    }
    Err(unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_looked_at_is_told_where_no_other_serves() {
        let key = |byte: u8| {
            Ok(StoredKey {
                name: format!("key-{byte}"),
                public_key: [byte; 32],
            })
        };
        let missing = || Err(Error::new(ErrorKind::Key, "its public part is missing"));
        let serves = |key: &StoredKey| key.public_key == [7; 32];
        let found = first([missing(), key(8), key(7)].into_iter(), serves).expect("one serves");
        assert_eq!(found.name, "key-7");

        let unread = first([key(8), missing()].into_iter(), serves).expect_err("none serves");
        assert!(unread.is_some_and(|error| error.to_string().contains("missing")));
        assert!(first([key(8)].into_iter(), serves).is_err_and(|unread| unread.is_none()));
    }
}
