//! What the chain has of a table, each value proven: units by name, and for each row its account and its line.

use std::collections::BTreeMap;

use polity_ledger::state::keys;
use polity_proto::v1::{Account, BudgetLine, Index, ObjectKind, OwnerKind, Unit};

use super::mapping::Mapping;
use super::plan::BudgetPlan;
use super::table::Row;
use crate::session::{AsOf, Session, decode};
use crate::{Error, Result};

/// A row's account and budget line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recorded {
    /// The account.
    pub(super) account: Account,
    /// The line; none where the account alone is there.
    pub(super) line: Option<BudgetLine>,
}

/// Looks for the table's units by their names. One that stands elsewhere is another unit, and an error.
pub(super) async fn units(
    session: &Session,
    plan: &BudgetPlan,
    top: u64,
) -> Result<BTreeMap<String, u64>> {
    let found = numbers(session, &plan.units, |(name, _)| {
        keys::external_id(ObjectKind::Unit, name)
    })
    .await?;
    let view = session.view(AsOf::Newest);
    let objects = view.get_all::<Unit>(&found).await?;
    let mut units = BTreeMap::new();
    for ((name, parent), unit) in plan.units.iter().zip(objects) {
        let Some(unit) = unit else {
            continue;
        };
        let parent = match parent {
            Some(parent) => units.get(parent).copied().unwrap_or_default(),
            None => top,
        };
        if unit.parent != parent {
            return Err(Error::usage(format!(
                "the unit {name} (u{}) stands elsewhere on the chain",
                unit.number
            )));
        }
        units.insert(name.clone(), unit.number);
    }
    Ok(units)
}

/// What each row has, in order.
pub(super) async fn rows(
    session: &Session,
    mapping: &Mapping,
    rows: &[Row],
    units: &BTreeMap<String, u64>,
) -> Result<Vec<Option<Recorded>>> {
    let unit = |row: &Row| units.get(&row.unit).copied().unwrap_or_default();
    let accounts = numbers(session, rows, |row| {
        let owner = keys::owner_number(OwnerKind::Unit, unit(row));
        keys::handle(ObjectKind::Account, owner, &row.account(mapping))
    })
    .await?;
    let lines = numbers(session, rows, |row| {
        let category = row.category.as_bytes();
        keys::key_with(
            keys::BUDGET_LINE_OF,
            &[unit(row), row.period.from],
            category,
        )
    })
    .await?;
    let view = session.view(AsOf::Newest);
    let accounts = view.get_all(&accounts).await?;
    let lines = view.get_all(&lines).await?;
    let recorded = |(account, line): (Option<Account>, Option<BudgetLine>)| {
        account.map(|account| Recorded { account, line })
    };
    Ok(accounts.into_iter().zip(lines).map(recorded).collect())
}

/// What an index says for each entry; 0, which is no object's number, where it has nothing.
pub(super) async fn numbers<T>(
    session: &Session,
    entries: &[T],
    key: impl Fn(&T) -> Vec<u8>,
) -> Result<Vec<u64>> {
    let keys: Vec<Vec<u8>> = entries.iter().map(key).collect();
    let (values, _) = session.read(&keys).await?;
    values
        .into_iter()
        .map(|value| match value {
            Some(value) => Ok(decode::<Index>(&value)?.number),
            None => Ok(0),
        })
        .collect()
}
