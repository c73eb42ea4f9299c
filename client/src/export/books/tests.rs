use polity_ledger::form;
use polity_proto::v1::{
    Action, Basis, BasisSource, Body, ConfirmExternal, Event, Hold, Proposal, Receipt, Transfer,
    action::Kind,
};
use prost::Message;
use serde_json::{Value, json};

use super::*;
use crate::ErrorKind;
use crate::made::{Made, Signed, paid_by};
use crate::recorded::Node;

/// An account that is paid 1 in blocks 1 and 3 of 5.
fn paid() -> Signed {
    let mut chain = Made::founded();
    for height in 1..=5 {
        chain.block();
        if height == 1 || height == 3 {
            let receipt = Receipt {
                events: vec![paid_by(height)],
                ..Receipt::default()
            };
            let account = Account {
                number: 1,
                credits_posted: vec![height.div_ceil(2) as u8],
                ..Account::default()
            };
            chain.transaction(&Body::default(), receipt);
            chain.tell(&account, 0, 0);
        }
    }
    chain.signed()
}

async fn node(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Node {
    Node::start(move |method, params| answer(method, params).to_string().into()).await
}

#[tokio::test]
async fn books_of_then_go_as_far_as_is_proven_and_lack_nothing_of_it() {
    let chain = paid();
    let books = async |node: &Node, height| {
        let session = chain.session([node.url.clone()]);
        let at = AsOf::Height(height);
        let books = session
            .books(&BTreeSet::from([1]), at, &mut |_, _| {})
            .await?;
        Ok::<_, Error>((books.height, books.entries.len()))
    };
    let whole = chain.clone();
    let honest = node(move |method, params| whole.answer(method, params)).await;
    for (height, expected) in [(2, (2, 1)), (3, (3, 2)), (4, (4, 2)), (5, (4, 2))] {
        assert_eq!(books(&honest, height).await.expect("books"), expected);
    }

    // A node that shows the state of block 2 as the newest.
    let older = chain.clone();
    let hiding = node(move |method, params| {
        let mut params = params.clone();
        if params["path"] == "/keys" {
            params["height"] = json!("0");
        }
        older.answer_as_of(2, method, &params)
    })
    .await;
    let error = books(&hiding, 4)
        .await
        .expect_err("it lacks what came in block 3");
    assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
}

#[tokio::test]
async fn while_there_is_one_block_books_are_of_the_founding() {
    let mut chain = Made::founded();
    let account = Account {
        number: 1,
        ..Account::default()
    };
    let chain = chain.put(&account).block().clone().signed();
    let made = chain.clone();
    let node = node(move |method, params| made.answer(method, params)).await;
    let session = chain.session([node.url.clone()]);

    let accounts = BTreeSet::from([1]);
    let progress = &mut |_, _| {};
    let books = session.books(&accounts, AsOf::Height(1), progress);
    let books = books.await.expect("books");
    assert_eq!((books.height, books.accounts.len()), (0, 1));
}

#[tokio::test]
async fn books_of_a_unit_without_accounts_go_as_far_as_its_history_is_proven() {
    let mut chain = Made::founded();
    let unit = Unit {
        number: 1,
        ..Unit::default()
    };
    let chain = chain.put(&unit).block().block().clone().signed();
    let made = chain.clone();
    let node = node(move |method, params| made.answer(method, params)).await;
    let session = chain.session([node.url.clone()]);
    for (at, expected) in [(AsOf::Newest, 1), (AsOf::Height(1), 1)] {
        let books = session.books_of_unit(1, at, &mut |_, _| {}).await;
        assert_eq!(books.expect("books").height, expected, "{at:?}");
    }
}

#[tokio::test]
async fn what_a_bank_record_and_a_proposal_stated_stands_in_the_books() {
    let hold = Hold {
        number: 3,
        from: 2,
        to: 1,
        external: true,
        reference: "R-1".into(),
        value_date: 86_400,
        ..Hold::default()
    };
    let confirm = Action {
        kind: Some(Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(3),
            ..ConfirmExternal::default()
        })),
        ..Action::default()
    };
    let pay = Action {
        kind: Some(Kind::Transfer(Transfer {
            from: form::numbered(2),
            to: form::numbered(1),
            amount: vec![1],
            reference: "INV-9".into(),
            ..Transfer::default()
        })),
        ..Action::default()
    };
    let proposal = Proposal {
        number: 4,
        actions: vec![pay.encode_to_vec()],
        ..Proposal::default()
    };
    let adopted = Event {
        basis: Some(Basis {
            source: BasisSource::Proposal as i32,
            number: 4,
            ..Basis::default()
        }),
        ..paid_by(2)
    };
    let body = Body {
        actions: vec![confirm],
        ..Body::default()
    };
    let mut chain = Made::founded();
    chain.put(&hold).put(&proposal).block();
    let receipt = Receipt {
        events: vec![paid_by(1), adopted],
        ..Receipt::default()
    };
    chain.transaction(&body, receipt);
    for (event, credits) in [(0, 1), (1, 2)] {
        let account = Account {
            number: 1,
            credits_posted: vec![credits],
            ..Account::default()
        };
        chain.tell(&account, 0, event);
    }
    let chain = chain.block().clone().signed();
    let made = chain.clone();
    let node = node(move |method, params| made.answer(method, params)).await;
    let session = chain.session([node.url.clone()]);

    let accounts = BTreeSet::from([1]);
    let progress = &mut |_, _| {};
    let books = session.books(&accounts, AsOf::Newest, progress);
    let books = books.await.expect("books");
    let stated = books.entries.iter();
    let stated: Vec<_> = stated
        .map(|one| (one.reference.as_str(), one.value_date))
        .collect();
    assert_eq!(stated, [("R-1", 86_400), ("INV-9", 0)]);
}
