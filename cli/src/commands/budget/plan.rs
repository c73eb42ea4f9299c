//! `budget plan | move | close`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::{Amount, Rejection, form};
use polity_client::period;
use polity_client::session::{Session, lettered};
use polity_client::v1::{
    Asset, BudgetLine, ClosePeriod, MoveBudget, ObjectKind, PlanBudget, Ref, action::Kind,
};

use crate::amount::{AmountWords, wrong_asset};
use crate::context::Context;
use crate::time;

/// Plans a line of a unit's budget, or sets the approved amount of the line that is there.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity budget plan acme/dev travel 12000.00 EUR --period 2026 --hard\n  \
    polity budget plan acme/dev travel 3000.00 EUR --period 2026-q3")]
pub(super) struct Plan {
    /// The unit.
    unit: String,
    /// A word for what the money is for: `travel`.
    category: String,
    #[command(flatten)]
    amount: AmountWords,
    /// 2026, 2026-q3, 2026-03, fy2026, or DAY..DAY, the second being the first day after it.
    #[arg(long)]
    period: String,
    /// The month in which a fiscal year begins, for fy2026.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=12), value_name = "MONTH")]
    fiscal_month: u32,
    /// Refuse what exceeds the line, instead of showing it.
    #[arg(long)]
    hard: bool,
    /// What is left at the period's close goes to the line of the next period.
    #[arg(long)]
    carry_forward: bool,
}

impl Plan {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let period = period::parse(&self.period, self.fiscal_month)?;
        let (approved, asset) = self.amount.read(context.session().await?).await?;
        let plan = PlanBudget {
            unit: context.unit_ref(&self.unit).await?,
            category: self.category,
            from: period.from,
            until: period.until,
            asset: form::numbered(asset.number),
            approved: approved.to_bytes(),
            hard: self.hard,
            carry_forward: self.carry_forward,
        };
        context.act(vec![Kind::PlanBudget(plan)]).await
    }
}

/// Moves approved money between two lines of one unit.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity budget move acme/dev:travel acme/dev:training 500.00 EUR")]
pub(super) struct Move {
    /// The line that gives.
    from: String,
    /// The line that receives.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
}

impl Move {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let (amount, asset) = self.amount.read(session).await?;
        let from = context.line_ref(&self.from).await?;
        let to = context.line_ref(&self.to).await?;
        check_asset(session, from, amount, &asset).await?;
        let step = MoveBudget {
            from,
            to,
            amount: amount.to_bytes(),
        };
        context.act(vec![Kind::MoveBudget(step)]).await
    }
}

/// Refuses an amount in another asset than that of a line: the ledger would count it in the line's. What an earlier action
/// plans is not there yet, and the ledger judges that.
async fn check_asset(
    session: &Session,
    line: Option<Ref>,
    amount: Amount,
    asset: &Asset,
) -> Result<()> {
    let number = line.map_or(0, |line| line.number);
    match session.get::<BudgetLine>(number).await? {
        Some(line) if line.asset != asset.number => {
            let letter = lettered(ObjectKind::BudgetLine, number);
            let words = format!("the line {letter} is not in {}", asset.code);
            let rejection = Rejection::BudgetLineWrong;
            Err(wrong_asset(rejection, amount, asset, &words))
        }
        Some(_) | None => Ok(()),
    }
}

/// Closes a unit's periods: no value date before the day is accepted afterwards.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity budget close acme/dev --until 2026-04-01")]
pub(super) struct Close {
    /// The unit.
    unit: String,
    /// The first day that stays open.
    #[arg(long, value_name = "DAY")]
    until: String,
}

impl Close {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let close = ClosePeriod {
            unit: context.unit_ref(&self.unit).await?,
            until: time::parse(&self.until)?,
        };
        context.act(vec![Kind::ClosePeriod(close)]).await
    }
}
