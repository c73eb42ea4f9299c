//! Measures the figures that are promised, row by row: `scripts/bench` runs it.

use std::process::ExitCode;

use polity_tests::bench::{Figure, ROWS, Row};

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Option<Vec<&Row>> = if asked.is_empty() {
        Some(ROWS.iter().collect())
    } else {
        asked.iter().map(|number| find(number)).collect()
    };
    let Some(wanted) = wanted else {
        eprintln!("usage: polity-bench [ROW…]");
        for row in ROWS {
            eprintln!("{:>4}  {}", row.number, row.title);
        }
        return ExitCode::from(2);
    };

    let mut figures = Vec::new();
    let mut unmeasured = Vec::new();
    for row in wanted {
        println!("row {}: {}", row.number, row.title);
        match (row.measure)() {
            none if none.is_empty() => unmeasured.push(row.number),
            found => figures.extend(found),
        }
    }
    println!();
    for figure in &figures {
        println!("{figure}");
    }
    for number in &unmeasured {
        println!("row {number}: not measured: this machine lacks what it is compared with");
    }
    // Whoever asks for all rows gets those that can be measured here; whoever names one wants its
    // figure.
    let is_complete = asked.is_empty() || unmeasured.is_empty();
    if is_complete && figures.iter().all(Figure::is_reached) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn find(number: &str) -> Option<&'static Row> {
    let number: u32 = number.parse().ok()?;
    ROWS.iter().find(|row| row.number == number)
}
