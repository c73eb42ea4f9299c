//! A chain ends, and goes on as another one under the other engine: the same state, nothing lost, everything proven.

use std::fs;
use std::time::Duration;

use polity_client::session::{AsOf, HomeConfig, Session};
use polity_ledger::Amount;
use polity_proto::v1::Account;
use polity_tests::cluster::{Cluster, Continuation};
use polity_tests::engine::{Engine, other};
use polity_tests::{charter, http};
use serde_json::{Value, json};

use crate::altered::assert_told;
use crate::trial::{BLOCK, GENESIS_MISMATCH, assert_whole, catch_up, pay};

pub(crate) fn a_chain_goes_on_under_the_other_engine_and_back(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 4);
    let (spent, unsent) = (cluster.leads().payment(1), cluster.leads().payment(2));
    let hash = cluster.send(1, &spent).expect("the payment is let in");
    cluster.wait_for(0, &hash, BLOCK);
    acknowledged.push(hash);
    let first_genesis = fs::read(cluster.genesis_file()).expect("the genesis can be read");

    let continuation = cluster.sign_continuation("cluster-2");
    let file = continuation.file.display().to_string();
    let shown = cluster.nodes[0].polityd(&["genesis", "show", "--file", &file]);
    let head = shown.split("As it was founded").next().unwrap_or_default();
    assert_eq!(
        head.matches("\nvalidator ").count(),
        cluster.nodes.len(),
        "{head}"
    );
    assert_only_this_goes_on(&cluster, &continuation);
    cluster.go_on(&continuation, other(engine));

    let header = header(&cluster, continuation.first_height);
    assert_eq!(header["chain_id"], "cluster-2");
    assert_eq!(
        header["app_hash"],
        json!(continuation.app_hash.to_uppercase())
    );
    for transaction in [&spent, &unsent] {
        let refused = cluster.send(0, transaction).expect_err("of another chain");
        assert!(refused.contains("wrong_organisation"), "{refused}");
    }
    acknowledged.extend(pay(&cluster, 1, 4));
    assert_proven(&cluster, &continuation, &first_genesis);

    // Whoever has nothing of the ended chain begins with a backup of somebody who went on.
    assert!(cluster.nodes[2].stop().success());
    let backup = cluster.path("backup").display().to_string();
    cluster.nodes[2].polityd(&["backup", &backup]);
    cluster.nodes[2].start();
    acknowledged.extend(pay(&cluster, 0, 1));
    assert!(cluster.nodes[3].stop().success());
    cluster.nodes[3].lose_data();
    cluster.nodes[3].start();
    let ended = cluster.nodes[3].ended(BLOCK);
    assert_eq!(ended.code(), Some(GENESIS_MISMATCH));
    fs::remove_dir_all(cluster.nodes[3].home().join("data")).expect("the empty store is removed");
    cluster.nodes[3].polityd(&["restore", &backup]);
    let genesis = cluster.nodes[3].home().join("genesis.json");
    let signed = fs::read_to_string(&genesis).expect("the genesis can be read");
    let mut unsigned: Value = serde_json::from_str(&signed).expect("the genesis is JSON");
    unsigned["signatures"] = json!([]);
    fs::write(&genesis, unsigned.to_string()).expect("the genesis can be written");
    cluster.nodes[3].start();
    let ended = cluster.nodes[3].ended(BLOCK);
    assert_eq!(ended.code(), Some(GENESIS_MISMATCH));
    fs::write(&genesis, signed).expect("the genesis can be written");
    cluster.nodes[3].start();
    catch_up(&cluster, 3);

    let back = cluster.sign_continuation("cluster-3");
    cluster.go_on(&back, engine);
    acknowledged.extend(pay(&cluster, 3, 2));
    assert_proven(&cluster, &back, &first_genesis);

    // Two ended chains, one of each engine.
    assert!(cluster.nodes[1].stop().success());
    let data = cluster.nodes[1].home().join("data");
    assert_told(&data, engine, "archive");

    assert_whole(cluster, &acknowledged);
}

