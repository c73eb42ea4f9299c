//! Rows altered behind a node's back: `polityd verify` names each.

use std::path::Path;
use std::sync::Arc;

use polity_node::fault::Fault;
use polity_node::store::{Store, StoreOptions};
use polity_node::verify::{Verified, verify};
use polity_tests::cluster::{Cluster, Founding};
use polity_tests::damage::Files;
use polity_tests::engine::Engine;

use crate::trial::pay;

/// Rows of a table that are altered, from its beginning to its end.
const ROWS: usize = 12;

#[test]
fn an_altered_row_of_any_table_is_told_by_its_table_and_its_key() {
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 1,
        guests: 1,
        settings: &[],
        charter: "",
    });
    cluster.start_founders();
    pay(&cluster, 0, 4);
    assert!(cluster.nodes[0].stop().success());
    let data = cluster.nodes[0].home().join("data");

    let tables = Files::of(&data).tables();
    assert!(tables.len() >= 12, "{tables:?}");
    for table in tables.iter().filter(|table| *table != "archive") {
        assert_told(&data, Engine::Embedded, table);
    }
}

/// Alters rows of a table one after another; each is told, and put back.
#[track_caller]
pub(crate) fn assert_told(data: &Path, engine: Engine, table: &str) {
    let files = Files::of(data);
    let whole = verified(data, engine).expect("the store is as it was written");
    let rows = files.rows(table);
    assert!(
        !rows.is_empty(),
        "{table} holds nothing that could be altered"
    );
    let step = rows.len().div_ceil(ROWS);
    for (key, value) in rows.iter().step_by(step).chain(rows.last()) {
        let mut other_key = key.clone();
        let mut other = value.clone();
        match other.len() {
            0 => *other_key.last_mut().expect("a key has bytes") ^= 0x10,
            length => other[length / 2] ^= 0x10,
        }
        files.write(table, &[(key, None), (&other_key, Some(&other))]);

        let fault = verified(data, engine).expect_err("it is altered");
        let words = fault.words();
        // Of a row that moved, whichever of its places comes first is told.
        let names_row = [key, &other_key].map(|key| format!("row {}", hex::encode(key)));
        let names_row = table == "meta" || names_row.iter().any(|row| words.contains(row));
        assert!(
            words.contains(&format!("table {table}, ")) && names_row,
            "{table} {}: {fault}",
            hex::encode(key)
        );
        files.write(table, &[(&other_key, None), (key, Some(value))]);
    }
    assert_eq!(verified(data, engine).as_ref(), Ok(&whole), "{table}");
}

fn verified(data: &Path, engine: Engine) -> Result<Verified, Fault> {
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::of_the_ledger()
    };
    verify(&Arc::new(Store::open(data, options)?), engine, |_| ())
}
