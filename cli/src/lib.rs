//! The terminal: `polity <noun> <verb>`. Everything that reads, proves, signs and sends is in
//! `polity-client`; here are words, tables and questions to the person at the keyboard.

pub mod amount;
pub mod answer;
pub mod cli;
pub mod command_lines;
pub mod commands;
pub mod context;
pub mod digits;
pub mod draft_file;
pub mod environment;
pub mod event;
pub mod failure;
pub mod limits;
pub mod mode;
pub mod names;
pub mod output;
pub mod passphrase;
pub mod progress;
pub mod receipt;
pub mod reference;
pub mod refusal;
pub mod tier;
pub mod time;
pub mod transaction;
pub mod unrecorded;
pub mod word;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use context::Context;
use output::{Form, Output};

/// Runs one command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            if code != 0 && asks_for_json(&arguments) {
                return ended(&failure::misread(&error), Form::Json);
            }
            output::keep(in_full(error, arguments).print());
            return match (code, output::written()) {
                // Help is an answer too.
                (0, Err(error)) => ended(&error, Form::Text),
                (code, _) => ExitCode::from(code),
            };
        }
    };
    let form = cli.options.output;
    for (name, meant) in environment::mistaken(variables()) {
        let words = format!("polity: nothing reads the variable {name}; {meant} may be meant");
        Output { form }.note(words);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("polity: the runtime did not start: {error}");
            return ExitCode::from(1);
        }
    };

    let done = runtime.block_on(async {
        let context = Context::new(cli.options)?;
        let done = context.run(cli.command).await;
        done.map_err(|error| context.ended(error))
    });
    match done.and_then(|()| output::written()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&error, form),
    }
}

fn ended(error: &polity_client::Error, form: Form) -> ExitCode {
    failure::show(error, form);
    ExitCode::from(error.kind().exit_code())
}

/// The names of the environment's variables that are text; ours always are.
fn variables() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// Whether a command line that cannot be read is a script's.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let is = |word: &OsString, names: &[&str]| names.iter().any(|name| word == name);
    let in_one = ["-ojson", "-o=json", "--output=json"];
    arguments.iter().any(|word| is(word, &in_one))
        || arguments
            .windows(2)
            .any(|pair| is(&pair[0], &["-o", "--output"]) && pair[1] == "json")
}

/// Whoever leaves out what to do is shown what there is to do.
fn in_full(error: clap::Error, mut arguments: Vec<OsString>) -> clap::Error {
    if error.kind() != clap::error::ErrorKind::MissingSubcommand {
        return error;
    }
    arguments.push("--help".into());
    Cli::try_parse_from(arguments).err().unwrap_or(error)
}
