//! Everything bad that reaches a node from outside: each gets its named answer, the node stays up, and
//! nothing changes. Calls of the gateway and frames of the engine have tables beside their code.

mod files;
mod frames;
mod transactions;

use std::io::Write;

use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::{charter, http};

pub(crate) use files::every_bad_file_is_refused_by_name_and_changes_nothing;
pub(crate) use transactions::every_bad_transaction_is_refused_by_name_and_changes_nothing;

/// A network of one department that answers every call, however many there are. The people of a second
/// one are there too, its node is not.
fn patient_node(engine: Engine) -> Cluster {
    let mut cluster = Cluster::found(&Founding {
        engine,
        founders: 1,
        guests: 1,
        settings: &[
            "gateway.limits.bad_transaction_cost=0",
            "share.actions_per_second=0",
        ],
        charter: "",
    });
    cluster.start_founders();
    cluster
}

/// The state's root and the department's account, as the node has them now.
#[track_caller]
fn state(cluster: &Cluster) -> (String, String) {
    let gateway = cluster.nodes[0].gateway();
    let status = http::ask(gateway, "status").expect("the node is up");
    let root = status["polity"]["app_hash"].as_str().expect("a root");
    let key = polity_ledger::state::objects::object_key(
        polity_ledger::state::keys::ACCOUNT,
        charter::account(0),
    );
    let path = format!("abci_query?path=%22/key%22&data=0x{}", hex::encode(key));
    let answer = http::ask(gateway, &path).expect("the node answers");
    let account = answer["response"]["value"].as_str().expect("an account");
    (root.to_owned(), account.to_owned())
}

/// Tells how many there were, past the capture of tests, so that the count stands in every log.
fn tell(what: &str, count: usize) {
    let _ = writeln!(std::io::stderr(), "bad input: {count} {what}");
}
