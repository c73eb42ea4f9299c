use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_proto::v1::{Account, Asset, ObjectKind, Owner, OwnerKind, Unit};
use serde_json::{Value, json};

use super::*;
use crate::ErrorKind;
use crate::made::{Made, Signed};
use crate::recorded::Node;
use crate::session::{AsOf, Kinds};

fn unit(number: u64, parent: u64, label: &str) -> Unit {
    Unit {
        number,
        parent,
        label: label.into(),
        ..Unit::default()
    }
}

/// A unit that is changed in blocks 1 and 3 of 5.
fn changed() -> Signed {
    let mut chain = Made::founded();
    chain.tell(&unit(1, 0, "founded"), 0, 0);
    chain.block().tell(&unit(1, 0, "first"), 0, 0);
    chain.block();
    chain.block().tell(&unit(1, 0, "second"), 0, 0);
    chain.block().block();
    chain.signed()
}

/// A node that answers as `answer` does.
async fn node(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Node {
    Node::start(move |method, params| answer(method, params).to_string().into()).await
}

async fn honest(chain: &Signed) -> Node {
    let chain = chain.clone();
    node(move |method, params| chain.answer(method, params)).await
}

/// A node that keeps back from its answers about the state what came after a height, and has every header.
async fn keeping_back(chain: &Signed, after: u64) -> Node {
    let chain = chain.clone();
    node(move |method, params| {
        let mut params = params.clone();
        let asked = params["height"]
            .as_str()
            .and_then(|height| height.parse().ok());
        if params["path"] == "/keys" && asked > Some(after) {
            params["height"] = json!(after.to_string());
        }
        chain.answer_as_of(after, method, &params)
    })
    .await
}

#[tokio::test]
async fn an_asset_of_the_past_is_that_of_now_and_no_history_is_said_to_prove_it() {
    let mut chain = Made::founded();
    chain.put(&Asset {
        number: 7,
        ..Asset::default()
    });
    chain.tell(&unit(1, 0, "founded"), 0, 0);
    let chain = chain.block().block().clone().signed();
    let honest = honest(&chain).await;
    let session = chain.session([honest.url.clone()]);
    // Of the newest block nothing is proven yet.
    for (height, proven) in [(1, &["unit"][..]), (2, &[])] {
        let view = session.view(AsOf::Height(height));
        assert!(view.get::<Asset>(7).await.expect("read").is_some());
        assert_eq!(
            (view.moment().is_proven, view.kinds()),
            (true, Kinds::default())
        );

        view.get::<Unit>(1).await.expect("read");
        assert_eq!(view.kinds().proven, proven, "{height}");
    }
}

#[tokio::test]
async fn the_past_is_proven_as_far_as_the_state_that_proves_it_reaches() {
    let chain = changed();
    let read = async |node: &Node, height| {
        let session = chain.session([node.url.clone()]);
        let view = session.view(AsOf::Height(height));
        let unit: Option<Unit> = view.get(1).await.expect("read");
        (unit.unwrap_or_default().label, view.moment().is_proven)
    };
    let honest = honest(&chain).await;
    for (height, label) in [(1, "first"), (2, "first"), (3, "second"), (4, "second")] {
        assert_eq!(
            read(&honest, height).await,
            (label.into(), true),
            "{height}"
        );
    }
    // No header proves the state after the newest block yet.
    assert_eq!(read(&honest, 5).await, ("second".into(), false));

    let lying = keeping_back(&chain, 2).await;
    assert_eq!(read(&lying, 2).await, ("first".into(), true));
    for height in [3, 4] {
        assert_eq!(
            read(&lying, height).await,
            ("first".into(), false),
            "{height}"
        );
    }
}

#[tokio::test]
async fn a_history_of_then_is_proven_as_far_as_the_state_that_proves_it_reaches() {
    let chain = changed();
    let read = async |node: &Node, height| {
        let session = chain.session([node.url.clone()]);
        let history = session
            .history_as_of(ObjectKind::Unit, 1, AsOf::Height(height))
            .await
            .expect("read");
        (history.items.len(), history.moment.is_proven)
    };
    let honest = honest(&chain).await;
    for (height, entries) in [(1, 2), (2, 2), (3, 3), (4, 3)] {
        assert_eq!(read(&honest, height).await, (entries, true), "{height}");
    }
    assert_eq!(read(&honest, 5).await, (3, false));

    let lying = keeping_back(&chain, 2).await;
    assert_eq!(read(&lying, 2).await, (2, true));
    assert_eq!(read(&lying, 4).await, (2, false));
}

fn account(credits: u8) -> Account {
    Account {
        number: 1,
        owner: Some(Owner {
            kind: OwnerKind::Unit as i32,
            number: 2,
        }),
        credits_posted: vec![credits],
        ..Account::default()
    }
}

/// An account of a unit that is dissolved in block 2, or not.
fn kept(is_dissolved: bool) -> Signed {
    let mut chain = Made::founded();
    chain.tell(&unit(1, 0, "root"), 0, 0);
    chain.tell(&unit(2, 1, "kept"), 0, 1);
    chain.block().tell(&account(5), 0, 0);
    chain.block();
    if is_dissolved {
        let gone = Unit {
            dissolved_at: 7,
            ..unit(2, 1, "kept")
        };
        chain.tell(&gone, 0, 0).tell(&unit(1, 0, "root"), 0, 0);
    }
    chain.block().block();
    chain.signed()
}

/// A node that remembers another account than there was.
async fn remembering(chain: &Signed, change: fn(&mut Account)) -> Node {
    let mut other = account(5);
    change(&mut other);
    let chain = chain.clone();
    let key = object_key(Account::PREFIX, 1);
    node(move |method, params| {
        let mut answer = chain.answer(method, params);
        let is_past = params["path"] == "/keys" && params["height"] != "0";
        if is_past
            && params["data"]
                .as_str()
                .is_some_and(|data| data.contains(&hex::encode(&key)))
        {
            let value = &mut answer["result"]["response"]["value"];
            let bytes = STANDARD
                .decode(value.as_str().expect("text"))
                .expect("base64");
            let mut keys = KeysAnswer::decode(&bytes[..]).expect("an answer");
            for one in &mut keys.answers {
                let record = Record::decode(&one.value[..]).expect("a record");
                let object = other.encode_to_vec();
                one.value = Record { object, ..record }.encode_to_vec();
            }
            *value = json!(STANDARD.encode(keys.encode_to_vec()));
        }
        answer
    })
    .await
}

#[tokio::test]
async fn what_an_account_of_a_dissolved_unit_might_do_is_not_proven_and_what_it_had_is() {
    let read = async |chain: &Signed, node: &Node| {
        let session = chain.session([node.url.clone()]);
        let view = session.view(AsOf::Height(3));
        let account: Option<Account> = view.get(1).await?;
        let account = account.unwrap_or_default();
        Ok::<_, Error>((
            account.credits_posted,
            account.frozen,
            view.moment().is_proven,
        ))
    };
    let (living, dissolved) = (kept(false), kept(true));
    for (chain, is_proven) in [(&living, true), (&dissolved, false)] {
        let told = read(chain, &honest(chain).await).await;
        assert_eq!(told.expect("read"), (vec![5], false, is_proven));

        let richer = remembering(chain, |account| account.credits_posted = vec![9]).await;
        let error = read(chain, &richer).await.expect_err("another balance");
        assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
    }

    // Nobody looks beyond one history for who may say so, so it is told as what it is: a node's word.
    let freezing = |chain| remembering(chain, |account| account.frozen = true);
    let error = read(&living, &freezing(&living).await).await;
    let error = error.expect_err("nobody froze it");
    assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
    let told = read(&dissolved, &freezing(&dissolved).await).await;
    assert_eq!(told.expect("read"), (vec![5], true, false));
}
