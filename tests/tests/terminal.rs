//! The stories of `tests/terminal/`: people at their terminals, and a network of four departments that
//! decides whether it is so. Waits and terms that last days elsewhere last seconds here.
//!
//! A story has three parts, divided by `----`: its people, the rest of the charter that founds their
//! organisation, and what they type. A line at the margin is what a member types after `polity`, read
//! by a real shell; the indented lines below it say what must come of it:
//!
//! - `accepted`, and `called NAME` for what it made: `$NAME` in later lines;
//! - `accepted in time`: refused as `waiting` until its time has come;
//! - `height NAME`: `$NAME` is the height of the block that it was accepted in;
//! - `refused NAME`: by the ledger, in a block, where the attempt is recorded;
//! - `no TEXT`: nothing was sent, because the ledger would refuse it; and why;
//! - `misread TEXT`: nothing was asked or done, because the words mean nothing that could be; and why;
//! - `done`: a step before anything is sent, such as a signature on a draft;
//! - `shows TEXT`, `shows TEXT called NAME` for the word behind it, `hides TEXT`, and `shows TEXT in time`.
//!
//! The shells work in the directory of the stories, where the files lie that they speak of; what they
//! write goes to `$TERMINAL`. The stories happen at the same time, to different people. A file without the three parts is
//! no story.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::terminal::Terminal;
use polity_tests::wait;

/// Every wait and term of the stories is shorter.
const IN_TIME: Duration = Duration::from_secs(60);

/// A change round and an idle block after seconds.
const PARAMETERS: &str = "idle_interval = \"1s\"\nelection_change = \"12s\"\n";

#[test]
fn the_stories_hold_at_the_terminal() {
    let stories = Story::all();
    assert!(stories.len() >= 4, "the stories are missing");
    let mut terminal = Terminal::new();
    let mut charter = PARAMETERS.to_owned();
    for story in &stories {
        story.enrol(&mut terminal);
        charter.push_str(&story.charter);
        charter.push('\n');
    }
    charter.push_str(terminal.people());
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 4,
        guests: 0,
        settings: &["share.actions_per_second=0"],
        charter: &charter,
    });
    cluster.start_founders();
    terminal.connect(&cluster);

    // All are told, however one of them ends.
    std::thread::scope(|scope| {
        for story in &stories {
            scope.spawn(|| story.live(&terminal));
        }
    });
}

/// Where the stories lie.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("terminal")
}

struct Story {
    name: String,
    people: String,
    charter: String,
    acts: String,
}

/// What a member types, and what must come of it.
struct Act<'s> {
    member: &'s str,
    command: &'s str,
    expected: Vec<&'s str>,
}

impl Story {
    /// Every story of the directory, by name.
    #[track_caller]
    fn all() -> Vec<Story> {
        let files = std::fs::read_dir(directory()).expect("the stories are there");
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("an entry").path()).collect();
        files.sort();
        files.iter().filter_map(|file| Story::read(file)).collect()
    }

    #[track_caller]
    fn read(file: &Path) -> Option<Story> {
        let text = std::fs::read_to_string(file).expect("the file can be read");
        let parts: Vec<&str> = text.split("\n----\n").collect();
        let [people, charter, acts] = parts[..] else {
            assert_eq!(
                parts.len(),
                1,
                "{}: a story has three parts",
                file.display()
            );
            return None;
        };
        Some(Story {
            name: file.file_name()?.to_string_lossy().into_owned(),
            people: people.to_owned(),
            charter: charter.to_owned(),
            acts: acts.to_owned(),
        })
    }

    #[track_caller]
    fn acts(&self) -> Vec<Act<'_>> {
        let mut acts: Vec<Act<'_>> = Vec::new();
        for line in lines(&self.acts) {
            match (line.strip_prefix("  "), acts.last_mut()) {
                (Some(expected), Some(act)) => act.expected.push(expected),
                (Some(_), None) => panic!("{}: nobody typed what {line:?} is about", self.name),
                (None, _) => {
                    let (member, command) = line.split_once(": ").expect("MEMBER: COMMAND");
                    acts.push(Act {
                        member,
                        command,
                        expected: Vec::new(),
                    });
                }
            }
        }
        acts
    }

    /// The people: `NAME in UNIT, UNIT as ROLE, ROLE`, or without roles.
    #[track_caller]
    fn enrol(&self, terminal: &mut Terminal) {
        for line in lines(&self.people) {
            let (who, rest) = line.split_once(" in ").expect("NAME in UNIT");
            let (units, roles) = rest.split_once(" as ").unwrap_or((rest, ""));
            let units: Vec<&str> = units.split(", ").collect();
            let roles: Vec<&str> = roles.split(", ").filter(|role| !role.is_empty()).collect();
            terminal.enrol_in(who, &units, &roles);
        }
    }

    #[track_caller]
    fn live(&self, terminal: &Terminal) {
        let mut named = BTreeMap::new();
        for act in self.acts() {
            let Act {
                member, command, ..
            } = act;
            assert!(
                !act.expected.is_empty(),
                "{}: {member}: {command}: nothing is expected",
                self.name
            );
            let mut output: Option<Output> = None;
            for expected in act.expected {
                let command = if expected.starts_with("refused") {
                    format!("--send-anyway {command}")
                } else {
                    command.to_owned()
                };
                let again = || terminal.shell(member, &command, &directory(), &named);
                let now = if expected.ends_with(" in time") {
                    wait::until(expected, IN_TIME, || {
                        let found = again();
                        holds(&found, expected).then_some(found)
                    })
                } else {
                    output.take().unwrap_or_else(again)
                };
                let told = told(&now);
                assert!(
                    holds(&now, expected),
                    "{}: {member}: {command}\n  {expected}\n{told}",
                    self.name
                );
                if let Some((name, value)) = found(&told, expected) {
                    named.insert(name.to_owned(), value);
                }
                output = Some(now);
            }
        }
    }
}

