//! Questions to the judge and to a node's indexes. Answers are hearsay: they guide, the block decides.

use polity_ledger::{actions, check, outlook};
use polity_proto::v1::{
    Action, CanAnswer, CanRequest, Fact, HealthAnswer, HealthRequest, InboxAnswer, InboxRequest,
    OutlookAnswer, OutlookRequest, Receipt, SimulateAnswer, SimulateRequest, StatusAnswer, Verdict,
    VerdictKind, WhoCanAnswer, WhoCanRequest,
};
use prost::Message;

use super::draft::refused_by_its_bytes;
use super::{AsOf, Draft, Session, read};
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
        let read = |bytes: &[u8]| {
            let answer: SimulateAnswer = decode(bytes)?;
            Ok(Simulated {
                height: answer.height,
                receipt: answer.receipt.ok_or_else(empty)?,
                facts: answer.facts,
                verdicts: answer.verdicts,
            })
        };
        self.rpc()
            .query("/simulate", &request.encode_to_vec(), 0, false, read)
            .await
    }

    /// May this member do this action, or might they at a past height? With `any_role`, in whichever of the roles that the
    /// member holds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] where its form is refused to everybody, so that no node is asked.
    pub async fn can(
        &self,
        member: u64,
        action: &Action,
        any_role: bool,
        at: AsOf,
    ) -> Result<Verdict> {
        let answer = self.can_as_of(member, action, any_role, at).await?;
        Ok(answer.1)
    }

    /// As [`Session::can`], with the height of which the node says so.
    pub async fn can_as_of(
        &self,
        member: u64,
        action: &Action,
        any_role: bool,
        at: AsOf,
    ) -> Result<(u64, Verdict)> {
        actions::check_form(action, check::SIGNERS_MAX).map_err(refused_by_its_bytes)?;
        let request = CanRequest {
            member,
            action: Some(action.clone()),
            any_role,
        };
        let read = |bytes: &[u8]| {
            let CanAnswer { height, verdict } = decode(bytes)?;
            verdict
                .filter(|verdict| verdict.kind() != VerdictKind::None)
                .map(|verdict| (height, verdict))
                .ok_or_else(empty)
        };
        self.rpc()
            .query("/can", &request.encode_to_vec(), height(at), false, read)
            .await
    }

    /// Who may do this action, alone or by beginning a decision, or might at a past height?
    ///
    /// # Errors
    /// [`crate::ErrorKind::Refused`] where its form is refused to everybody, so that no node is asked.
    pub async fn who_can(&self, action: &Action, at: AsOf) -> Result<WhoCanAnswer> {
        actions::check_form(action, check::SIGNERS_MAX).map_err(refused_by_its_bytes)?;
        let request = WhoCanRequest {
            action: Some(action.clone()),
        };
        self.question("/who-can", &request, at).await
    }

    /// What waits for this member, or did at a past height?
    pub async fn inbox(&self, member: u64, at: AsOf) -> Result<InboxAnswer> {
        self.question("/inbox", &InboxRequest { member }, at).await
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
        self.question("/health", &request, at).await
    }

    /// What a proposal of these actions would change. Its hash is that of what is told, and there is none of nothing.
    pub async fn outlook(&self, request: &OutlookRequest) -> Result<OutlookAnswer> {
        let read = |bytes: &[u8]| {
            let answer: OutlookAnswer = decode(bytes)?;
            let is_its_hash = match &answer.outlook {
                Some(outlook) => outlook::hash(outlook)[..] == answer.hash,
                None => answer.code != 0 && answer.hash.is_empty(),
            };
            if !is_its_hash {
                return Err(Error::trouble("the node's hash is not that of its outlook"));
            }
            Ok(answer)
        };
        self.rpc()
            .query("/outlook", &request.encode_to_vec(), 0, false, read)
            .await
    }

    /// What a node says of itself.
    pub async fn node_status(&self) -> Result<StatusAnswer> {
        self.rpc().query("/status", &[], 0, false, decode).await
    }

    pub(super) async fn question<T: Message + Default>(
        &self,
        path: &str,
        request: &impl Message,
        at: AsOf,
    ) -> Result<T> {
        self.rpc()
            .query(path, &request.encode_to_vec(), height(at), false, decode)
            .await
    }
}

