//! What an import would come to: all that can be known before anything is sent.

use std::collections::BTreeMap;

use polity_ledger::actions::{GRANTS_OF_A_ROLE_MAX, available};
use polity_ledger::check::ACTIONS_MAX;
use polity_ledger::state::keys::{self, List};
use polity_ledger::{Amount, Rejection};
use polity_proto::v1::{Account, Asset, ObjectKind, Role};

use super::super::deliver::foreseen;
use super::super::handles::Handles;
use super::actions::{OVER_MONEY, ROW_ACTIONS_MAX, UNIT_ACTIONS};
use super::chain;
use super::plan::BudgetPlan;
use super::run::{BudgetImport, Missing, NewUnit};
use super::table::Row;
use super::transactions::Script;
use crate::{Error, Refusal, Result, amount};

/// Rows of so many transactions are judged beforehand: about a thousand. Those after them are like them.
const PARTS_JUDGED_MAX: usize = 30;

/// What to do where a policy keeps the money of new units from whoever creates them.
const RESERVED: &str = "let a proposal create these units and give the importer's role open_accounts, plan_budget and \
     allocate in each, then import again: units that are there are not created";

/// What to do where a role has no room for what it would be given in new units.
const CROWDED: &str = "revoke what the role has in units that are imported, or import a part of the units in another role";

impl BudgetImport<'_> {
    /// Looks at all that can be known before anything is sent, and says what the chain lacks of a table.
    pub async fn prepare<'p>(&mut self, plan: &'p BudgetPlan) -> Result<Missing<'p>> {
        let missing = self.missing(plan).await?;
        self.check_source(&missing.rows).await?;
        self.check_roles(missing.units.len() as u64).await?;
        self.choose_handles(&missing.units).await?;
        self.check_units(&missing).await?;
        for rows in missing.row_parts().take(PARTS_JUDGED_MAX) {
            self.check_rows(rows, &missing.units).await?;
        }
        Ok(missing)
    }

    /// Refuses an account of another asset, and one that has too little for the rows that it funds.
    async fn check_source(&self, rows: &[&Row]) -> Result<()> {
        let source: Account = self
            .session
            .get(self.place.source)
            .await?
            .unwrap_or_default();
        let asset: Asset = self.session.get(source.asset).await?.unwrap_or_default();
        if source.asset != self.place.asset {
            return Err(Error::usage(format!(
                "the account {} holds {}, and the table is in {}",
                self.session.account_path(&source).await?,
                asset.code,
                self.mapping.asset
            )));
        }
        let funded = rows.iter().filter(|row| row.parent.is_none());
        let needed = funded.fold(Amount::ZERO, |sum, row| {
            Amount(sum.0.saturating_add(row.amount.0))
        });
        let Some(available) = available(&source).filter(|available| *available < needed) else {
            return Ok(());
        };

        let shown = |minor| format!("{} {}", amount::shown(minor, asset.scale), asset.code);
        let facts = vec![
            ("needed".into(), shown(needed)),
            ("available".into(), shown(available)),
        ];
        Err(refused(Rejection::InsufficientFunds.code(), facts))
    }

    /// Refuses more units than the roles of those who sign have room for: in each they are given what they may do there.
    async fn check_roles(&self, units: u64) -> Result<()> {
        let importer = Some((self.importer.role, OVER_MONEY.len() as u64));
        let second = self.second.map(|second| (second.role, 1));
        for (number, of_a_unit) in importer.into_iter().chain(second) {
            let held = self.session.list(List::Grants, number).await?.len() as u64;
            if is_room(held, units, of_a_unit) {
                continue;
            }
            let role: Role = self.session.get(number).await?.unwrap_or_default();
            let unit = self.session.unit_path(role.unit).await?;
            let facts = vec![
                ("role".into(), format!("{unit}#{}", role.handle)),
                ("grants".into(), held.to_string()),
                ("needed".into(), (units * of_a_unit).to_string()),
                ("most".into(), GRANTS_OF_A_ROLE_MAX.to_string()),
                ("way".into(), CROWDED.into()),
            ];
            return Err(refused(Rejection::ListTooLong.code(), facts));
        }
        Ok(())
    }

    /// Chooses a handle for each unit: its name, with a number where that is taken.
    async fn choose_handles(&mut self, units: &[&NewUnit]) -> Result<()> {
        let mut taken: BTreeMap<&Option<String>, Handles> = BTreeMap::new();
        let mut open = units.to_vec();
        while !open.is_empty() {
            let tried: Vec<(&NewUnit, String)> = open
                .into_iter()
                .map(|unit| (unit, taken.entry(&unit.1).or_default().take(&unit.0)))
                .collect();
            let found = chain::numbers(self.session, &tried, |((_, parent), handle)| {
                let above = match parent {
                    None => self.place.top,
                    // Below a unit that is not there no handle is taken.
                    Some(parent) => self.units.get(parent).copied().unwrap_or(u64::MAX),
                };
                keys::handle(ObjectKind::Unit, above, handle)
            })
            .await?;
            let (free, others): (Vec<_>, Vec<_>) = tried
                .into_iter()
                .zip(found)
                .partition(|(_, number)| *number == 0);
            open = others.into_iter().map(|((unit, _), _)| unit).collect();
            let free = free
                .into_iter()
                .map(|((unit, handle), _)| (unit.0.clone(), handle));
            self.handles.extend(free);
        }
        Ok(())
    }

    /// Has the first transaction that creates units judged.
    async fn check_units(&self, missing: &Missing<'_>) -> Result<()> {
        let mut script = Script::new(self);
        for unit in missing.unit_parts().next().unwrap_or_default() {
            script.create(unit)?;
        }
        self.judge(&script).await
    }

    /// Has rows of one transaction judged, a few at a time, each with the unit that it needs. What comes in one of these
    /// is never more than what comes in the transaction. A row that is funded by one of another few is left out.
    async fn check_rows(&self, rows: &[&Row], units: &[&NewUnit]) -> Result<()> {
        let units: BTreeMap<&str, &NewUnit> =
            units.iter().map(|unit| (unit.0.as_str(), *unit)).collect();
        let mut script = Script::new(self);
        for row in rows {
            if script.actions.len() + UNIT_ACTIONS + ROW_ACTIONS_MAX > ACTIONS_MAX {
                self.judge(&script).await?;
                script = Script::new(self);
            }
            if script.funding(row).from.is_none() {
                continue;
            }
            if let (None, Some(unit)) = (script.unit(&row.unit), units.get(row.unit.as_str())) {
                script.create(unit)?;
            }
            script.record(row)?;
        }
        self.judge(&script).await
    }

    async fn judge(&self, script: &Script<'_>) -> Result<()> {
        if script.actions.is_empty() {
            return Ok(());
        }
        let judged = self.session.simulate(&script.draft()?).await?;
        if judged.receipt.code == 0 {
            return Ok(());
        }
        let mut facts = vec![script.about(judged.receipt.failed_action)];
        facts.extend(foreseen(judged.facts));
        Err(refused(judged.receipt.code, facts))
    }
}

