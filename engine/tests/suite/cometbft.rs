//! The real CometBFT, in the home directory that we write, over our socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use polity_engine::abci::{Endpoint, Limits};
use polity_engine::application::Timestamp;
use polity_engine::cometbft::{
    CometBinary, CometProcess, Genesis, GenesisValidator, Home, Key, Settings,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::addresses::Addresses;
use crate::register::Register;
use crate::running::Running;

/// A few blocks on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_department_of_one_makes_blocks_and_survives_a_restart() {
    let binary = CometBinary::find(None)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let directory = tempfile::tempdir().unwrap();
    let department = Department::found(directory.path());

    let (running, mut comet) = department.start(&binary).await;
    // Only then: a transaction inside the first block would leave nothing to do after the second.
    department.wait_for_height(1).await;
    department.send("ada=lead").await;
    department.wait_for("ada", "lead").await;
    let height = department.wait_for_height(3).await;
    comet.stop(DEADLINE).await.unwrap();
    stop(running);

    let (running, mut comet) = department.start(&binary).await;
    department.send("bo=clerk").await;
    department.wait_for("bo", "clerk").await;
    department.wait_for("ada", "lead").await;
    department.wait_for_height(height + 1).await;
    comet.stop(DEADLINE).await.unwrap();
    stop(running);
}

#[tokio::test]
async fn a_department_starts_again_after_a_fault_and_after_its_supervisor_was_killed() {
    let binary = CometBinary::find(None)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let directory = tempfile::tempdir().unwrap();
    let department = Department::found(directory.path());

    let (running, mut comet) = department.start(&binary).await;
    department.wait_for_height(1).await;
    // The answer is an error or nothing at all, as the node is ending.
    let _ = get(department.rpc, "/broadcast_tx_async?tx=%22fault%22").await;
    running.ended().unwrap_err();
    comet.stop(Duration::from_secs(2)).await.unwrap();

    let (running, comet) = department.start(&binary).await;
    department.send("ada=lead").await;
    department.wait_for("ada", "lead").await;
    // A killed supervisor neither drops nor stops anything.
    std::mem::forget(comet);
    stop(running);

    let (running, mut comet) = department.start(&binary).await;
    department.send("bo=clerk").await;
    department.wait_for("bo", "clerk").await;
    comet.stop(DEADLINE).await.unwrap();
    stop(running);
}

struct Department<'a> {
    directory: &'a Path,
    home: Home,
    rpc: SocketAddr,
}

impl<'a> Department<'a> {
    fn found(directory: &'a Path) -> Self {
        let home = Home::new(directory.join("cometbft"));
        let (node_key, validator_key) = (Key::from_seed(&[1; 32]), Key::from_seed(&[2; 32]));
        let public_key = validator_key.public_key();
        let validator = GenesisValidator {
            public_key,
            power: 10,
            name: "health".to_owned(),
        };
        let time = Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        };
        let genesis = Genesis::new("departments-1", time, vec![validator], b"founded".to_vec());
        let mark = directory.join("mark");
        home.create(&node_key, &validator_key, &genesis, &mark)
            .unwrap();

        let address = Addresses::take().of_node(0);
        let (rpc, p2p) = ((address, 26_657).into(), (address, 26_656).into());
        let endpoint = Endpoint::Unix(directory.join("abci.sock"));
        let settings = Settings {
            timeout_commit: Duration::ZERO,
            ..Settings::new(endpoint, "health", rpc, p2p)
        };
        home.write_settings(&settings).unwrap();
        Self {
            directory,
            home,
            rpc,
        }
    }

    async fn start(&self, binary: &CometBinary) -> (Running, CometProcess) {
        let register = Arc::new(Register::in_file(self.directory.join("register")));
        let endpoint = Endpoint::Unix(self.directory.join("abci.sock"));
        let running = Running::start(register, endpoint, Limits::default());
        let comet = CometProcess::start(binary, &self.home, &self.directory.join("cometbft.log"))
            .await
            .unwrap();
        (running, comet)
    }

    async fn send(&self, transaction: &str) {
        let target = format!("/broadcast_tx_sync?tx=%22{transaction}%22");
        self.until("the transaction is taken", &target, |result| {
            result["code"] == 0
        })
        .await;
    }

    async fn wait_for(&self, name: &str, value: &str) {
        use base64::Engine as _;
        let expected = base64::engine::general_purpose::STANDARD.encode(value);
        let target = format!("/abci_query?data=%22{name}%22");
        self.until("the value is there", &target, |result| {
            result["response"]["value"] == expected.as_str()
        })
        .await;
    }

    async fn wait_for_height(&self, height: u64) -> u64 {
        let height_of = |result: &Value| {
            result["sync_info"]["latest_block_height"]
                .as_str()
                .and_then(|height| height.parse::<u64>().ok())
        };
        let reached = |result: &Value| height_of(result).is_some_and(|reached| reached >= height);
        let result = self
            .until("the height is reached", "/status", reached)
            .await;
        height_of(&result).unwrap()
    }

    /// Asks again until the answer is right, or the deadline has come.
    async fn until(&self, what: &str, target: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + DEADLINE;
        let mut last = None;
        while Instant::now() < deadline {
            if let Some(result) = get(self.rpc, target).await {
                if is_right(&result) {
                    return result;
                }
                last = Some(result);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let log = std::fs::read_to_string(self.directory.join("cometbft.log")).unwrap_or_default();
        panic!("not in time: {what}; last answer: {last:?}; log of cometbft:\n{log}");
    }
}

fn stop(mut running: Running) {
    running.ask_to_stop();
    running.ended().unwrap();
}

/// The `result` of a call of CometBFT's RPC, if it answers soon.
async fn get(address: SocketAddr, target: &str) -> Option<Value> {
    let body = tokio::time::timeout(Duration::from_secs(2), fetch(address, target))
        .await
        .ok()?
        .ok()?;
    serde_json::from_str::<Value>(&body)
        .ok()?
        .get("result")
        .cloned()
}

async fn fetch(address: SocketAddr, target: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes())
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default())
}
