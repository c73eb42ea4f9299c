//! What an import would come to, without sending anything.

use super::plan::BudgetPlan;
use super::run::BudgetImport;
use crate::{Error, Refusal, Result};

impl BudgetImport<'_> {
    /// Looks at all that a run looks at before it sends anything, and has its first transaction judged. Those after it
    /// name what it creates.
    pub async fn rehearse(mut self, plan: &BudgetPlan) -> Result<()> {
        let missing = self.missing(plan).await?;
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
        Err(Error::refused(Refusal {
            code: judged.receipt.code,
            log: String::new(),
            facts: facts.chain([("sent".into(), "nothing".into())]).collect(),
        }))
    }
}
