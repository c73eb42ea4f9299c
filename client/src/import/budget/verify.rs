//! The table beside what the chain proves: for each unit and period, what was allocated and what is planned.

use std::collections::BTreeMap;

use polity_ledger::Amount;

use super::chain;
use super::mapping::Mapping;
use super::plan::BudgetPlan;
use crate::session::Session;
use crate::{Error, Result};

/// Sums of one unit and period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The unit's name.
    pub unit: String,
    /// The period.
    pub period: String,
    /// By the table.
    pub expected: Amount,
    /// What the unit's accounts received, proven.
    pub allocated: Amount,
    /// What its budget lines approve, proven.
    pub planned: Amount,
}

impl Sum {
    /// Whether all three are one.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.expected == self.allocated && self.expected == self.planned
    }
}

/// Sums of every unit and period of a table below a unit, in the order of their names.
pub async fn sums(
    session: &Session,
    mapping: &Mapping,
    plan: &BudgetPlan,
    top: u64,
) -> Result<Vec<Sum>> {
    let units = chain::units(session, plan, top).await?;
    let recorded = chain::rows(session, mapping, &plan.rows, &units).await?;

    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    for (row, recorded) in plan.rows.iter().zip(recorded) {
        let name = (row.unit.clone(), row.period_name.clone());
        let sum = sums.entry(name).or_insert_with(|| Sum {
            unit: row.unit.clone(),
            period: row.period_name.clone(),
            expected: Amount::ZERO,
            allocated: Amount::ZERO,
            planned: Amount::ZERO,
        });
        add(&mut sum.expected, row.amount)?;
        let Some(recorded) = recorded else {
            continue;
        };
        add(
            &mut sum.allocated,
            counted(&recorded.account.credits_posted)?,
        )?;
        if let Some(line) = recorded.line {
            add(&mut sum.planned, counted(&line.approved)?)?;
        }
    }
    Ok(sums.into_values().collect())
}

fn counted(bytes: &[u8]) -> Result<Amount> {
    Amount::from_bytes(bytes).map_err(|_| Error::proof("an amount is malformed"))
}

fn add(sum: &mut Amount, amount: Amount) -> Result<()> {
    *sum = sum
        .plus(amount)
        .map_err(|_| Error::usage("the table sums to more than can be counted"))?;
    Ok(())
}
