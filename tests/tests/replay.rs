//! An import of organisational events into four departments, through the hands of a registrar.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::process::Process;
use polity_tests::terminal::Terminal;
use serde_json::{Value, json};

/// Blocks of an import come sooner.
const BLOCKS: Duration = Duration::from_secs(120);

const UNITS: usize = 12;
const MEMBERS: usize = 60;
const ROUNDS: usize = 30;

const REGISTRAR: &str = r#"
[[units]]
unit = "root/import"
kind = "team"
[[roles]]
role = "root/import#registrar"
[[roles.grants]]
can = ["govern", "assign_roles", "admit_members"]
below = true
"#;

#[test]
fn an_import_survives_the_death_of_every_node_and_its_own() {
    let mut terminal = Terminal::new();
    terminal.enrol("rhea", "root", "root/import#registrar");
    let addition = format!("{REGISTRAR}{}", terminal.people());
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 4,
        guests: 0,
        settings: &["share.actions_per_second=0"],
        charter: &addition,
    });
    cluster.start_founders();
    terminal.connect(&cluster);
    let story = Story::new();
    let events = terminal.write("events.jsonl", story.lines.join("\n"));
    let roster = terminal.write("roster.json", story.roster().to_string());
    let import = ["import", "events", &events, "--into", "root/import"];

    // Whoever tries signs nothing, so nobody's passphrase is read: not even from where it would be.
    let trying = ["--dry-run", "--passphrase-fd", "77"];
    let tried = terminal.json("rhea", &[&import[..], &trying].concat());
    assert_eq!(tried["sent"], false, "{tried}");

    let log = terminal.path("import.log");
    let mut first = Process::start("import", &mut terminal.command("rhea", &import), &log);
    blocks(&cluster, 4);
    for node in &mut cluster.nodes {
        node.kill();
    }
    assert!(first.ended().is_none(), "the import ended too early");
    for node in &mut cluster.nodes {
        node.start();
    }
    blocks(&cluster, 4);
    assert!(first.ended().is_none(), "the import ended too early");
    first.kill();

    let expecting = [&import[..], &["--expect", &roster]].concat();
    let done = terminal.json("rhea", &expecting);
    assert!(done["recorded_before"].as_u64() > Some(0), "{done}");
    assert_eq!(done["comparison"]["equal"], true, "{done}");

    let again = terminal.json("rhea", &expecting);
    assert_eq!(again["actions"], 0, "{again}");

    let other = json!({"units": {}}).to_string();
    let other = terminal.write("other.json", other);
    let differs = terminal.run(
        "rhea",
        &["import", "check", &other, "--into", "root/import"],
    );
    assert_eq!(differs.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&differs.stdout).expect("JSON");
    let units = story.parents.len();
    assert_eq!(told["differences"].as_array().map(Vec::len), Some(units));

    let inside = terminal.run("rhea", &[&import[..], &["--until", "2"]].concat());
    assert_eq!(inside.status.code(), Some(2));
}

/// Waits until the first node has made so many more blocks.
#[track_caller]
fn blocks(cluster: &Cluster, more: u64) {
    let node = &cluster.nodes[0];
    let begun = polity_tests::wait::until("the first node answers", BLOCKS, || node.height());
    node.wait_for_height(begun + more, BLOCKS);
}

/// A story of our own, and who holds what at its end: told here without the rules that are tested.
struct Story {
    lines: Vec<String>,
    parents: BTreeMap<String, Option<String>>,
    holders: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Story {
    fn new() -> Story {
        let mut story = Story {
            lines: Vec::new(),
            parents: BTreeMap::new(),
            holders: BTreeMap::new(),
        };
        for number in 0..UNITS {
            let parent = (number >= 3).then(|| unit(number % 3));
            story.tell(
                0,
                json!({"type": "unit_created", "unit": unit(number), "kind": "team", "parent": parent}),
            );
            story.parents.insert(unit(number), parent);
        }
        for number in 0..MEMBERS {
            story.tell(0, json!({"type": "member_added", "member": member(number)}));
        }
        for round in 1..=ROUNDS {
            story.round(round);
        }
        story.reuse_a_name(ROUNDS + 1);
        story
    }

    /// Everybody takes a role, or gives one back; a unit moves.
    fn round(&mut self, round: usize) {
        for number in 0..MEMBERS {
            let unit = unit((number + round) % UNITS);
            let role = ["lead", "member"][number % 2].to_owned();
            let holders = self
                .holders
                .entry((unit.clone(), role.clone()))
                .or_default();
            let kind = if holders.remove(&member(number)) {
                "unassigned"
            } else {
                holders.insert(member(number));
                "assigned"
            };
            self.tell(
                round,
                json!({"type": kind, "unit": unit, "role": role, "member": member(number)}),
            );
        }
        let moved = unit(3 + round % (UNITS - 3));
        let parent = unit(round % 3);
        if self.parents[&moved].as_ref() != Some(&parent) {
            self.tell(
                round,
                json!({"type": "unit_moved", "unit": moved, "parent": parent}),
            );
            self.parents.insert(moved, Some(parent));
        }
    }

    /// A unit and the one below it end in one instant, the upper one first; later the name is used again.
    fn reuse_a_name(&mut self, round: usize) {
        let event = |kind: &str, unit: &str, parent: Option<&str>| json!({"type": kind, "unit": unit, "kind": "team", "parent": parent});
        self.tell(round, event("unit_created", "old", None));
        self.tell(round, event("unit_created", "older", Some("old")));
        self.tell(round + 1, event("unit_dissolved", "old", None));
        self.tell(round + 1, event("unit_dissolved", "older", None));
        self.tell(round + 2, event("unit_created", "old", None));
        self.parents.insert("old".into(), None);
    }

    fn tell(&mut self, day: usize, mut event: Value) {
        event["n"] = json!(self.lines.len() + 1);
        event["at"] = json!(format!(
            "2020-{:02}-{:02}T09:00:00Z",
            day / 28 + 1,
            day % 28 + 1
        ));
        self.lines.push(event.to_string());
    }

    fn roster(&self) -> Value {
        let units = self.parents.iter().map(|(name, parent)| {
            let roles: BTreeMap<&String, &BTreeSet<String>> = self
                .holders
                .iter()
                .filter(|((unit, _), _)| unit == name)
                .map(|((_, role), holders)| (role, holders))
                .collect();
            (name.clone(), json!({"parent": parent, "roles": roles}))
        });
        let units: serde_json::Map<String, Value> = units.collect();
        json!({ "units": units })
    }
}

fn unit(number: usize) -> String {
    format!("Unit {number}")
}

fn member(number: usize) -> String {
    format!("Member.{number}")
}
