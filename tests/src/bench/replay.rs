//! Row 1: signed blocks through FinalizeBlock and Commit, against the sum of what verifying, hashing and writing
//! the same blocks costs by itself.
//!
//! The other side is a roof, not a rival: it decodes nothing, judges nothing and keeps no account. It verifies the
//! same signatures, hashes what enters the state, and writes the very batches that a node wrote, taken from its log.

use std::thread;

use bytes::Bytes;
use ed25519_zebra::{Signature, VerificationKeyBytes, batch};
use polity_ledger::check;
use polity_ledger::merkle::{Hash, tree::StateTree};
use polity_ledger::state::keys;
use polity_node::store::StoreOptions;
use polity_proto::v1::{Body, Envelope};
use prost::Message;
use sha2::{Digest, Sha256};

use super::Row;
use super::bare::{Bare, Log};
use super::comparison::{PAIRS, Sample, Side, alternate};
use super::figure::{Figure, Goal};
use super::solo::{Organisation, Solo, store_options};

pub(super) const ROW: Row = Row {
    number: 1,
    title: "replay of signed blocks ÷ the sum of verifying, hashing and writing them",
    measure,
};

const BLOCKS: u64 = 20;
const TRANSACTIONS: u64 = 2_000;
/// Signatures that are verified together.
const BATCH: usize = 1_024;
/// A log is whole as long as its database has moved nothing to files.
const UNMOVED_BYTES: usize = 4 << 30;
/// Bytes that an inner node of a history hashes. An entry completes one node on average.
const INNER_NODE_BYTES: usize = 65;
/// Bytes that a leaf of the tree hashes.
const LEAF_BYTES: usize = 77;

type Signed = (VerificationKeyBytes, Signature, Vec<u8>);
type Update = (Hash, Option<Hash>);

/// What the roof does for one block.
struct Costs {
    signed: Vec<Signed>,
    contents: Vec<Vec<u8>>,
    updates: Vec<Update>,
}

fn measure() -> Vec<Figure> {
    let organisation = Organisation::new();
    let signed = organisation.payments(1).sign(0..BLOCKS * TRANSACTIONS);
    let blocks: Vec<&[Bytes]> = signed.chunks(TRANSACTIONS as usize).collect();
    let log = log_of(&organisation, &blocks);
    let (founding, written) = log.batches().split_at(log.batches().len() - blocks.len());
    let costs: Vec<Costs> = blocks
        .iter()
        .zip(written)
        .map(|(block, batch)| Costs::of(block, &log.rows(batch)))
        .collect();
    let rows: usize = written.iter().map(|batch| log.rows(batch).len()).sum();
    let bytes: usize = written.iter().map(|batch| batch.bytes()).sum();
    println!(
        "  {BLOCKS} blocks of {TRANSACTIONS} transfers: {:.1} rows and {} bytes written for each",
        rows as f64 / signed.len() as f64,
        bytes / signed.len()
    );

    let replay = || {
        let mut solo = Solo::found(&organisation, store_options());
        solo.commit_in_blocks(&signed, TRANSACTIONS as usize)
    };
    let roof = || {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let database = Bare::like(&log, directory.path());
        let mut tree = StateTree::new();
        for batch in founding {
            database.repeat(batch);
        }
        let count = signed.len() as u64;
        let verify = Sample::of(count, || costs.iter().for_each(Costs::verify));
        let hash = Sample::of(count, || {
            costs.iter().for_each(|costs| costs.hash(&mut tree))
        });
        let write = Sample::of(count, || {
            written.iter().for_each(|batch| database.repeat(batch))
        });
        println!(
            "    {} · {} · {}",
            verify.words("verify"),
            hash.words("hash"),
            write.words("write")
        );
        verify.and(hash).and(write)
    };
    let ratios = alternate(
        PAIRS,
        Side {
            name: "replay",
            run: Box::new(replay),
        },
        Side {
            name: "roof",
            run: Box::new(roof),
        },
    );
    let goal = Goal::at_least(0.60).with_stretch(0.85);
    vec![Figure::new("1", goal, ratios)]
}

