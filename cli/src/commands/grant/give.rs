//! `grant give`.

use clap::{ArgGroup, Args};
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::ledger::judge::power;
use polity_client::session::object;
use polity_client::v1::{Capability, GiveGrant, ObjectKind, ScopeKind, ScopeRef, action::Kind};

use crate::context::Context;
use crate::failure::usage;
use crate::{time, word};

/// Gives a capability to a role. Spending and trading need a limit per period.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity grant give acme/dev#buyer spend --unit acme/dev --per-transfer '500.00 EUR' --per-period '5000.00 EUR per month'\n  \
    polity grant give acme#lead govern --unit acme --below")]
#[command(group(ArgGroup::new("scope").args(["unit", "object"]).required(true)))]
pub(super) struct Give {
    /// The role: `acme/dev#buyer`, r9 or `new(1)`.
    role: String,
    /// What its holders may do.
    #[arg(value_parser = word::parser::<Capability>())]
    capability: Capability,
    /// Where: this unit.
    #[arg(long)]
    unit: Option<String>,
    /// And all units below it.
    #[arg(long, requires = "unit")]
    below: bool,
    /// Where: one account, one budget line (b7), or one asset by its code.
    #[arg(long, value_name = "ACCOUNT|LINE|ASSET")]
    object: Option<String>,
    /// Only this asset; where a limit is given, the limit's.
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// At most so much in a transaction, in quotes: '500.00 EUR'.
    #[arg(long, value_name = "AMOUNT")]
    per_transfer: Option<String>,
    /// At most so much in a period, in quotes: '5000.00 EUR per month', '2000.00 EUR per 30 days'.
    #[arg(long, value_name = "LIMIT")]
    per_period: Option<String>,
    /// Only towards this unit, member or party; can be repeated.
    #[arg(long = "counterparty", value_name = "OWNER")]
    counterparties: Vec<String>,
    /// When it begins.
    #[arg(long, value_name = "TIME|DURATION")]
    from: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
}

impl Give {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        check_reach(self.below, self.capability)?;
        let limits = context
            .limits(self.per_transfer.as_deref(), self.per_period.as_deref())
            .await?;
        let asset = match (&self.asset, &limits.asset) {
            (Some(code), Some(spoken)) if spoken.code != *code => {
                return Err(usage(format!(
                    "the limits speak of {}, not of {code}",
                    spoken.code
                )));
            }
            (Some(code), _) => context.asset_ref(code).await?,
            (None, Some(spoken)) => form::numbered(spoken.number),
            (None, None) => None,
        };
        let mut counterparties = Vec::new();
        for owner in &self.counterparties {
            counterparties.push(context.owner_ref(owner).await?);
        }
        let give = GiveGrant {
            role: context.role_ref(&self.role).await?,
            capability: self.capability as i32,
            scope: Some(self.scope(context).await?),
            asset,
            per_transfer: limits.per_transfer,
            per_period: limits.per_period,
            counterparties,
            from: time::optional_until(self.from.as_deref())?,
            until: time::optional_until(self.until.as_deref())?,
        };
        context.act(vec![Kind::GiveGrant(give)]).await
    }

    async fn scope(&self, context: &Context) -> Result<ScopeRef> {
        let Some(text) = &self.object else {
            let kind = if self.below {
                ScopeKind::UnitAndBelow
            } else {
                ScopeKind::Unit
            };
            return Ok(ScopeRef {
                kind: kind as i32,
                unit: context
                    .unit_ref(self.unit.as_deref().unwrap_or_default())
                    .await?,
                ..ScopeRef::default()
            });
        };
        let line = object(text).is_some_and(|(kind, _)| kind == ObjectKind::BudgetLine);
        let (kind, object) = if line {
            (ObjectKind::BudgetLine, context.line_ref(text).await?)
        } else if form::is_asset_code(text) {
            (ObjectKind::Asset, context.asset_ref(text).await?)
        } else {
            (ObjectKind::Account, context.account_ref(text).await?)
        };
        Ok(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: kind as i32,
            object,
            unit: None,
        })
    }
}

/// Refuses to reach down with what is over value.
fn check_reach(below: bool, capability: Capability) -> Result<()> {
    if below && power::is_over_value(capability) {
        Err(usage(format!(
            "{} is over value, which no grant reaches in the units below: leave out --below, or name the unit",
            word::word(capability)
        )))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;

    use super::*;

    #[test]
    fn what_is_over_value_reaches_no_unit_below() {
        for (capability, reaches) in [
            (Capability::Govern, true),
            (Capability::AssignRoles, true),
            (Capability::Spend, false),
            (Capability::Allocate, false),
        ] {
            assert!(check_reach(false, capability).is_ok(), "{capability:?}");
            let below = check_reach(true, capability).map_err(|error| error.kind());
            let expected = if reaches {
                Ok(())
            } else {
                Err(ErrorKind::Usage)
            };
            assert_eq!(below, expected, "{capability:?}");
        }
    }
}
