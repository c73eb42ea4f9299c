use std::ops::RangeInclusive;

use serde_json::{Value, json};
use tendermint::block::Header;

use super::*;
use crate::recorded::{
    NEWEST, Node, alterations, chain, genesis, genesis_root, honest, light_block, moment, options,
};
use crate::trust::genesis::{Genesis, Link};
use crate::trust::{Checkpoint, verify_chain};

fn light(node: &Node, root: TrustRoot) -> LightClient {
    LightClient::new(node.client(), root, options(), None).expect("a light client")
}

fn checkpoint(height: u64) -> TrustRoot {
    let hash =
        chain()["commits"][height.to_string()]["signed_header"]["commit"]["block_id"]["hash"]
            .as_str()
            .map(hex::decode);
    let hash = hash.expect("a hash").expect("hexadecimal");
    TrustRoot::Checkpoint(Checkpoint {
        chain_id: "polity-fixture".into(),
        height,
        header_hash: hash.try_into().expect("32 bytes"),
    })
}

#[tokio::test]
async fn from_the_genesis_every_height_is_verified_in_any_order() {
    let node = Node::of_chain(|_| {}).await;
    let light = light(&node, genesis_root());
    let recorded = chain();

    for height in [15, 1, 13, 6, 7, 12, 2] {
        let header = light.verified_header(height).await.expect("verified");
        let expected = &recorded["commits"][height.to_string()]["signed_header"];
        let hash = &expected["commit"]["block_id"]["hash"];
        assert_eq!(json!(hex::encode_upper(header.hash())), *hash);
        assert_eq!(header.height(), height);
    }
}

#[tokio::test]
async fn a_change_of_all_validators_is_bridged_by_heights_between() {
    let node = Node::of_chain(|_| {}).await;
    let light = light(&node, genesis_root());

    let newest = light.newest().await.expect("verified");

    assert_eq!(newest.height(), NEWEST);
    assert_eq!(newest.validators().len(), 1);
    assert_eq!(newest.validators()[0].power, 15);
    assert_eq!(hex::encode(newest.app_hash()), "1000000000000000");
}

#[tokio::test]
async fn from_a_checkpoint_headers_are_verified_upwards_and_downwards() {
    let node = Node::of_chain(|_| {}).await;
    let light = light(&node, checkpoint(8));

    for height in [8, 15, 3, 1] {
        let header = light.verified_header(height).await.expect("verified");
        assert_eq!(header.height(), height);
    }
}

#[tokio::test]
async fn a_checkpoint_ahead_of_what_the_node_shows_proves_nothing() {
    let node = Node::of_chain(|_| {}).await;
    let ahead = TrustRoot::Checkpoint(Checkpoint {
        chain_id: "polity-fixture".into(),
        height: 99,
        header_hash: [7; 32],
    });

    let error = light(&node, ahead).newest().await.expect_err("ahead");

    assert_eq!(error.kind(), ErrorKind::ProofFailed);
    let told = error.to_string();
    assert!(
        told.contains("height 99") && told.contains("height 15"),
        "{told}"
    );
}

#[tokio::test]
async fn what_was_believed_is_kept_and_not_asked_for_again() {
    let home = tempfile::tempdir().expect("a directory");
    let store = TrustStore::in_home(home.path(), &genesis_root());
    let open = |node: &Node| {
        let store = Some(store.clone());
        LightClient::new(node.client(), genesis_root(), options(), store).expect("opens")
    };
    let node = Node::of_chain(|_| {}).await;
    let first = open(&node).verified_header(15).await.expect("verified");

    let other = Node::of_chain(|_| {}).await;
    let again = open(&other).verified_header(15).await.expect("kept");
    assert_eq!((again, other.calls()), (first.clone(), 0));

    // A damaged file is no trust: the header is verified anew.
    let directory = home.path().join("trust").join(genesis_root().fingerprint());
    let path = directory.join("15.json");
    let text = std::fs::read_to_string(&path).expect("kept");
    std::fs::write(
        &path,
        text.replacen("1000000000000000", "2000000000000000", 1),
    )
    .expect("ok");
    let anew = open(&other).verified_header(15).await.expect("anew");
    assert_eq!(anew, first);
    assert!(other.calls() > 0);
}

