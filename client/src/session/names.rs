//! From what people write to numbers: `finn`, `acme/dev`, `acme/dev#storefront-api`, `acme/dev:main`, `m12`.

use polity_ledger::form;
use polity_ledger::state::keys;
use polity_proto::v1::{
    Account, Asset, Index, Member, ObjectKind, Organisation, Owner, OwnerKind, Party, Role, Unit,
};

use super::{Session, number_of};
use crate::{Error, Result};

/// The handle of the account that an asset is issued from.
const ISSUANCE: &str = "issuance";

/// A number, and how people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The number.
    pub number: u64,
    /// The number with its letter, and the handle.
    pub shown: String,
}

impl Session {
    /// A member: `m12` or a handle.
    pub async fn member(&self, text: &str) -> Result<Named> {
        let number = match number_of(ObjectKind::Member, text) {
            Some(number) => number,
            None => {
                self.by_handle(ObjectKind::Member, 0, text, "member", text)
                    .await?
            }
        };
        let member: Member = self.existing(number, "member", text).await?;
        Ok(Named {
            number,
            shown: format!("m{number} {}", member.handle),
        })
    }

    /// A unit: `u4`, or handles from the root, `acme/dev`.
    pub async fn unit(&self, text: &str) -> Result<Named> {
        if let Some(number) = number_of(ObjectKind::Unit, text) {
            let _: Unit = self.existing(number, "unit", text).await?;
            return Ok(Named {
                number,
                shown: format!("u{number} {}", self.unit_path(number).await?),
            });
        }
        let mut parts = text.split('/');
        let root_name = parts.next().unwrap_or_default();
        let organisation: Organisation = self
            .get(0)
            .await?
            .ok_or_else(|| Error::trouble("the organisation has no state"))?;
        let root: Unit = self
            .existing(organisation.root_unit, "root unit", "")
            .await?;
        if root.handle != root_name {
            return Err(Error::usage(format!(
                "no unit {text}: the root is {}",
                root.handle
            )));
        }
        let mut number = root.number;
        for part in parts {
            number = self
                .by_handle(ObjectKind::Unit, number, part, "unit", text)
                .await?;
        }
        Ok(Named {
            number,
            shown: format!("u{number} {text}"),
        })
    }

    /// A role: `r9` or `acme/dev#storefront-api`.
    pub async fn role(&self, text: &str) -> Result<Named> {
        let number = match number_of(ObjectKind::Role, text) {
            Some(number) => number,
            None => {
                let (unit, handle) = text.split_once('#').ok_or_else(|| {
                    Error::usage(format!("a role is written UNIT#ROLE or r9, not {text}"))
                })?;
                let unit = self.unit(unit).await?.number;
                self.by_handle(ObjectKind::Role, unit, handle, "role", text)
                    .await?
            }
        };
        let role: Role = self.existing(number, "role", text).await?;
        let unit = self.unit_path(role.unit).await?;
        Ok(Named {
            number,
            shown: format!("r{number} {unit}#{}", role.handle),
        })
    }

    /// An account: `a88`, `acme/dev:main`, or `finn:main`; a party's account is `acme/dev/@vendor:main`, and what an
    /// asset is issued from `EUR:issuance`.
    pub async fn account(&self, text: &str) -> Result<Named> {
        let number = match number_of(ObjectKind::Account, text) {
            Some(number) => number,
            None => {
                let (owner, handle) = text.rsplit_once(':').ok_or_else(|| {
                    Error::usage(format!(
                        "an account is written OWNER:NAME or a88, not {text}"
                    ))
                })?;
                if handle == ISSUANCE && is_code_only(owner) {
                    self.issuance(owner).await?
                } else {
                    let owner = self.owner(owner).await?;
                    let container = keys::owner_number(owner.kind(), owner.number);
                    self.by_handle(ObjectKind::Account, container, handle, "account", text)
                        .await?
                }
            }
        };
        let account: Account = self.existing(number, "account", text).await?;
        Ok(Named {
            number,
            shown: format!("a{number} {}", self.account_path(&account).await?),
        })
    }

    /// An asset's number by its code.
    pub async fn asset(&self, code: &str) -> Result<u64> {
        let key = keys::key_with(keys::ASSET_CODE, &[], code.as_bytes());
        let index: Option<Index> = match form::is_asset_code(code) {
            true => self.value(key).await?,
            false => None,
        };
        index
            .map(|index| index.number)
            .ok_or_else(|| Error::usage(format!("no asset {code}")))
    }

    /// The account that an asset is issued from: it has no place among an owner's handles.
    async fn issuance(&self, code: &str) -> Result<u64> {
        let number = self.asset(code).await?;
        let asset: Asset = self.existing(number, "asset", code).await?;
        Ok(asset.issuance)
    }