/// Whoever is stopped later has signed heights that are taken back.
pub(crate) fn a_chain_goes_on_under_the_same_engine_from_below_what_its_validators_signed(
    engine: Engine,
) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 1);
    cluster.wait_for_rest(0..4);
    assert!(cluster.nodes[0].stop().success());
    let taken_back = cluster.pay(1, 1);
    cluster.wait_for(1, &taken_back, BLOCK);
    cluster.wait_for_rest(1..4);

    let continuation = cluster.sign_continuation_of_the_last("cluster-2");
    cluster.go_on(&continuation, engine);
    acknowledged.extend(pay(&cluster, 0, 2));
    assert_whole(cluster, &acknowledged);
}

/// Files that an attacker or a mistake could make: each is refused, and the home stays as it is.
#[track_caller]
fn assert_only_this_goes_on(cluster: &Cluster, continuation: &Continuation) {
    let text = fs::read_to_string(&continuation.file).expect("the file can be read");
    let signed: Value = serde_json::from_str(&text).expect("the file is JSON");
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 7] = [
        ("has not signed", |file| {
            file["signatures"].as_array_mut().map(Vec::pop);
        }),
        ("does not verify", |file| {
            file["genesis_time"] = json!("2100-01-01T00:00:00Z");
        }),
        ("is not this member's", |file| {
            file["signatures"][0]["member"] = json!(2);
        }),
        ("other validators", |file| {
            file["validators"][0]["power"] = json!("11");
        }),
        ("of another chain", |file| {
            file["chain_id"] = json!("cluster-9")
        }),
        ("does not follow", |file| {
            file["initial_height"] = json!("1000")
        }),
        ("goes on from another chain", |file| {
            file["continues"]["genesis_time"] = json!("2020-01-01T00:00:00Z");
        }),
    ];
    let node = &cluster.nodes[0];
    for (words, change) in changes {
        let mut file = signed.clone();
        change(&mut file);
        let path = cluster.path("changed.json");
        fs::write(&path, file.to_string()).expect("the file can be written");
        let refused = node.try_polityd(&["continue", &path.display().to_string()]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(GENESIS_MISMATCH), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    let genesis = fs::read_to_string(node.home().join("genesis.json")).expect("it can be read");
    assert!(!genesis.contains("cluster-2"));
}

/// A client with the new genesis proves a whole history across the seam, and what was then; one that has only the first
/// genesis proves the first chain as before, and is told where it ends.
#[track_caller]
fn assert_proven(cluster: &Cluster, continuation: &Continuation, first_genesis: &[u8]) {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be had");
    runtime.block_on(async {
        let genesis = fs::read(&continuation.file).expect("the genesis can be read");
        let (session, _home) = session(cluster, &genesis);
        let account = charter::account(0);
        let audited = session
            .audit_account(account, &mut |_, _| {})
            .await
            .expect("the history is proven");
        assert!(audited.by_transactions > 2 && audited.by_genesis > 0);
        let view = session.view(AsOf::Height(1));
        let then = view.get::<Account>(account).await.expect("it is proven");
        assert!(view.moment().is_proven);
        let issued = Amount(u128::from(charter::ISSUED));
        assert!(then.is_some_and(|then| then.credits_posted == issued.to_bytes()));

        let (old, _home) = self::session(cluster, first_genesis);
        let header = old.light().verified_header(3).await;
        assert_eq!(header.expect("as before").chain_id(), charter::CHAIN_ID);
        let error = old.light().newest().await.expect_err("another chain");
        assert!(error.to_string().contains("went on"), "{error}");
    });
}

#[track_caller]
fn session(cluster: &Cluster, genesis: &[u8]) -> (Session, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a directory can be made");
    fs::write(home.path().join("genesis.json"), genesis).expect("it can be written");
    let nodes = cluster.gateways();
    let given = HomeConfig {
        nodes: nodes.iter().map(|one| format!("http://{one}")).collect(),
        ..HomeConfig::default()
    };
    let mut session = Session::open(home.path(), given, None).expect("the home opens");
    session.wait = Duration::from_secs(60);
    (session, home)
}

#[track_caller]
fn header(cluster: &Cluster, height: u64) -> Value {
    let path = format!("header?height={height}");
    let answer = http::ask(cluster.nodes[0].gateway(), &path).expect("the node answers");
    answer["header"].clone()
}
