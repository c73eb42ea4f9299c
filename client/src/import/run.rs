//! An import on its way: several transactions at a time, each followed to its proven receipt.

use std::slice;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::deliver::{accepted, deliver, foreseen, unsigned};
use super::plan::{Batch, Plan};
use super::recorded::Recorded;
use super::story::Story;
use super::structure::Structure;
use crate::keys::Signer;
use crate::session::{Draft, Outcome, Session};
use crate::{Error, Refusal, Result};

/// Transactions that are on their way at a time.
const IN_FLIGHT_MAX: usize = 4;

/// Who imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registrar {
    /// The member who signs.
    pub member: u64,
    /// The role in which they act.
    pub role: u64,
    /// The public part of the key that they sign with.
    pub public_key: [u8; 32],
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Actions that the chain had before.
    pub recorded_before: u64,
    /// Actions that were sent, each accepted and proven.
    pub actions: u64,
    /// Their transactions.
    pub transactions: u64,
}

impl Session {
    /// What is to be sent of a story below a unit, by somebody in this role: what the chain has of it already is not.
    pub async fn plan_story<'s>(&self, role: u64, story: &'s Story, top: u64) -> Result<Plan<'s>> {
        let structure = Structure::read(self).await?;
        let recorded = Recorded::find(self, story, &structure, top).await?;
        Ok(Plan::new(story, recorded, &structure, top, role))
    }

    /// Sends what is planned. `progress` is told how many of how many actions are recorded. A refusal ends the import,
    /// and names the event.
    pub async fn import_story(
        &self,
        registrar: &Registrar,
        signer: &Signer,
        mut plan: Plan<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Imported> {
        let mut imported = Imported {
            recorded_before: plan.recorded(),
            ..Imported::default()
        };

        let mut flights = FuturesUnordered::new();
        loop {
            while flights.len() < IN_FLIGHT_MAX
                && let Some(batch) = plan.next_batch()
            {
                let mut draft = unsigned(self, slice::from_ref(registrar), batch.actions.clone())?;
                draft.sign(self.organisation(), signer)?;
                flights.push(self.fly(batch, draft));
            }
            progress(plan.recorded(), plan.actions());
            let Some(landed) = flights.next().await else {
                return Ok(imported);
            };
            let (batch, outcome) = landed?;
            accepted(&outcome, |action| {
                ("event".into(), plan.event(&batch, action).to_string())
            })?;
            plan.landed(&batch, &outcome.receipt)?;
            imported.transactions += 1;
            imported.actions += batch.steps.len() as u64;
        }
    }

    /// Has the first transaction judged, and signs and sends nothing. A refusal names the event.
    pub async fn rehearse_story(&self, registrar: &Registrar, mut plan: Plan<'_>) -> Result<()> {
        let Some(batch) = plan.next_batch() else {
            return Ok(());
        };
        let draft = unsigned(self, slice::from_ref(registrar), batch.actions.clone())?;
        let judged = self.simulate(&draft).await?;
        if judged.receipt.code == 0 {
            return Ok(());
        }

        let event = plan.event(&batch, judged.receipt.failed_action);
        let mut facts = vec![("event".into(), event.to_string())];
        facts.extend(foreseen(judged.facts));
        facts.push(("sent".into(), "nothing".into()));
        Err(Error::refused(Refusal {
            code: judged.receipt.code,
            log: String::new(),
            facts,
        }))
    }

    async fn fly(&self, batch: Batch, draft: Draft) -> Result<(Batch, Outcome)> {
        let outcome = deliver(self, &draft).await?;
        Ok((batch, outcome))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use polity_ledger::Rejection;
    use polity_proto::v1::{Receipt, SimulateAnswer};
    use prost::Message;
    use serde_json::json;

    use super::super::testing::events;
    use super::*;
    use crate::recorded::{Node, session_at};

    #[tokio::test]
    async fn a_refusal_that_a_node_foresees_is_told_as_its_word() {
        let answer = SimulateAnswer {
            height: 7,
            receipt: Some(Receipt {
                code: Rejection::NoGrant.code(),
                ..Receipt::default()
            }),
            ..SimulateAnswer::default()
        };
        let value = STANDARD.encode(answer.encode_to_vec());
        let answer = json!({"result": {"response": {"code": 0, "value": value}}}).to_string();
        let node = Node::start(move |_, _| answer.clone().into()).await;
        let session = session_at([node.url.clone()]);
        let story = Story::of(&events("1 unit a")).expect("a story");
        let nothing = Recorded {
            numbers: vec![0; story.things.len()],
            steps: vec![false; story.steps.len()],
        };
        let registrar = Registrar {
            member: 3,
            role: 9,
            public_key: [7; 32],
        };
        let plan = Plan::new(&story, nothing, &Structure::default(), 1, registrar.role);

        let refused = session.rehearse_story(&registrar, plan).await;

        let refused = refused.expect_err("foreseen");
        let told = &refused.refusal().expect("a refusal").facts;
        let whose = told.iter().find(|(name, _)| name == "foreseen");
        assert!(whose.is_some_and(|(_, words)| words.contains("not proven")));
    }
}
