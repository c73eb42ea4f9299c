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

use cli::{Cli, Options};
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
    let form = form(&cli.options, &arguments);
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

/// How an error is told. `can` and the like are given the words of another command, and a script may ask among these.
fn form(options: &Options, arguments: &[OsString]) -> Form {
    match asks_for_json(arguments) {
        true => Form::Json,
        false => options.output,
    }
}

/// Whether a command line is a script's, also one that cannot be read. `-y` can stand in one word with `-o`.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let is = |word: &OsString, names: &[&str]| names.iter().any(|name| word == name);
    let in_one = ["-ojson", "-o=json", "-yojson", "-yo=json", "--output=json"];
    arguments.iter().any(|word| is(word, &in_one))
        || arguments
            .windows(2)
            .any(|pair| is(&pair[0], &["-o", "-yo", "--output"]) && pair[1] == "json")
}

/// Whoever leaves out what to do is shown what there is to do.
fn in_full(error: clap::Error, mut arguments: Vec<OsString>) -> clap::Error {
    if error.kind() != clap::error::ErrorKind::MissingSubcommand {
        return error;
    }
    arguments.push("--help".into());
    Cli::try_parse_from(arguments).err().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_answered_as_one_wherever_it_says_so() {
        for (line, expected) in [
            ("polity can transfer send a1 a2 5 EUR -o json", Form::Json),
            ("polity -o json can transfer send a1 a2 5 EUR", Form::Json),
            ("polity can transfer send a1 a2 5 EUR", Form::Text),
        ] {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            let cli = Cli::read(&words).expect(line);
            assert_eq!(form(&cli.options, &words), expected, "{line}");
        }
    }

    #[test]
    fn a_script_is_known_by_every_spelling_of_its_option() {
        let asks = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            asks_for_json(&words)
        };
        for option in [
            "-o json",
            "-ojson",
            "-o=json",
            "--output json",
            "--output=json",
        ] {
            assert!(asks(&format!("polity unit show {option}")), "{option}");
        }
        for option in ["-yo json", "-yojson", "-yo=json"] {
            let line = format!("polity unit show {option}");
            assert!(asks(&line), "{option}");
            // So does the parser read it.
            let read = Cli::read(format!("{line} acme").split(' ')).expect(option);
            assert_eq!(read.options.output, Form::Json, "{option}");
        }
        for option in ["-o text", "json", "-y json"] {
            assert!(!asks(&format!("polity unit show {option}")), "{option}");
        }
    }
}
