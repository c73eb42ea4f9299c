//! The organisation that `scripts/localnet` founds.

use std::collections::BTreeSet;
use std::process::Command;

use polity_ledger::genesis::{Founding, found};
use polity_ledger::judge::{Now, who};
use polity_ledger::state::objects;
use polity_proto::v1::{Capability, Member, Role};

use super::{CHAIN, genesis_of, possession, public};

#[test]
fn two_people_of_different_units_can_freeze_whatever_members_account() {
    let mut text = told(&format!("demonstration_charter {CHAIN}")).replace(
        "constitution = \"constitution.md\"",
        &format!("constitution_sha256 = \"{}\"", "ab".repeat(32)),
    );
    let people = told("echo \"$demonstration_people\"");
    let people: Vec<Vec<&str>> = people
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    for words in &people {
        let (handle, unit, role) = (words[0], words[1], words[2]);
        text += &format!(
            "[[people]]\nhandle = \"{handle}\"\nkey = \"{}\"\npossession = \"{}\"\nunit = \"{unit}\"\nroles = [\"{role}\"]\n",
            public(handle),
            possession(handle),
        );
    }
    for unit in told("echo \"${demonstration_departments[@]}\"").split_whitespace() {
        text += &format!(
            "[[validators]]\nunit = \"acme/{unit}\"\nkey = \"{}\"\npossession = \"{}\"\npower = 10\n",
            public(unit),
            possession(unit),
        );
    }
    let app_state = genesis_of(&text).unwrap().app_state().unwrap();
    let founding = Founding {
        chain_id: CHAIN,
        time: 0,
        initial_height: 1,
        app_state: &app_state,
    };
    let state = found(&founding).unwrap().state();

    for number in 1..=people.len() as u64 {
        let member: Member = objects::get(&state, number).unwrap();
        let now = Now::default();
        let units: BTreeSet<u64> =
            who::with_capability(&state, now, Capability::Freeze, member.unit, 50)
                .into_iter()
                .filter(|actor| actor.member != number)
                .filter_map(|actor| objects::get::<Role>(&state, actor.role))
                .map(|role| role.unit)
                .collect();
        assert!(units.len() > 1, "{}: {units:?}", member.handle);
    }
}

/// What the demonstration's script tells.
fn told(command: &str) -> String {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scripts/lib/demonstration.sh"
    );
    let output = Command::new("bash")
        .args(["-c", &format!("source \"$0\"; {command}"), script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
