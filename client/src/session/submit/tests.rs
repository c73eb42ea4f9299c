use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::{Value, json};

use super::*;
use crate::keys::Signer;
use crate::made::{FOUNDED, Made, Signed};
use crate::recorded::{Node, chain, honest, session_at};
use crate::session::{AsOf, action, signed_by};
use polity_proto::v1::{Body, Leave, Receipt, action::Kind};

/// A node whose door answers with this code, and that knows of no transaction.
async fn with_door(code: u32) -> Node {
    let recorded = chain();
    Node::start(move |method, params| {
        let answer = match method {
            "broadcast_tx_sync" => json!({"code": code, "log": "", "hash": "00".repeat(32)}),
            "abci_query" => json!({"response": {"code": 12, "log": "not found"}}),
            _ => return honest(&recorded, method, params).to_string().into(),
        };
        json!({"jsonrpc": "2.0", "id": 1, "result": answer})
            .to_string()
            .into()
    })
    .await
}

/// A node that answers every question with an empty value.
async fn saying_nothing() -> Node {
    Node::start(|_, _| {
        let answer: Value = json!({"result": {"response": {"code": 0, "value": ""}}});
        answer.to_string().into()
    })
    .await
}

fn session<const N: usize>(nodes: [&Node; N]) -> Session {
    session_at(nodes.map(|node| node.url.clone()))
}

fn signed() -> Draft {
    let signer = Signer::from_seed(&[7; 32]);
    let action = action(Kind::Leave(Leave {}), 0);
    let signers = vec![signed_by(3, &signer.public_key())];
    let draft = Draft::new(&[1; 32], signers, vec![action], Duration::from_secs(60));
    let mut draft = draft.expect("a draft");
    assert!(
        draft
            .sign(&[1; 32], &signer)
            .expect("it is for this organisation")
    );
    draft
}

#[tokio::test]
async fn whatever_a_door_says_the_outcome_is_open() {
    let fair_share = 1;
    let verdict = Rejection::LimitPerTransfer.code();
    for code in [fair_share, verdict, Rejection::MemberInactive.code(), 99] {
        let node = with_door(code).await;
        let draft = signed();

        let open = session([&node]).submit(&draft).await.expect_err("open");

        assert_eq!(open.kind(), ErrorKind::OutcomeUnknown, "{code}");
        assert_eq!(open.transaction_id(), Some(draft.id()));
        assert!(open.to_string().contains("again is safe"), "{open}");
        let said = std::error::Error::source(&open).map(ToString::to_string);
        assert!(said.is_some_and(|said| said.contains("the node says")));
    }
}

#[tokio::test]
async fn where_one_door_refuses_the_next_node_gets_the_same_bytes() {
    let lying = with_door(Rejection::LimitPerTransfer.code()).await;
    let other = with_door(Rejection::Expired.code()).await;

    let open = session([&lying, &other]).submit(&signed()).await;

    assert_eq!(open.expect_err("open").kind(), ErrorKind::OutcomeUnknown);
    assert!(other.calls() > 0);
}

#[tokio::test]
async fn a_node_that_was_reached_and_says_nothing_may_have_taken_it() {
    let silent = Node::start(|_, _| Vec::new()).await;
    let open = session([&silent]).submit(&signed()).await;
    assert_eq!(open.expect_err("open").kind(), ErrorKind::OutcomeUnknown);

    let away = session_at(["http://127.0.0.1:1".into()]);
    let error = away.submit(&signed()).await;
    assert_eq!(error.expect_err("away").kind(), ErrorKind::NotReached);
}