#[tokio::test]
async fn a_home_that_cannot_be_written_to_is_read_all_the_same() {
    let home = tempfile::tempdir().expect("a directory");
    // Nothing can be made behind it, whoever tries.
    std::os::unix::fs::symlink("nowhere", home.path().join("trust")).expect("a link");
    let store = TrustStore::in_home(home.path(), &genesis_root());
    let node = Node::of_chain(|_| {}).await;
    let light = LightClient::new(node.client(), genesis_root(), options(), Some(store));
    let light = light.expect("opens");
    assert!(light.unkept().is_none());

    let newest = light.newest().await.expect("verified");

    assert_eq!(newest.height(), NEWEST);
    let unkept = light.unkept().expect("it is told").to_string();
    assert!(unkept.starts_with("cannot write to"), "{unkept}");
}

#[tokio::test]
async fn what_one_root_vouches_for_is_unknown_to_another() {
    let home = tempfile::tempdir().expect("a directory");
    let node = Node::of_chain(|_| {}).await;
    let store = TrustStore::in_home(home.path(), &genesis_root());
    let light = LightClient::new(node.client(), genesis_root(), options(), Some(store));
    light.expect("opens").verified_header(15).await.expect("ok");

    let wrong = match checkpoint(8) {
        TrustRoot::Checkpoint(checkpoint) => TrustRoot::Checkpoint(Checkpoint {
            header_hash: [0; 32],
            ..checkpoint
        }),
        TrustRoot::Genesis(_) => unreachable!("a checkpoint"),
    };
    let store = TrustStore::in_home(home.path(), &wrong);
    let light = LightClient::new(node.client(), wrong, options(), Some(store)).expect("opens");

    let refused = light.verified_header(15).await.expect_err("another root");
    assert_eq!(refused.kind(), ErrorKind::ProofFailed);
}

#[tokio::test]
async fn a_node_that_alters_any_field_of_a_commit_is_refused() {
    let recorded = chain();
    let original = &recorded["commits"]["15"];
    let honest = {
        let node = Node::of_chain(|_| {}).await;
        let verified = light(&node, genesis_root()).verified_header(15).await;
        verified.expect("verified")
    };
    for (place, altered) in alterations(original) {
        let node = Node::of_chain(|chain| chain["commits"]["15"] = altered).await;
        match light(&node, genesis_root()).verified_header(15).await {
            Ok(header) => assert_eq!(header, honest, "{place}"),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::ProofFailed | ErrorKind::NotReached),
                "{place}: {error}"
            ),
        }
    }
}

#[tokio::test]
async fn a_node_that_answers_with_another_height_is_refused() {
    for asked in ["1", "8", "15"] {
        let node = Node::of_chain(|chain| {
            chain["commits"][asked] = chain["commits"]["14"].clone();
        })
        .await;

        let refused = light(&node, genesis_root())
            .verified_header(asked.parse().expect("a number"))
            .await
            .expect_err(asked);

        assert_eq!(refused.kind(), ErrorKind::ProofFailed, "{asked}");
    }
}

#[tokio::test]
async fn a_broken_chain_of_hashes_is_refused_downwards() {
    let node = Node::of_chain(|chain| {
        chain["commits"]["6"]["signed_header"]["header"]["app_hash"] = json!("FF");
    })
    .await;

    let refused = light(&node, checkpoint(8)).verified_header(5).await;

    assert!(refused.is_err_and(|error| error.kind() == ErrorKind::ProofFailed));
}

#[tokio::test]
async fn a_recorded_path_verifies_without_a_network_and_not_with_a_gap() {
    let node = Node::of_chain(|_| {}).await;
    let path = light(&node, genesis_root())
        .path_to(15)
        .await
        .expect("a path");

    let headers = verify_chain(&genesis_root(), &path, &options()).expect("verifies");
    assert_eq!(headers.last().map(VerifiedHeader::height), Some(15));

    let gap = [path[0].clone(), path[path.len() - 1].clone()];
    let refused = verify_chain(&genesis_root(), &gap, &options()).expect_err("a gap");
    assert!(refused.to_string().contains("missing"), "{refused}");
    assert!(verify_chain(&genesis_root(), &path[1..], &options()).is_err());
    assert!(verify_chain(&genesis_root(), &[], &options()).is_err());
}

#[tokio::test]
async fn an_expired_root_asks_for_a_newer_checkpoint() {
    let node = Node::of_chain(|_| {}).await;
    let late = TrustOptions {
        at: Some(moment(Duration::from_secs(31 * 24 * 60 * 60))),
        ..TrustOptions::default()
    };
    let light = LightClient::new(node.client(), genesis_root(), late, None).expect("opens");

    let refused = light.verified_header(15).await.expect_err("too old");

    assert_eq!(refused.kind(), ErrorKind::ProofFailed);
    let way = refused.way().expect("a way on");
    assert!(way.contains("--checkpoint"), "{way}");
}

