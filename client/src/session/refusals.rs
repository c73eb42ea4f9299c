//! What was refused: who tried what, in which role, and the rule that said no.
//!
//! A node lists the refusals of a member or a unit; each is proven by its receipt, and a list can
//! lack some. Read block by block none is missing: the data hash proves which transactions a block
//! has, and the results hash what became of each.

use polity_ledger::Rejection;
use polity_proto::v1::{Action, ObjectKind, RefusalsAnswer, RefusalsRequest, Role, Signer};

use super::{AsOf, Draft, Evidence, Session};
use crate::proof::ProvenReceipt;
use crate::{Error, Result};

/// A transaction that a block holds and the ledger refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The height of its block.
    pub height: u64,
    /// Its place in the block.
    pub index: u32,
    /// The block's time, Unix seconds.
    pub time: u64,
    /// The transaction's id.
    pub id: [u8; 32],
    /// Who signed it.
    pub signers: Vec<Signer>,
    /// The action that was refused; the first where the whole transaction was.
    pub action: Option<Action>,
    /// All its actions.
    pub actions: Vec<Action>,
    /// The rule that said no.
    pub rejection: Rejection,
}

impl Session {
    /// Refused transactions of a member or a unit below a height (0: the newest), newest first, as a node lists them;
    /// what it lists of others is left out.
    pub async fn refusals(
        &self,
        kind: ObjectKind,
        number: u64,
        limit: u32,
        before_height: u64,
    ) -> Result<Vec<Refused>> {
        let request = RefusalsRequest {
            kind: kind as i32,
            number,
            limit,
            before_height,
        };
        let answer: RefusalsAnswer = self.question("/refusals", &request, AsOf::Newest).await?;
        let mut evidence = self.evidence();
        let mut refused = Vec::new();
        for listed in answer.refusals {
            let proven = self.receipt_at(listed.height, listed.index).await?;
            let found = read(&proven, &mut evidence).await?;
            let found = found.ok_or_else(|| Error::proof("what is listed was not refused"))?;
            if self.is_about(&found, kind, number).await? {
                refused.push(found);
            }
        }
        Ok(refused)
    }

    /// All refused transactions of a block, in its order.
    pub async fn refused_in(
        &self,
        height: u64,
        evidence: &mut Evidence<'_>,
    ) -> Result<Vec<Refused>> {
        let mut refused = Vec::new();
        for proven in evidence.block(height).await? {
            refused.extend(read(&proven, evidence).await?);
        }
        Ok(refused)
    }

    /// Whether a refusal is one of a member who signed, or of a unit in one of whose roles somebody wanted to act.
    pub async fn is_about(&self, refused: &Refused, kind: ObjectKind, number: u64) -> Result<bool> {
        if kind == ObjectKind::Member {
            return Ok(refused.signers.iter().any(|one| one.member == number));
        }
        for action in &refused.actions {
            let role = action.acting_role.map_or(0, |role| role.number);
            let role = self.get::<Role>(role).await?;
            if role.is_some_and(|role| role.unit == number) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn read(proven: &ProvenReceipt, evidence: &mut Evidence<'_>) -> Result<Option<Refused>> {
    if proven.code == 0 {
        return Ok(None);
    }
    let body = Draft::from_envelope(&proven.transaction)?;
    let id = body.id();
    let body = body.body()?;
    let rejection = Rejection::from_code(proven.code)
        .ok_or_else(|| Error::trouble("this program does not know why it was refused"))?;
    Ok(Some(Refused {
        height: proven.height,
        index: proven.index,
        time: evidence.time(proven.height).await?,
        id,
        signers: body.signers,
        action: body
            .actions
            .get(proven.receipt.failed_action as usize)
            .cloned(),
        actions: body.actions,
        rejection,
    }))
}
