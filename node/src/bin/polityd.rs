//! The node of a department.

use std::process::ExitCode;

use clap::Parser;
use polity_node::commands::Polityd;

fn main() -> ExitCode {
    Polityd::parse().run()
}