/// A height as questions name it; 0: the newest.
fn height(at: AsOf) -> u64 {
    match at {
        AsOf::Newest => 0,
        AsOf::Height(height) => height,
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
    read::decode(bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use polity_ledger::Rejection;
    use polity_proto::v1::{InboxItem, Leave, ObjectKind, Outlook, action::Kind};
    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::recorded::{Node, session_at};
    use crate::session::action;

    async fn saying(value: &[u8]) -> Node {
        let value = STANDARD.encode(value);
        Node::start(move |_, _| {
            let answer = json!({"result": {"response": {"code": 0, "value": value}}});
            answer.to_string().into()
        })
        .await
    }

    #[tokio::test]
    async fn what_was_allowed_at_a_height_is_asked_of_that_height() {
        let node = Node::start(|_, params| {
            let inbox = InboxAnswer {
                height: params["height"]
                    .as_str()
                    .map_or(0, |asked| asked.parse().unwrap_or(0)),
                ..InboxAnswer::default()
            };
            let can = CanAnswer {
                verdict: Some(Verdict {
                    kind: VerdictKind::Allowed as i32,
                    policy: inbox.height,
                    ..Verdict::default()
                }),
                ..CanAnswer::default()
            };
            let who_can = WhoCanAnswer {
                height: inbox.height,
                ..WhoCanAnswer::default()
            };
            let value = match params["path"].as_str() {
                Some("/can") => can.encode_to_vec(),
                Some("/who-can") => who_can.encode_to_vec(),
                _ => inbox.encode_to_vec(),
            };
            let value = STANDARD.encode(value);
            let answer = json!({"result": {"response": {"code": 0, "value": value}}});
            answer.to_string().into()
        })
        .await;
        let session = session_at([node.url.clone()]);
        let leave = Kind::Leave(Leave {});
        let (act, at) = (action(leave, 0), AsOf::Height(5));

        let verdict = session.can(3, &act, true, at).await.expect("a verdict");
        let who_can = session.who_can(&act, at).await.expect("an answer");
        let inbox = session.inbox(3, at).await.expect("an answer");
        assert_eq!((verdict.policy, who_can.height, inbox.height), (5, 5, 5));
    }

    #[tokio::test]
    async fn whether_somebody_can_do_what_nobody_can_is_asked_of_no_node() {
        let node = saying(&[]).await;
        let session = session_at([node.url.clone()]);

        let nothing = Action::default();
        let can = session.can(3, &nothing, true, AsOf::Newest).await;
        let who_can = session.who_can(&nothing, AsOf::Newest).await;

        for asked in [can.map(drop), who_can.map(drop)] {
            let error = asked.expect_err("no action");
            let refusal = error.refusal().expect("a refusal");
            assert_eq!(refusal.code, Rejection::ActionMissing.code());
            let [(name, words)] = &refusal.facts[..] else {
                panic!("{refusal:?}");
            };
            assert_eq!(name, "sent");
            assert!(words.contains("its bytes alone"), "{words}");
        }
        assert_eq!(node.calls(), 0);
    }

    #[tokio::test]
    async fn what_is_bound_to_an_outlook_is_bound_to_what_is_told_of_it() {
        let outlook = Outlook {
            ended_grants: vec![7],
            ..Outlook::default()
        };
        let told = async |outlook: Option<&Outlook>, hash: Vec<u8>, code: u32| {
            let answer = OutlookAnswer {
                height: 7,
                outlook: outlook.cloned(),
                hash,
                code,
                ..OutlookAnswer::default()
            };
            let node = saying(&answer.encode_to_vec()).await;
            let session = session_at([node.url.clone()]);
            session.outlook(&OutlookRequest::default()).await.is_ok()
        };
        let its = outlook::hash(&outlook).to_vec();
        let stopped = 303;
        assert!(told(Some(&outlook), its.clone(), 0).await);
        assert!(told(Some(&outlook), its.clone(), stopped).await);
        assert!(told(None, vec![], stopped).await);
        // Bound to nothing that was told, or not bound at all.
        for (outlook, hash) in [
            (Some(&outlook), vec![7; 32]),
            (Some(&outlook), vec![]),
            (None, its),
            (None, vec![]),
        ] {
            assert!(!told(outlook, hash.clone(), 0).await, "{hash:?}");
        }
    }

    #[tokio::test]
    async fn a_node_with_an_answer_that_cannot_be_read_is_passed_over_and_named_where_none_has_another()
     {
        let inbox = InboxAnswer {
            height: 7,
            items: vec![InboxItem {
                kind: ObjectKind::Proposal as i32,
                number: 3,
                ..InboxItem::default()
            }],
        };
        let malformed = saying(&[0xff; 9]).await;
        let empty = saying(&[]).await;
        let honest = saying(&inbox.encode_to_vec()).await;
        let (first, second) = (malformed.url.clone(), empty.url.clone());

        let session = session_at([first.clone(), second.clone(), honest.url.clone()]);
        let asked = session.inbox(3, AsOf::Newest).await;
        assert_eq!(asked.expect("the third answers"), inbox);

        let session = session_at([first.clone(), second.clone()]);
        let error = session.inbox(3, AsOf::Newest).await;
        let error = error.expect_err("neither can be read");
        assert_eq!(error.kind(), ErrorKind::NotReached);
        let words = error.to_string();
        for said in [&first, "malformed", &second, "says nothing"] {
            assert!(words.contains(said), "{words}");
        }
    }
}
