//! What a peer asks and what it hears, over our server and over another one.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use polity_engine::abci::{Adapter, Limits};
use polity_engine::application::{
    ConsensusParams, EvidenceParams, InitChain, Timestamp, ValidatorUpdate,
};
use tendermint_abci::{Client, ClientBuilder, ServerBuilder};
use tendermint_proto::google::protobuf;
use tendermint_proto::v0_38::abci::response_process_proposal::ProposalStatus;
use tendermint_proto::v0_38::abci::{
    self, RequestCheckTx, RequestEcho, RequestFinalizeBlock, RequestFlush, RequestInfo,
    RequestInitChain, RequestQuery, request, response,
};
use tendermint_proto::v0_38::{crypto, types};

use crate::register::Register;
use crate::running::{Running, frame};

fn at(seconds: i64) -> Option<protobuf::Timestamp> {
    Some(protobuf::Timestamp { seconds, nanos: 5 })
}

fn founding() -> RequestInitChain {
    let key = crypto::public_key::Sum::Ed25519(vec![9; 32]);
    RequestInitChain {
        time: at(1_700_000_000),
        chain_id: "departments-1".to_owned(),
        consensus_params: Some(types::ConsensusParams {
            evidence: Some(types::EvidenceParams {
                max_age_num_blocks: 100,
                max_age_duration: Some(protobuf::Duration {
                    seconds: 3,
                    nanos: 7,
                }),
                max_bytes: 1000,
            }),
            ..Default::default()
        }),
        validators: vec![abci::ValidatorUpdate {
            pub_key: Some(crypto::PublicKey { sum: Some(key) }),
            power: 10,
        }],
        app_state_bytes: "\"Zm91bmRlZA==\"".into(),
        initial_height: 1,
    }
}

