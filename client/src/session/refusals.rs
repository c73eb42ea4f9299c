//! What was refused: who tried what, in which role, and the rule that said no.
//!
//! A node lists the refusals of a member or a unit; each is proven by its receipt and told once, and a list
//! can lack some. Read block by block none is missing: the data hash proves which transactions a block
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
    /// Refused transactions of a member or a unit below a height (0: the newest), newest first, as a node lists them: at
    /// most `limit`, and one at least. What it lists of others is left out.
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
        if answer.refusals.len() > limit.max(1) as usize {
            return Err(Error::proof("the list is longer than what was asked for"));
        }
        let mut evidence = self.evidence();
        let mut refused = Vec::new();
        let mut above = match before_height {
            0 => (u64::MAX, 0),
            height => (height, 0),
        };
        for listed in answer.refusals {
            // One that is told twice, or as newer than it is, would pass for another.
            let place = (listed.height, listed.index);
            if place >= above {
                return Err(Error::proof(
                    "the list does not go down from where it was asked for",
                ));
            }
            above = place;
            let proven = evidence.transaction(listed.height, listed.index).await?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use polity_proto::v1::{
        Leave, Receipt, ReceiptAnswer, ReceiptAtRequest, Refusal, action::Kind,
    };
    use prost::Message;
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorKind;
    use crate::made::{Made, Signed};
    use crate::recorded::Node;
    use crate::session::{action, signed_by};

    const MEMBER: u64 = 3;

    /// What a member wanted to do, refused; three times in block 3.
    fn refusing() -> Signed {
        let mut chain = Made::founded();
        for count in [1, 1, 3, 0, 0] {
            chain.block();
            for _ in 0..count {
                let leave = action(Kind::Leave(Leave {}), 0);
                let signers = vec![signed_by(MEMBER, &[7; 32])];
                let draft = Draft::new(&[1; 32], signers, vec![leave], Duration::from_secs(60));
                let body = draft.and_then(|draft| draft.body()).expect("a body");
                let code = Rejection::NoGrant.code();
                let receipt = Receipt {
                    code,
                    ..Receipt::default()
                };
                chain.transaction(&body, receipt);
            }
        }
        chain.signed()
    }

    fn answered(message: &impl Message) -> Value {
        let value = STANDARD.encode(message.encode_to_vec());
        json!({"result": {"response": {"code": 0, "value": value}}})
    }

    /// A node that lists these places. Of the last transaction in block 3 it says that it is the second of two.
    async fn listing(chain: &Signed, places: &[(u64, u32)]) -> Node {
        let refusals = places.iter().map(|(height, index)| Refusal {
            height: *height,
            index: *index,
            ..Refusal::default()
        });
        let list = RefusalsAnswer {
            height: 4,
            refusals: refusals.collect(),
        };
        let chain = chain.clone();
        let misplaced = ReceiptAnswer {
            index: 1,
            total: 2,
            ..chain.receipt(3, 2).expect("a receipt")
        };
        Node::start(move |method, params| {
            let asked = ReceiptAtRequest {
                height: 3,
                index: 1,
            };
            let answer = match params["path"].as_str() {
                Some("/refusals") => answered(&list),
                Some("/receipt-at") if params["data"] == hex::encode(asked.encode_to_vec()) => {
                    answered(&misplaced)
                }
                _ => chain.answer(method, params),
            };
            answer.to_string().into()
        })
        .await
    }

    #[tokio::test]
    async fn each_refusal_is_told_once_in_its_place_and_no_more_than_were_asked_for() {
        let chain = refusing();
        let told = async |places: &[(u64, u32)], limit, before| {
            let node = listing(&chain, places).await;
            let session = chain.session([node.url.clone()]);
            let refused = session.refusals(ObjectKind::Member, MEMBER, limit, before);
            let refused = refused.await?.into_iter();
            Ok::<_, Error>(
                refused
                    .map(|one| (one.height, one.index))
                    .collect::<Vec<_>>(),
            )
        };
        let down = [(3, 2), (3, 0), (2, 0), (1, 0)];
        assert_eq!(told(&down, 4, 0).await.expect("told"), down);
        assert_eq!(told(&down[2..], 4, 3).await.expect("told"), down[2..]);

        for (places, limit, before) in [
            (&[(2, 0), (2, 0)][..], 4, 0),
            (&[(1, 0), (2, 0)], 4, 0),
            (&down, 3, 0),
            (&down, 4, 3),
            (&[(3, 1)], 4, 0),
        ] {
            let error = told(places, limit, before).await.expect_err("a lie");
            assert_eq!(error.kind(), ErrorKind::ProofFailed, "{places:?}: {error}");
        }
    }
}
