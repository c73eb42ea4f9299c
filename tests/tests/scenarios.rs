//! The readable cases: every file of `tests/scenarios/` is a story that must hold, line by line.
//!
//! Each ends with the app hash that it leads to. `POLITY_GOLDEN=write` writes that line anew, where
//! the ledger's results were changed on purpose.

use std::path::{Path, PathBuf};

use polity_tests::scenario::{Report, run_file};

fn stories() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(&directory).expect("the scenarios are there");
    let mut stories: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    stories.sort();
    stories
}

fn run(story: &Path) -> Report {
    run_file(story).expect("the scenario can be read")
}

#[test]
fn every_story_holds_line_by_line() {
    let write = std::env::var("POLITY_GOLDEN").is_ok_and(|value| value == "write");
    let stories = stories();
    assert!(stories.len() >= 3, "the stories are missing");
    let mut failures = Vec::new();
    for story in &stories {
        let mut report = run(story);
        if write {
            write_state(story, &report);
            report = run(story);
        }
        if report.stated.is_none() {
            failures.push(format!("{}: no line `state HASH`", story.display()));
        }
        failures.extend(report.failures);
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn the_thief_is_refused_at_least_sixty_times() {
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/a-thiefs-afternoon.txt");
    let report = run(&story);
    assert!(report.refusals >= 60, "{} refusals", report.refusals);
}

#[test]
fn the_takeover_is_refused_at_least_seventy_five_times() {
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/a-takeover.txt");
    let report = run(&story);
    assert!(report.refusals >= 75, "{} refusals", report.refusals);
}

/// The story with its last line, `state HASH`, as it is now.
fn write_state(story: &Path, report: &Report) {
    let text = std::fs::read_to_string(story).expect("the scenario can be read");
    let lines = text.lines().filter(|line| !line.starts_with("state "));
    let body = lines.collect::<Vec<_>>().join("\n");
    let written = format!("{}\n\nstate {}\n", body.trim_end(), report.state);
    std::fs::write(story, written).expect("the scenario can be written");
}
