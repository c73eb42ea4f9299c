//! The root of the command line: what every command knows.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser};
use polity_client::ledger::form;

use crate::commands::{Command, acts};
use crate::output::Form;

/// What commands that take the words of another one call these.
const WORDS: &str = "words";

/// Records roles, budgets and transfers of an organisation, and proves what happened.
///
/// Every answer is verified against headers that the departments signed. Objects are named by number (`m12`, `u4`,
/// `r9`, `a88`) or by handle: `finn`, `acme/dev`, `acme/dev#storefront-api`, `acme/dev:main`.
#[derive(Parser, Debug)]
#[command(
    name = "polity",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:\n  \
        polity network status\n  \
        polity transfer send acme/dev:main finn:main 480.00 EUR\n  \
        polity can transfer send acme/dev:main finn:main 480.00 EUR\n  \
        polity audit account acme/dev:main\n\n\
        Exit codes: 0 done, 1 trouble, 2 usage, 3 refused by the ledger, 4 node not reached,\n\
        5 a proof failed, 6 outcome unknown in time, 7 key or passphrase."
)]
pub struct Cli {
    /// What every command knows.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads a command line. Whoever writes the amount of an option as two words is told to quote it.
    pub fn read<W>(words: impl IntoIterator<Item = W>) -> Result<Cli, clap::Error>
    where
        W: Into<OsString> + Clone,
    {
        let mut command = Cli::command();
        let (cli, name) = Cli::parse_with(command.clone(), words)?;
        if cli.options.dry_run && !acts::can_be_tried(&name) {
            let words =
                format!("`polity {name}` cannot be tried: --dry-run asks the ledger about an act");
            return Err(command.error(ErrorKind::ArgumentConflict, words));
        }
        let passed_over = cli.options.of_acts().find(|one| !acts::takes(&name, one));
        if let Some(option) = passed_over {
            let words =
                format!("`polity {name}` has no use for {option}, which says how an act is done");
            return Err(command.error(ErrorKind::ArgumentConflict, words));
        }
        Ok(cli)
    }

    /// Reads a command line inside another one, for which the environment was read already: what an outer option says
    /// is not taken back by a variable. With it comes the command's name, such as `transfer send`.
    pub fn read_inner<W>(words: impl IntoIterator<Item = W>) -> Result<(Cli, String), clap::Error>
    where
        W: Into<OsString> + Clone,
    {
        Cli::parse_with(inner_command(), words)
    }

    fn parse_with<W>(
        command: clap::Command,
        words: impl IntoIterator<Item = W>,
    ) -> Result<(Cli, String), clap::Error>
    where
        W: Into<OsString> + Clone,
    {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let mut error = match parse(command.clone(), &words) {
            // Writing out the usage of every command takes time, so it is done only for a line that
            // is wrong.
            Err(error) if error.use_stderr() => match parse(with_plain_usage(command), &words) {
                Err(error) => error,
                Ok(parsed) => return Ok(parsed),
            },
            parsed => return parsed,
        };
        let unknown = match (error.kind(), error.get(ContextKind::InvalidArg)) {
            (ErrorKind::UnknownArgument, Some(ContextValue::String(word))) => word.as_str(),
            (_, _) => "",
        };
        if form::is_asset_code(unknown) {
            let tip = "an amount behind an option is one word, in quotes: '500.00 EUR'";
            let tips = ContextValue::StyledStrs(vec![tip.into()]);
            error.insert(ContextKind::Suggested, tips);
        }
        Err(error)
    }
}

fn parse(mut command: clap::Command, words: &[OsString]) -> Result<(Cli, String), clap::Error> {
    let mut matches = command.try_get_matches_from_mut(words)?;
    give_help_within(&matches)?;
    let name = acts::name(&matches);
    let cli = Cli::from_arg_matches_mut(&mut matches);
    let cli = cli.map_err(|error| error.format(&mut command))?;
    Ok((cli, name))
}