    /// How a unit is called from the root down.
    pub async fn unit_path(&self, number: u64) -> Result<String> {
        let mut handles = Vec::new();
        let mut next = number;
        while next != 0 && handles.len() < 16 {
            let Some(unit) = self.get::<Unit>(next).await? else {
                break;
            };
            handles.push(unit.handle);
            next = unit.parent;
        }
        handles.reverse();
        Ok(handles.join("/"))
    }

    /// How an account is called.
    pub async fn account_path(&self, account: &Account) -> Result<String> {
        let owner = account.owner.unwrap_or_default();
        let name = match owner.kind() {
            OwnerKind::Unit => self.unit_path(owner.number).await?,
            OwnerKind::Member => self
                .get::<Member>(owner.number)
                .await?
                .map_or_else(String::new, |one| one.handle),
            OwnerKind::Party => {
                let party = self.get::<Party>(owner.number).await?.unwrap_or_default();
                format!("{}/@{}", self.unit_path(party.unit).await?, party.handle)
            }
            OwnerKind::Issuance => {
                let asset = self.get::<Asset>(owner.number).await?;
                asset.unwrap_or_default().code
            }
            OwnerKind::Escrow | OwnerKind::None => "escrow".to_owned(),
        };
        Ok(format!("{name}:{}", account.handle))
    }

    /// Who owns accounts: a unit, a member, or an external party, `acme/dev/@vendor`.
    pub async fn owner(&self, text: &str) -> Result<Owner> {
        let owner = |kind: OwnerKind, number: u64| Owner {
            kind: kind as i32,
            number,
        };
        if let Some((unit, party)) = text.split_once("/@") {
            let unit = self.unit(unit).await?.number;
            let party = self
                .by_handle(ObjectKind::Party, unit, party, "party", text)
                .await?;
            return Ok(owner(OwnerKind::Party, party));
        }
        if let Some(number) = number_of(ObjectKind::Party, text) {
            let party: Party = self.existing(number, "party", text).await?;
            return Ok(owner(OwnerKind::Party, party.number));
        }
        if number_of(ObjectKind::Member, text).is_some() {
            return Ok(owner(OwnerKind::Member, self.member(text).await?.number));
        }
        if text.contains('/') || number_of(ObjectKind::Unit, text).is_some() {
            return Ok(owner(OwnerKind::Unit, self.unit(text).await?.number));
        }
        // One word: the root unit, or a member.
        match self.unit(text).await {
            Ok(unit) => Ok(owner(OwnerKind::Unit, unit.number)),
            Err(error) if error.kind() == crate::ErrorKind::Usage => {
                Ok(owner(OwnerKind::Member, self.member(text).await?.number))
            }
            Err(error) => Err(error),
        }
    }

    async fn by_handle(
        &self,
        kind: ObjectKind,
        container: u64,
        handle: &str,
        what: &str,
        text: &str,
    ) -> Result<u64> {
        // What is no handle nothing is called, and a node would not look up what is too long.
        let index: Option<Index> = match form::handle(handle) {
            Ok(()) => self.value(keys::handle(kind, container, handle)).await?,
            Err(_) => None,
        };
        index
            .map(|index| index.number)
            .ok_or_else(|| Error::usage(format!("no {what} is called {text}")))
    }

    async fn existing<T: polity_ledger::state::Object>(
        &self,
        number: u64,
        what: &str,
        text: &str,
    ) -> Result<T> {
        self.get(number)
            .await?
            .ok_or_else(|| Error::usage(format!("there is no {what} {text}")))
    }
}

/// Whether a word is a code of an asset and cannot be a handle as well: those have no capitals.
#[must_use]
pub fn is_code_only(text: &str) -> bool {
    form::is_asset_code(text) && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::recorded::{Node, session_at};

    #[tokio::test]
    async fn what_nothing_can_be_called_is_a_usage_error_and_no_node_is_asked() {
        let node = Node::of_chain(|_| {}).await;
        let session = session_at([node.url.clone()]);
        for name in ["", "Finn", "fi nn", &"x".repeat(65), &"x".repeat(5_000)] {
            let refused = session.member(name).await.expect_err(name);
            assert_eq!(refused.kind(), ErrorKind::Usage, "{refused}");
            let refused = session.asset(name).await.expect_err(name);
            assert_eq!(refused.kind(), ErrorKind::Usage, "{refused}");
        }
        assert_eq!(node.calls(), 0);
    }

    #[test]
    fn a_code_is_told_from_a_handle() {
        assert!(is_code_only("EUR") && is_code_only("R2"));
        for handle in ["eur", "2024", "Eur", "", "acme/dev"] {
            assert!(!is_code_only(handle), "{handle}");
        }
    }
}
