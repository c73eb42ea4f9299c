//! The worked example of `docs/auditors.md`: each line is computed as the guide says, by hashing alone, and is what the
//! node's own code makes. `POLITY_GOLDEN=write` writes it into the guide. Beside it, that its table of keys is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ics23::commitment_proof::Proof as ShownProof;
use ics23::{CommitmentProof, HostFunctionsManager};
use polity_engine::application::{Timestamp, TxResult};
use polity_engine::cometbft::address;
use polity_engine::embedded::canonical::{
    Address, BlockId, Header, ValidatorSet, Vote, VoteKind, data_hash, results_hash,
};
use polity_ledger::check;
use polity_ledger::genesis::{Founding, organisation_digest};
use polity_ledger::merkle::history::Frontier;
use polity_ledger::merkle::{history, proof, tree::StateTree};
use polity_ledger::state::keys;
use polity_proto::v1::HistoryEntry;
use prost::Message;
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

fn sha(parts: &[&[u8]]) -> Hash {
    Sha256::digest(parts.concat()).into()
}

/// The lines of the example: a name and bytes.
#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Lines {
    fn text(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.to_owned()));
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.text(name, &hex::encode(bytes));
    }
}

#[test]
fn the_guide_s_example_is_what_the_node_makes() {
    let mut lines = Lines::default();
    chain(&mut lines);
    state(&mut lines);
    histories(&mut lines);
    receipts(&mut lines);
    headers(&mut lines);
    let width = lines
        .0
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let example = lines
        .0
        .iter()
        .map(|(name, bytes)| format!("{name:width$}  {bytes}\n"));
    let example: String = example.collect();

    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/auditors.md"));
    let guide = fs::read_to_string(&path).unwrap();
    let (before, rest) = guide.split_once("<!-- computed -->\n```text\n").unwrap();
    let (shown, after) = rest.split_once("```").unwrap();
    if std::env::var_os("POLITY_GOLDEN").is_some_and(|order| order == "write") {
        let whole = format!("{before}<!-- computed -->\n```text\n{example}```{after}");
        fs::write(&path, whole).unwrap();
        return;
    }
    assert_eq!(shown, example);
}

#[test]
fn the_guide_names_each_prefix_of_a_key_in_order() {
    let guide = include_str!("../../docs/auditors.md");
    let (_, section) = guide.split_once("## Keys and values").unwrap();
    let (section, _) = section.split_once("List kinds:").unwrap();
    let prefixes = section.split('`').filter(|word| word.len() == 2);
    let mut named: Vec<u8> = prefixes
        .filter_map(|word| u8::from_str_radix(word, 16).ok())
        .collect();
    // The first of those beside the tree is named twice.
    named.dedup();
    let all: Vec<u8> = keys::ALL.iter().map(|(prefix, _)| *prefix).collect();
    assert_eq!(named, all);
}

/// What a chain is called by, and what its members sign.
fn chain(lines: &mut Lines) {
    let founding = Founding {
        chain_id: "acme-1",
        time: 1_772_323_200,
        initial_height: 1,
        app_state: b"\x0a\x06acme-1",
    };
    let preimage = [
        &b"polity/v1/organisation\0"[..],
        &6u64.to_be_bytes(),
        b"acme-1",
        &founding.time.to_be_bytes(),
        &1u64.to_be_bytes(),
        founding.app_state,
    ];
    let digest = sha(&preimage);
    assert_eq!(digest, organisation_digest(&founding));
    lines.text("chain_id", founding.chain_id);
    lines.text("genesis_time", "2026-03-01T00:00:00Z");
    lines.bytes("app_state", founding.app_state);
    lines.bytes("organisation digest", &digest);

    let body = b"\x0a\x01x";
    let signed = [&b"polity/v1/transaction\0"[..], &digest, body].concat();
    assert_eq!(signed, check::signing_bytes(&digest, body));
    lines.bytes("body", body);
    lines.bytes("transaction id", &sha(&[body]));
    lines.bytes("signed by the member", &signed);
}