#[tokio::test]
async fn results_are_proven_by_the_next_header_once_it_comes() {
    let recorded = chain();
    let asked = std::sync::atomic::AtomicU64::new(0);
    let node = Node::start(move |method, params| {
        let mut answer = honest(&recorded, method, params);
        if method == "status" {
            let height = 10 + asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            answer["result"]["sync_info"]["latest_block_height"] = json!(height.to_string());
        }
        answer.to_string().into()
    })
    .await;
    let light = light(&node, genesis_root());

    let header = light
        .proven_at(11, Duration::from_secs(20))
        .await
        .expect("it came");

    assert_eq!(header.height(), 12);
    assert_eq!(hex::encode(header.app_hash()), "1000000000000000");
}

#[tokio::test]
async fn a_header_that_does_not_come_leaves_the_outcome_unknown() {
    let node = Node::of_chain(|_| {}).await;
    let light = light(&node, genesis_root());

    let late = light.proven_at(NEWEST, Duration::from_millis(60)).await;

    assert_eq!(late.expect_err("never").kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_node_without_validators_or_with_nonsense_is_an_error() {
    for nonsense in [json!(null), json!({}), json!([]), json!({"validators": []})] {
        let nonsense: Value = nonsense;
        let node = Node::of_chain(|chain| chain["validators"]["7"] = nonsense).await;
        let light = light(&node, genesis_root());
        assert!(light.verified_header(7).await.is_err());
    }
}

/// Headers of the heights up to `newest`, each built on the one below.
fn headers_up_to(newest: u64) -> Vec<Header> {
    let first = chain()["commits"]["2"]["signed_header"]["header"].clone();
    let mut header: Header = serde_json::from_value(first).expect("a header");
    let mut headers = Vec::new();
    for height in 1..=newest {
        header.height = height.try_into().expect("a height");
        headers.push(header.clone());
        let hash = header.hash();
        header.last_block_id.as_mut().expect("not the first").hash = hash;
    }
    headers
}

fn hash_of(headers: &[Header], height: u64) -> [u8; 32] {
    let hash = headers[height as usize - 1].hash();
    hash.as_bytes().try_into().expect("32 bytes")
}

/// A node that has these headers and nothing else, and gives so many at a time.
async fn node_of_headers(headers: Vec<Header>, at_once: usize) -> Node {
    Node::start(move |method, params| {
        assert_eq!(method, "blockchain");
        let bound = |name: &str| params[name].as_str().and_then(|text| text.parse().ok());
        let heights: RangeInclusive<usize> =
            bound("minHeight").expect("a height")..=bound("maxHeight").expect("a height");
        let asked = headers.iter().filter(|header| {
            usize::try_from(header.height.value()).is_ok_and(|height| heights.contains(&height))
        });
        let metas: Vec<Value> = asked
            .rev()
            .take(at_once)
            .map(|header| json!({"header": header}))
            .collect();
        let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {"block_metas": metas}});
        answer.to_string().into()
    })
    .await
}

#[tokio::test]
async fn the_way_down_to_an_old_header_is_read_in_pieces_and_walked_once() {
    let headers = headers_up_to(450);
    let hash = |height| hash_of(&headers, height);
    let node = node_of_headers(headers.clone(), Client::HEADERS_MAX).await;
    let light = light(&node, genesis_root());

    let old = light.walk((450, hash(450)), 3).await.expect("walked");
    assert_eq!((old, node.calls()), (hash(3), 23));

    let near = light.links.at_or_above(3).expect("remembered");
    assert_eq!(near, (50, hash(50)));
    let old = light.walk(near, 3).await.expect("walked");
    assert_eq!((old, node.calls()), (hash(3), 23 + 3));
    let here = light.walk(near, 50).await.expect("known");
    assert_eq!((here, node.calls()), (hash(50), 23 + 3));
}

#[tokio::test]
async fn a_link_that_was_altered_where_it_is_kept_is_passed_over_and_mended() {
    let home = tempfile::tempdir().expect("a directory");
    let root = checkpoint(8);
    let store = TrustStore::in_home(home.path(), &root);
    let open = |node: &Node| {
        let store = Some(store.clone());
        LightClient::new(node.client(), root.clone(), options(), store).expect("opens")
    };
    for altered in [5, 3] {
        let line = format!("\n{altered} {}", "00".repeat(32));
        store.add_link(&line);
        let node = Node::of_chain(|_| {}).await;
        let light = open(&node);
        let header = light.verified_header(3).await.expect("walked again");

        let kept = [light, open(&node)].map(|light| light.links.at_or_above(altered));
        let hash =
            &chain()["commits"][altered.to_string()]["signed_header"]["commit"]["block_id"]["hash"];
        for link in kept {
            let (height, found) = link.expect("remembered");
            assert_eq!(
                (height, json!(hex::encode_upper(found))),
                (altered, hash.clone())
            );
        }
        assert_eq!(header.height(), 3);
    }
}

