//! `polity`: the terminal of a Polity organisation.

use std::process::ExitCode;

fn main() -> ExitCode {
    polity_cli::run(std::env::args_os())
}
