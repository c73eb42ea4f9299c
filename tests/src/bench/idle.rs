//! Row 15: what a node takes when nothing happens, with the demonstration organisation: memory on either engine, and
//! CPU on the embedded one.

use std::time::Duration;

use super::Row;
use super::cpu;
use super::figure::{Figure, Goal};
use super::localnet::Localnet;
use crate::engine::Engine;
use crate::wait;

pub(super) const ROW: Row = Row {
    number: 15,
    title: "an idle polityd with the demonstration organisation: MiB under CometBFT (a), MiB embedded (b), % of a core embedded (c)",
    measure,
};

/// An idle network makes a block a minute: one of them is seen.
const IDLE: Duration = Duration::from_secs(75);

/// What one node took.
struct Taken {
    mebibytes: f64,
    percent: f64,
}

fn measure() -> Vec<Figure> {
    let cometbft = rest(Engine::Cometbft);
    let embedded = rest(Engine::Embedded);
    let mebibytes = |taken: &[Taken]| taken.iter().map(|node| node.mebibytes).collect();
    let percent = embedded.iter().map(|node| node.percent).collect();
    vec![
        Figure::new("15a", Goal::at_most(64.0), mebibytes(&cometbft)),
        Figure::new("15b", Goal::at_most(40.0), mebibytes(&embedded)),
        Figure::new("15c", Goal::at_most(1.0), percent),
    ]
}

fn rest(engine: Engine) -> Vec<Taken> {
    let localnet = Localnet::new(engine);
    localnet.up();
    let nodes = localnet.nodes();
    // The founding's own blocks are over in a moment.
    wait::pass(Duration::from_secs(5));
    let before: Vec<Duration> = nodes.iter().map(|node| cpu::of(*node)).collect();
    wait::pass(IDLE);
    let taken = nodes.iter().zip(before).map(|(node, before)| Taken {
        mebibytes: mebibytes(*node),
        percent: (cpu::of(*node) - before).as_secs_f64() / IDLE.as_secs_f64() * 100.0,
    });
    let taken: Vec<Taken> = taken.collect();
    for node in &taken {
        println!(
            "  {}: {:.1} MiB, {:.2} % of a core",
            engine.name(),
            node.mebibytes,
            node.percent
        );
    }
    taken
}

/// What is resident of a process.
pub(super) fn mebibytes(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("the node runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.expect("the kernel tells what is resident") / 1_024.0
}
