//! A finance team's table goes in, and books come out that hledger agrees with.

use std::collections::BTreeMap;
use std::process::Command;

use polity_tests::cluster::Cluster;
use polity_tests::terminal::Terminal;
use serde_json::Value;

const BUDGET: &str = include_str!("../../docs/examples/budget.csv");
const MAPPING: &str = include_str!("../../docs/examples/budget.toml");

const FINANCE: &str = r#"
[[units]]
unit = "root/plan"
kind = "company"
[[assets]]
code = "R2"
decimals = 0
kind = "points"
unit = "root"
[[roles]]
role = "root/plan#finance"
[[roles.grants]]
can = ["govern"]
below = true
[[roles.grants]]
can = ["allocate"]
[[roles]]
role = "root/plan#steward"
[[accounts]]
account = "root/plan:main"
asset = "EUR"
issue = "1000000.00 EUR"
"#;

const PURSES: &str = r#"
[[accounts]]
account = "fay:main"
asset = "EUR"
issue = "250.00 EUR"
[[accounts]]
account = "fay:points"
asset = "R2"
issue = "40 R2"
[[accounts]]
account = "stan:main"
asset = "EUR"
[[accounts]]
account = "stan:points"
asset = "R2"
"#;

/// A network of one department, with a finance team of two.
fn founded() -> (Cluster, Terminal) {
    let mut terminal = Terminal::new();
    terminal.enrol("fay", "root/plan", "root/plan#finance");
    terminal.enrol("stan", "root/plan", "root/plan#steward");
    terminal.enrol_in("h1467", &["root/plan"], &[]);
    let addition = format!("{FINANCE}{}{PURSES}", terminal.people());
    let cluster = terminal.found(&addition);
    (cluster, terminal)
}

#[test]
fn a_table_of_budgets_is_imported_once_and_whole() {
    let (_cluster, terminal) = founded();
    let mapping = terminal.write("budget.toml", MAPPING);
    let table = terminal.write("budget.csv", BUDGET);
    let place = ["--mapping", &mapping, "--into", "root/plan"];
    let from = ["--from", "root/plan:main"];
    let with = ["--with", "stan=root/plan#steward"];
    let import = |table: &str, more: &[&str]| {
        let words = [&["import", "budget", table], &place[..], &from, more].concat();
        terminal.run("fay", &words)
    };

    let alone = import(&table, &[]);
    assert_eq!(alone.status.code(), Some(2), "units need a second person");
    refuses_what_is_known_beforehand(&terminal, &mapping);
    let done = answer(&import(&table, &with));
    assert_eq!(
        (&done["rows"], &done["units_created"]),
        (&6.into(), &3.into())
    );
    assert_eq!(done["equal"], true, "{done}");
    let care = terminal.json("fay", &["unit", "show", "root/plan/care"]);
    let confers = care["confers"].as_array().map_or(0, Vec::len);
    assert_eq!(confers, 6, "what a budget needs, and no more: {care}");
    let kitchen = done["sums"].as_array().into_iter().flatten();
    let kitchen: Vec<&Value> = kitchen.filter(|sum| sum["unit"] == "Kitchen").collect();
    assert_eq!(kitchen[0]["allocated"]["amount"], "45000.50");

    let again = answer(&import(&table, &[]));
    assert_eq!(
        (&again["rows"], &again["rows_before"]),
        (&0.into(), &6.into())
    );
    let tree = terminal.json("fay", &["account", "show", "root/plan/care:fy2026"]);
    assert_eq!(
        tree["balance"]["amount"], "74999.50",
        "the kitchen's part is passed on"
    );

    let more = terminal.write("more.csv", format!("{BUDGET}2028,Garden,,9000.00\n"));
    assert_eq!(answer(&import(&more, &[]))["rows"], 1);
    let beyond = terminal.write("beyond.csv", format!("{BUDGET}2029,Garden,,999999999.00\n"));
    let refused = import(&beyond, &[]);
    assert_eq!(refused.status.code(), Some(3));
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("insufficient_funds"), "{words}");
    let other = terminal.write("other.csv", BUDGET.replace("8250.75", "8250.76"));
    let refused = import(&other, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let verified = [&["import", "budget", &other, "--verify"], &place[..]].concat();
    assert_eq!(terminal.run("nobody", &verified).status.code(), Some(1));
    let verified = [&["import", "budget", &more, "--verify"], &place[..]].concat();
    assert_eq!(terminal.json("nobody", &verified)["equal"], true);

    let bad = terminal.write("bad.csv", format!("{BUDGET}2029,Garden,,1.005\n"));
    let refused = import(&bad, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        words.contains("row 8, column Approved: 1.005 has more decimals"),
        "{words}"
    );
    numbers_handles_that_are_taken(&terminal, &mapping);
}

