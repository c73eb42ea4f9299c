//! From words to references: a number, a handle, or `new(2)`, what the second action of the same transaction creates.

use polity_client::Result;
use polity_client::ledger::form;
use polity_client::ledger::state::Object;
use polity_client::ledger::state::keys::{self, List};
use polity_client::session::{kind_name, number_of};
use polity_client::v1::{
    Assignment, BudgetLine, Capability, Index, ObjectKind, OwnerKind, OwnerRef, Policy, Ref,
};

use crate::context::Context;
use crate::failure::usage;
use crate::{commands, time, word};

/// Reads `new(2)`.
#[must_use]
pub fn created(text: &str) -> Option<Ref> {
    let index = text.strip_prefix("new(")?.strip_suffix(')')?;
    let new = index.parse().ok().filter(|new| (1..=100).contains(new))?;
    Some(Ref { number: 0, new })
}

impl Context {
    /// A unit: `u4`, `acme/dev` or `new(1)`.
    pub async fn unit_ref(&self, text: &str) -> Result<Option<Ref>> {
        if let Some(new) = created(text) {
            return Ok(Some(new));
        }
        let unit = self.session().await?.unit(text).await?;
        Ok(form::numbered(unit.number))
    }

    /// A member: `m12`, `finn` or `new(1)`.
    pub async fn member_ref(&self, text: &str) -> Result<Option<Ref>> {
        if let Some(new) = created(text) {
            return Ok(Some(new));
        }
        let member = self.session().await?.member(text).await?;
        Ok(form::numbered(member.number))
    }

    /// A role: `r9`, `acme/dev#lead` or `new(1)`.
    pub async fn role_ref(&self, text: &str) -> Result<Option<Ref>> {
        if let Some(new) = created(text) {
            return Ok(Some(new));
        }
        let role = self.session().await?.role(text).await?;
        Ok(form::numbered(role.number))
    }

    /// An account: `a88`, `acme/dev:main` or `new(1)`.
    pub async fn account_ref(&self, text: &str) -> Result<Option<Ref>> {
        if let Some(new) = created(text) {
            return Ok(Some(new));
        }
        let account = self.session().await?.account(text).await?;
        Ok(form::numbered(account.number))
    }

    /// An asset: its code, or `new(1)`.
    pub async fn asset_ref(&self, text: &str) -> Result<Option<Ref>> {
        if let Some(new) = created(text) {
            return Ok(Some(new));
        }
        Ok(form::numbered(self.session().await?.asset(text).await?))
    }

    /// Something that has a number alone: `g41` or `new(1)`.
    pub async fn numbered_ref<T: Object>(&self, text: &str) -> Result<Option<Ref>> {
        match created(text) {
            Some(new) => Ok(Some(new)),
            None => Ok(form::numbered(self.numbered::<T>(text).await?.number())),
        }
    }

    /// What has a number alone, such as `g41`. What is not there is misread, as a handle that nothing has.
    pub async fn numbered<T: Object>(&self, text: &str) -> Result<T> {
        let number = commands::parse_number(T::KIND, text)?;
        let found = self.session().await?.get(number).await?;
        found.ok_or_else(|| usage(format!("there is no {} {text}", kind_name(T::KIND))))
    }

    /// An assignment: `n31`, or who holds what, `finn@acme/dev#lead`.
    pub async fn assignment_ref(&self, text: &str) -> Result<Option<Ref>> {
        let Some((member, role)) = text.split_once('@') else {
            return self.numbered_ref::<Assignment>(text).await;
        };
        let session = self.session().await?;
        let member = session.member(member).await?.number;
        let role = session.role(role).await?.number;
        let holders = session.list(List::Holders, role).await?;
        let holders = session.get_all::<Assignment>(&holders).await?;
        let mut holders = holders.iter().flatten();
        let held = holders.find(|held| held.member == member);
        let held = held.ok_or_else(|| usage(format!("nobody holds {text}")))?;
        Ok(form::numbered(held.number))
    }

    /// A policy's number: `y3`, or a unit and what it decides about, `acme/dev:spend`.
    pub async fn policy_number(&self, text: &str) -> Result<u64> {
        if number_of(ObjectKind::Policy, text).is_some() {
            return Ok(self.numbered::<Policy>(text).await?.number);
        }
        let wrong = || {
            usage(format!(
                "a policy is written y3 or acme/dev:spend, not {text}"
            ))
        };
        let (unit, capability) = text.rsplit_once(':').ok_or_else(wrong)?;
        let capability: Capability = word::value(capability).ok_or_else(wrong)?;
        let session = self.session().await?;
        let unit = session.unit(unit).await?.number;
        let index: Option<Index> = session.value(keys::policy_of(unit, capability)).await?;
        index
            .map(|index| index.number)
            .ok_or_else(|| usage(format!("there is no policy {text}")))
    }

    /// A budget line: `b7`, `new(1)`, or `acme/dev:travel`, with its first day where the category has several:
    /// `acme/dev:travel@2026-01-01`.
    pub async fn line_ref(&self, text: &str) -> Result<Option<Ref>> {
        let Some((unit, category)) = text.rsplit_once(':') else {
            return self.numbered_ref::<BudgetLine>(text).await;
        };
        let (category, from) = match category.split_once('@') {
            Some((category, day)) => (category, Some(time::parse(day)?)),
            None => (category, None),
        };
        let session = self.session().await?;
        let unit = session.unit(unit).await?.number;
        let numbers = session.list(List::BudgetLines, unit).await?;
        let lines = session.get_all::<BudgetLine>(&numbers).await?;
        let fits = |line: &&BudgetLine| match from {
            Some(from) => line.category == category && line.from == from,
            None => line.category == category && !line.closed,
        };
        let mut found = lines.iter().flatten().filter(fits);
        match (found.next(), found.next()) {
            (Some(line), None) => Ok(form::numbered(line.number)),
            (None, _) => Err(usage(format!("there is no budget line {text}"))),
            (Some(line), Some(_)) => Err(usage(format!(
                "several periods have the line {text}: add its first day, like {text}@{}",
                polity_client::time::day(line.from)
            ))),
        }
    }

    /// An owner: a unit, a member, or a party `acme/dev/@vendor`; `new(1)` is a unit.
    pub async fn owner_ref(&self, text: &str) -> Result<OwnerRef> {
        if let Some(new) = created(text) {
            return Ok(OwnerRef {
                kind: OwnerKind::Unit as i32,
                number: Some(new),
            });
        }
        let owner = self.session().await?.owner(text).await?;
        Ok(OwnerRef {
            kind: owner.kind,
            number: form::numbered(owner.number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_action_creates_is_counted_from_one() {
        assert_eq!(created("new(2)"), Some(Ref { number: 0, new: 2 }));
        for text in [
            "new", "new()", "new(0)", "new(101)", "new(-1)", "new(1", "u4",
        ] {
            assert_eq!(created(text), None, "{text}");
        }
    }
}
