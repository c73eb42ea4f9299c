//! Who makes a network's blocks, as far as a test must know: every network test runs on any engine.

use std::net::SocketAddr;
use std::path::Path;

pub use polity_node::config::Engine;
use rustix::process::Pid;

use crate::node::ENGINE_RPC;

/// What `polityd init` is told, beside what every node is: `KEY=VALUE`.
pub fn settings(engine: Engine, address: SocketAddr) -> Vec<String> {
    let chosen = format!("engine={}", engine.name());
    // Under any engine: its chain may go on under CometBFT.
    let rpc = SocketAddr::new(address.ip(), ENGINE_RPC);
    vec![chosen, format!("cometbft.rpc_listen={rpc}")]
}

/// The engine that it is not.
pub fn other(engine: Engine) -> Engine {
    match engine {
        Engine::Cometbft => Engine::Embedded,
        Engine::Embedded => Engine::Cometbft,
    }
}

/// The directories of a home that a lost disk takes along; keys, configuration and the guard against
/// signing twice lie elsewhere.
pub fn data_directories(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Cometbft => &["data", "cometbft/data"],
        Engine::Embedded => &["data", "consensus"],
    }
}

/// Whether blocks are made by a process of its own, which can die alone.
pub fn is_a_process(engine: Engine) -> bool {
    match engine {
        Engine::Cometbft => true,
        Engine::Embedded => false,
    }
}

/// The engine's own process in a home, where there is one. Numbers of processes are given again, so
/// the home must be among its arguments.
pub fn process(engine: Engine, home: &Path) -> Option<Pid> {
    if !is_a_process(engine) {
        return None;
    }
    let home = home.join("cometbft");
    let text = std::fs::read_to_string(home.join("cometbft.pid")).ok()?;
    let id: i32 = text.trim().parse().ok()?;
    let arguments = std::fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
    let is_ours = arguments
        .split('\0')
        .any(|argument| Path::new(argument) == home);
    if is_ours { Pid::from_raw(id) } else { None }
}
