//! The node of a department.

use std::process::ExitCode;

fn main() -> ExitCode {
    polity_node::commands::run(std::env::args_os())
}
