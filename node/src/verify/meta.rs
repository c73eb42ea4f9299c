//! The table `meta`: what the store says of itself.

use polity_ledger::genesis::organisation_digest;
use prost::Message;

use super::replica::Replica;
use super::{DIFFERS, MISSING, STRAY};
use crate::app::GenesisRecord;
use crate::fault::{Fault, FaultKind};
use crate::store::{Meta, Snapshot, Table, tip};

/// The genesis as it was given, which must be that of the organisation.
pub(super) fn genesis(snapshot: &Snapshot) -> Result<GenesisRecord, Fault> {
    let Some(bytes) = snapshot.genesis()? else {
        let words = "the store holds no organisation yet";
        return Err(Fault::new(FaultKind::GenesisMismatch, words));
    };
    let record = GenesisRecord::decode(&bytes[..]).ok();
    let record = record.filter(|record| record.encode_to_vec() == bytes);
    let record = record.ok_or_else(|| wrong(Meta::Genesis, "it cannot be read"))?;
    if snapshot.organisation()? != Some(organisation_digest(&record.founding())) {
        let words = "its digest is not that of the row `organisation`";
        return Err(wrong(Meta::Genesis, words));
    }
    Ok(record)
}

/// Compares the other rows once everything was executed.
pub(super) fn compare(snapshot: &Snapshot, replica: &Replica) -> Result<(), Fault> {
    let height = snapshot.height();
    for meta in Meta::ALL {
        let stored = snapshot.row(Table::Meta, meta.key())?;
        let expected = match meta {
            Meta::Tip => Some(tip(height, &replica.app_hash())),
            // Compared before anything was executed.
            Meta::Organisation | Meta::Genesis => continue,
            Meta::HistoryBase if snapshot.history_base_height() > height => None,
            // How much of the past is kept is the operator's to say: the values of it are compared.
            Meta::HistoryBase => continue,
        };
        if stored.is_none() && expected.is_some() {
            return Err(wrong(meta, MISSING));
        }
        if stored != expected {
            return Err(wrong(meta, DIFFERS));
        }
    }
    snapshot.for_each_row(Table::Meta, |key, _| {
        if Meta::ALL.iter().any(|meta| meta.key() == key) {
            Ok(())
        } else {
            Err(super::wrong(Table::Meta, height, key, STRAY))
        }
    })
}

fn wrong(meta: Meta, words: &str) -> Fault {
    let name = String::from_utf8_lossy(meta.key());
    let words = format!("table {}, row {name}: {words}", Table::Meta.name());
    Fault::new(FaultKind::Divergence, words)
}
