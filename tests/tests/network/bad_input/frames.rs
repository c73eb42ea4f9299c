//! Frames from a process that is not the engine, over the engine's own socket.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use polity_tests::engine::Engine;
use prost::Message;
use tendermint_proto::v0_38::abci::{
    Request, RequestCommit, RequestFinalizeBlock, Response, request, response,
};

use super::{patient_node, state, tell};
use crate::trial::pay;

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_strangers_frame_ends_its_own_connection_and_the_node_goes_on() {
    let mut cluster = patient_node(Engine::Cometbft);
    let socket = cluster.nodes[0].home().join("abci.sock");
    pay(&cluster, 0, 1);
    let before = state(&cluster);

    let cases = [
        (
            "short",
            b"\x0a\x1a".to_vec(),
            "connection ended within a frame",
        ),
        (
            "huge",
            b"\xff\xff\xff\xff\x7f".to_vec(),
            "exceeds the limit",
        ),
        ("an empty one", b"\x00".to_vec(), "frame is empty"),
        (
            "noise",
            b"\x05\xff\xff\xff\xff\xff".to_vec(),
            "frame is not a request",
        ),
        (
            "another protocol's",
            b"\x03\x4a\x01a".to_vec(),
            "unknown request",
        ),
        (
            "a block",
            frame(request::Value::FinalizeBlock(
                RequestFinalizeBlock::default(),
            )),
            "another connection makes the blocks",
        ),
        (
            "a commit",
            frame(request::Value::Commit(RequestCommit {})),
            "another connection makes the blocks",
        ),
    ];
    for (name, bytes, expected) in &cases {
        let told = exception(&socket, bytes);
        assert!(told.contains(expected), "{name}: {told}");
    }

    assert_eq!(state(&cluster), before);
    pay(&cluster, 0, 1);
    assert!(cluster.nodes[0].runs());
    tell("frames of strangers", cases.len());
}

fn frame(value: request::Value) -> Vec<u8> {
    Request { value: Some(value) }.encode_length_delimited_to_vec()
}

/// Sends bytes and answers the exception that ends the connection.
#[track_caller]
fn exception(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).expect("the socket is there");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    // The server may end the connection before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .expect("the server answers and closes");
    match Response::decode_length_delimited(&answer[..]) {
        Ok(Response {
            value: Some(response::Value::Exception(exception)),
        }) => exception.error,
        other => panic!("an exception was due, not {other:?}"),
    }
}
