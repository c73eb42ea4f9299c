//! Whatever one peer sends, it is told why it is not served, and the others are served on.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use polity_engine::abci::{Limits, ServerError};
use tendermint_proto::v0_38::abci::{
    RequestCommit, RequestEcho, RequestFinalizeBlock, RequestInfo, RequestInitChain,
    RequestOfferSnapshot, request, response,
};

use crate::register::Register;
use crate::running::{Raw, Running, frame};

fn limits() -> Limits {
    Limits {
        frame_bytes_max: 100_000,
        handover_timeout: Duration::from_millis(100),
        ..Limits::default()
    }
}

/// Of a server that soon loses patience with a frame.
fn hurried() -> Limits {
    Limits {
        frame_timeout: Duration::from_millis(300),
        ..limits()
    }
}

/// What a peer does after its bytes.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Waits,
    Closes,
    /// Waits for the end of the server's patience.
    Dawdles,
}

fn exception(peer: &mut Raw) -> String {
    match peer.answer() {
        Some(response::Value::Exception(exception)) => exception.error,
        other => panic!("an exception was due, not {other:?}"),
    }
}

fn finalize(height: i64, seconds: Option<i64>, nanos: i32) -> Vec<u8> {
    let time =
        seconds.map(|seconds| tendermint_proto::google::protobuf::Timestamp { seconds, nanos });
    frame(request::Value::FinalizeBlock(RequestFinalizeBlock {
        height,
        time,
        ..Default::default()
    }))
}

fn init_chain(app_state: &'static str) -> Vec<u8> {
    let time = Some(tendermint_proto::google::protobuf::Timestamp {
        seconds: 1,
        nanos: 0,
    });
    let app_state_bytes = app_state.into();
    frame(request::Value::InitChain(RequestInitChain {
        time,
        app_state_bytes,
        ..Default::default()
    }))
}

