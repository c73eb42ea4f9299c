//! A department's node: `polityd` with its engine, in a home and on an address of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde_json::Value;

use crate::engine::Engine;
use crate::process::Process;
use crate::{binaries, engine, http, wait};

/// The ports of a node; its address is its own.
const PEERS: u16 = 26_656;
const GATEWAY: u16 = 26_657;
pub(crate) const ENGINE_RPC: u16 = 26_659;
const OPERATOR: u16 = 26_660;

/// A clean stop of a node takes less.
const STOP_PATIENCE: Duration = Duration::from_secs(40);

/// A node, whether it runs or not.
#[derive(Debug)]
pub struct Node {
    name: String,
    engine: Engine,
    home: PathBuf,
    address: SocketAddr,
    process: Option<Process>,
}

impl Node {
    /// Makes a home with keys and configuration, by `polityd init`. `settings` are `KEY=VALUE`.
    #[track_caller]
    pub fn init(
        engine: Engine,
        name: &str,
        home: &Path,
        address: SocketAddr,
        settings: &[String],
    ) -> Node {
        let node = Node {
            name: name.to_owned(),
            engine,
            home: home.to_owned(),
            address,
            process: None,
        };
        let common = [
            format!("gateway.listen={}", node.gateway()),
            format!("operator.listen={}", node.operator()),
            format!("p2p.listen={}", SocketAddr::new(address.ip(), PEERS)),
            // Everybody calls from one address here, as fast as the machine can.
            "gateway.limits.calls_per_second=0".to_owned(),
        ];
        let of_engine = engine::settings(engine, address);
        let mut arguments = vec!["init"];
        for setting in common.iter().chain(&of_engine).chain(settings) {
            arguments.extend(["--set", setting.as_str()]);
        }
        node.polityd(&arguments);
        node
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where members and clients reach the node.
    pub fn gateway(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), GATEWAY)
    }

    /// Where the operator's tools reach the node.
    pub fn operator(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), OPERATOR)
    }

    /// Lets another engine make its blocks, from its next start on.
    #[track_caller]
    pub fn set_engine(&mut self, engine: Engine) {
        let file = self.home.join("config.toml");
        let text = std::fs::read_to_string(&file).expect("the configuration can be read");
        let setting = |engine: Engine| format!("engine = \"{}\"", engine.name());
        assert!(text.contains(&setting(self.engine)), "{text}");
        let text = text.replace(&setting(self.engine), &setting(engine));
        std::fs::write(&file, text).expect("the configuration can be written");
        self.engine = engine;
    }

    /// Who makes its blocks.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// CometBFT's own RPC.
    pub fn engine_rpc(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), ENGINE_RPC)
    }

    /// A counter of the running node, by its name in the page of metrics.
    #[track_caller]
    pub fn metric(&self, name: &str) -> u64 {
        let page = http::get(self.operator(), "metrics");
        let page = page.expect("a running node shows its metrics");
        let value = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("{}: no counter {name} in {page}", self.name))
    }

    /// How peers name the node: `KEY@address:port`.
    #[track_caller]
    pub fn peer(&self) -> String {
        let shown = self.polityd_json(&["keys", "show"]);
        let key = shown["node_public_key"]
            .as_str()
            .expect("keys show names the node's public key");
        format!("{key}@{}:{PEERS}", self.address.ip())
    }

    /// Runs a command of the operator and expects it to succeed; answers what it printed.
    #[track_caller]
    pub fn polityd(&self, arguments: &[&str]) -> String {
        let output = self.try_polityd(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: polityd {arguments:?}: {errors}",
            self.name
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command of the operator, however it ends.
    #[track_caller]
    pub fn try_polityd(&self, arguments: &[&str]) -> Output {
        self.try_polityd_with(arguments, &[])
    }

    /// The same with variables of the environment.
    #[track_caller]
    pub fn try_polityd_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.command();
        command
            .envs(environment.iter().copied())
            .args(arguments)
            .output()
            .expect("polityd can be run")
    }

    /// What a command prints as JSON.
    #[track_caller]
    pub fn polityd_json(&self, arguments: &[&str]) -> Value {
        let text = self.polityd(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("-o json prints JSON")
    }

    /// Starts the node. Does not wait until it is ready.
    #[track_caller]
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts the node with variables of the environment, such as an ordered crash.
    #[track_caller]
    pub fn start_with(&mut self, environment: &[(&str, &str)]) {
        let mut command = self.command();
        command.arg("start").envs(environment.iter().copied());
        self.start_by(&mut command);
    }

    /// Starts the node where the system allows it no more than `ulimit` with these options says.
    #[track_caller]
    pub fn start_allowed(&mut self, limits: &str) {
        let polityd = self.command();
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit $0 && exec \"$@\"", limits])
            .arg(polityd.get_program())
            .args(polityd.get_args())
            .arg("start");
        self.start_by(&mut command);
    }

    #[track_caller]
    fn start_by(&mut self, command: &mut Command) {
        assert!(!self.runs(), "{} runs already", self.name);
        let log = self.log_file();
        self.process = Some(Process::start(&self.name, command, &log));
    }

    /// The process of `polityd`, while it was started.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The process of its CometBFT, if that lives.
    pub fn engine_process_id(&self) -> Option<u32> {
        let id = crate::engine::process(self.engine, &self.home)?;
        u32::try_from(id.as_raw_nonzero().get()).ok()
    }

    /// Whether the process of `polityd` lives.
    pub fn runs(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|process| process.ended().is_none())
    }

    /// Stops the node cleanly and answers how it ended.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the node was started");
        process.terminate();
        process.wait(STOP_PATIENCE)
    }

    /// Waits until the node ends by itself and answers how.
    #[track_caller]
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut process = self.process.take().expect("the node was started");
        process.wait(within)
    }

    /// Kills the whole node as a power cut would.
    pub fn kill(&mut self) {
        self.kill_alone();
        self.kill_engine();
    }

    /// Kills `polityd` alone; an engine that is a process of its own is left behind.
    pub fn kill_alone(&mut self) -> Option<ExitStatus> {
        let mut process = self.process.take()?;
        process.kill();
        process.ended()
    }

    /// Kills the engine alone, where it is a process of its own.
    pub fn kill_engine(&self) {
        if let Some(id) = engine::process(self.engine, &self.home) {
            // It may have ended meanwhile; then there is nobody to kill.
            let _ = kill_process(id, Signal::KILL);
        }
    }

    /// Takes away everything that a lost disk takes; keys, configuration and the guard against signing
    /// twice stay.
    #[track_caller]
    pub fn lose_data(&self) {
        for part in engine::data_directories(self.engine) {
            std::fs::remove_dir_all(self.home.join(part)).expect("the data can be removed");
        }
    }

    /// All that `polityd` has logged and said, in this run and earlier ones.
    pub fn log(&self) -> String {
        std::fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The newest height and the app hash in its header; none while the node does not answer.
    pub fn height_and_app_hash(&self) -> Option<(u64, String)> {
        let status = http::ask(self.gateway(), "status").ok()?;
        let newest = &status["sync_info"];
        let height = newest["latest_block_height"].as_str()?.parse().ok()?;
        Some((height, newest["latest_app_hash"].as_str()?.to_owned()))
    }

    /// The newest height, where its header names the state after it already: nothing is left to prove.
    pub fn rests_at(&self) -> Option<u64> {
        let status = http::ask(self.gateway(), "status").ok()?;
        let (height, app_hash) = (&status["polity"]["height"], &status["polity"]["app_hash"]);
        let height = height.as_str()?;
        let answer = http::ask(self.gateway(), &format!("header?height={height}")).ok()?;
        let is_proven = answer["header"]["app_hash"] == *app_hash;
        height.parse().ok().filter(|_| is_proven)
    }

    /// The newest height; none while the node does not answer.
    pub fn height(&self) -> Option<u64> {
        self.height_and_app_hash().map(|(height, _)| height)
    }

    /// Waits for a height.
    #[track_caller]
    pub fn wait_for_height(&self, height: u64, within: Duration) {
        let what = format!("{} reaches height {height}", self.name);
        wait::until(&what, within, || {
            self.height().filter(|found| *found >= height)
        });
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binaries::path("polityd"));
        command.arg("--home").arg(&self.home);
        command
    }

    fn log_file(&self) -> PathBuf {
        self.home.join("polityd.log")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.process = None;
        self.kill_engine();
    }
}
