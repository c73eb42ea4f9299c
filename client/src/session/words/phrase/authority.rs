//! Phrases about grants, policies and duties.

use polity_proto::v1::{
    Delegate, GiveGrant, GiveSodException, Grant, ObjectKind, PeriodLimit, Ref, RemovePolicy,
    RemoveSodRule, RevokeGrant, ScopeKind, ScopeRef, SetPolicy, SetSodRule,
};

use super::super::Words;
use super::super::names::named;
use super::super::terms::{mode_words, period_words, roles_named, who_words};
use super::Phrase;
use super::clauses::{capability, from, quoted, stating, until};
use crate::Result;

impl Words<'_> {
    pub(super) async fn give_grant(&self, act: &GiveGrant) -> Result<Phrase> {
        Ok(("give", {
            let mut text = format!(
                "{} the grant to {} in {}",
                self.the_role(&act.role).await?,
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
            if act.asset.is_some() {
                text.push_str(&format!(", only {}", self.asset_of(&act.asset).await?));
            }
            text.push_str(&from(act.from));
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
            let asset = match self.object::<Grant>(number).await? {
                Some(grant) => grant.asset,
                None => 0,
            };
            format!(
                "the grant {} to {}{}{}{}",
                named(ObjectKind::Grant, &act.grant),
                self.member_of(&act.member).await?,
                self.limits(asset, &act.per_transfer, act.per_period.as_ref())
                    .await?,
                from(act.from),
                until(act.until)
            )
        }))
    }

    pub(super) async fn set_policy(&self, act: &SetPolicy) -> Result<Phrase> {
        let below = if act.recursive { " and all below" } else { "" };
        let place = self.unit_of(&act.unit).await? + below;
        let mut text = if act.tiers.is_empty() {
            format!("a policy of {place} in words: {}", quoted(&act.words))
        } else {
            format!(
                "the policy of {place} to {}: {}{}",
                capability(act.capability()),
                self.tiers(act).await?,
                stating("words", &act.words)
            )
        };
        if act.asset.is_some() {
            text.push_str(&format!(
                ", amounts in {}",
                self.asset_of(&act.asset).await?
            ));
        }
        if act.replaces.is_some() {
            let replaced = named(ObjectKind::Policy, &act.replaces);
            text.push_str(&format!(", in place of {replaced}"));
        }
        Ok(("set", text))
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
            ScopeKind::Object if scope.object_kind() == ObjectKind::Asset => {
                self.asset_of(&scope.object).await?
            }
            ScopeKind::Object if scope.object_kind() == ObjectKind::BudgetLine => {
                self.line_of(&scope.object).await?
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
            text.push_str(&format!(", up to {amount}{}", period_words(limit)));
        }
        Ok(text)
    }

    /// Who begins and who decides, tier by tier, in the words that would set them.
    async fn tiers(&self, act: &SetPolicy) -> Result<String> {
        let mut called = Vec::new();
        for role in roles_named(&act.tiers) {
            called.push((role, self.role_path(role).await?));
        }
        let role = |of: Ref| {
            let found = called.iter().find(|(role, _)| *role == of);
            found.map_or_else(String::new, |(_, name)| name.clone())
        };
        let asset = act.asset.filter(|asset| asset.new == 0);
        let asset = asset.map_or(0, |asset| asset.number);
        let mut tiers = Vec::new();
        for tier in &act.tiers {
            let bound = match (tier.up_to.is_empty(), act.tiers.len()) {
                (true, 1) => String::new(),
                (true, _) => "else: ".to_owned(),
                (false, _) => format!("up to {}: ", self.amount(asset, &tier.up_to).await?),
            };
            let by = who_words(&tier.by.unwrap_or_default(), &role);
            let mode = mode_words(&tier.mode.clone().unwrap_or_default(), &role);
            tiers.push(format!("{bound}{by}: {mode}"));
        }
        Ok(tiers.join("; "))
    }
}
