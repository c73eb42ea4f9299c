//! `budget list | show | plan | move | allocate | return | close`.

use clap::{Args, Subcommand};
use polity_client::ledger::Amount;
use polity_client::ledger::actions::line_available;
use polity_client::ledger::state::keys::List as Set;
use polity_client::period::{self, Period};
use polity_client::session::lettered;
use polity_client::v1::{
    Allocate, Asset, BudgetLine, ClosePeriod, MoveBudget, ObjectKind, PlanBudget, ReturnAllocation,
    action::Kind,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::amount::AmountWords;
use crate::context::Context;
use crate::names::Names;
use crate::output::{Table, facts};
use crate::{amount, time};

/// Budgets: lines that say what a unit may spend, and money that units pass to units.
///
/// A line is written `b7`, or `acme/dev:travel`, with its first day where the category has several periods:
/// `acme/dev:travel@2026-01-01`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity budget plan acme/dev travel 12000.00 EUR --period 2026 --hard\n  \
    polity budget allocate acme:main acme/dev:main 250000.00 EUR\n  \
    polity budget list acme/dev")]
pub struct Budget {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Plan(Plan),
    Move(Move),
    Allocate(AllocateVerb),
    Return(Return),
    Close(Close),
}

impl Budget {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Plan(verb) => verb.run(context).await,
            Verb::Move(verb) => verb.run(context).await,
            Verb::Allocate(verb) => verb.run(context).await,
            Verb::Return(verb) => verb.run(context).await,
            Verb::Close(verb) => verb.run(context).await,
        }
    }
}

/// Lists a unit's budget lines: approved, committed, spent, available.
#[derive(Args, Debug)]
struct List {
    /// The unit.
    unit: String,
    /// Only lines of this period: 2026, 2026-q3, 2026-03.
    #[arg(long)]
    period: Option<String>,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let unit = session.unit(&self.unit).await?.number;
        let period = self
            .period
            .as_deref()
            .map(|text| period::parse(text, 1))
            .transpose()?;
        let (lists, moment) = session.lists(Set::BudgetLines, &[unit], at).await?;
        let (lines, _) = session
            .get_all_at::<BudgetLine>(&lists.concat(), at)
            .await?;
        let lines: Vec<BudgetLine> = lines
            .into_iter()
            .flatten()
            .filter(|line| period.is_none_or(|period| touches(line, period)))
            .collect();
        let mut names = Names::new(session, at);
        names.load_units([unit]).await?;
        names
            .load_assets(lines.iter().map(|line| line.asset))
            .await?;

        let mut table = Table::new([
            "line",
            "category",
            "from",
            "until",
            "approved",
            "committed",
            "spent",
            "available",
            "",
        ]);
        for line in &lines {
            let asset = names.asset(line.asset);
            table.row([
                lettered(ObjectKind::BudgetLine, line.number),
                line.category.clone(),
                day(line.from),
                day(line.until),
                shown(&line.approved, &asset),
                shown(&line.committed, &asset),
                shown(&line.spent, &asset),
                available(line, &asset),
                flags(line),
            ]);
        }
        let rows: Vec<Value> = lines
            .iter()
            .map(|line| as_json(line, &names.asset(line.asset)))
            .collect();
        let value = json!({"unit": lettered(ObjectKind::Unit, unit), "lines": rows});
        context.answer(moment, value, || table.to_string());
        Ok(())
    }
}

/// Shows one budget line.
#[derive(Args, Debug)]
struct Show {
    /// The line.
    line: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let number = context
            .line_ref(&self.line)
            .await?
            .map_or(0, |line| line.number);
        let (line, moment) = session.get_at::<BudgetLine>(number, at).await?;
        let line = line.ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                format!("there is no budget line {}", self.line),
            )
        })?;
        let mut names = Names::new(session, at);
        names.load_units([line.unit]).await?;
        names.load_assets([line.asset]).await?;
        let asset = names.asset(line.asset);
        context.answer(moment, as_json(&line, &asset), || {
            facts(&[
                ("line", lettered(ObjectKind::BudgetLine, line.number)),
                ("unit", names.shown(ObjectKind::Unit, line.unit)),
                ("category", line.category.clone()),
                ("from", day(line.from)),
                ("until", day(line.until)),
                ("approved", shown(&line.approved, &asset)),
                ("carried in", shown_unless_zero(&line.carried, &asset)),
                ("committed", shown(&line.committed, &asset)),
                ("spent", shown(&line.spent, &asset)),
                ("carried out", shown_unless_zero(&line.carried_out, &asset)),
                ("available", available(&line, &asset)),
                ("kind", flags(&line)),
            ])
        });
        Ok(())
    }
}

/// Plans a line of a unit's budget, or sets the approved amount of the line that is there.
#[derive(Args, Debug)]
struct Plan {
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
    async fn run(self, context: &Context) -> Result<()> {
        let period = period::parse(&self.period, self.fiscal_month)?;
        let (approved, asset) = self.amount.read(context.session().await?).await?;
        let plan = PlanBudget {
            unit: context.unit_ref(&self.unit).await?,
            category: self.category,
            from: period.from,
            until: period.until,
            asset: super::reference(asset.number),
            approved: approved.to_bytes(),
            hard: self.hard,
            carry_forward: self.carry_forward,
        };
        context.act(vec![Kind::PlanBudget(plan)]).await
    }
}

/// Moves approved money between two lines of one unit.
#[derive(Args, Debug)]
struct Move {
    /// The line that gives.
    from: String,
    /// The line that receives.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
}