/// Gives the help that is asked for among the words of another command, as in `can transfer send --help`.
fn give_help_within(mut matches: &ArgMatches) -> Result<(), clap::Error> {
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let Ok(Some(words)) = matches.try_get_many::<String>(WORDS) else {
        return Ok(());
    };
    let words: Vec<&str> = words.map(String::as_str).collect();
    // Between two commands of a draft stands `+`.
    for words in words.split(|word| *word == "+") {
        let line = ["polity"].iter().chain(words);
        match inner_command().try_get_matches_from(line) {
            Ok(matches) => give_help_within(&matches)?,
            Err(error) if !error.use_stderr() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}

/// The command line where each command's usage is the one of its help. Otherwise an error would show options that were
/// given, even by a variable, as if they were required.
fn with_plain_usage(mut command: clap::Command) -> clap::Command {
    fn plain(mut command: clap::Command) -> clap::Command {
        let usage = command.render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").to_owned();
        command.override_usage(usage).mut_subcommands(plain)
    }
    command.build();
    plain(command)
}

/// The command line without variables of the environment.
fn inner_command() -> clap::Command {
    Cli::command().mut_args(|option: Arg| option.env(None::<&'static str>))
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Options of every command")]
pub struct Options {
    /// Directory with genesis.json, config.toml and keys [default: ~/.polity].
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "POLITY_HOME",
        hide_env_values = true
    )]
    pub home: Option<PathBuf>,

    /// Address of a node's gateway, instead of those in config.toml; several with commas, or repeated.
    #[arg(
        long = "node",
        global = true,
        value_name = "URL",
        value_delimiter = ',',
        env = "POLITY_NODES",
        hide_env_values = true
    )]
    pub nodes: Vec<String>,

    /// PEM certificates by which https nodes are known, instead of those of config.toml.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "POLITY_CA_FILE",
        hide_env_values = true
    )]
    pub ca_file: Option<PathBuf>,

    /// Days for which a verified header vouches for newer ones, instead of those of config.toml [default: 30].
    #[arg(
        long,
        global = true,
        value_name = "DAYS",
        env = "POLITY_TRUSTING_DAYS",
        hide_env_values = true
    )]
    pub trusting_days: Option<u64>,

    /// Who acts: a member's number or handle.
    #[arg(
        long,
        global = true,
        value_name = "MEMBER",
        env = "POLITY_MEMBER",
        hide_env_values = true
    )]
    pub member: Option<String>,

    /// Name of the key that signs.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "POLITY_KEY",
        hide_env_values = true
    )]
    pub key: Option<String>,

    /// Role to act in; without it, a role of yours that allows the action is found.
    #[arg(long = "as", global = true, value_name = "ROLE")]
    pub acting_role: Option<String>,

    /// Say what would happen, and send nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Do not ask before signing.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,

    /// Send even what the ledger would refuse: a block records the refusal, as evidence. What is refused before any block,
    /// such as an unknown key, is on no record.
    #[arg(long, global = true)]
    pub send_anyway: bool,

    /// Write the transaction to a file for several people to sign, instead of sending it. A draft that nobody has
    /// signed yet takes further actions.
    #[arg(long, global = true, value_name = "FILE")]
    pub draft: Option<PathBuf>,

    /// Another member who signs the action; in a role of theirs that allows it, or in this one: `ada` or
    /// `ada=acme/dev#lead`. They sign the file of `--draft` or, where their key lies here, at once; can be repeated.
    #[arg(long = "with", global = true, value_name = "MEMBER[=ROLE]")]
    pub cosigners: Vec<String>,

    /// How long the transaction may enter a block [default: 10m; for several signers 72h, or what the organisation
    /// allows]. For a draft, say it when you begin the draft.
    #[arg(long, global = true, value_name = "DURATION")]
    pub valid_for: Option<String>,

    /// For a record of the past: when it really happened.
    #[arg(long, global = true, value_name = "TIME")]
    pub effective_at: Option<String>,

    /// How long to wait for an outcome or a proof [default: 30s].
    #[arg(long, global = true, value_name = "DURATION")]
    pub wait: Option<String>,

    /// Read the state as of a height or a time.
    #[arg(long, global = true, value_name = "HEIGHT|TIME")]
    pub at: Option<String>,

    /// Believe this header instead of the genesis file.
    #[arg(long, global = true, value_name = "HEIGHT:HASH")]
    pub checkpoint: Option<String>,

    /// Read the passphrase from this file descriptor; or set POLITY_PASSPHRASE.
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,

    /// Text for reading, json for scripts.
    #[arg(long, short = 'o', global = true, value_enum, default_value_t = Form::Text, value_name = "FORM")]
    pub output: Form,
}

