//! Command lines of structure, authority, decisions and value: those that parse, and those that do not.

use clap::{Command, CommandFactory, Parser};

use crate::cli::Cli;
use crate::command_lines::words;
use crate::context::Context;

fn parses(line: &str) -> Result<Cli, clap::Error> {
    let words = words(line).expect("no open quote");
    Cli::try_parse_from(std::iter::once("polity".to_owned()).chain(words))
}

#[test]
fn what_people_write_parses() {
    let lines = [
        "key export finn --file finn.age",
        "key export finn --to finn.age",
        "unit tree",
        "unit tree acme/dev --depth 1 --at 2026-03-01",
        "unit create acme/dev/api --kind team --confers spend,approve --label 'working-group'",
        "unit amend acme/dev/api --add anchor --take spend",
        "unit health",
        "unit health acme/dev --alone --within 30d",
        "unit work acme/dev holacracy",
        "unit create acme/dev/api --kind team --profile department",
        "election call acme/dev#facilitator --term 180d",
        "election ballot j3 lea",
        "election reveal j3 --instead finn",
        "election reveal j3 --nominee lea --salt 00000000000000000000000000000000000000000000000000000000000000ff",
        "election change j3 lea",
        "election show j3 --at 2026-03-01",
        "election list acme/dev",
        "proposal simulate acme/dev --file split.txt",
        "proposal open acme/dev --title split --file split.txt --bind",
        "watch --blocks 3 --idle",
        "tx refusals finn --limit 5",
        "tx refusals --from 2026-03-01",
        "tx refusals acme/dev --from 1200 --until 1500",
        "unit join acme/dev",
        "unit join acme/dev finn --as acme/dev#lead",
        "unit change-squad acme/t1/a acme/t1/b --with gia=acme/t1/b#po --draft move.tx",
        "role create acme/dev#guide --accountability welcoming --accountability listening --term 180d",
        "role create new(1)#lead --kind lead",
        "role assign acme/dev#guide finn --until 90d --percentage 20",
        "assignment list --role acme/dev#lead",
        "assignment revoke finn@acme/dev#guide",
        "grant give acme/dev#buyer spend --unit acme/dev --per-transfer '500.00 EUR' --per-period '5000.00 EUR per month'",
        "grant give acme#lead admit-members --unit acme --below",
        "grant give acme/dev#buyer spend --object acme/dev:main --per-period '100 EUR per 30 days'",
        "grant delegate g41 gia --until 14d",
        "policy set acme/dev spend --tier 'up to 500.00 EUR: role holders: alone' --tier 'else: lead: approve 1 by lead'",
        "policy show acme/dev:spend",
        "sod rule acme issue audit",
        "sod exception s1 finn --until 14d --control 'gia reads'",
        "proposal open acme/dev --title 'New laptops' -- transfer send acme/dev:main acme/ops:main 4000.00 EUR",
        "proposal open acme/dev --file guide.txt --expect approve",
        "proposal amend p7 --explanation why -- role remove acme/dev#guide",
        "proposal respond p7 approve --of-version 2",
        "proposal respond p7 no-objection",
        "asset define HOURS --unit acme --kind hours",
        "asset issue acme/treasury:main 100000.00 EUR",
        "party register acme/dev/@vendor-7 --external-id V-0007",
        "budget plan acme/dev travel 12000.00 EUR --period 2026-q3 --hard",
        "budget allocate acme:main acme/dev:main '250000.00 EUR' --line acme:grants",
        "budget close acme/dev --until 2026-04-01",
        "hold place acme/dev:main acme/ops:main 480.00 EUR --expires 14d --for payment",
        "hold post h6",
        "hold post h6 300.00 EUR",
        "external record acme/@bank:main acme:main 5000.00 EUR --statement march.pdf",
        "document anchor acme contract.pdf --label contract",
        "document list",
        "document list acme --at 3",
        "document show contract.pdf --unit acme/ops",
        "document supersede contract.pdf contract-2.pdf --unit acme/ops",
        "auditor grant eve --unit acme/dev --unit acme/ops --from 2026-01-01 --to 2026-07-01 --until 90d",
        "import events events.jsonl --into acme/import --until 1500 --expect roster.json",
        "import check roster.json --into acme/import",
        "import budget b.csv --mapping b.toml --into acme/plan --from acme/plan:main --with cleo=acme/plan#steward",
        "import budget b.csv --mapping b.toml --into acme/plan --verify",
        "export account finn:main --format csv --file finn.csv",
        "export unit acme/dev",
    ];
    for line in lines {
        if let Err(error) = parses(line) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn what_is_missing_or_unknown_is_usage() {
    let lines = [
        "unit create acme/dev/api",
        "unit create acme/dev/api --kind village",
        "unit amend acme/dev --confers spend --add approve",
        "grant give acme/dev#buyer spend",
        "grant give acme/dev#buyer spend --unit acme --object a1",
        "grant give acme/dev#buyer fly --unit acme",
        "policy set acme/dev spend",
        "proposal open acme/dev",
        "proposal open acme/dev --file one.txt -- unit dissolve acme/ops",
        "proposal respond p7 maybe",
        "election ballot j3",
        "unit work acme/dev anarchy",
        "budget plan acme/dev travel 12000.00 EUR",
        "budget plan acme/dev travel 12000.00 EUR --period 2026 --fiscal-month 13",
        "hold place acme/dev:main acme/ops:main 480.00 EUR",
        "document anchor acme contract.pdf",
        "import events events.jsonl",
        "import budget b.csv --mapping b.toml --into acme/plan",
        "export unit acme/dev --format pdf",
        "tx refusals finn --limit 0",
    ];
    for line in lines {
        assert!(parses(line).is_err(), "{line}");
    }
}

#[test]
fn every_example_in_a_help_parses() {
    let mut commands = vec![Cli::command()];
    let mut wrong = Vec::new();
    let mut count = 0;
    while let Some(command) = commands.pop() {
        for line in examples_of(&command) {
            count += 1;
            if let Err(error) = parses(&line) {
                wrong.push(format!("{line}: {error}"));
            }
        }
        commands.extend(command.get_subcommands().cloned());
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(count > 150, "{count} examples were found");
}

/// What a help says to type, without the program's name, and without what a shell does beside it.
fn examples_of(command: &Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string);
    let lines = help.unwrap_or_default().replace("\\\n", " ");
    let typed = lines
        .lines()
        .filter_map(|line| line.trim().strip_prefix("polity "));
    typed
        .map(|line| line.split(['>', '&']).next().unwrap_or(line).to_owned())
        .collect()
}

#[tokio::test]
async fn what_knows_the_newest_state_alone_refuses_another() {
    let id = "5f".repeat(32);
    for line in [
        "tx refusals finn",
        "tx refusals --from 3",
        &format!("tx show {id}"),
        "tx show swap.draft",
        &format!("why {id}"),
        "watch",
        "network verify",
        "import check roster.json --into acme/import",
        "import budget b.csv --mapping b.toml --into acme/plan --verify",
        "proposal simulate acme/dev -- unit dissolve acme/dev",
        "audit account finn:main",
    ] {
        let cli = parses(&format!("--home /nowhere --at 3 {line}"));
        let cli = cli.unwrap_or_else(|error| panic!("{line}: {error}"));
        let context = Context::new(cli.options).expect("a context");
        let refused = cli.command.run(&context).await.expect_err(line);
        assert!(
            refused.to_string().ends_with("there is no --at"),
            "{line}: {refused}"
        );
    }
}
