//! Questions to the judge and to a node's indexes. Answers are hearsay: they guide, the block decides.

use polity_proto::v1::{
    Action, CanAnswer, CanRequest, Fact, HealthAnswer, HealthRequest, InboxAnswer, InboxRequest,
    OutlookAnswer, OutlookRequest, Receipt, SimulateAnswer, SimulateRequest, StatusAnswer, Verdict,
    VerdictKind, WhoCanAnswer, WhoCanRequest,
};
use prost::Message;

use super::{AsOf, Draft, Session};
use crate::{Error, Result};

/// What a draft would come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The height whose state it was judged on.
    pub height: u64,
    /// The receipt that it would have.
    pub receipt: Receipt,
    /// Names and values around a refusal.
    pub facts: Vec<Fact>,
    /// By which authority, for each action.
    pub verdicts: Vec<Verdict>,
}

impl Session {
    /// Judges a draft on the newest state without sending it.
    pub async fn simulate(&self, draft: &Draft) -> Result<Simulated> {
        let request = SimulateRequest {
            body: draft.body.clone(),
        };
        let answer: SimulateAnswer = self.question("/simulate", &request).await?;
        Ok(Simulated {
            height: answer.height,
            receipt: answer.receipt.ok_or_else(empty)?,
            facts: answer.facts,
            verdicts: answer.verdicts,
        })
    }

    /// May this member do this action? With `any_role`, in whichever of the roles that the member holds.
    pub async fn can(&self, member: u64, action: &Action, any_role: bool) -> Result<Verdict> {
        let request = CanRequest {
            member,
            action: Some(action.clone()),
            any_role,
        };
        let answer: CanAnswer = self.question("/can", &request).await?;
        answer
            .verdict
            .filter(|verdict| verdict.kind() != VerdictKind::None)
            .ok_or_else(empty)
    }

    /// Who may do this action, alone or by beginning a decision?
    pub async fn who_can(&self, action: &Action) -> Result<WhoCanAnswer> {
        let request = WhoCanRequest {
            action: Some(action.clone()),
        };
        self.question("/who-can", &request).await
    }

    /// What waits for this member?
    pub async fn inbox(&self, member: u64) -> Result<InboxAnswer> {
        self.question("/inbox", &InboxRequest { member }).await
    }

    /// What a unit lacks and, with `below`, every unit below it. Terms that end within `within`
    /// seconds are warned of.
    pub async fn health(
        &self,
        unit: u64,
        below: bool,
        within: u64,
        at: AsOf,
    ) -> Result<HealthAnswer> {
        let request = HealthRequest {
            unit,
            below,
            within,
        };
        let height = match at {
            AsOf::Newest => 0,
            AsOf::Height(height) => height,
        };
        let answer = self
            .ask("/health", &request.encode_to_vec(), height, false)
            .await?;
        decode(&answer.value)
    }

    /// What a proposal of these actions would change.
    pub async fn outlook(&self, request: &OutlookRequest) -> Result<OutlookAnswer> {
        self.question("/outlook", request).await
    }

    /// What a node says of itself.
    pub async fn node_status(&self) -> Result<StatusAnswer> {
        let answer = self.ask("/status", &[], 0, false).await?;
        decode(&answer.value)
    }

    pub(super) async fn question<T: Message + Default>(
        &self,
        path: &str,
        request: &impl Message,
    ) -> Result<T> {
        let answer = self.ask(path, &request.encode_to_vec(), 0, false).await?;
        decode(&answer.value)
    }
}

fn empty() -> Error {
    Error::trouble("the node's answer says nothing")
}

/// Every answer of an honest node names its height, so none is empty.
fn decode<T: Message + Default>(bytes: &[u8]) -> Result<T> {
    if bytes.is_empty() {
        return Err(empty());
    }
    T::decode(bytes)
        .map_err(|error| Error::trouble("the node's answer is malformed").with_source(error))
}
