//! A node's ledger over its store, without an engine: blocks are handed to it as a decided chain would.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use polity_engine::Application;
use polity_engine::application::{FinalizeBlock, InitChain, Query, Timestamp};
use polity_node::app::{App, AppOptions};
use polity_node::charter::Charter;
use polity_node::genesis_file::GenesisFile;
use polity_node::metrics::Metrics;
use polity_node::store::{Store, StoreOptions};
use prometheus_client::registry::Registry;
use tempfile::TempDir;

use super::comparison::Sample;
use super::workload::{MEMBERS, Payments};
use crate::charter;

/// Departments of the organisation: one is enough where nobody decides on blocks.
const DEPARTMENTS: usize = 1;
/// When the organisation was founded: Unix seconds.
pub(super) const FOUNDED_AT: u64 = 1_700_000_000;
/// How long transactions are valid: from the founding on, where a run is shorter.
pub(super) const VALID_SECONDS: u64 = 86_400;

/// The ledger of one node, in a directory that goes with it.
pub(super) struct Solo {
    app: App,
    store: Arc<Store>,
    height: u64,
    /// Of the newest block: Unix seconds.
    time: u64,
    directory: TempDir,
}

/// The organisation whose members pay each other.
#[derive(Clone)]
pub(super) struct Organisation {
    genesis: GenesisFile,
    digest: [u8; 32],
}

impl Organisation {
    pub(super) fn new() -> Organisation {
        Organisation::with("")
    }

    /// The same with more tables of the charter.
    pub(super) fn with(addition: &str) -> Organisation {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let file = directory.path().join("charter.toml");
        // A row opens more proposals of one member than an organisation wants by default.
        let many = "[parameters]\nopen_proposals_max = 10000\n";
        let text = charter::charter(DEPARTMENTS, "we decide together");
        let mut text = text.replacen("[parameters]\n", many, 1);
        text += &charter::members(MEMBERS);
        text += &charter::validator(0);
        text += addition;
        std::fs::write(&file, text).expect("the charter can be written");
        let charter = Charter::read(&file).expect("the charter is of the form");
        let genesis = charter
            .genesis(FOUNDED_AT)
            .expect("the charter founds an organisation");
        let (_, digest) = genesis.found().expect("the genesis founds an organisation");
        Organisation { genesis, digest }
    }

    /// Payments of this organisation's members.
    pub(super) fn payments(&self, transfers: usize) -> Payments {
        Payments {
            organisation: self.digest,
            departments: DEPARTMENTS,
            valid_until: FOUNDED_AT + VALID_SECONDS,
            transfers,
            hot_percent: 0,
        }
    }
}

/// The settings of a store as `polityd` has them.
pub(super) fn store_options() -> StoreOptions {
    StoreOptions::of_the_ledger()
}

impl Solo {
    /// A new node at height 0.
    pub(super) fn found(organisation: &Organisation, options: StoreOptions) -> Solo {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let solo = Solo::open(directory, options);
        let genesis = &organisation.genesis;
        solo.app
            .init_chain(InitChain {
                time: at(FOUNDED_AT),
                chain_id: charter::CHAIN_ID.into(),
                app_state: genesis.app_state().expect("the genesis was checked").into(),
                initial_height: 1,
                ..InitChain::default()
            })
            .expect("the organisation is founded");
        solo
    }

    /// Stops the node and starts it again; answers how long the start took.
    pub(super) fn restart(self, options: StoreOptions) -> (Solo, Duration) {
        let (height, time) = self.newest();
        let (_, directory) = self.close();
        let started = Instant::now();
        let solo = Solo {
            height,
            time,
            ..Solo::open(directory, options)
        };
        (solo, started.elapsed())
    }