/// Tables that cannot be recorded whole leave no unit behind, and a dry run says the same.
fn refuses_what_is_known_beforehand(terminal: &Terminal, mapping: &str) {
    let heading = BUDGET.lines().next().unwrap_or_default();
    let cases = [
        (
            "2026,Own,,5.00",
            "fay:points",
            2,
            "holds R2, and the table is in EUR",
        ),
        ("2026,Own,,5.00", "fay:main", 3, "\"at\": \"row 2\""),
    ];
    for (rows, from, code, expected) in cases {
        let table = terminal.write("known.csv", format!("{heading}\n{rows}\n"));
        let place = ["--mapping", mapping, "--into", "root/plan", "--from", from];
        let with = ["--with", "stan=root/plan#steward"];
        for more in [&[][..], &["--dry-run"]] {
            let words = [&["import", "budget", &table][..], &place, &with, more].concat();
            let refused = terminal.run("fay", &words);
            let told = String::from_utf8_lossy(&refused.stdout).into_owned();
            assert_eq!(refused.status.code(), Some(code), "{rows}: {told}");
            assert!(told.contains(expected), "{rows}: {told}");
        }
    }
    let left = terminal.run("fay", &["unit", "show", "root/plan/own"]);
    assert_eq!(left.status.code(), Some(2));
}

/// Names that give the same handle, in the table or beside what is there.
fn numbers_handles_that_are_taken(terminal: &Terminal, mapping: &str) {
    let store = ["unit", "create", "root/plan/store", "--kind", "team"];
    terminal.json("fay", &store);
    let heading = BUDGET.lines().next().unwrap_or_default();
    let rows = "2026,A-B,,1.00\n2026,a b,,1.00\n2026,Store,,1.00";
    let table = terminal.write("taken.csv", format!("{heading}\n{rows}\n"));
    let mut words = vec!["import", "budget", &table, "--mapping", mapping];
    words.extend(["--into", "root/plan", "--from", "root/plan:main"]);
    words.extend(["--with", "stan=root/plan#steward"]);
    assert_eq!(terminal.json("fay", &words)["units_created"], 3);
    for (handle, name) in [("a-b", "A-B"), ("a-b-2", "a b"), ("store-2", "Store")] {
        let unit = terminal.json("fay", &["unit", "show", &format!("root/plan/{handle}")]);
        assert_eq!(unit["external_id"], name, "{unit}");
    }
}

#[test]
fn hledger_agrees_with_the_ledger() {
    let (cluster, terminal) = founded();
    // What it was founded with is told to scripts as it is told of the ledger.
    let founded = cluster.nodes[0].polityd_json(&["genesis", "show"]);
    let members = founded["founded"]["members"].as_array().expect("members");
    let fay = members.iter().find(|member| member["handle"] == "fay");
    let shown = terminal.json("fay", &["account", "show", "fay:main"]);
    let held = &fay.expect("she is one")["accounts"][0]["holds"];
    assert_eq!(held, &shown["balance"]);

    // No height and no time that would be passed over in silence.
    let account = ["account", "show", "fay:main", "--at"];
    for words in [
        &[&account[..], &["0"]].concat()[..],
        &[&account[..], &["2999-01-01"]].concat(),
        &["audit", "account", "fay:main", "--at", "1"],
    ] {
        assert_eq!(
            terminal.run("fay", words).status.code(),
            Some(2),
            "{words:?}"
        );
    }

    // Whoever is called like a number is found where nothing has the number.
    let history = terminal.json("fay", &["history", "h1467"]);
    let member = terminal.json("fay", &["member", "show", "h1467"]);
    assert_eq!(history["object"], member["member"]);
    refuses_another_asset(&terminal);

    let pay = ["transfer", "send", "fay:main", "stan:main", "12.50", "EUR"];
    terminal.json(
        "fay",
        &[&pay[..], &["--reference", "eggs; 2 | (x) \"y\" =9"]].concat(),
    );
    terminal.json(
        "fay",
        &["transfer", "send", "fay:points", "stan:points", "40", "R2"],
    );
    terminal.json(
        "stan",
        &["transfer", "send", "stan:main", "fay:main", "0.05", "EUR"],
    );
    let mapping = terminal.write("budget.toml", MAPPING);
    let table = terminal.write("budget.csv", BUDGET);
    terminal.json(
        "fay",
        &[
            "import",
            "budget",
            &table,
            "--mapping",
            &mapping,
            "--into",
            "root/plan",
            "--from",
            "root/plan:main",
            "--with",
            "stan=root/plan#steward",
        ],
    );

    for what in [
        ["account", "fay:main"],
        ["account", "fay:points"],
        ["account", "stan:main"],
        ["account", "root/plan/care:fy2026"],
        ["unit", "root/plan"],
        ["unit", "root/plan/care"],
    ] {
        let journal = terminal.path("books.journal").display().to_string();
        let export = [&["export"], &what[..], &["--file", &journal]].concat();
        let told = terminal.json("fay", &export);
        hledger(&journal, &["check", "--strict"]);
        let balances = balances(&hledger(
            &journal,
            &["balance", "--flat", "--empty", "--no-total", "-O", "csv"],
        ));
        let accounts = told["accounts"].as_array().expect("accounts");
        assert!(!accounts.is_empty());
        for account in accounts {
            let number = account["account"].as_str().expect("a number");
            let found = &balances[number];
            assert_eq!(found, &account["balance"]["amount"], "{what:?} {number}");
        }

        let table = terminal.path("books.csv").display().to_string();
        let export = [
            &["export"],
            &what[..],
            &["--format", "csv", "--file", &table],
        ]
        .concat();
        terminal.json("fay", &export);
        let text = std::fs::read_to_string(&table).expect("the table is there");
        let rows = text.lines().count() - 1;
        let entries = told["entries"].as_array().expect("entries");
        assert!(rows >= entries.len(), "{text}");
    }

    // The books of the past end with what had moved by then, as the balance of then is proven.
    let journal = terminal.path("books.journal").display().to_string();
    let export = ["export", "account", "fay:main"];
    let now = terminal.json("fay", &export);
    let entries = now["entries"].as_array().expect("entries");
    let newest = entries.last().expect("an entry")["height"].as_u64();
    let before = (newest.expect("a height") - 1).to_string();
    let then = [&export[..], &["--at", &before, "--file", &journal]].concat();
    let then = terminal.json("fay", &then);
    hledger(&journal, &["check", "--strict"]);
    let left = then["entries"].as_array().expect("entries").len();
    assert!(0 < left && left < entries.len(), "{then}");
    let shown = terminal.json("fay", &["account", "show", "fay:main", "--at", &before]);
    assert_eq!(then["accounts"][0]["balance"], shown["balance"]);
}

