//! Who belongs to a unit.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, JoinUnit, LeaveUnit, Ref, Unit, UnitKind, action::Kind};

use super::optional;
use crate::context::Context;

/// Joins a unit, or lets somebody join.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit join acme/security\n  \
    polity unit join acme/dev --with ada\n  \
    polity --member ada unit join acme/dev finn")]
pub(super) struct Join {
    /// The unit.
    unit: String,
    /// Who joins; without it, you.
    who: Option<String>,
}

impl Join {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let unit = context.unit_ref(&self.unit).await?;
        let member = match &self.who {
            Some(who) => context.member_ref(who).await?,
            None if joins_unnamed(context, unit).await? => None,
            None => form::numbered(context.member().await?.number),
        };
        let join = JoinUnit { unit, member };
        context.act(vec![Kind::JoinUnit(join)]).await
    }
}

/// Leaves a unit, or takes somebody out.
#[derive(Args, Debug)]
pub(super) struct Leave {
    /// The unit.
    unit: String,
    /// Who leaves; without it, you.
    who: Option<String>,
}

impl Leave {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let leave = LeaveUnit {
            unit: context.unit_ref(&self.unit).await?,
            member: optional_member(context, self.who.as_deref()).await?,
        };
        context.act(vec![Kind::LeaveUnit(leave)]).await
    }
}

/// Moves you to another squad. The receiving product owner signs too: `--with gia`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity unit change-squad acme/t1/search acme/t1/pay --with gia --draft move.tx")]
pub(super) struct ChangeSquad {
    /// The squad that you leave.
    from: String,
    /// The squad that receives you.
    to: String,
    /// The chapter that you leave in the same act.
    #[arg(long, value_name = "UNIT")]
    chapter_from: Option<String>,
    /// The chapter that you join in the same act.
    #[arg(long, value_name = "UNIT")]
    chapter_to: Option<String>,
}

impl ChangeSquad {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let change = v1::ChangeSquad {
            from: context.unit_ref(&self.from).await?,
            to: context.unit_ref(&self.to).await?,
            chapter_from: optional(context, self.chapter_from.as_deref()).await?,
            chapter_to: optional(context, self.chapter_to.as_deref()).await?,
        };
        context.act(vec![Kind::ChangeSquad(change)]).await
    }
}

/// Whether the member who joins need not be named: everybody joins a guild by themselves. Elsewhere others are judged
/// too, as those who let this one join, and without a name they would be judged as the one who joins. What an earlier
/// step creates cannot be read yet.
async fn joins_unnamed(context: &Context, unit: Option<Ref>) -> Result<bool> {
    let number = unit.map_or(0, |unit| unit.number);
    if number == 0 {
        return Ok(true);
    }
    let unit: Option<Unit> = context.session().await?.get(number).await?;
    Ok(unit.is_some_and(|unit| unit.kind() == UnitKind::Guild))
}

async fn optional_member(context: &Context, member: Option<&str>) -> Result<Option<Ref>> {
    match member {
        Some(member) => context.member_ref(member).await,
        None => Ok(None),
    }
}
