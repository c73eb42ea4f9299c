//! Phrases about grants, policies and duties.

use polity_proto::v1::{
    Delegate, GiveGrant, GiveSodException, Grant, ObjectKind, PeriodKind, PeriodLimit, Ref,
    RemovePolicy, RemoveSodRule, RevokeGrant, ScopeKind, ScopeRef, SetPolicy, SetSodRule, Tier,
};

use super::super::names::named;
use super::super::{Words, mode_name};
use super::Phrase;
use super::clauses::{capability, quoted, until};
use crate::Result;

impl Words<'_> {
    pub(super) async fn give_grant(&self, act: &GiveGrant) -> Result<Phrase> {
        Ok(("give", {
            let mut text = format!(
                "the role {} the grant to {} in {}",
                self.role_ref(&act.role).await?,
                capability(act.capability()),
                self.scope(&act.scope).await?
            );
            let asset = act
                .asset
                .filter(|asset| asset.new == 0)
                .map_or(0, |asset| asset.number);
            text.push_str(
                &self
                    .limits(asset, &act.per_transfer, act.per_period.as_ref())
                    .await?,
            );
            if !act.counterparties.is_empty() {
                let mut owners = Vec::new();
                for owner in &act.counterparties {
                    owners.push(self.owner_of(&Some(*owner)).await?);
                }
                text.push_str(&format!(", only with {}", owners.join(", ")));
            }
            text.push_str(&until(act.until));
            text
        }))
    }

    pub(super) async fn revoke_grant(&self, act: &RevokeGrant) -> Result<Phrase> {
        Ok((
            "revoke",
            format!("the grant {}", named(ObjectKind::Grant, &act.grant)),
        ))
    }

    pub(super) async fn delegate(&self, act: &Delegate) -> Result<Phrase> {
        Ok(("delegate", {
            let number = act
                .grant
                .filter(|grant| grant.new == 0)
                .map_or(0, |grant| grant.number);
            let asset = match self.session.get::<Grant>(number).await? {
                Some(grant) => grant.asset,
                None => 0,
            };
            format!(
                "the grant {} to {}{}{}",
                named(ObjectKind::Grant, &act.grant),
                self.member_of(&act.member).await?,
                self.limits(asset, &act.per_transfer, act.per_period.as_ref())
                    .await?,
                until(act.until)
            )
        }))
    }

    pub(super) async fn set_policy(&self, act: &SetPolicy) -> Result<Phrase> {
        if act.tiers.is_empty() {
            return Ok((
                "set",
                format!(
                    "a policy of {}{} in words: {}",
                    self.unit_of(&act.unit).await?,
                    if act.recursive { " and all below" } else { "" },
                    quoted(&act.words)
                ),
            ));
        }
        Ok(("set", {
            let mut tiers = Vec::new();
            for tier in &act.tiers {
                tiers.push(self.tier(&act.asset, tier).await?);
            }
            format!(
                "the policy of {}{} to {}: {}",
                self.unit_of(&act.unit).await?,
                if act.recursive { " and all below" } else { "" },
                capability(act.capability()),
                tiers.join(", ")
            )
        }))
    }

    pub(super) async fn remove_policy(&self, act: &RemovePolicy) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the policy {}", named(ObjectKind::Policy, &act.policy)),
        ))
    }

    pub(super) async fn set_sod_rule(&self, act: &SetSodRule) -> Result<Phrase> {
        Ok((
            "set",
            format!(
                "the rule that in {} nobody may both {} and {}",
                self.unit_of(&act.unit).await?,
                capability(act.first()),
                capability(act.second())
            ),
        ))
    }

    pub(super) async fn remove_sod_rule(&self, act: &RemoveSodRule) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the duty rule {}", named(ObjectKind::SodRule, &act.rule)),
        ))
    }

    pub(super) async fn give_sod_exception(&self, act: &GiveSodException) -> Result<Phrase> {
        Ok((
            "give",
            format!(
                "{} an exception of the duty rule {}{}, watched by {}",
                self.member_of(&act.member).await?,
                named(ObjectKind::SodRule, &act.rule),
                until(act.until),
                quoted(&act.control)
            ),
        ))
    }

    async fn scope(&self, scope: &Option<ScopeRef>) -> Result<String> {
        let Some(scope) = scope else {
            return Ok("nothing".to_owned());
        };
        Ok(match scope.kind() {
            ScopeKind::None => "nothing".to_owned(),
            ScopeKind::Unit => self.unit_of(&scope.unit).await?,
            ScopeKind::UnitAndBelow => format!("{} and below", self.unit_of(&scope.unit).await?),
            ScopeKind::Object if scope.object_kind() == ObjectKind::Account => {
                self.account_of(&scope.object).await?
            }
            ScopeKind::Object => named(scope.object_kind(), &scope.object),
        })
    }

    async fn limits(
        &self,
        asset: u64,
        once: &[u8],
        period: Option<&PeriodLimit>,
    ) -> Result<String> {
        let mut text = String::new();
        if !once.is_empty() {
            text.push_str(&format!(
                ", up to {} at once",
                self.amount(asset, once).await?
            ));
        }
        if let Some(limit) = period {
            let amount = self.amount(asset, &limit.amount).await?;
            match limit.kind() {
                PeriodKind::None => {}
                PeriodKind::CalendarMonth => text.push_str(&format!(", up to {amount} a month")),
                PeriodKind::RollingDays => {
                    text.push_str(&format!(", up to {amount} in {} days", limit.days));
                }
            }
        }
        Ok(text)
    }

    async fn tier(&self, asset: &Option<Ref>, tier: &Tier) -> Result<String> {
        let mode = tier.mode.clone().unwrap_or_default();
        let mut text = mode_name(mode.kind()).to_owned();
        if mode.count != 0 {
            text.push_str(&format!(" by {}", mode.count));
        }
        if !tier.up_to.is_empty() {
            let number = asset
                .filter(|asset| asset.new == 0)
                .map_or(0, |asset| asset.number);
            text.push_str(&format!(
                " up to {}",
                self.amount(number, &tier.up_to).await?
            ));
        }
        Ok(text)
    }
}