fn block(height: i64, transactions: &[&'static str]) -> RequestFinalizeBlock {
    RequestFinalizeBlock {
        txs: transactions.iter().copied().map(Bytes::from).collect(),
        height,
        time: at(1_700_000_000 + height),
        ..Default::default()
    }
}

/// A whole life of a small chain.
fn converse(client: &mut Client) {
    let echo = RequestEcho {
        message: "hello".to_owned(),
    };
    assert_eq!(client.echo(echo).unwrap().message, "hello");
    client.flush().unwrap();
    assert_eq!(
        client
            .info(RequestInfo::default())
            .unwrap()
            .last_block_height,
        0
    );
    let founded = client.init_chain(founding()).unwrap();

    let tx = Bytes::from("ada=lead");
    assert_eq!(
        client
            .check_tx(RequestCheckTx { tx, r#type: 0 })
            .unwrap()
            .code,
        0
    );
    let tx = Bytes::from("nonsense");
    assert_eq!(
        client
            .check_tx(RequestCheckTx { tx, r#type: 1 })
            .unwrap()
            .code,
        7
    );

    let result = client
        .finalize_block(block(1, &["ada=lead", "nonsense"]))
        .unwrap();
    assert_eq!(
        result
            .tx_results
            .iter()
            .map(|tx| tx.code)
            .collect::<Vec<_>>(),
        [0, 7]
    );
    assert_eq!(result.tx_results[0].data, "ada is lead");
    assert_ne!(result.app_hash, founded.app_hash);
    let query = RequestQuery {
        data: "ada".into(),
        ..Default::default()
    };
    assert_eq!(
        client.query(query.clone()).unwrap().value,
        "",
        "executed is not committed"
    );
    assert_eq!(client.commit().unwrap().retain_height, 0);
    assert_eq!(client.query(query).unwrap().value, "lead");

    let info = client.info(RequestInfo::default()).unwrap();
    assert_eq!(
        (info.last_block_height, info.last_block_app_hash),
        (1, result.app_hash)
    );
    assert!(client.list_snapshots().unwrap().snapshots.is_empty());
    let negative = RequestQuery {
        height: -1,
        ..Default::default()
    };
    assert_eq!(client.query(negative).unwrap().log, "height is negative");
}

#[test]
fn a_chain_lives_over_our_server() {
    let register = Arc::new(Register::default());
    let running = Running::tcp(Arc::clone(&register), Limits::default());
    converse(&mut running.client());

    let expected = InitChain {
        time: Timestamp {
            seconds: 1_700_000_000,
            nanos: 5,
        },
        chain_id: "departments-1".to_owned(),
        consensus_params: ConsensusParams {
            evidence: Some(EvidenceParams {
                max_age_blocks: 100,
                max_age_nanos: 3_000_000_007,
                max_bytes: 1000,
            }),
            ..ConsensusParams::default()
        },
        validators: vec![ValidatorUpdate {
            public_key: [9; 32],
            power: 10,
        }],
        app_state: "founded".into(),
        initial_height: 1,
    };
    assert_eq!(*register.founding.lock().unwrap(), Some(expected));
    let observed = running.observed.lock().unwrap();
    assert_eq!(observed[..4], ["echo", "flush", "info", "init_chain"]);
}

#[test]
fn a_chain_lives_over_the_server_of_another_library() {
    let adapter = Adapter::new(Arc::new(Register::default()), |fault| panic!("{fault}"));
    let server = ServerBuilder::default()
        .bind("127.0.0.1:0", adapter)
        .unwrap();
    let address: SocketAddr = server.local_addr().parse().unwrap();
    std::thread::spawn(move || server.listen().unwrap());
    converse(&mut ClientBuilder::default().connect(address).unwrap());
}

#[test]
fn checks_that_arrive_together_are_answered_in_order_as_one_batch() {
    let register = Arc::new(Register::default());
    let running = Running::tcp(Arc::clone(&register), Limits::default());
    let mut peer = running.raw();
    let mut bytes = Vec::new();
    for index in 0..500 {
        let text = if index % 3 == 0 {
            format!("{index}")
        } else {
            format!("{index}=x")
        };
        bytes.extend(frame(request::Value::CheckTx(RequestCheckTx {
            tx: text.into(),
            r#type: 0,
        })));
    }
    bytes.extend(frame(request::Value::Flush(RequestFlush {})));
    peer.send(&bytes);

    for index in 0..500 {
        let code = if index % 3 == 0 { 7 } else { 0 };
        let data = if index % 3 == 0 {
            String::new()
        } else {
            format!("{index} is x")
        };
        match peer.answer().unwrap() {
            response::Value::CheckTx(answer) => {
                assert_eq!((answer.code, answer.data), (code, data.into()))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        peer.answer(),
        Some(response::Value::Flush(abci::ResponseFlush {}))
    );
    let batches = register.batches.lock().unwrap();
    assert_eq!(batches.iter().sum::<usize>(), 500);
    assert!(batches.len() < 50, "{batches:?}");
}

#[test]
fn a_large_block_arrives_whole() {
    let running = Running::tcp(Arc::new(Register::default()), Limits::default());
    let mut peer = running.raw();
    let transaction = Bytes::from(format!("big={}", "x".repeat(1024 * 1024)));
    let mut request = block(1, &[]);
    request.txs = vec![transaction; 20];
    peer.send(&frame(request::Value::FinalizeBlock(request)));
    match peer.answer().unwrap() {
        response::Value::FinalizeBlock(answer) => {
            let sizes: Vec<_> = answer
                .tx_results
                .iter()
                .map(|result| result.data.len())
                .collect();
            assert_eq!(sizes, [1024 * 1024 + 7; 20]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_proposal_is_judged_and_vote_extensions_are_disabled() {
    let running = Running::tcp(Arc::new(Register::default()), Limits::default());
    let mut peer = running.raw();
    for (transaction, expected) in [
        ("a=b", ProposalStatus::Accept),
        ("nonsense", ProposalStatus::Reject),
    ] {
        peer.send(&frame(request::Value::ProcessProposal(
            abci::RequestProcessProposal {
                txs: vec![transaction.into()],
                height: 1,
                time: at(1),
                ..Default::default()
            },
        )));
        match peer.answer().unwrap() {
            response::Value::ProcessProposal(answer) => assert_eq!(answer.status(), expected),
            other => panic!("{other:?}"),
        }
    }
    peer.send(&frame(request::Value::ExtendVote(
        abci::RequestExtendVote::default(),
    )));
    assert_eq!(
        peer.answer(),
        Some(response::Value::ExtendVote(
            abci::ResponseExtendVote::default()
        ))
    );
}
