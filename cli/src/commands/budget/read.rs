//! `budget list | show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::Amount;
use polity_client::ledger::actions::line_available;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::period::{self, Period};
use polity_client::session::lettered;
use polity_client::v1::{Asset, BudgetLine, ObjectKind};
use serde_json::{Value, json};

use crate::amount::counted;
use crate::context::Context;
use crate::failure::usage;
use crate::names::Names;
use crate::output::{Table, facts};
use crate::{amount, time};

/// Lists a unit's budget lines: approved, committed, spent, available.
#[derive(Args, Debug)]
pub(super) struct List {
    /// The unit.
    unit: String,
    /// Only lines of this period: 2026, 2026-q3, 2026-03.
    #[arg(long)]
    period: Option<String>,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let period = self
            .period
            .as_deref()
            .map(|text| period::parse(text, 1))
            .transpose()?;
        let lists = view.lists(Lists::BudgetLines, &[unit]).await?;
        let lines = view.get_all::<BudgetLine>(&lists.concat()).await?;
        let lines: Vec<BudgetLine> = lines
            .into_iter()
            .flatten()
            .filter(|line| period.is_none_or(|period| touches(line, period)))
            .collect();
        let mut names = Names::new(&view);
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
        let mut rows = Vec::new();
        for line in &lines {
            let asset = names.asset(line.asset);
            let amounts = Amounts::of(line)?;
            table.row([
                lettered(ObjectKind::BudgetLine, line.number),
                line.category.clone(),
                day(line.from),
                day(line.until),
                amount::shown(amounts.approved, &asset),
                amount::shown(amounts.committed, &asset),
                amount::shown(amounts.spent, &asset),
                available(line, &asset),
                flags(line),
            ]);
            rows.push(as_json(line, &amounts, &asset));
        }
        let value = json!({"unit": lettered(ObjectKind::Unit, unit), "lines": rows});
        context.answer(&view, value, || table.to_string());
        Ok(())
    }
}

/// Shows one budget line.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The line.
    line: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = context
            .line_ref(&self.line)
            .await?
            .map_or(0, |line| line.number);
        let line = view.get::<BudgetLine>(number).await?;
        let line = line.ok_or_else(|| usage(format!("there is no budget line {}", self.line)))?;
        let mut names = Names::new(&view);
        names.load_units([line.unit]).await?;
        names.load_assets([line.asset]).await?;
        let asset = names.asset(line.asset);
        let amounts = Amounts::of(&line)?;
        context.answer(&view, as_json(&line, &amounts, &asset), || {
            facts(&[
                ("line", lettered(ObjectKind::BudgetLine, line.number)),
                ("unit", names.shown(ObjectKind::Unit, line.unit)),
                ("category", line.category.clone()),
                ("from", day(line.from)),
                ("until", day(line.until)),
                ("approved", amount::shown(amounts.approved, &asset)),
                ("carried in", shown_unless_zero(amounts.carried, &asset)),
                ("committed", amount::shown(amounts.committed, &asset)),
                ("spent", amount::shown(amounts.spent, &asset)),
                (
                    "carried out",
                    shown_unless_zero(amounts.carried_out, &asset),
                ),
                ("available", available(&line, &asset)),
                ("kind", flags(&line)),
            ])
        });
        Ok(())
    }
}

fn touches(line: &BudgetLine, period: Period) -> bool {
    line.from < period.until && period.from < line.until
}

/// What a line counts.
struct Amounts {
    approved: Amount,
    carried: Amount,
    committed: Amount,
    spent: Amount,
    carried_out: Amount,
}

impl Amounts {
    fn of(line: &BudgetLine) -> Result<Amounts> {
        Ok(Amounts {
            approved: counted(&line.approved)?,
            carried: counted(&line.carried)?,
            committed: counted(&line.committed)?,
            spent: counted(&line.spent)?,
            carried_out: counted(&line.carried_out)?,
        })
    }
}

fn shown_unless_zero(amount: Amount, asset: &Asset) -> String {
    if amount.is_zero() {
        String::new()
    } else {
        amount::shown(amount, asset)
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

fn as_json(line: &BudgetLine, amounts: &Amounts, asset: &Asset) -> Value {
    let money = |amount: Amount| amount::json(amount, asset);
    json!({
        "line": lettered(ObjectKind::BudgetLine, line.number),
        "unit": lettered(ObjectKind::Unit, line.unit),
        "category": line.category,
        "from": time::json(line.from),
        "until": time::json(line.until),
        "approved": money(amounts.approved),
        "carried": money(amounts.carried),
        "committed": money(amounts.committed),
        "spent": money(amounts.spent),
        "carried_out": money(amounts.carried_out),
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
        let amounts = Amounts::of(&line).expect("amounts");
        assert!(as_json(&line, &amounts, &asset)["available"].is_null());
        assert_eq!(flags(&line), "soft");
    }

    #[test]
    fn an_amount_that_is_none_is_not_shown_as_nothing() {
        let line = BudgetLine {
            spent: vec![0, 140],
            ..BudgetLine::default()
        };
        assert!(Amounts::of(&line).is_err());
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