/// A tree of three values; one of them proven, and an absent one.
fn state(lines: &mut Lines) {
    let key = |number: u64| keys::key(keys::ACCOUNT, &[number]);
    let values: BTreeMap<Vec<u8>, Vec<u8>> = (1..=3)
        .map(|number| (key(number), vec![number as u8; 2]))
        .collect();
    let leaf = |key: &[u8], value: &[u8]| sha(&[b"JMT::LeafNode", &sha(&[key]), &sha(&[value])]);
    let mut updates: Vec<_> = values
        .iter()
        .map(|(key, value)| (sha(&[key]), Some(leaf(key, value))))
        .collect();
    updates.sort_unstable();
    let mut tree = StateTree::new();
    let root = tree.apply(&updates);

    // As an answer of `/key` shows it.
    let shown = |path: &proof::ExistenceProof| {
        let (key, value) = values
            .iter()
            .find(|(key, _)| sha(&[key]) == path.key_hash)
            .unwrap();
        crate::app::shown_existence(path, key.clone(), value.clone())
    };
    let walk = |path: &ics23::ExistenceProof| {
        path.path
            .iter()
            .fold(leaf(&path.key, &path.value), |hash, step| {
                sha(&[&step.prefix, &hash, &step.suffix])
            })
    };
    let proof::Proof::Present(present) = proof::prove(&tree, &sha(&[&key(1)])) else {
        panic!("it is there");
    };
    let present = shown(&present);
    assert_eq!(walk(&present), root);
    lines.bytes("key of account 1", &key(1));
    lines.bytes("value of account 1", &present.value);
    lines.bytes("value of account 2", &values[&key(2)]);
    lines.bytes("value of account 3", &values[&key(3)]);
    lines.bytes("leaf of account 1", &leaf(&present.key, &present.value));
    for (number, step) in present.path.iter().enumerate() {
        lines.bytes(&format!("step {number}, prefix"), &step.prefix);
        lines.bytes(&format!("step {number}, suffix"), &step.suffix);
    }
    lines.bytes("app hash", &root);

    let absent = (4..).map(key).find(|key| {
        let place = sha(&[key]);
        let below = updates.iter().filter(|(leaf, _)| *leaf < place).count();
        below > 0 && below < updates.len()
    });
    let absent = absent.unwrap();
    let proof::Proof::Absent { left, right } = proof::prove(&tree, &sha(&[&absent])) else {
        panic!("it is not there");
    };
    let (left, right) = (shown(&left.unwrap()), shown(&right.unwrap()));
    assert_eq!((walk(&left), walk(&right)), (root, root));
    let place = sha(&[&absent]);
    assert!(sha(&[&left.key]) < place && place < sha(&[&right.key]));
    lines.bytes("an absent key", &absent);
    lines.bytes("its place", &place);
    lines.bytes("left neighbour, key", &left.key);
    lines.bytes("left neighbour, place", &sha(&[&left.key]));
    lines.bytes("right neighbour, key", &right.key);
    lines.bytes("right neighbour, place", &sha(&[&right.key]));

    // The library of any language says the same.
    let nonexist = ics23::NonExistenceProof {
        key: absent.clone(),
        left: Some(left),
        right: Some(right),
    };
    let wrap = |proof| CommitmentProof { proof: Some(proof) };
    let spec = jmt::ics23_spec();
    assert!(ics23::verify_membership::<HostFunctionsManager>(
        &wrap(ShownProof::Exist(present.clone())),
        &spec,
        &root.to_vec(),
        &present.key,
        &present.value,
    ));
    assert!(ics23::verify_non_membership::<HostFunctionsManager>(
        &wrap(ShownProof::Nonexist(nonexist)),
        &spec,
        &root.to_vec(),
        &absent,
    ));
}

/// A history of three entries.
fn histories(lines: &mut Lines) {
    let entry = |height| HistoryEntry {
        height,
        position: 0,
        event: 1,
        object_hash: vec![height as u8; 32],
    };
    let entries: Vec<Vec<u8>> = (7..10)
        .map(|height| entry(height).encode_to_vec())
        .collect();
    let hashes: Vec<Hash> = entries.iter().map(|entry| sha(&[&[0], entry])).collect();
    let root = sha(&[&[1], &sha(&[&[1], &hashes[0], &hashes[1]]), &hashes[2]]);
    let mut frontier = Frontier::default();
    for entry in &entries {
        frontier.append(history::leaf_hash(entry));
    }
    assert_eq!(root, frontier.root());
    for (number, entry) in entries.iter().enumerate() {
        lines.bytes(&format!("history entry {number}"), entry);
    }
    lines.bytes("history root", &root);
}

/// A block of two transactions, and what the next header says of them.
fn receipts(lines: &mut Lines) {
    let transactions = [b"one".to_vec(), b"two".to_vec()];
    let results = [(0u32, b"\x08\x07".to_vec()), (301, b"\x10\x01".to_vec())];
    let result = |(code, data): &(u32, Vec<u8>)| {
        // Field 1 is the code, left out where it is 0; field 2 the receipt.
        let mut bytes = Vec::new();
        if *code > 0 {
            bytes.push(0x08);
            prost::encode_length_delimiter(*code as usize, &mut bytes).unwrap();
        }
        bytes.extend([0x12, data.len() as u8]);
        [bytes, data.clone()].concat()
    };
    let leaves: Vec<Vec<u8>> = results.iter().map(result).collect();
    let root =
        |leaves: &[Vec<u8>]| sha(&[&[1], &sha(&[&[0], &leaves[0]]), &sha(&[&[0], &leaves[1]])]);
    let told = results.map(|(code, data)| TxResult {
        code,
        data: data.into(),
        log: "not hashed".to_owned(),
    });
    assert_eq!(root(&leaves), results_hash(&told));
    let hashes: Vec<Vec<u8>> = transactions
        .iter()
        .map(|one| sha(&[one]).to_vec())
        .collect();
    assert_eq!(
        root(&hashes),
        data_hash(&transactions.clone().map(Into::into))
    );

    for (number, transaction) in transactions.iter().enumerate() {
        lines.bytes(&format!("envelope {number}"), transaction);
    }
    lines.bytes("data_hash of H", &root(&hashes));
    for (number, leaf) in leaves.iter().enumerate() {
        lines.bytes(&format!("result {number}"), leaf);
    }
    lines.bytes("last_results_hash of H+1", &root(&leaves));
}

