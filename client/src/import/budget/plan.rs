//! What a table asks for: units, parents first, and rows, those that fund before those that are funded.

use std::collections::BTreeMap;

use polity_ledger::Amount;

use super::mapping::Mapping;
use super::table::{Row, wrong};
use crate::Result;

/// A table whose rows fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetPlan {
    /// Units with the unit above each, parents first.
    pub units: Vec<(String, Option<String>)>,
    /// Rows, ordered so that a unit's money comes before what is passed on from it.
    pub rows: Vec<Row>,
}

/// A unit's share of a period and category: one row.
type Share = (String, String, String);

impl BudgetPlan {
    /// Puts rows in order. Rows that contradict one another are named.
    pub fn of(rows: Vec<Row>, mapping: &Mapping) -> Result<BudgetPlan> {
        let parents = parents(&rows, mapping)?;
        let shares = shares(&rows, mapping)?;
        check_funding(&rows, &shares, mapping)?;
        let depth = |unit: &String| lineage(&parents, unit).len();

        let mut units: Vec<(String, Option<String>)> = Vec::new();
        for row in &rows {
            if !units.iter().any(|(name, _)| *name == row.unit) {
                units.push((row.unit.clone(), row.parent.clone()));
            }
        }
        units.sort_by_key(|(name, _)| depth(name));
        let mut rows = rows;
        rows.sort_by_key(|row| depth(&row.unit));
        Ok(BudgetPlan { units, rows })
    }
}

/// The parent of each unit: the same in all of its rows, and no unit below itself.
fn parents(rows: &[Row], mapping: &Mapping) -> Result<BTreeMap<String, Option<String>>> {
    let column = mapping.columns.parent.as_deref().unwrap_or_default();
    let mut parents: BTreeMap<String, (Option<String>, u64)> = BTreeMap::new();
    for row in rows {
        let (parent, first) = parents
            .entry(row.unit.clone())
            .or_insert_with(|| (row.parent.clone(), row.row));
        if *parent != row.parent {
            let words = format!("{} stands elsewhere in row {first}", row.unit);
            return Err(wrong(row.row, column, words));
        }
    }
    let parents: BTreeMap<String, Option<String>> = parents
        .into_iter()
        .map(|(unit, (parent, _))| (unit, parent))
        .collect();
    for row in rows {
        let Some(parent) = &row.parent else {
            continue;
        };
        if !parents.contains_key(parent) {
            let words = format!("the table has no unit {parent}");
            return Err(wrong(row.row, column, words));
        }
        if lineage(&parents, &row.unit).len() > parents.len() {
            let words = format!("{} would stand below itself", row.unit);
            return Err(wrong(row.row, column, words));
        }
    }
    Ok(parents)
}

/// A unit and those above it; longer than there are units, where it stands below itself.
fn lineage<'p>(parents: &'p BTreeMap<String, Option<String>>, unit: &'p String) -> Vec<&'p String> {
    let above = |unit: &&'p String| parents.get(*unit).and_then(Option::as_ref);
    std::iter::successors(Some(unit), above)
        .take(parents.len() + 1)
        .collect()
}

fn shares(rows: &[Row], mapping: &Mapping) -> Result<BTreeMap<Share, Amount>> {
    let mut seen: BTreeMap<Share, u64> = BTreeMap::new();
    let mut shares = BTreeMap::new();
    for row in rows {
        if let Some(first) = seen.insert(share(&row.unit, row), row.row) {
            let words = format!(
                "{} {} {} stands in row {first} already",
                row.unit, row.period_name, row.category
            );
            return Err(wrong(row.row, &mapping.columns.unit, words));
        }
        shares.insert(share(&row.unit, row), row.amount);
    }
    Ok(shares)
}

/// A unit passes on no more than it has.
fn check_funding(rows: &[Row], shares: &BTreeMap<Share, Amount>, mapping: &Mapping) -> Result<()> {
    let column = mapping.columns.parent.as_deref().unwrap_or_default();
    let mut left = shares.clone();
    for row in rows {
        let Some(parent) = &row.parent else {
            continue;
        };
        let Some(funds) = left.get_mut(&share(parent, row)) else {
            let words = format!("{parent} has no row for {}", row.period_name);
            return Err(wrong(row.row, column, words));
        };
        *funds = funds.minus(row.amount).ok_or_else(|| {
            let words = format!("the units below {parent} get more than it has");
            wrong(row.row, &mapping.columns.amount, words)
        })?;
    }
    Ok(())
}

fn share(unit: &str, row: &Row) -> Share {
    (
        unit.to_owned(),
        row.period_name.clone(),
        row.category.clone(),
    )
}