/// What a node writes for these blocks.
fn log_of(organisation: &Organisation, blocks: &[&[Bytes]]) -> Log {
    let unmoved = StoreOptions {
        write_buffer_bytes: UNMOVED_BYTES,
        ..store_options()
    };
    let mut solo = Solo::found(organisation, unmoved);
    blocks.iter().for_each(|block| solo.commit(block));
    let (store, _directory) = solo.close();
    Log::read(&store)
}

impl Costs {
    fn of(block: &[Bytes], rows: &[super::bare::Row<'_>]) -> Costs {
        let envelopes = block
            .iter()
            .map(|bytes| Envelope::decode(bytes.as_ref()).expect("it was signed here"));
        let envelopes: Vec<Envelope> = envelopes.collect();
        let mut contents: Vec<Vec<u8>> = block.iter().map(|bytes| bytes.to_vec()).collect();
        contents.extend(envelopes.iter().map(|envelope| envelope.body.clone()));
        let mut updates = Vec::new();
        for row in rows {
            match (row.table, &row.value) {
                ("leaves", leaf) => {
                    let key_hash = row
                        .key
                        .as_slice()
                        .try_into()
                        .expect("a leaf's key is a hash");
                    let hash = leaf
                        .as_ref()
                        .and_then(|leaf| leaf.first_chunk::<32>().copied());
                    updates.push((key_hash, hash));
                    contents.extend(hash.map(|_| vec![2; LEAF_BYTES]));
                }
                ("values", Some(value)) => contents.extend([row.key.clone(), value.clone()]),
                ("rows", Some(entry)) if row.key[0] == keys::HISTORY_ENTRY => {
                    contents.extend([entry.clone(), vec![1; INNER_NODE_BYTES]]);
                }
                _ => {}
            }
        }
        updates.sort_unstable();
        Costs {
            signed: envelopes.iter().flat_map(signed).collect(),
            contents,
            updates,
        }
    }

    fn verify(&self) {
        let share = self.signed.len().div_ceil(2).clamp(1, BATCH);
        in_two(&self.signed.chunks(share).collect::<Vec<_>>(), |signed| {
            let mut verifier = batch::Verifier::new();
            for (key, signature, message) in *signed {
                verifier.queue(batch::Item::from((*key, *signature, message)));
            }
            verifier
                .verify(rand::rng())
                .expect("signatures of the workload verify");
        });
    }

    fn hash(&self, tree: &mut StateTree) {
        in_two(&self.contents, |content| {
            std::hint::black_box(Sha256::digest(content));
        });
        tree.apply_with(&self.updates, |jobs| {
            let (left, right) = jobs.split_at_mut(jobs.len() / 2);
            thread::scope(|scope| {
                scope.spawn(|| left.iter_mut().for_each(|job| job.run()));
                right.iter_mut().for_each(|job| job.run());
            });
        });
    }
}

fn signed(envelope: &Envelope) -> Vec<Signed> {
    let body = Body::decode(envelope.body.as_slice()).expect("it was signed here");
    let organisation = body.organisation.as_slice().try_into().expect("a digest");
    let message = check::signing_bytes(organisation, &envelope.body);
    let signers = body.signers.iter().zip(&envelope.signatures);
    signers
        .map(|(signer, signature)| {
            let key =
                VerificationKeyBytes::try_from(signer.key.as_slice()).expect("a key has 32 bytes");
            let signature: [u8; 64] = signature
                .as_slice()
                .try_into()
                .expect("a signature has 64 bytes");
            (key, Signature::from(signature), message.clone())
        })
        .collect()
}

/// Does work on two threads: the machines that these figures are promised for have two cores.
fn in_two<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let (left, right) = items.split_at(items.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| left.iter().for_each(&work));
        right.iter().for_each(&work);
    });
}
