//! Fuzz targets, one function each: what reads bytes from outside gets bytes that nobody meant.
//!
//! A short run in every build, a long one where `POLITY_DEEP` is set. A new target is a function in one
//! of these files: a corpus of good bytes, and what must hold where changed ones are accepted.

mod files;
mod frames;
mod imports;
mod proofs;
mod transactions;

use std::path::Path;
use std::sync::OnceLock;

use polity_tests::deep;
use polity_tests::fuzz::{Form, Outcome, run};
use polity_tests::simulator::Sample;

/// How many times longer a deep run is.
const DEEP: u64 = 100;

/// Runs a target over its seeds; a finding comes with the command that repeats it.
#[track_caller]
fn check(
    name: &str,
    form: Form,
    corpus: &[Vec<u8>],
    inputs: u64,
    mut target: impl FnMut(&[u8]) -> Result<Outcome, String>,
) {
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let inputs = deep::number("POLITY_INPUTS", inputs, inputs * DEEP);
    for seed in deep::seeds(1, 4) {
        match run(seed, inputs, form, corpus, &mut target) {
            Ok(count) => println!("{name}, seed {seed}: {count:?}"),
            Err(words) => panic!(
                "{words}\n  again: POLITY_SEEDS={seed} POLITY_INPUTS={inputs} \
                 cargo test --release -p polity-tests --test fuzz {name}"
            ),
        }
    }
}

/// A short life of an organisation, from which good bytes of every sort are taken. Its node lives as
/// long as the process, so its directory is one that the next run empties.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-sample");
        if directory.exists() {
            std::fs::remove_dir_all(&directory).expect("the former sample can be removed");
        }
        Sample::take(7, 40, &directory).expect("the sample lives")
    })
}
