//! Row 6: transfers a second on the embedded engine, against coins sent on a chain of the Cosmos SDK, four nodes each.
//!
//! The chain is `tests/rivals/cosmos`: the SDK's own server with CometBFT inside, its accounts, its bank, its checks
//! before a transaction, and no other module. It ends where a transaction of a block is refused.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::Row;
use super::comet_network::{App, COSMOS_BANK, CometNetwork};
use super::cometbft::{NODES, OFFERED_PER_SECOND, TRANSACTIONS};
use super::comparison::{PAIRS, alternate};
use super::figure::{Figure, Goal};
use super::generator::Offer;
use super::network;
use super::verifications::ACCEPTED;
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 6,
    title: "transfers a second on the embedded engine ÷ coins sent on a chain of the Cosmos SDK, four nodes each",
    measure,
};

/// Accounts of the chain, each of which sends once in a run: a node takes an account's next transaction only when it
/// knows the one before.
const ACCOUNTS: u64 = 4_000;
/// More than the chain takes on a machine of two cores.
const SENDS_PER_SECOND: u64 = 2_000;

fn measure() -> Vec<Figure> {
    let ours = network::ours(Engine::Embedded, NODES, 1);
    let chain = CometNetwork::start(NODES, App::CosmosBank { accounts: ACCOUNTS });
    let (own, other) = (ours.network(), chain.network());
    let mut first = 0;
    let sends = || {
        let signed = sign(first, ACCOUNTS);
        first += ACCOUNTS;
        Offer::new(&other.targets, &signed, SENDS_PER_SECOND).until_executed()
    };

    let ratios = alternate(
        PAIRS,
        network::paying(
            ("polity", &own),
            &ours.payments,
            0,
            TRANSACTIONS,
            OFFERED_PER_SECOND,
        ),
        network::side(("cosmos", &other), sends),
    );
    let accepted = ours.cluster.nodes[0].metric(ACCEPTED);
    assert_eq!(
        accepted,
        (PAIRS as u64 + 1) * TRANSACTIONS,
        "none is refused"
    );
    let goal = Goal::at_least(12.0).with_stretch(40.0);
    vec![Figure::new("6", goal, ratios)]
}

/// Signed sends, of each account in turn.
fn sign(first: u64, count: u64) -> Vec<Bytes> {
    let mut signing = Command::new(COSMOS_BANK);
    signing.arg("sign");
    for number in [ACCOUNTS, first, count] {
        signing.arg(number.to_string());
    }
    let output = signing.output();
    let output = output.expect("cosmos-bank is built: scripts/lib/install.sh cosmos");
    assert!(output.status.success(), "{signing:?}: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("base64 is text");
    text.lines()
        .map(|line| STANDARD.decode(line).expect("it prints base64").into())
        .collect()
}
