//! Scenarios: stories about an organisation that an auditor can read, and that run.
//!
//! A file founds an organisation and then tells what people do, one line an act; the indented
//! lines below an act say what must come of it. `tests/scenarios/README.md` has the language.

mod clock;
mod draft;
mod expectation;
mod names;
mod phrases;
mod run;
mod sending;
mod text;
mod trouble;

pub use run::{Report, run_file};
