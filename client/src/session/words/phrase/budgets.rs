//! Phrases about allocations, budget lines and closed books.

use polity_proto::v1::{Allocate, ClosePeriod, MoveBudget, PlanBudget, Ref, ReturnAllocation};

use super::super::Words;
use super::Phrase;
use super::clauses::voucher;
use crate::Result;
use crate::time::rfc3339;

impl Words<'_> {
    pub(super) async fn allocate(&self, act: &Allocate) -> Result<Phrase> {
        Ok((
            "allocate",
            format!(
                "{} from {} to {}{}{}",
                self.amount_in(&act.from, &act.amount).await?,
                self.account_of(&act.from).await?,
                self.account_of(&act.to).await?,
                self.on_line(&act.line).await?,
                voucher(&act.reference, &act.document, act.value_date)
            ),
        ))
    }

    pub(super) async fn return_allocation(&self, act: &ReturnAllocation) -> Result<Phrase> {
        Ok((
            "return",
            format!(
                "the allocation of {} from {} to {}{}",
                self.amount_in(&act.from, &act.amount).await?,
                self.account_of(&act.from).await?,
                self.account_of(&act.to).await?,
                voucher(&act.reference, &act.document, act.value_date)
            ),
        ))
    }

    pub(super) async fn plan_budget(&self, act: &PlanBudget) -> Result<Phrase> {
        Ok((
            "plan",
            format!(
                "{} for {} in {} from {} until {}, {}{}",
                self.amount_of(&act.asset, &act.approved).await?,
                act.category,
                self.unit_of(&act.unit).await?,
                rfc3339(act.from),
                rfc3339(act.until),
                if act.hard {
                    "a hard line"
                } else {
                    "a soft line"
                },
                if act.carry_forward {
                    ", what is left is carried forward"
                } else {
                    ""
                }
            ),
        ))
    }

    pub(super) async fn move_budget(&self, act: &MoveBudget) -> Result<Phrase> {
        Ok((
            "move",
            format!(
                "{} of budget from {} to {}",
                self.amount_on(&act.from, &act.amount).await?,
                self.line_of(&act.from).await?,
                self.line_of(&act.to).await?
            ),
        ))
    }

    pub(super) async fn close_period(&self, act: &ClosePeriod) -> Result<Phrase> {
        Ok((
            "close",
            format!(
                "the books of {} before {}",
                self.unit_of(&act.unit).await?,
                rfc3339(act.until)
            ),
        ))
    }

    pub(super) async fn on_line(&self, line: &Option<Ref>) -> Result<String> {
        Ok(match line {
            Some(_) => format!(" on the budget line {}", self.line_of(line).await?),
            None => String::new(),
        })
    }
}
