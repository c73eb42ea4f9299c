//! Measures the figures that are promised, row by row: `scripts/bench` runs it.

use std::process::ExitCode;

use polity_tests::bench::{Figure, ROWS, Row};

fn main() -> ExitCode {
    let wanted: Option<Vec<&Row>> = match std::env::args().skip(1).collect::<Vec<_>>() {
        none if none.is_empty() => Some(ROWS.iter().collect()),
        numbers => numbers.iter().map(|number| find(number)).collect(),
    };
    let Some(wanted) = wanted else {
        eprintln!("usage: polity-bench [ROW…]");
        for row in ROWS {
            eprintln!("{:>4}  {}", row.number, row.title);
        }
        return ExitCode::from(2);
    };

    let mut figures = Vec::new();
    for row in wanted {
        println!("row {}: {}", row.number, row.title);
        figures.extend((row.measure)());
    }
    println!();
    for figure in &figures {
        println!("{figure}");
    }
    if figures.iter().all(Figure::is_reached) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn find(number: &str) -> Option<&'static Row> {
    let number: u32 = number.parse().ok()?;
    ROWS.iter().find(|row| row.number == number)
}