impl Move {
    async fn run(self, context: &Context) -> Result<()> {
        let (amount, _) = self.amount.read(context.session().await?).await?;
        let step = MoveBudget {
            from: context.line_ref(&self.from).await?,
            to: context.line_ref(&self.to).await?,
            amount: amount.to_bytes(),
        };
        context.act(vec![Kind::MoveBudget(step)]).await
    }
}

/// What a movement of budget money can say about itself.
#[derive(Args, Debug)]
struct Remarks {
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long, default_value = "")]
    reference: String,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Day that the money belongs to.
    #[arg(long, value_name = "DAY")]
    value_date: Option<String>,
}

impl Remarks {
    fn value_date(&self) -> Result<u64> {
        self.value_date.as_deref().map_or(Ok(0), time::parse)
    }
}

/// Passes budget money from a unit's account to another unit's.
#[derive(Args, Debug)]
struct AllocateVerb {
    /// The account that gives.
    from: String,
    /// The account that receives.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    /// The giving unit's budget line.
    #[arg(long)]
    line: Option<String>,
    #[command(flatten)]
    remarks: Remarks,
}

impl AllocateVerb {
    async fn run(self, context: &Context) -> Result<()> {
        let (amount, _) = self.amount.read(context.session().await?).await?;
        let allocate = Allocate {
            from: context.account_ref(&self.from).await?,
            to: context.account_ref(&self.to).await?,
            amount: amount.to_bytes(),
            line: match &self.line {
                Some(line) => context.line_ref(line).await?,
                None => None,
            },
            document: super::optional_document(self.remarks.document.as_deref())?,
            value_date: self.remarks.value_date()?,
            reference: self.remarks.reference,
        };
        context.act(vec![Kind::Allocate(allocate)]).await
    }
}

/// Gives budget money back.
#[derive(Args, Debug)]
struct Return {
    /// The account that gives back.
    from: String,
    /// The account that once gave.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    #[command(flatten)]
    remarks: Remarks,
}

impl Return {
    async fn run(self, context: &Context) -> Result<()> {
        let (amount, _) = self.amount.read(context.session().await?).await?;
        let step = ReturnAllocation {
            from: context.account_ref(&self.from).await?,
            to: context.account_ref(&self.to).await?,
            amount: amount.to_bytes(),
            document: super::optional_document(self.remarks.document.as_deref())?,
            value_date: self.remarks.value_date()?,
            reference: self.remarks.reference,
        };
        context.act(vec![Kind::ReturnAllocation(step)]).await
    }
}

/// Closes a unit's periods: no value date before the day is accepted afterwards.
#[derive(Args, Debug)]
struct Close {
    /// The unit.
    unit: String,
    /// The first day that stays open.
    #[arg(long, value_name = "DAY")]
    until: String,
}

impl Close {
    async fn run(self, context: &Context) -> Result<()> {
        let close = ClosePeriod {
            unit: context.unit_ref(&self.unit).await?,
            until: time::parse(&self.until)?,
        };
        context.act(vec![Kind::ClosePeriod(close)]).await
    }
}

fn touches(line: &BudgetLine, period: Period) -> bool {
    line.from < period.until && period.from < line.until
}

fn amount_of(bytes: &[u8]) -> Amount {
    Amount::from_bytes(bytes).unwrap_or(Amount::ZERO)
}

fn shown(bytes: &[u8], asset: &Asset) -> String {
    amount::shown(amount_of(bytes), asset)
}

fn shown_unless_zero(bytes: &[u8], asset: &Asset) -> String {
    if bytes.is_empty() {
        String::new()
    } else {
        shown(bytes, asset)
    }
}

fn available(line: &BudgetLine, asset: &Asset) -> String {
    match line_available(line) {
        Some(left) => amount::shown(left, asset),
        None => "exceeded".to_owned(),
    }
}

fn flags(line: &BudgetLine) -> String {
    let mut words = vec![if line.hard { "hard" } else { "soft" }];
    if line.carry_forward {
        words.push("carries forward");
    }
    if line.closed {
        words.push("closed");
    }
    words.join(", ")
}

/// The day of a moment: lines begin and end with days.
fn day(seconds: u64) -> String {
    time::shown(seconds).chars().take(10).collect()
}

fn as_json(line: &BudgetLine, asset: &Asset) -> Value {
    let money = |bytes: &[u8]| amount::json(amount_of(bytes), asset);
    json!({
        "line": lettered(ObjectKind::BudgetLine, line.number),
        "unit": lettered(ObjectKind::Unit, line.unit),
        "category": line.category,
        "from": time::json(line.from),
        "until": time::json(line.until),
        "approved": money(&line.approved),
        "carried": money(&line.carried),
        "committed": money(&line.committed),
        "spent": money(&line.spent),
        "carried_out": money(&line.carried_out),
        "available": line_available(line).map(|left| amount::json(left, asset)),
        "hard": line.hard,
        "carry_forward": line.carry_forward,
        "closed": line.closed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_line_that_is_exceeded_says_so() {
        let asset = Asset {
            code: "EUR".into(),
            scale: 2,
            ..Asset::default()
        };
        let line = BudgetLine {
            approved: Amount(100).to_bytes(),
            spent: Amount(140).to_bytes(),
            ..BudgetLine::default()
        };
        assert_eq!(available(&line, &asset), "exceeded");
        assert!(as_json(&line, &asset)["available"].is_null());
        assert_eq!(flags(&line), "soft");
    }

    #[test]
    fn a_line_is_of_a_period_that_it_touches() {
        let line = BudgetLine {
            from: 100,
            until: 200,
            ..BudgetLine::default()
        };
        assert!(touches(
            &line,
            Period {
                from: 199,
                until: 300
            }
        ));
        assert!(!touches(
            &line,
            Period {
                from: 200,
                until: 300
            }
        ));
    }
}
