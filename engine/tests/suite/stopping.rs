//! When the server stops: asked to, or by a fault.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use polity_engine::abci::{Endpoint, Limits, ServerError};
use tendermint_proto::v0_38::abci::{RequestCheckTx, RequestInfo, RequestQuery, request, response};

use crate::register::Register;
use crate::running::{Running, frame};

fn check(transaction: &'static str) -> Vec<u8> {
    frame(request::Value::CheckTx(RequestCheckTx {
        tx: transaction.into(),
        r#type: 0,
    }))
}

#[test]
fn a_request_in_hand_is_answered_before_the_server_stops() {
    let (register, arrival, release) = Register::with_gate();
    let mut running = Running::tcp(Arc::new(register), Limits::default());
    let (mut peer, mut idle) = (running.raw(), running.raw());
    let hold = RequestQuery {
        path: "/hold".to_owned(),
        ..Default::default()
    };
    peer.send(&frame(request::Value::Query(hold)));
    arrival.recv_timeout(Duration::from_secs(10)).unwrap();

    running.ask_to_stop();
    assert_eq!(idle.answer(), None, "an idle connection is closed at once");
    release.send(()).unwrap();
    assert!(matches!(peer.answer(), Some(response::Value::Query(_))));
    assert_eq!(peer.answer(), None);
    let address = running.address();
    running.ended().unwrap();
    TcpStream::connect(address).unwrap_err();
}

#[test]
fn a_socket_file_is_gone_after_the_stop() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("abci.sock");
    let mut running = Running::start(
        Arc::new(Register::default()),
        Endpoint::Unix(path.clone()),
        Limits::default(),
    );
    std::os::unix::net::UnixStream::connect(&path).unwrap();
    running.ask_to_stop();
    running.ended().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_fault_is_told_and_stops_everything() {
    for (transaction, expected) in [
        ("fault", "the disk is gone"),
        ("panic", "the application panicked"),
    ] {
        let running = Running::tcp(Arc::new(Register::default()), Limits::default());
        let mut neighbour = running.raw();
        neighbour.send(&frame(request::Value::Info(RequestInfo::default())));
        neighbour.answer().unwrap();

        let mut peer = running.raw();
        peer.send(&check(transaction));
        match peer.answer() {
            Some(response::Value::Exception(exception)) => {
                assert!(exception.error.starts_with(expected), "{}", exception.error);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(neighbour.answer(), None);
        match running.ended() {
            Err(ServerError::Fault(fault)) => assert!(fault.0.starts_with(expected), "{fault}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_engine_that_was_killed_takes_its_place_again_once_its_last_call_has_ended() {
    let (register, arrival, release) = Register::with_gate();
    let running = Running::tcp(Arc::new(register), Limits::default());
    let mut killed = running.raw();
    let mut bytes = frame(request::Value::ExtendVote(Default::default()));
    bytes.extend(frame(request::Value::Query(RequestQuery {
        path: "/hold".to_owned(),
        ..Default::default()
    })));
    killed.send(&bytes);
    arrival.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(killed);

    let mut restarted = running.raw();
    restarted.send(&frame(request::Value::ExtendVote(Default::default())));
    release.send(()).unwrap();
    assert!(matches!(
        restarted.answer(),
        Some(response::Value::ExtendVote(_))
    ));
}