/// Accounts of two assets are refused by the ledger; what neither holds cannot be sent, and has the same name.
fn refuses_another_asset(terminal: &Terminal) {
    let across = ["transfer", "send", "fay:points", "stan:main", "1", "R2"];
    let neither = ["transfer", "send", "fay:main", "stan:main", "1", "R2"];
    for (words, more, is_sent) in [
        (&across, &[][..], false),
        (&across, &["--send-anyway"], true),
        (&neither, &[], false),
        (&neither, &["--send-anyway"], false),
    ] {
        let refused = terminal.run("fay", &[&words[..], more].concat());
        let told: Value = serde_json::from_slice(&refused.stdout).expect("one object");
        assert_eq!(refused.status.code(), Some(3), "{told}");
        assert_eq!(told["rejection"], "wrong_asset", "{told}");
        assert_eq!(told["id"].is_string(), is_sent, "{told}");
    }
    // Whatever else names accounts and no asset would be counted in what they hold.
    let statement = "07".repeat(32);
    let between = ["fay:main", "stan:main", "1", "R2"];
    for words in [
        [&["budget", "allocate"], &between[..]].concat(),
        [&["budget", "return"], &between[..]].concat(),
        [
            &["external", "record", "--statement", &statement],
            &between[..],
        ]
        .concat(),
        vec!["asset", "issue", "fay:main", "1", "R2"],
        vec!["asset", "retire", "fay:main", "1", "R2"],
    ] {
        let refused = terminal.run("fay", &words);
        let told: Value = serde_json::from_slice(&refused.stdout).expect("one object");
        assert_eq!(told["rejection"], "wrong_asset", "{words:?}: {told}");
    }
}

#[track_caller]
fn answer(output: &std::process::Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("-o json prints JSON")
}

/// Runs hledger over a journal; it must agree.
#[track_caller]
fn hledger(journal: &str, arguments: &[&str]) -> String {
    let output = Command::new("hledger")
        .args(["-f", journal])
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("hledger is installed: scripts/lib/install.sh books");
    let errors = String::from_utf8_lossy(&output.stderr);
    let books = std::fs::read_to_string(journal).unwrap_or_default();
    assert!(output.status.success(), "{errors}\n{books}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Amounts by the number at the end of each account's name.
fn balances(csv: &str) -> BTreeMap<String, String> {
    let lines = csv.lines().skip(1);
    let cells = lines.filter_map(|line| line.trim_matches('"').split_once("\",\""));
    cells
        .map(|(account, balance)| {
            let number = account.rsplit(' ').next().unwrap_or_default();
            let amount = balance.split(' ').next().unwrap_or_default();
            (number.to_owned(), amount.to_owned())
        })
        .collect()
}