#[test]
fn a_bad_frame_ends_its_own_connection_only() {
    use Then::{Closes, Dawdles, Waits};
    let cases: Vec<(&str, Vec<u8>, Then, &str)> = vec![
        (
            "short",
            b"\x0a\x1a".to_vec(),
            Closes,
            "connection ended within a frame",
        ),
        (
            "half a header",
            b"\x80".to_vec(),
            Closes,
            "connection ended within a frame",
        ),
        (
            "closed in the middle",
            frame_of(90_000, 60_000),
            Closes,
            "connection ended within a frame",
        ),
        (
            "slow header",
            b"\x80".to_vec(),
            Dawdles,
            "frame did not arrive in time",
        ),
        (
            "slow frame",
            frame_of(90_000, 60_000),
            Dawdles,
            "frame did not arrive in time",
        ),
        (
            "one byte too long",
            frame_of(100_001, 0),
            Waits,
            "frame of 100001 bytes exceeds the limit of 100000",
        ),
        (
            "huge",
            b"\xff\xff\xff\xff\x7f".to_vec(),
            Waits,
            "frame of 34359738367 bytes exceeds the limit of 100000",
        ),
        (
            "overlong length",
            vec![0x80; 16],
            Waits,
            "frame length has more than 5 bytes",
        ),
        (
            "padded length",
            b"\x81\x80\x80\x80\x80\x00".to_vec(),
            Waits,
            "frame length has more than 5 bytes",
        ),
        ("zero length", b"\x00".to_vec(), Waits, "frame is empty"),
        (
            "garbage",
            b"\x05\xff\xff\xff\xff\xff".to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "http",
            b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: text/html, application/json, */*\r\n\r\n"
                .to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "tag zero",
            b"\x02\x02\x00".to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "wrong wire type",
            b"\x02\x08\x01".to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "inner length too long",
            b"\x02\x0a\x05".to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "text that is no text",
            b"\x06\x0a\x04\x0a\x02\xff\xfe".to_vec(),
            Waits,
            "frame is not a request: ",
        ),
        (
            "another protocol",
            // Field 9 was DeliverTx before ABCI 2.0.
            b"\x03\x4a\x01a".to_vec(),
            Waits,
            "unknown request",
        ),
        (
            "no snapshot",
            frame(request::Value::OfferSnapshot(
                RequestOfferSnapshot::default(),
            )),
            Waits,
            "request is malformed: no snapshot was offered",
        ),
    ];

    let patient = Running::tcp(Arc::new(Register::default()), limits());
    let hurried = Running::tcp(Arc::new(Register::default()), hurried());
    let count = cases.len();
    for (name, bytes, then, expected) in cases {
        let running = if then == Dawdles { &hurried } else { &patient };
        let mut neighbour = running.client();
        let mut peer = running.raw();
        peer.send(&bytes);
        if then == Closes {
            peer.close_writing();
        }
        let told = exception(&mut peer);
        assert!(told.starts_with(expected), "{name}: {told}");
        assert_eq!(peer.answer(), None, "{name}: the connection ends");
        neighbour
            .info(RequestInfo::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        running
            .client()
            .info(RequestInfo::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    tell(count, "of strangers, which end their own connection");
}

#[test]
fn a_senseless_frame_of_the_engine_stops_everything() {
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", b"\x00".to_vec(), "frame is empty"),
        (
            "huge",
            b"\xff\xff\xff\xff\x7f".to_vec(),
            "frame of 34359738367 bytes exceeds the limit of 100000",
        ),
        (
            "garbage",
            b"\x05\xff\xff\xff\xff\xff".to_vec(),
            "frame is not a request: ",
        ),
        (
            "another protocol",
            b"\x03\x4a\x01a".to_vec(),
            "unknown request",
        ),
        (
            "negative height",
            finalize(-1, Some(1), 0),
            "request is malformed: height is negative",
        ),
        (
            "no time",
            finalize(1, None, 0),
            "request is malformed: time is absent",
        ),
        (
            "no moment",
            finalize(1, Some(1), 1_000_000_000),
            "request is malformed: nanoseconds exceed a second",
        ),
        (
            "founding object",
            init_chain("{\"a\":1}"),
            "request is malformed: app_state of the genesis file",
        ),
    ];

    let count = cases.len();
    for (name, bytes, expected) in cases {
        let running = Running::tcp(Arc::new(Register::default()), limits());
        let mut engine = running.raw();
        engine.send(&finalize(1, Some(1), 0));
        engine.answer().unwrap();
        engine.send(&bytes);
        let told = exception(&mut engine);
        assert!(told.starts_with(expected), "{name}: {told}");
        match running.ended() {
            Err(ServerError::Senseless(words)) => {
                assert!(words.starts_with(expected), "{name}: {words}")
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    tell(count, "of the engine, which stop the node");
}

/// Tells how many there were, past the capture of tests, so that the count stands in every log.
fn tell(count: usize, whose: &str) {
    let _ = writeln!(std::io::stderr(), "engine: {count} bad frames {whose}");
}

/// The first `bytes` of a frame that announces `length`.
fn frame_of(length: usize, bytes: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    prost::encode_length_delimiter(length, &mut frame).unwrap();
    frame.resize(frame.len() + bytes, 0);
    frame
}

#[test]
fn a_byte_now_and_then_does_not_prolong_a_frame() {
    let running = Running::tcp(Arc::new(Register::default()), hurried());
    let mut peer = running.raw();
    peer.send(&frame_of(1000, 0));
    for _ in 0..100 {
        if peer.send_in_vain(b"\0").is_err() || peer.has_answer() {
            assert_eq!(exception(&mut peer), "frame did not arrive in time");
            return;
        }
    }
    panic!("the connection still lives");
}

#[test]
fn an_engine_that_was_stopped_in_the_middle_of_a_frame_goes_on_where_a_stranger_is_cut_off() {
    let running = Running::tcp(Arc::new(Register::default()), hurried());
    let mut engine = running.raw();
    engine.send(&finalize(1, Some(1), 0));
    engine.answer().unwrap();
    let commit = frame(request::Value::Commit(RequestCommit {}));
    let (begun, rest) = commit.split_at(1);
    engine.send(begun);
    // Each takes as long as the server has patience.
    for _ in 0..2 {
        let mut stranger = running.raw();
        stranger.send(begun);
        assert_eq!(exception(&mut stranger), "frame did not arrive in time");
    }

    engine.send(rest);
    assert!(matches!(engine.answer(), Some(response::Value::Commit(_))));
}

#[test]
fn requests_before_a_bad_frame_are_answered() {
    let running = Running::tcp(Arc::new(Register::default()), limits());
    let mut peer = running.raw();
    let mut bytes = frame(request::Value::Echo(RequestEcho {
        message: "first".to_owned(),
    }));
    bytes.extend(b"\x00");
    peer.send(&bytes);
    match peer.answer() {
        Some(response::Value::Echo(echo)) => assert_eq!(echo.message, "first"),
        other => panic!("{other:?}"),
    }
    assert_eq!(exception(&mut peer), "frame is empty");
}

#[test]
fn a_second_consensus_connection_is_refused_while_the_first_lives() {
    let running = Running::tcp(Arc::new(Register::default()), limits());
    let mut first = running.raw();
    first.send(&finalize(1, Some(1), 0));
    first.answer().unwrap();

    let mut second = running.raw();
    second.send(&frame(request::Value::Commit(RequestCommit {})));
    assert_eq!(
        exception(&mut second),
        "another connection makes the blocks"
    );
    assert_eq!(second.answer(), None);
    assert_eq!(
        running
            .client()
            .info(RequestInfo::default())
            .unwrap()
            .last_block_height,
        0
    );

    first.send(&frame(request::Value::Commit(RequestCommit {})));
    assert!(matches!(first.answer(), Some(response::Value::Commit(_))));
    assert_eq!(
        running
            .client()
            .info(RequestInfo::default())
            .unwrap()
            .last_block_height,
        1
    );
}

#[test]
fn a_consensus_connection_that_ended_leaves_its_place() {
    let running = Running::tcp(Arc::new(Register::default()), Limits::default());
    for height in 1..=3 {
        let mut peer = running.raw();
        peer.send(&finalize(height, Some(1), 0));
        assert!(matches!(
            peer.answer(),
            Some(response::Value::FinalizeBlock(_))
        ));
    }
}
