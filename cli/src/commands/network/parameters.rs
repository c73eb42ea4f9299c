//! `network set-parameters`: one option for each parameter of the ledger, by its name.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use polity_client::Result;
use polity_client::ledger::parameters::{self, Named, Unit};
use polity_client::v1::{Parameters, SetParameters, action::Kind};

use crate::context::Context;
use crate::failure::usage;
use crate::time;

/// Sets waits, terms and bounds; what is not named stays as it is. The departments decide: open a proposal with it.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal open acme --title 'More time to object' --expect departments -- network set-parameters --recovery-wait 72h --open-proposals-max 50")]
pub(super) struct SetParametersVerb {
    #[command(flatten)]
    written: Written,
}

impl SetParametersVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let set = SetParameters {
            parameters: Some(self.written.changes()?),
        };
        context.act(vec![Kind::SetParameters(set)]).await
    }
}

/// The parameters that were named, each with its value in words.
#[derive(Clone, Debug)]
struct Written(Vec<(&'static Named, String)>);

impl Written {
    fn changes(&self) -> Result<Parameters> {
        if self.0.is_empty() {
            return Err(usage(
                "no parameter is named: polity network set-parameters --help tells them all",
            ));
        }
        let mut changes = Parameters::default();
        for (parameter, text) in &self.0 {
            parameter.set(&mut changes, read(parameter, text)?);
        }
        Ok(changes)
    }
}

impl Args for Written {
    fn augment_args(command: Command) -> Command {
        command.args(parameters::ALL.iter().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Written::augment_args(command)
    }
}

impl FromArgMatches for Written {
    fn from_arg_matches(matches: &ArgMatches) -> clap::error::Result<Written> {
        let written = parameters::ALL.iter().filter_map(|parameter| {
            let text = matches.get_one::<String>(parameter.name)?;
            Some((parameter, text.clone()))
        });
        Ok(Written(written.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> clap::error::Result<()> {
        *self = Written::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The option of a parameter: its name with hyphens.
fn option(parameter: &Named) -> Arg {
    let value = match parameter.unit {
        Unit::Seconds => "DURATION",
        Unit::Milliseconds => "MILLISECONDS",
        Unit::Number => "NUMBER",
    };
    Arg::new(parameter.name)
        .long(hyphenated(parameter))
        .value_name(value)
        .help(parameter.meaning)
}

fn hyphenated(parameter: &Named) -> String {
    parameter.name.replace('_', "-")
}

/// Reads a value. What the ledger would not take is refused with the least and the most that it takes.
fn read(parameter: &Named, text: &str) -> Result<u64> {
    let name = hyphenated(parameter);
    let value = match parameter.unit {
        Unit::Seconds => {
            let length = time::parse_duration(text)?;
            match length.subsec_nanos() {
                0 => length.as_secs(),
                // Parameters count whole seconds: no value is a half.
                _ => 0,
            }
        }
        Unit::Milliseconds | Unit::Number => text
            .parse()
            .map_err(|_| usage(format!("--{name} is a whole number, not {text}")))?,
    };
    if parameter.bounds.contains(&value) {
        return Ok(value);
    }
    Err(usage(format!(
        "--{name} is from {} to {}, not {text}",
        shown(parameter, *parameter.bounds.start()),
        shown(parameter, *parameter.bounds.end())
    )))
}

fn shown(parameter: &Named, value: u64) -> String {
    match parameter.unit {
        Unit::Seconds => time::length(value),
        Unit::Milliseconds | Unit::Number => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use polity_client::ErrorKind;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        verb: SetParametersVerb,
    }

    fn changes(line: &str) -> Result<Parameters> {
        let words = std::iter::once("line").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).expect("parameters by their names");
        line.verb.written.changes()
    }

    #[test]
    fn every_parameter_of_the_ledger_has_its_option() {
        let mut told = Parameters::default();
        for parameter in parameters::ALL {
            let usual = parameter.get(&parameters::defaults());
            let line = format!("--{} {}", hyphenated(parameter), shown(parameter, usual));
            let line = line.replace("d ", "d").replace("h ", "h");
            let one = changes(&line).expect(parameter.name);
            told = parameters::merge(&told, &one).expect(parameter.name);
        }
        assert_eq!(told, parameters::defaults());
    }

    #[test]
    fn only_what_is_named_changes() {
        let expected = Parameters {
            recovery_wait: 72 * 3_600,
            block_interval_ms: 50,
            open_proposals_max: 7,
            ..Parameters::default()
        };
        let line = "--recovery-wait 72h --block-interval-ms 50 --open-proposals-max 7";
        assert_eq!(changes(line).expect("changes"), expected);
    }

    #[test]
    fn what_the_ledger_would_not_take_is_a_usage_error_that_tells_the_bounds() {
        for (line, words) in [
            ("", "no parameter is named"),
            ("--outage-gap 1s", "--outage-gap is from 1m to 24h, not 1s"),
            (
                "--outage-gap 90d",
                "--outage-gap is from 1m to 24h, not 90d",
            ),
            (
                "--recovery-wait 0s",
                "--recovery-wait is from 1s to 366d, not 0s",
            ),
            (
                "--recovery-wait 900ms",
                "--recovery-wait is from 1s to 366d, not 900ms",
            ),
            ("--recovery-wait soon", "a duration is written"),
            (
                "--validators-min 4294967297",
                "--validators-min is from 1 to 100, not 4294967297",
            ),
            (
                "--block-interval-ms 20ms",
                "--block-interval-ms is a whole number, not 20ms",
            ),
            (
                "--vote-timeout-ms 0",
                "--vote-timeout-ms is from 20 to 60000, not 0",
            ),
        ] {
            let error = changes(line).expect_err(line);
            assert_eq!(error.kind(), ErrorKind::Usage, "{line}");
            assert!(error.to_string().contains(words), "{line}: {error}");
        }
        assert!(Line::try_parse_from(["line", "--recovery-weight", "1d"]).is_err());
    }
}
