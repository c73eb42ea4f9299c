use polity_proto::v1::{Body, Receipt};
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