/// The lines of a part, without remarks.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let of_story = |line: &&str| !line.is_empty() && !line.starts_with('#');
    text.lines().filter(of_story)
}

/// Whether what was printed is what the story expects.
#[track_caller]
fn holds(output: &Output, expected: &str) -> bool {
    let told = told(output);
    let (expected, _) = naming(expected);
    let (word, rest) = expected.split_once(' ').unwrap_or((expected, ""));
    match word {
        "accepted" => output.status.success() && told.contains("accepted in block"),
        "refused" => output.status.code() == Some(3) && told.contains(&format!(" {rest}: ")),
        "no" => output.status.code() == Some(3) && told.contains(rest),
        "misread" => output.status.code() == Some(2) && told.contains(rest),
        "done" | "height" => output.status.success(),
        "shows" => output.status.success() && told.contains(rest),
        "hides" => output.status.success() && !told.contains(rest),
        _ => panic!("what is {expected:?}?"),
    }
}

/// An expectation without its time, and the name that it gives to something.
fn naming(expected: &str) -> (&str, Option<&str>) {
    let expected = expected.strip_suffix(" in time").unwrap_or(expected);
    match expected.split_once(" called ") {
        Some((expected, name)) => (expected, Some(name)),
        None => (expected, None),
    }
}

/// What an expectation names, and its value.
#[track_caller]
fn found<'e>(told: &str, expected: &'e str) -> Option<(&'e str, String)> {
    if let Some(name) = expected.strip_prefix("height ") {
        return Some((name, word_after(told, "accepted in block")));
    }
    let (expected, name) = naming(expected);
    let name = name?;
    let value = match expected.strip_prefix("shows ") {
        Some(text) => word_after(told, text),
        None => made(told),
    };
    Some((name, value))
}

/// The word behind a text, without what punctuates it.
#[track_caller]
fn word_after(told: &str, text: &str) -> String {
    let behind = told.split_once(text).map(|(_, behind)| behind);
    let word = behind.and_then(|behind| behind.split_whitespace().next());
    let word = word.unwrap_or_else(|| panic!("a word behind {text:?}"));
    word.trim_end_matches([',', ':']).to_owned()
}

fn told(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    texts.concat()
}

/// The number of what was made: the first one in the lines below the receipt's, such as `n15`.
#[track_caller]
fn made(told: &str) -> String {
    let after = told
        .lines()
        .skip_while(|line| !line.contains("accepted in"));
    let is_number = |word: &&str| {
        let digits = word.strip_prefix(|letter: char| letter.is_ascii_lowercase());
        digits.is_some_and(|digits| digits.parse::<u64>().is_ok())
    };
    let word = after
        .skip(1)
        .flat_map(str::split_whitespace)
        .find(is_number);
    word.expect("a receipt tells what was made").to_owned()
}
