//! `polityd export`: the whole chain, and the newest state if asked for, as lines of JSON.

use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Value, json};

use super::{Common, Trouble, read_store, stdout};
use crate::app::{BlockRecord, GenesisRecord};
use crate::fault::{Fault, FaultKind};
use crate::store::Snapshot;
use crate::whole_file::put_new_with;

/// Write the whole chain as lines of JSON, for tools and archives.
///
/// The first line is the genesis. Then each block has a line with its transactions and receipts
/// (protobuf in base64) and, with --state, each value of the newest state has a line. Whoever has
/// the lines can execute the chain again. The node must be stopped. An export that is killed leaves
/// FILE.*.new, which the next one to FILE removes.
///
/// Example:
///   polityd export --file chain.jsonl --state
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// A file that does not exist yet [default: standard output]
    #[arg(long, alias = "out", value_name = "FILE")]
    file: Option<PathBuf>,
    /// First height
    #[arg(long, value_name = "HEIGHT", default_value_t = 1)]
    from: u64,
    /// Last height [default: the newest]
    #[arg(long, value_name = "HEIGHT")]
    to: Option<u64>,
    /// The values of the newest state too
    #[arg(long)]
    state: bool,
}

impl Export {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        let store = read_store(&config)?;
        let snapshot = store.snapshot();
        let heights = heights(self.from, self.to, snapshot.height()).map_err(usage)?;

        let Some(path) = &self.file else {
            let mut out = BufWriter::new(io::stdout().lock());
            return match self.write(&snapshot, heights, &mut out) {
                Err(trouble) => match trouble.downcast_ref() {
                    Some(error) => stdout::judge(error),
                    None => Err(trouble),
                },
                Ok(()) => Ok(()),
            };
        };
        let taken = || usage(format!("--file {}: exists already", path.display()));
        if path.symlink_metadata().is_ok() {
            return Err(taken().into());
        }
        // No line says that it is the last one, so there is never a part of them under this name.
        let written = put_new_with(path, 0o666, |file| {
            self.write(&snapshot, heights, &mut BufWriter::new(file))
        });
        written.map_err(|trouble| match trouble.downcast::<io::Error>() {
            // While the chain was written, somebody else took the name.
            Ok(error) if error.kind() == io::ErrorKind::AlreadyExists => taken().into(),
            Ok(error) => Fault::from_io(&format!("writing {}", path.display()), &error).into(),
            Err(trouble) => trouble,
        })
    }

    fn write(
        &self,
        snapshot: &Snapshot,
        heights: Range<u64>,
        out: &mut dyn Write,
    ) -> Result<(), Trouble> {
        writeln!(out, "{}", genesis_line(snapshot)?)?;
        for height in heights {
            writeln!(out, "{}", block_line(snapshot, height)?)?;
        }
        if self.state {
            write_state(snapshot, out)?;
        }
        out.flush()?;
        Ok(())
    }
}

/// The heights that are asked for. A chain without a block has none.
fn heights(from: u64, to: Option<u64>, newest: u64) -> Result<Range<u64>, String> {
    let to = to.unwrap_or(newest.max(from));
    if from == 0 {
        return Err("--from 0: the first height is 1".into());
    }
    if to < from {
        return Err(format!(
            "--from {from} --to {to}: the first is after the last"
        ));
    }
    if newest == 0 && (from, to) == (1, 1) {
        return Ok(1..1);
    }
    if to > newest {
        return Err(format!("there is no height {to}: the newest is {newest}"));
    }
    Ok(from..to + 1)
}

fn usage(words: String) -> Fault {
    Fault::new(FaultKind::Usage, words)
}

fn genesis_line(snapshot: &Snapshot) -> Result<Value, Fault> {
    let record = GenesisRecord::read(snapshot)?.ok_or_else(|| {
        Fault::new(
            FaultKind::GenesisMismatch,
            "the store holds no organisation yet",
        )
    })?;
    Ok(json!({ "genesis": {
        "chain_id": record.chain_id,
        "time": record.time,
        "initial_height": record.initial_height,
        "app_state": STANDARD.encode(&record.app_state),
        "organisation": snapshot.organisation()?.map(hex::encode),
        "continued": record.continued.iter().map(|chain| json!({
            "chain_id": chain.chain_id,
            "time": chain.time,
            "initial_height": chain.initial_height,
            "app_state": STANDARD.encode(&chain.app_state),
        })).collect::<Vec<_>>(),
    } }))
}

fn block_line(snapshot: &Snapshot, height: u64) -> Result<Value, Fault> {
    let bytes = snapshot.block(height)?.ok_or_else(|| {
        Fault::new(
            FaultKind::StoreDamaged,
            format!("height {height}: the block is missing"),
        )
    })?;
    let record = BlockRecord::read(&bytes)?;
    let receipts = snapshot.receipts(height)?;
    let transactions = snapshot.transactions(height)?;
    let transactions = transactions.iter().zip(&receipts).map(|(transaction, receipt)| {
        json!({ "bytes": STANDARD.encode(transaction), "receipt": STANDARD.encode(receipt) })
    });
    Ok(json!({ "block": {
        "height": height,
        "time": record.time,
        "time_nanos": record.time_nanos,
        "parent_time": record.parent_time,
        "hash": hex::encode(&record.hash),
        "proposer": hex::encode(&record.proposer),
        "app_hash": hex::encode(&record.app_hash),
        "evidence": record.evidence.iter().map(|piece| json!({
            "address": hex::encode(&piece.address), "height": piece.height, "time": piece.time,
        })).collect::<Vec<_>>(),
        "transactions": transactions.collect::<Vec<_>>(),
    } }))
}

fn write_state(snapshot: &Snapshot, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut keys = Vec::new();
    snapshot.for_each_leaf(|leaf| keys.push(leaf.key))?;
    keys.sort_unstable();
    for key in keys {
        let value = snapshot.try_get(&key)?.map(hex::encode);
        writeln!(
            out,
            "{}",
            json!({ "state": { "key": hex::encode(&key), "value": value } })
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Output;
    use crate::store::{Store, StoreOptions};

    #[test]
    fn a_chain_that_is_not_written_whole_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain.jsonl");
        let common = Common {
            home: Some(directory.path().to_owned()),
            settings: Vec::new(),
            output: Output::Text,
        };
        let store = common.load().unwrap().config.store_directory();
        drop(Store::open(&store, StoreOptions::default()).unwrap());
        let export = || Export {
            file: Some(path.clone()),
            from: 1,
            to: None,
            state: false,
        };

        let left = directory.path().join("chain.jsonl.0123456789abcdef.new");
        std::fs::write(&left, "an export that was killed").unwrap();
        let trouble = export().run(&common).unwrap_err();
        assert!(trouble.to_string().contains("no organisation"), "{trouble}");
        assert!(!path.exists() && !left.exists());
        std::fs::write(&path, "another's").unwrap();
        let refused = export().run(&common).unwrap_err();
        assert!(refused.to_string().contains("exists already"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), b"another's");
    }

    #[test]
    fn heights_that_the_chain_does_not_have_are_refused() {
        for (from, to, newest, expected) in [
            (1, None, 9, Some(1..10)),
            (3, Some(5), 9, Some(3..6)),
            (9, Some(9), 9, Some(9..10)),
            (1, None, 0, Some(1..1)),
            (0, None, 9, None),
            (5, Some(3), 9, None),
            (1, Some(10), 9, None),
            (10, None, 9, None),
            (2, None, 0, None),
        ] {
            let found = heights(from, to, newest);
            assert_eq!(found.ok(), expected, "{from} {to:?} {newest}");
        }
    }
}
