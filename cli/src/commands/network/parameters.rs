//! `network set-parameters`: one option for each parameter of the ledger, by its name.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use polity_client::Result;
use polity_client::ledger::{parameters, time::DAY};
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
struct Written(Vec<(&'static Parameter, String)>);

impl Written {
    fn changes(&self) -> Result<Parameters> {
        if self.0.is_empty() {
            return Err(usage(
                "no parameter is named: polity network set-parameters --help tells them all",
            ));
        }
        let mut changes = Parameters::default();
        for (parameter, text) in &self.0 {
            parameter.put(&mut changes, parameter.read(text)?);
        }
        Ok(changes)
    }
}

impl Args for Written {
    fn augment_args(command: Command) -> Command {
        command.args(PARAMETERS.iter().map(Parameter::option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Written::augment_args(command)
    }
}

impl FromArgMatches for Written {
    fn from_arg_matches(matches: &ArgMatches) -> clap::error::Result<Written> {
        let written = PARAMETERS.iter().filter_map(|parameter| {
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

/// A parameter as people write it.
#[derive(Debug)]
struct Parameter {
    name: &'static str,
    help: &'static str,
    place: fn(&mut Parameters) -> Place<'_>,
}

/// Where a parameter's value lies, and what it counts.
enum Place<'p> {
    Seconds(&'p mut u64),
    Milliseconds(&'p mut u64),
    Number(&'p mut u32),
}

impl Parameter {
    fn option(&self) -> Arg {
        let value = match (self.place)(&mut Parameters::default()) {
            Place::Seconds(_) => "DURATION",
            Place::Milliseconds(_) => "MILLISECONDS",
            Place::Number(_) => "NUMBER",
        };
        Arg::new(self.name)
            .long(self.name)
            .value_name(value)
            .help(self.help)
    }

    /// Reads a value. What the ledger would not take is refused with the least and the most that it takes.
    fn read(&self, text: &str) -> Result<u64> {
        let value = match (self.place)(&mut Parameters::default()) {
            Place::Seconds(_) => {
                let length = time::parse_duration(text)?;
                match length.subsec_nanos() {
                    0 => length.as_secs(),
                    // Parameters count whole seconds: no value is a half.
                    _ => 0,
                }
            }
            Place::Milliseconds(_) | Place::Number(_) => text
                .parse()
                .map_err(|_| usage(format!("--{} is a whole number, not {text}", self.name)))?,
        };
        if self.takes(value) {
            return Ok(value);
        }
        let usual = self.value(&mut parameters::defaults());
        Err(usage(format!(
            "--{} is from {} to {}, not {text}",
            self.name,
            self.shown(self.border(usual, 0)),
            self.shown(self.border(usual, u64::MAX))
        )))
    }

    /// Whether the ledger takes a value beside some others: what must fit together, it judges. Zero stands for no change,
    /// so nobody can set it.
    fn takes(&self, value: u64) -> bool {
        let roomy = Parameters {
            idle_interval: 1,
            outage_gap: DAY,
            ..parameters::defaults()
        };
        let mut alone = Parameters::default();
        self.put(&mut alone, value);
        self.value(&mut alone) == value && value != 0 && parameters::merge(&roomy, &alone).is_ok()
    }

    /// The last value that is taken on the way from one inside of the bounds to one outside.
    fn border(&self, mut inside: u64, mut outside: u64) -> u64 {
        while inside.abs_diff(outside) > 1 {
            let between = inside.midpoint(outside);
            match self.takes(between) {
                true => inside = between,
                false => outside = between,
            }
        }
        inside
    }

    fn value(&self, all: &mut Parameters) -> u64 {
        match (self.place)(all) {
            Place::Seconds(value) | Place::Milliseconds(value) => *value,
            Place::Number(value) => u64::from(*value),
        }
    }

    fn put(&self, all: &mut Parameters, value: u64) {
        match (self.place)(all) {
            Place::Seconds(place) | Place::Milliseconds(place) => *place = value,
            Place::Number(place) => *place = u32::try_from(value).unwrap_or(u32::MAX),
        }
    }

    fn shown(&self, value: u64) -> String {
        match (self.place)(&mut Parameters::default()) {
            Place::Seconds(_) => time::length(value),
            Place::Milliseconds(_) | Place::Number(_) => value.to_string(),
        }
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "validity-max",
        help: "How long a signed transaction may be sent",
        place: |all| Place::Seconds(&mut all.validity_max),
    },
    Parameter {
        name: "validators-min",
        help: "With fewer validators the network does not go on",
        place: |all| Place::Number(&mut all.validators_min),
    },
    Parameter {
        name: "key-protection",
        help: "How long a key that was added cannot end older ones",
        place: |all| Place::Seconds(&mut all.key_protection),
    },
    Parameter {
        name: "recovery-wait",
        help: "From asking for a recovery to the new key",
        place: |all| Place::Seconds(&mut all.recovery_wait),
    },
    Parameter {
        name: "recovery-window",
        help: "A second recovery within it needs three people and cannot be stopped",
        place: |all| Place::Seconds(&mut all.recovery_window),
    },
    Parameter {
        name: "recovery-sleep",
        help: "How long a recovered member may not spend, approve, operate",
        place: |all| Place::Seconds(&mut all.recovery_sleep),
    },
    Parameter {
        name: "admission-distance",
        help: "How long a newcomer counts as who admitted them",
        place: |all| Place::Seconds(&mut all.admission_distance),
    },
    Parameter {
        name: "proposal-ttl",
        help: "When an open proposal lapses",
        place: |all| Place::Seconds(&mut all.proposal_ttl),
    },
    Parameter {
        name: "exception-max",
        help: "Longest exception to duties apart",
        place: |all| Place::Seconds(&mut all.exception_max),
    },
    Parameter {
        name: "auditor-max",
        help: "Longest term of an auditor from outside",
        place: |all| Place::Seconds(&mut all.auditor_max),
    },
    Parameter {
        name: "outage-gap",
        help: "A longer silence of the network stops the clocks of decisions",
        place: |all| Place::Seconds(&mut all.outage_gap),
    },
    Parameter {
        name: "hold-max",
        help: "Longest reservation",
        place: |all| Place::Seconds(&mut all.hold_max),
    },
    Parameter {
        name: "transaction-bytes-max",
        help: "Most bytes of a transaction",
        place: |all| Place::Number(&mut all.transaction_bytes_max),
    },
    Parameter {
        name: "block-interval-ms",
        help: "Embedded engine: how fast blocks follow under load",
        place: |all| Place::Milliseconds(&mut all.block_interval_ms),
    },
    Parameter {
        name: "idle-interval",
        help: "Embedded engine: how fast blocks follow without any",
        place: |all| Place::Seconds(&mut all.idle_interval),
    },
    Parameter {
        name: "propose-timeout-ms",
        help: "Embedded engine: how long a round waits for its proposal",
        place: |all| Place::Milliseconds(&mut all.propose_timeout_ms),
    },
    Parameter {
        name: "vote-timeout-ms",
        help: "Embedded engine: how long a round waits for further votes",
        place: |all| Place::Milliseconds(&mut all.vote_timeout_ms),
    },
    Parameter {
        name: "timeout-step-ms",
        help: "Embedded engine: what each further round adds to both",
        place: |all| Place::Milliseconds(&mut all.timeout_step_ms),
    },
    Parameter {
        name: "election-ballots",
        help: "To seal a ballot",
        place: |all| Place::Seconds(&mut all.election_ballots),
    },
    Parameter {
        name: "election-reveal",
        help: "To reveal it",
        place: |all| Place::Seconds(&mut all.election_reveal),
    },
    Parameter {
        name: "election-change",
        help: "To change it after a tie",
        place: |all| Place::Seconds(&mut all.election_change),
    },
    Parameter {
        name: "election-objections",
        help: "To object to the result of an election",
        place: |all| Place::Seconds(&mut all.election_objections),
    },
    Parameter {
        name: "election-term",
        help: "How long somebody is elected for, where the role states no term",
        place: |all| Place::Seconds(&mut all.election_term),
    },
    Parameter {
        name: "profile-deadline",
        help: "To answer, by the policies that a profile gives",
        place: |all| Place::Seconds(&mut all.profile_deadline),
    },
    Parameter {
        name: "open-proposals-max",
        help: "Most open proposals of one member",
        place: |all| Place::Number(&mut all.open_proposals_max),
    },
];

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
        for parameter in PARAMETERS {
            let usual = parameter.value(&mut parameters::defaults());
            let line = format!("--{} {}", parameter.name, parameter.shown(usual));
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
            ("--outage-gap 1s", "--outage-gap is from 1m to 1d, not 1s"),
            ("--outage-gap 90d", "--outage-gap is from 1m to 1d, not 90d"),
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