/// A header, and what a validator signs of it.
fn headers(lines: &mut Lines) {
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
    let own = &sha(&[key.as_bytes()])[..20];
    assert_eq!(own, address(key.as_bytes()));
    let update = polity_engine::application::ValidatorUpdate {
        public_key: key.to_bytes(),
        power: 10,
    };
    let validators = ValidatorSet::new(&[update]).unwrap();
    let simple = [&[0x0a, 0x22, 0x0a, 0x20][..], key.as_bytes(), &[0x10, 10]].concat();
    assert_eq!(sha(&[&[0], &simple]), validators.hash());
    lines.bytes("validator's key", key.as_bytes());
    lines.bytes("validator's address", own);
    lines.bytes("its leaf, with power 10", &simple);
    lines.bytes("validators_hash", &validators.hash());

    let header = Header {
        app_version: 1,
        chain_id: "acme-1".to_owned(),
        height: 2,
        time: Timestamp {
            seconds: 1_772_323_201,
            nanos: 5,
        },
        last_block_id: BlockId {
            hash: [1; 32],
            parts: 1,
            parts_hash: [2; 32],
        },
        last_commit_hash: [3; 32],
        data_hash: [4; 32],
        validators_hash: validators.hash(),
        next_validators_hash: validators.hash(),
        consensus_hash: [5; 32],
        app_hash: vec![6; 32],
        last_results_hash: [7; 32],
        evidence_hash: [8; 32],
        proposer_address: Address::from_slice(own).unwrap(),
    };
    let of_hash = |hash: &[u8]| [&[0x0a, hash.len() as u8], hash].concat();
    let id = |hash: &[u8; 32], parts: &[u8; 32]| {
        let set = [&[0x08, 1, 0x12, 0x20], &parts[..]].concat();
        [&[0x0a, 0x20], &hash[..], &[0x12, set.len() as u8], &set].concat()
    };
    let time = [&[0x08][..], &varint(1_772_323_201), &[0x10, 5]].concat();
    let fields = [
        vec![0x08, 11, 0x10, 1],
        of_hash(b"acme-1"),
        vec![0x08, 2],
        time,
        id(&[1; 32], &[2; 32]),
        of_hash(&[3; 32]),
        of_hash(&[4; 32]),
        of_hash(&validators.hash()),
        of_hash(&validators.hash()),
        of_hash(&[5; 32]),
        of_hash(&[6; 32]),
        of_hash(&[7; 32]),
        of_hash(&[8; 32]),
        of_hash(own),
    ];
    assert_eq!(rfc_6962(&fields), header.hash());
    for (number, field) in fields.iter().enumerate() {
        lines.bytes(&format!("header field {}", number + 1), field);
    }
    lines.bytes("header hash", &header.hash());

    let vote = Vote {
        kind: VoteKind::Precommit,
        height: 2,
        round: 1,
        block: Some(BlockId {
            hash: header.hash(),
            parts: 1,
            parts_hash: [9; 32],
        }),
        address: header.proposer_address,
    };
    let block_id = id(&header.hash(), &[9; 32]);
    let message = [
        &[0x08, 2, 0x11][..],
        &2u64.to_le_bytes(),
        &[0x19],
        &1u64.to_le_bytes(),
        &[0x22, block_id.len() as u8],
        &block_id,
        &[0x2a, 2, 0x08, 1],
        &[0x32, 6],
        b"acme-1",
    ]
    .concat();
    let signed = [&[message.len() as u8], &message[..]].concat();
    assert_eq!(signed, vote.sign_bytes("acme-1"));
    lines.bytes("signed by the validator", &signed);
}

fn varint(number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encode_length_delimiter(number, &mut bytes).unwrap();
    bytes
}

/// The root of a list, as the guide tells it.
fn rfc_6962(items: &[Vec<u8>]) -> Hash {
    match items {
        [] => sha(&[]),
        [item] => sha(&[&[0], item]),
        _ => {
            let (left, right) = items.split_at(items.len().next_power_of_two() / 2);
            sha(&[&[1], &rfc_6962(left), &rfc_6962(right)])
        }
    }
}
