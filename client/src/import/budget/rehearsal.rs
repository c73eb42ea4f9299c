//! What an import would come to, without sending anything.

use polity_ledger::Rejection;

use super::plan::BudgetPlan;
use super::run::{BudgetImport, Missing};
use crate::{Error, Refusal, Result};

/// What to do where a policy keeps the money of new units from who creates them.
const RESERVED: &str = "let a proposal create these units and give the importer's role open_accounts, plan_budget and \
     allocate in each, then import again: units that are there are not created";

impl BudgetImport<'_> {
    /// Looks at all that a run looks at before it sends anything.
    pub async fn rehearse(mut self, plan: &BudgetPlan) -> Result<()> {
        let missing = self.missing(plan).await?;
        self.check_first(&missing).await
    }

    /// Has the first transaction judged. Those after it name what it creates.
    pub(super) async fn check_first(&self, missing: &Missing<'_>) -> Result<()> {
        let first = match (missing.unit_parts().next(), missing.row_parts().next()) {
            (Some(units), _) => self.creation(units)?.draft,
            (None, Some(rows)) => self.recording(rows)?.draft,
            (None, None) => return Ok(()),
        };

        let judged = self.session.simulate(&first).await?;
        if judged.receipt.code == 0 {
            return Ok(());
        }
        let facts = judged.facts.into_iter().map(|one| (one.name, one.value));
        Err(refused(judged.receipt.code, facts.collect()))
    }
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
