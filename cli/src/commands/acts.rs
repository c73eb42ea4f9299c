//! Which commands are acts: their words stand for actions of the ledger. Only these are asked about, proposed, drafted and
//! tried; another one would be run.

use clap::ArgMatches;

/// Each verb of these is an act, unless it reads.
const NOUNS: [&str; 19] = [
    "account",
    "asset",
    "assignment",
    "auditor",
    "budget",
    "document",
    "election",
    "external",
    "grant",
    "hold",
    "member",
    "network",
    "party",
    "policy",
    "proposal",
    "role",
    "sod",
    "transfer",
    "unit",
];
const READING: [&str; 7] = [
    "health", "list", "show", "simulate", "status", "tree", "verify",
];

/// What does something that is no act, and cannot be tried without doing it.
const UNTRIED: [&str; 4] = ["key new", "key import", "key export", "tx sign"];

/// What those that are no acts take of the options that say how an act is done. Whoever asks about an act may say all of
/// it.
const TAKEN: [(&str, &[&str]); 6] = [
    ("import events", &["--as"]),
    ("import budget", &["--as", "--with"]),
    ("proposal simulate", &["--as"]),
    (
        "tx draft",
        &[
            "--as",
            "--send-anyway",
            "--with",
            "--valid-for",
            "--effective-at",
        ],
    ),
    ("tx sign", &["--send-anyway"]),
    ("tx submit", &["--send-anyway"]),
];

/// The command of a command line, such as `transfer send`.
pub fn name(matches: &ArgMatches) -> String {
    let mut words = Vec::new();
    let mut matches = matches;
    while let Some((word, inner)) = matches.subcommand() {
        words.push(word);
        matches = inner;
    }
    words.join(" ")
}

/// Whether the command with this name is an act.
pub fn is_act(name: &str) -> bool {
    name.split_once(' ')
        .is_some_and(|(noun, verb)| NOUNS.contains(&noun) && !READING.contains(&verb))
}

/// Whether the command with this name can say what it would do.
pub fn can_be_tried(name: &str) -> bool {
    !UNTRIED.contains(&name)
}

/// Whether an option that says how an act is done means something to the command with this name.
pub fn takes(name: &str, option: &str) -> bool {
    let taken = TAKEN.iter().find(|(command, _)| *command == name);
    is_act(name)
        || ["can", "who-can"].contains(&name)
        || taken.is_some_and(|(_, options)| options.contains(&option))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn leaves(command: &clap::Command, before: &str, leaves: &mut Vec<String>) {
        for one in command.get_subcommands() {
            let name = format!("{before}{}", one.get_name());
            if one.has_subcommands() {
                self::leaves(one, &format!("{name} "), leaves)
            } else {
                leaves.push(name)
            }
        }
    }

    #[test]
    fn a_command_that_sends_writes_or_reads_by_itself_is_no_act() {
        let mut all = Vec::new();
        leaves(&Cli::command(), "", &mut all);
        all.retain(|name| !is_act(name));
        let reading = |name: &String| READING.iter().any(|verb| name.ends_with(verb));
        all.retain(|name| !reading(name));
        // An act takes each of the options.
        for (command, _) in TAKEN {
            assert!(!is_act(command), "{command}");
        }
        let expected = "\
            key new, key import, key export, import events, import check, import budget, export account, export unit, \
            tx draft, tx sign, tx submit, tx refusals, can, who-can, why, explain, inbox, history, audit account, \
            audit unit, audit member, audit role, audit organisation, watch, completions, man";
        assert_eq!(all.join(", "), expected);
    }

    #[test]
    fn what_changes_the_ledger_by_an_action_is_an_act() {
        for name in [
            "transfer send",
            "unit join",
            "proposal open",
            "network add-validator",
        ] {
            assert!(is_act(name), "{name}");
        }
        for name in [
            "unit tree",
            "network status",
            "proposal simulate",
            "tx submit",
            "can",
            "",
        ] {
            assert!(!is_act(name), "{name}");
        }
    }
}