/// Whether a role that has `held` grants has room for as many more as are given in new units.
fn is_room(held: u64, units: u64, of_a_unit: u64) -> bool {
    units == 0 || held + units * of_a_unit <= GRANTS_OF_A_ROLE_MAX
}

fn refused(code: u32, mut facts: Vec<(String, String)>) -> Error {
    if code == Rejection::GrantExceedsGiver.code() {
        facts.retain(|(name, _)| name != "way");
        facts.push(("way".into(), RESERVED.into()));
    }
    facts.push(("sent".into(), "nothing".into()));
    Error::refused(Refusal {
        code,
        log: String::new(),
        facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_room_for_so_many_units_and_no_more() {
        let most = |held: u64, of_a_unit: u64| {
            let fitting = (0..2_000).take_while(|units| is_room(held, *units, of_a_unit));
            fitting.last()
        };
        assert_eq!(
            [most(0, 3), most(4, 3), most(5, 3)],
            [Some(341), Some(340), Some(339)]
        );
        assert_eq!([most(1_023, 1), most(1_024, 1)], [Some(1), Some(0)]);
        // Over its own unit a role may hold more: rows alone need none.
        assert_eq!(most(1_500, 3), Some(0));
    }

    #[test]
    fn where_a_policy_reserves_the_money_it_is_named_with_what_to_do() {
        let facts = [
            ("reserved_by", "y1 of u1: approve"),
            ("way", "a proposal there"),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let error = refused(Rejection::GrantExceedsGiver.code(), facts.to_vec());
        let told = &error.refusal().expect("a refusal").facts;
        let value = |name: &str| {
            let found = told.iter().filter(|(one, _)| one == name);
            found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(value("reserved_by"), ["y1 of u1: approve"]);
        assert_eq!(value("way"), [RESERVED]);
        assert_eq!(value("sent"), ["nothing"]);
    }
}
