use serde_json::{Value, json};

use super::*;
use crate::recorded::{Node, chain, client, genesis, genesis_root, honest, options};
use crate::session::{Founding, actor, signed_by};
use crate::trust::LightClient;
use polity_proto::v1::{Leave, Receipt, action::Kind};

fn told(code: u32) -> Door {
    let answer = BroadcastAnswer {
        code,
        log: String::new(),
        hash: [0; 32],
    };
    door(answer).expect("an answer")
}

#[test]
fn a_door_speaks_of_bytes_signers_and_fair_share_and_of_nothing_else() {
    assert!(matches!(told(0), Door::Took));
    assert!(matches!(told(CODE_FAIR_SHARE), Door::Refused(_)));
    for rejection in Rejection::ALL {
        let code = rejection.code();
        match told(code) {
            Door::Refused(_) => assert!(code < 300, "{rejection:?}"),
            Door::Broken => assert!(code >= 300, "{rejection:?}"),
            Door::Took => panic!("{rejection:?}"),
        }
    }
    for unknown in [2, 99, 199, 299, u32::MAX] {
        assert!(matches!(told(unknown), Door::Broken), "{unknown}");
    }
}

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
    let rpc = client(nodes.map(|node| node.url.clone()));
    let light = LightClient::new(rpc.clone(), genesis_root(), options(), None).expect("opens");
    let founding = Founding {
        chain_id: "polity-fixture".into(),
        time: 0,
        organisation: [1; 32],
        founded: [1; 32],
        receipt: Receipt::default(),
        trust: genesis(),
    };
    let mut session = Session::new(rpc, light, founding);
    session.wait = Duration::from_millis(300);
    session
}

fn signed() -> Draft {
    let action = actor(Kind::Leave(Leave {}), 0);
    let signers = vec![signed_by(3, &[7; 32])];
    let draft = Draft::new(&[1; 32], signers, vec![action], Duration::from_secs(60));
    let mut draft = draft.expect("a draft");
    draft.signatures[0] = vec![1; 64];
    draft
}

#[tokio::test]
async fn a_door_that_gives_a_verdict_leaves_the_outcome_open() {
    let lying = with_door(Rejection::LimitPerTransfer.code()).await;
    let draft = signed();

    let open = session([&lying]).submit(&draft).await.expect_err("open");

    assert_eq!(open.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(open.transaction_id(), Some(draft.id()));
    assert!(open.to_string().contains("again is safe"), "{open}");
}

#[tokio::test]
async fn where_one_door_lies_the_next_node_gets_the_same_bytes() {
    let lying = with_door(Rejection::LimitPerTransfer.code()).await;
    let other = with_door(Rejection::Expired.code()).await;

    let open = session([&lying, &other]).submit(&signed()).await;

    // The other one did not take it; but the first may have passed it on.
    assert_eq!(open.expect_err("open").kind(), ErrorKind::OutcomeUnknown);
    assert!(other.calls() > 0);
}

#[tokio::test]
async fn what_a_door_may_say_is_told_as_its_word() {
    let node = with_door(Rejection::Expired.code()).await;

    let refused = session([&node])
        .submit(&signed())
        .await
        .expect_err("not taken");

    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert!(refused.refusal().is_some_and(|refusal| refusal.at_door));
    assert!(
        refused.to_string().contains("this node did not take it"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_no_verdict_and_no_receipt() {
    let node = saying_nothing().await;
    let session = session([&node]);
    let draft = signed();
    let action = actor(Kind::Leave(Leave {}), 0);

    for error in [
        session.simulate(&draft).await.map(|_| ()),
        session.can(3, &action, true).await.map(|_| ()),
        session.who_can(&action).await.map(|_| ()),
        session.inbox(3).await.map(|_| ()),
    ] {
        assert_eq!(error.expect_err("malformed").kind(), ErrorKind::Trouble);
    }
    let error = session.receipt(&draft.id()).await.expect_err("no receipt");
    assert_eq!(error.kind(), ErrorKind::ProofFailed);
}
