//! Names inside sentences: the number with its letter, and what people call it.

use polity_ledger::Amount;
use polity_proto::v1::{
    Account, Asset, BudgetLine, Member, ObjectKind, OwnerKind, OwnerRef, Party, Ref, Role, Unit,
};

use super::Words;
use crate::session::{kind_name, lettered};
use crate::{Result, amount};

impl Words<'_> {
    /// A member by number.
    pub(super) async fn member_number(&self, number: u64) -> Result<String> {
        let letter = lettered(ObjectKind::Member, number);
        Ok(match self.object::<Member>(number).await? {
            Some(member) => format!("{letter} {}", member.handle),
            None => letter,
        })
    }

    /// A unit by number.
    pub(super) async fn unit_number(&self, number: u64) -> Result<String> {
        let letter = lettered(ObjectKind::Unit, number);
        Ok(match self.object::<Unit>(number).await? {
            Some(_) => format!("{letter} {}", self.session.unit_path(number).await?),
            None => letter,
        })
    }

    pub(super) async fn account_number(&self, number: u64) -> Result<String> {
        let letter = lettered(ObjectKind::Account, number);
        Ok(match self.object::<Account>(number).await? {
            Some(account) => format!("{letter} {}", self.session.account_path(&account).await?),
            None => letter,
        })
    }

    pub(super) async fn role_of(&self, of: &Ref) -> Result<String> {
        match of.new {
            0 => self.role_words(of.number).await,
            new => Ok(created(ObjectKind::Role, new)),
        }
    }

    pub(super) async fn member_of(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) if one.new == 0 => self.member_number(one.number).await,
            other => Ok(named(ObjectKind::Member, other)),
        }
    }

    pub(super) async fn unit_of(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) if one.new == 0 => self.unit_number(one.number).await,
            other => Ok(named(ObjectKind::Unit, other)),
        }
    }

    pub(super) async fn role_ref(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) => self.role_of(one).await,
            None => Ok("no role".to_owned()),
        }
    }

    /// A role with its noun: `the role acme/dev#lead`.
    pub(super) async fn the_role(&self, of: &Option<Ref>) -> Result<String> {
        let role = self.role_ref(of).await?;
        Ok(match of {
            Some(one) if one.new == 0 => format!("the role {role}"),
            _ => role,
        })
    }

    /// A role as it follows "role": `acme/dev#lead`.
    pub(super) async fn role_path(&self, of: Ref) -> Result<String> {
        if of.new != 0 {
            return Ok(format!("that step {} creates", of.new));
        }
        Ok(match self.object::<Role>(of.number).await? {
            Some(role) => {
                let unit = self.session.unit_path(role.unit).await?;
                format!("{unit}#{}", role.handle)
            }
            None => lettered(ObjectKind::Role, of.number),
        })
    }

    pub(super) async fn account_of(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) if one.new == 0 => self.account_number(one.number).await,
            other => Ok(named(ObjectKind::Account, other)),
        }
    }

    pub(super) async fn owner_of(&self, of: &Option<OwnerRef>) -> Result<String> {
        let Some(owner) = of else {
            return Ok("nobody".to_owned());
        };
        match owner.kind() {
            OwnerKind::Unit => self.unit_of(&owner.number).await,
            OwnerKind::Member => self.member_of(&owner.number).await,
            OwnerKind::Party => match owner.number {
                Some(one) if one.new == 0 => self.party_name(one.number).await,
                other => Ok(named(ObjectKind::Party, &other)),
            },
            OwnerKind::Issuance => Ok("the issuance".to_owned()),
            OwnerKind::Escrow => Ok("the escrow".to_owned()),
            OwnerKind::None => Ok("nobody".to_owned()),
        }
    }

    pub(super) async fn line_of(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) if one.new == 0 => {
                let letter = lettered(ObjectKind::BudgetLine, one.number);
                Ok(match self.object::<BudgetLine>(one.number).await? {
                    Some(line) => format!("{letter} {}", line.category),
                    None => letter,
                })
            }
            other => Ok(named(ObjectKind::BudgetLine, other)),
        }
    }

    pub(super) async fn party_name(&self, number: u64) -> Result<String> {
        let letter = lettered(ObjectKind::Party, number);
        Ok(match self.object::<Party>(number).await? {
            Some(party) => format!("{letter} {}", party.handle),
            None => letter,
        })
    }

    pub(super) async fn asset_of(&self, of: &Option<Ref>) -> Result<String> {
        match of {
            Some(one) if one.new == 0 => Ok(self
                .object::<Asset>(one.number)
                .await?
                .map_or_else(|| format!("asset {}", one.number), |asset| asset.code)),
            Some(one) => Ok(created(ObjectKind::Asset, one.new)),
            None => Ok("any asset".to_owned()),
        }
    }

    /// An amount of an asset; of 0, in minor units.
    pub(super) async fn amount(&self, asset: u64, bytes: &[u8]) -> Result<String> {
        let minor = minor_units(bytes);
        Ok(match self.object::<Asset>(asset).await? {
            Some(asset) => format!("{} {}", amount::shown(minor, asset.scale), asset.code),
            None => format!("{} minor units", minor.0),
        })
    }

    /// An amount of an asset that may be there already.
    pub(super) async fn amount_of(&self, asset: &Option<Ref>, bytes: &[u8]) -> Result<String> {
        let number = asset.filter(|one| one.new == 0).map_or(0, |one| one.number);
        let amount = self.amount(number, bytes).await?;
        Ok(match asset {
            Some(one) if one.new != 0 => format!("{amount} of {}", self.asset_of(asset).await?),
            Some(_) | None => amount,
        })
    }

    /// An amount of the asset that an account holds.
    pub(super) async fn amount_in(&self, account: &Option<Ref>, bytes: &[u8]) -> Result<String> {
        let number = account
            .filter(|one| one.new == 0)
            .map_or(0, |one| one.number);
        let asset = match self.object::<Account>(number).await? {
            Some(account) => account.asset,
            None => 0,
        };
        self.amount(asset, bytes).await
    }

    /// An amount of the asset that a budget line is in.
    pub(super) async fn amount_on(&self, line: &Option<Ref>, bytes: &[u8]) -> Result<String> {
        let number = line.filter(|one| one.new == 0).map_or(0, |one| one.number);
        let line: Option<BudgetLine> = self.object(number).await?;
        self.amount(line.map_or(0, |line| line.asset), bytes).await
    }
}

/// A reference by its letter alone.
pub(super) fn named(kind: ObjectKind, of: &Option<Ref>) -> String {
    match of {
        None => format!("no {}", kind_name(kind)),
        Some(one) if one.new != 0 => created(kind, one.new),
        Some(one) => lettered(kind, one.number),
    }
}

/// A value of an enumeration as commands write it: of `ROLE_KIND_PRODUCT_OWNER`, `product_owner`.
pub(super) fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

/// A hash or a key, whole. Whoever makes both of two documents soon finds a pair whose hashes begin with the same eight
/// bytes, so a signer must be able to compare all of it.
pub(super) fn hash(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "none".to_owned()
    } else {
        hex::encode(bytes)
    }
}

fn created(kind: ObjectKind, new: u32) -> String {
    format!("the {} that step {new} creates", kind_name(kind))
}

/// What a draft of somebody else says may be malformed: such an amount is shown as nothing, and refused by the ledger.
fn minor_units(bytes: &[u8]) -> Amount {
    Amount::from_bytes(bytes).unwrap_or(Amount::ZERO)
}