impl Options {
    /// Those that are given of the options that say how an act is done, and mean nothing where there is none. `--dry-run`
    /// and `--yes` are kept by whatever sends nothing and asks nothing.
    fn of_acts(&self) -> impl Iterator<Item = &'static str> {
        let options = [
            ("--as", self.acting_role.is_some()),
            ("--send-anyway", self.send_anyway),
            ("--draft", self.draft.is_some()),
            ("--with", !self.cosigners.is_empty()),
            ("--valid-for", self.valid_for.is_some()),
            ("--effective-at", self.effective_at.is_some()),
        ];
        let given = options.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(option, _)| option)
    }

    /// These options, and where they are silent those of an outer command line.
    #[must_use]
    pub fn or(self, outer: &Options) -> Options {
        let outer = outer.clone();
        let list =
            |inner: Vec<String>, outer: Vec<String>| if inner.is_empty() { outer } else { inner };
        Options {
            home: self.home.or(outer.home),
            nodes: list(self.nodes, outer.nodes),
            ca_file: self.ca_file.or(outer.ca_file),
            trusting_days: self.trusting_days.or(outer.trusting_days),
            member: self.member.or(outer.member),
            key: self.key.or(outer.key),
            acting_role: self.acting_role.or(outer.acting_role),
            dry_run: self.dry_run || outer.dry_run,
            yes: self.yes || outer.yes,
            send_anyway: self.send_anyway || outer.send_anyway,
            draft: self.draft.or(outer.draft),
            cosigners: list(self.cosigners, outer.cosigners),
            valid_for: self.valid_for.or(outer.valid_for),
            effective_at: self.effective_at.or(outer.effective_at),
            wait: self.wait.or(outer.wait),
            at: self.at.or(outer.at),
            checkpoint: self.checkpoint.or(outer.checkpoint),
            passphrase_fd: self.passphrase_fd.or(outer.passphrase_fd),
            output: match self.output {
                Form::Json => Form::Json,
                Form::Text => outer.output,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn every(command: &clap::Command, check: &mut impl FnMut(&clap::Command)) {
        check(command);
        for one in command.get_subcommands() {
            every(one, check);
        }
    }

    #[test]
    fn every_noun_has_an_example_and_every_verb_and_argument_has_help() {
        let mut root = Cli::command();
        root.build();
        for noun in root
            .get_subcommands()
            .filter(|noun| noun.get_name() != "help")
        {
            let after = noun
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                after.contains("polity "),
                "{} has no example",
                noun.get_name()
            );
        }
        every(&root, &mut |command| {
            let name = command.get_name();
            assert!(
                name == "help" || command.get_about().is_some(),
                "{name} has no help"
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{name}: {} has no help",
                    argument.get_id()
                );
            }
        });
    }

    #[test]
    fn no_command_has_an_option_of_every_command_for_itself() {
        let mut root = Cli::command();
        root.build();
        let of_every: BTreeSet<String> = root
            .get_arguments()
            .filter(|argument| argument.is_global_set())
            .map(|argument| argument.get_id().to_string())
            .collect();
        every(&root, &mut |command| {
            let mut names = BTreeSet::new();
            for argument in command.get_arguments() {
                // Of one identifier, what is written for one is read for the other too.
                let id = argument.get_id().as_str();
                assert!(
                    !of_every.contains(id) || argument.is_global_set(),
                    "{}: {id} is an option of every command",
                    command.get_name()
                );
                let long = argument.get_long().map(|long| format!("--{long}"));
                let short = argument.get_short().map(|short| format!("-{short}"));
                for name in [long, short].into_iter().flatten() {
                    assert!(
                        names.insert(name.clone()),
                        "{}: {name} twice",
                        command.get_name()
                    );
                }
            }
        });
    }

    #[test]
    fn an_amount_of_an_option_in_two_words_is_refused_with_how_it_is_written() {
        let line = "polity grant give r9 spend --unit u4 --per-transfer 500.00 EUR";
        let error = Cli::read(line.split(' ')).expect_err("two words");
        assert!(error.to_string().contains("'500.00 EUR'"), "{error}");
    }

    #[test]
    fn what_cannot_be_tried_is_not_done_instead() {
        for line in ["key new desk --dry-run", "--dry-run tx sign a.draft"] {
            let words = format!("polity {line}");
            let error = Cli::read(words.split(' ')).expect_err(line);
            assert!(error.to_string().contains("cannot be tried"), "{error}");
        }
        assert!(Cli::read("polity --dry-run tx submit a.draft".split(' ')).is_ok());
    }

    #[test]
    fn what_means_nothing_to_a_command_is_not_passed_over() {
        let options = [
            (
                "--as r9",
                "unit show u4",
                "proposal simulate u4 -- unit join u5",
            ),
            ("--send-anyway", "why tx", "tx submit a.draft"),
            ("--draft a.draft", "inbox", "transfer send a1 a2 5 EUR"),
            ("--with ada", "history u4", "can account freeze a1"),
            (
                "--valid-for 1h",
                "tx show a.draft",
                "tx draft a.draft unit join u4",
            ),
            (
                "--effective-at 2026-03-01",
                "account show a1",
                "unit join u4",
            ),
        ];
        for (option, passes_over, takes) in options {
            let read = |command: &str| {
                let line = format!("polity {option} {command}");
                Cli::read(line.split(' '))
            };
            assert!(read(takes).is_ok(), "{option} {takes}");
            let error = read(passes_over).expect_err(option);
            assert_eq!(error.exit_code(), 2);
            let name = option.split(' ').next().unwrap_or_default();
            let told = format!("has no use for {name}");
            assert!(error.to_string().contains(&told), "{error}");
        }
        // What reads sends nothing and asks nothing.
        for option in ["--dry-run", "--yes"] {
            let line = format!("polity {option} unit show u4");
            assert!(Cli::read(line.split(' ')).is_ok(), "{option}");
        }
    }

    #[test]
    fn no_usage_shows_what_was_given_as_required() {
        for (line, usage) in [
            ("polity --home /h why", "Usage: polity why [OPTIONS] <WHAT>"),
            (
                "polity --home /h -y can",
                "Usage: polity can [OPTIONS] <COMMAND>...",
            ),
            (
                "polity --home /h tx sign",
                "Usage: polity tx sign [OPTIONS] <FILE>",
            ),
        ] {
            let told = Cli::read(line.split(' ')).expect_err(line).to_string();
            assert!(told.contains(usage), "{told}");
            assert!(!told.contains("--home"), "{told}");
        }
    }

    #[test]
    fn help_that_is_asked_for_among_the_words_of_another_command_is_given() {
        for (line, usage) in [
            ("polity can transfer send --help", "polity transfer send"),
            ("polity who-can transfer send -h", "polity transfer send"),
            ("polity can role --help", "polity role"),
            (
                "polity proposal open u4 -- role create --help",
                "polity role create",
            ),
            (
                "polity can proposal open u4 -- role create --help",
                "polity role create",
            ),
            (
                "polity tx draft a.draft unit join u4 + role create --help",
                "polity role create",
            ),
            ("polity can --help", "polity can"),
        ] {
            let help = Cli::read(line.split(' ')).expect_err(line);
            assert_eq!(help.exit_code(), 0, "{line}: {help}");
            let usage = format!("Usage: {usage} ");
            assert!(help.to_string().contains(&usage), "{line}: {help}");
        }
        // Every command that takes such words calls them so.
        let mut root = Cli::command();
        root.build();
        every(&root, &mut |command| {
            for argument in command.get_arguments() {
                let takes_any = argument.is_trailing_var_arg_set() || argument.is_last_set();
                assert!(!takes_any || argument.get_id() == WORDS, "{argument}");
            }
        });
    }

    #[test]
    fn an_inner_command_line_reads_no_variable() {
        let variables = |command: clap::Command| {
            let arguments = command.get_arguments();
            arguments.filter(|one| one.get_env().is_some()).count()
        };
        assert_eq!(variables(Cli::command()), 6);
        assert_eq!(variables(inner_command()), 0);
    }

    #[test]
    fn command_lines_of_the_guide_parse() {
        let lines = [
            "polity transfer send acme/dev:main finn:main 480.00 EUR",
            "polity transfer send a88 a91 5 EUR --for gift --yes -o json",
            "polity --home /h --node https://a --node https://b transfer send a88 a91 5 EUR",
            "polity can transfer send acme/dev:main finn:main 480.00 EUR --as acme/dev#lead",
            "polity who-can transfer send acme/dev:main finn:main 480.00 EUR",
            "polity --key desk network rotate-key acme/lab --consensus-key 3b --possession 07",
        ];
        for line in lines {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