#[tokio::test]
async fn a_node_that_gives_fewer_headers_at_a_time_is_asked_for_the_rest() {
    let headers = headers_up_to(60);
    let from = (60, hash_of(&headers, 60));
    let node = node_of_headers(headers.clone(), 7).await;
    let light = light(&node, genesis_root());
    let old = light.walk(from, 3).await.expect("walked");
    assert_eq!(old, hash_of(&headers, 3));
}

#[tokio::test]
async fn a_header_that_is_altered_or_left_out_on_the_way_down_is_noticed() {
    let headers = headers_up_to(60);
    let from = (60, hash_of(&headers, 60));
    let changes: [fn(&mut Vec<Header>); 4] = [
        |headers| headers[30].app_hash = vec![7].try_into().expect("a hash"),
        |headers| drop(headers.remove(30)),
        |headers| drop(headers.remove(3)),
        |headers| headers.insert(30, headers[30].clone()),
    ];
    for change in changes {
        let mut changed = headers.clone();
        change(&mut changed);
        let node = node_of_headers(changed, Client::HEADERS_MAX).await;
        let light = light(&node, genesis_root());
        let error = light.walk(from, 3).await.expect_err("noticed");
        assert_eq!(error.kind(), ErrorKind::ProofFailed);
    }
}

/// The recorded chain as the past of another one, which the newer genesis says to have ended with this header.
fn gone_on(node: &Node, height: u64, header_hash: Vec<u8>) -> LightClient {
    light(node, continuing(height, header_hash))
}

fn continuing(height: u64, header_hash: Vec<u8>) -> TrustRoot {
    let ended = genesis();
    TrustRoot::Genesis(Genesis {
        link: Some(Box::new(Link {
            height,
            header_hash,
            app_hash: light_block(&chain(), height)
                .signed_header()
                .header
                .app_hash
                .as_bytes()
                .to_vec(),
            ended: ended.clone(),
        })),
        chain_id: "polity-fixture-2".parse().expect("a name"),
        initial_height: height + 1,
        ..ended
    })
}

#[test]
fn without_a_node_no_chain_is_believed_to_go_on_from_another() {
    let recorded = chain();
    let blocks: Vec<_> = (1..=3)
        .map(|height| light_block(&recorded, height))
        .collect();
    let TrustRoot::Genesis(forged) = continuing(10, vec![7; 32]) else {
        panic!("a genesis")
    };
    let forged = Genesis {
        link: forged.link,
        ..genesis()
    };
    assert!(verify_chain(&genesis_root(), &blocks, &options()).is_ok());

    let error = verify_chain(&TrustRoot::Genesis(forged), &blocks, &options());
    assert_eq!(error.expect_err("not linked").kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn what_lies_below_the_end_of_a_chain_is_bound_to_its_last_header_by_hashes() {
    let hash = |height| header_hash(&light_block(&chain(), height)).to_vec();
    let node = Node::of_chain(|_| {}).await;
    let light = gone_on(&node, 10, hash(10));
    for height in [10, 5, 1, 9] {
        let header = light.verified_header(height).await.expect("verified");
        assert_eq!(header.hash().to_vec(), hash(height), "{height}");
    }

    // All of these headers are signed as they should be: signatures alone bind none of them to the end.
    for end in [hash(9), vec![7; 32]] {
        let light = gone_on(&node, 10, end);
        for height in [10, 5, 1] {
            let error = light.verified_header(height).await.expect_err("not linked");
            assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
        }
    }
    let (recorded, mut altered) = (chain(), chain());
    let below = &mut altered["commits"]["7"]["signed_header"]["header"];
    below["last_block_id"]["hash"] = json!("77".repeat(32));
    let altered = Node::start(move |method, params| {
        let told = match method {
            "blockchain" => &altered,
            _ => &recorded,
        };
        honest(told, method, params).to_string().into()
    })
    .await;
    let light = gone_on(&altered, 10, hash(10));
    assert!(light.verified_header(8).await.is_ok());
    let error = light.verified_header(3).await.expect_err("a gap");
    assert_eq!(error.kind(), ErrorKind::ProofFailed, "{error}");
}