#[tokio::test]
async fn bytes_that_every_node_was_called_with_are_not_handed_to_each_again() {
    let handed = Arc::new(AtomicUsize::new(0));
    let silent = async || {
        let handed = handed.clone();
        Node::start(move |method, _| {
            if method == "broadcast_tx_sync" {
                handed.fetch_add(1, Ordering::SeqCst);
            }
            Vec::new()
        })
        .await
    };
    let (first, second) = (silent().await, silent().await);

    let open = session([&first, &second]).submit(&signed()).await;

    assert_eq!(open.expect_err("open").kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(handed.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_its_bytes_refuse_is_not_sent() {
    let node = with_door(0).await;
    let mut draft = signed();
    draft.signatures[0] = vec![1; 64];

    let refused = session([&node]).submit(&draft).await.expect_err("unsigned");

    let code = refused.refusal().map(|refusal| refusal.code);
    assert_eq!(code, Some(Rejection::BadSignature.code()));
    assert_eq!(node.calls(), 0);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_verdict_and_no_receipt() {
    let node = saying_nothing().await;
    let session = session([&node]);
    let draft = signed();
    let action = action(Kind::Leave(Leave {}), 0);

    for error in [
        session.simulate(&draft).await.map(|_| ()),
        session
            .can(3, &action, true, AsOf::Newest)
            .await
            .map(|_| ()),
        session.who_can(&action, AsOf::Newest).await.map(|_| ()),
        session.inbox(3, AsOf::Newest).await.map(|_| ()),
    ] {
        assert_eq!(error.expect_err("unreadable").kind(), ErrorKind::NotReached);
    }
    let error = session.receipt(&draft.id()).await.expect_err("no receipt");
    assert_eq!(error.kind(), ErrorKind::ProofFailed);
}

/// A chain whose first block has this draft.
fn holding(draft: &Draft) -> Signed {
    let mut chain = Made::founded();
    let body = draft.body().expect("a body");
    chain.block().transaction(&body, Receipt::default());
    chain.block().block().clone().signed()
}

/// An honest node of a chain.
async fn having(chain: &Signed) -> Node {
    let chain = chain.clone();
    Node::start(move |method, params| chain.answer(method, params).to_string().into()).await
}

#[tokio::test]
async fn a_receipt_that_one_node_hides_is_found_at_another() {
    let draft = signed();
    let chain = holding(&draft);
    let node = |is_hiding: bool| {
        let chain = chain.clone();
        Node::start(move |method, params| {
            let answer = if is_hiding && params["path"] == "/receipt" {
                json!({"result": {"response": {"code": 12, "log": "not found"}}})
            } else {
                chain.answer(method, params)
            };
            answer.to_string().into()
        })
    };
    let (hiding, honest) = (node(true).await, node(false).await);
    let session = chain.session([hiding.url.clone(), honest.url.clone()]);

    assert_eq!(session.receipt(&draft.id()).await.expect("told"), None);
    let found = session.receipt_anywhere(&draft.id()).await.expect("told");
    assert_eq!(found.map(|receipt| receipt.height), Some(1));
    let none = session.receipt_anywhere(&[7; 32]).await.expect("told");
    assert_eq!(none, None);
}

#[tokio::test]
async fn a_node_without_a_sensible_answer_keeps_nobody_from_signing_and_is_asked_once() {
    let draft = signed();
    let chain = holding(&draft);
    let honest = having(&chain).await;
    let lying = saying_nothing().await;
    let session = chain.session([lying.url.clone(), honest.url.clone()]);
    let error = session.receipt_anywhere(&[7; 32]).await;
    assert_eq!(error.expect_err("a lie").kind(), ErrorKind::ProofFailed);
    assert_eq!(session.sent_before(&[7; 32]).await, None);
    let found = session.sent_before(&draft.id()).await;
    assert_eq!(found.map(|receipt| receipt.height), Some(1));

    let broken = Node::start(|_, _| "nonsense".into()).await;
    let session = chain.session([honest.url.clone(), broken.url.clone()]);
    assert_eq!(session.sent_before(&[7; 32]).await, None);
    session.receipt(&[7; 32]).await.expect("told");
    assert_eq!(broken.calls(), 1);
}

/// The same draft, valid until so many seconds after the founding of a made chain.
fn signed_until(seconds: u64) -> Draft {
    let body = signed().body().expect("a body");
    let draft = Draft::of_body(&Body {
        valid_until: FOUNDED + seconds,
        ..body
    });
    let mut draft = draft.expect("a draft");
    let signer = Signer::from_seed(&[7; 32]);
    assert!(draft.sign(&[1; 32], &signer).is_ok_and(|signed| signed));
    draft
}

#[tokio::test]
async fn a_state_from_long_ago_refuses_nothing_but_what_is_over() {
    let mut chain = Made::founded();
    let chain = chain.block().block().block().clone().signed();
    let lying = chain.clone();
    let node = Node::start(move |method, params| {
        let answer = match method {
            "broadcast_tx_sync" => {
                json!({"result": {"code": 202, "log": "", "hash": "00".repeat(32)}})
            }
            _ => lying.answer(method, params),
        };
        answer.to_string().into()
    })
    .await;
    let ended = async |valid_until: u64, pause: u64| {
        let session = chain.session_after(Duration::from_secs(pause), [node.url.clone()]);
        let ended = session.submit(&signed_until(valid_until)).await;
        ended.expect_err("no block has it").kind()
    };

    let (day, long) = (86_400, 8 * 86_400);
    // The member is not there, or it is valid for too long: by the state of now, and by that of a day ago.
    for valid_until in [600, long] {
        assert_eq!(ended(valid_until, 60).await, ErrorKind::Refused);
        assert_eq!(ended(valid_until, day).await, ErrorKind::OutcomeUnknown);
    }
    for pause in [60, day] {
        assert_eq!(ended(1, pause).await, ErrorKind::Refused);
    }
}

#[tokio::test]
async fn whoever_waits_longer_than_clocks_tell_gets_the_receipt() {
    let draft = signed();
    let chain = holding(&draft);
    let node = having(&chain).await;
    let mut session = chain.session([node.url.clone()]);
    session.wait = Duration::MAX;

    let receipt = session.wait_for_receipt(&draft.id()).await;
    assert_eq!(receipt.expect("a receipt").height, 1);
}
