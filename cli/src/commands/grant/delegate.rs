//! `grant delegate | revoke`: a grant in other hands for a time, and its end.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{Delegate, Grant, RevokeGrant, action::Kind};

use crate::context::Context;
use crate::time;

/// Hands a part of one of your grants to another member for an absence.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity grant delegate g41 gia --until 14d --per-transfer '200.00 EUR'")]
pub(super) struct Hand {
    /// The grant: g41.
    grant: String,
    /// Who acts for you.
    to: String,
    /// When it begins; without it, now.
    #[arg(long, value_name = "TIME|DURATION")]
    from: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME|DURATION")]
    until: String,
    /// At most so much in a transaction, in quotes: '200.00 EUR'; without it, the grant's.
    #[arg(long, value_name = "AMOUNT")]
    per_transfer: Option<String>,
    /// At most so much in a period, in quotes: '800.00 EUR per month'; without it, the grant's.
    #[arg(long, value_name = "LIMIT")]
    per_period: Option<String>,
}

impl Hand {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let limits = context
            .limits(self.per_transfer.as_deref(), self.per_period.as_deref())
            .await?;
        let delegate = Delegate {
            grant: context.numbered_ref::<Grant>(&self.grant).await?,
            member: context.member_ref(&self.to).await?,
            per_transfer: limits.per_transfer,
            per_period: limits.per_period,
            from: time::optional_until(self.from.as_deref())?,
            until: time::parse_until(&self.until)?,
        };
        context.act(vec![Kind::Delegate(delegate)]).await
    }
}

/// Takes a grant or a delegation back.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity grant revoke g41")]
pub(super) struct Revoke {
    /// The grant: g41.
    grant: String,
}

impl Revoke {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let grant = context.numbered_ref::<Grant>(&self.grant).await?;
        context
            .act(vec![Kind::RevokeGrant(RevokeGrant { grant })])
            .await
    }
}