    fn open(directory: TempDir, options: StoreOptions) -> Solo {
        let store = Store::open(&directory.path().join("store"), options);
        let store = Arc::new(store.expect("the store opens"));
        let metrics = Arc::new(Metrics::register(&mut Registry::default(), "bench"));
        let app = App::open(Arc::clone(&store), AppOptions::default(), metrics);
        Solo {
            app: app.expect("the ledger opens"),
            store,
            height: 0,
            time: FOUNDED_AT,
            directory,
        }
    }

    /// Executes and commits the next block, a second after the newest; every transaction must take effect.
    pub(super) fn commit(&mut self, transactions: &[Bytes]) {
        self.commit_at(self.time + 1, transactions);
    }

    /// Commits transactions in blocks of so many, each known while the one below it is executed, as a node that takes in
    /// decided blocks knows them; answers what it took.
    pub(super) fn commit_in_blocks(&mut self, transactions: &[Bytes], size: usize) -> Sample {
        Sample::of(transactions.len() as u64, || {
            let mut blocks = transactions.chunks(size).peekable();
            while let Some(block) = blocks.next() {
                if let Some(next) = blocks.peek() {
                    self.app.foresee(next);
                }
                self.commit(block);
            }
        })
    }

    /// Commits the next block at a time.
    pub(super) fn commit_at(&mut self, time: u64, transactions: &[Bytes]) {
        self.height += 1;
        self.time = time;
        let result = self.app.finalize_block(FinalizeBlock {
            transactions: transactions.to_vec(),
            height: self.height,
            time: at(time),
            ..FinalizeBlock::default()
        });
        let result = result.expect("the block is executed");
        let refused = result.transactions.iter().find(|result| result.code != 0);
        assert!(
            refused.is_none(),
            "a transfer of the workload is refused: {refused:?}"
        );
        self.app.commit(Vec::new()).expect("the block is committed");
    }

    /// What the node answers to a question.
    pub(super) fn ask(&self, path: &str, data: Vec<u8>) -> Bytes {
        let query = Query {
            path: path.to_owned(),
            data: data.into(),
            ..Query::default()
        };
        let result = self.app.query(query).expect("the node answers");
        assert_eq!(result.code, 0, "{path}: {}", result.log);
        result.value
    }

    /// Height and time of the newest block.
    pub(super) fn newest(&self) -> (u64, u64) {
        (self.height, self.time)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Closes the node and leaves its files: the store's directory, and what keeps it.
    pub(super) fn close(self) -> (PathBuf, TempDir) {
        (self.directory.path().join("store"), self.directory)
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(seconds).expect("a time of this century"),
        nanos: 0,
    }
}

#[cfg(test)]
mod tests {
    use polity_engine::application::{Check, CheckKind};
    use polity_ledger::Rejection;

    use super::*;

    fn offer(solo: &Solo, transaction: &Bytes) -> u32 {
        let check = Check {
            transaction: transaction.clone(),
            kind: CheckKind::New,
        };
        solo.app.check(check).expect("the door answers").result.code
    }

    /// A large transaction of one member.
    fn payment(payments: &Payments, number: u64) -> Bytes {
        let transfers = (0..100).map(|_| payments.transfer(0, 1)).collect();
        let member = charter::member_number(DEPARTMENTS, 0);
        payments.sign_as(number, member, &charter::member_key(0), transfers)
    }

    #[test]
    fn whoever_repeats_what_is_public_uses_nobodys_share_up() {
        let organisation = Organisation::new();
        let mut solo = Solo::found(&organisation, store_options());
        let payments = organisation.payments(1);
        let executed = payment(&payments, 0);
        solo.commit(std::slice::from_ref(&executed));
        let expired = Payments {
            valid_until: FOUNDED_AT,
            ..payments.clone()
        };
        for number in 1..100 {
            assert_eq!(offer(&solo, &executed), Rejection::Consumed.code());
            let expired = payment(&expired, number);
            assert_eq!(offer(&solo, &expired), Rejection::Expired.code());
        }

        assert_eq!(offer(&solo, &payment(&payments, 100)), 0);
    }
}
