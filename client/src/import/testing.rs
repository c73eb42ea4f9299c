//! Stories in short, for tests: `1 unit core`, `1 unit web core`, `2 move web`, `3 dissolve web`, `1 member Ada`,
//! `1 assign core lead Ada`, `2 unassign core lead Ada`. The first word is the second in which it happened.

use super::events::{Event, What};

/// The events of a story.
pub(super) fn events(text: &str) -> Vec<Event> {
    let lines = text.lines().zip(1..);
    lines.map(|(line, number)| event(line, number)).collect()
}

fn event(line: &str, number: u64) -> Event {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let word = |index: usize| words.get(index).cloned().unwrap_or_default();
    let (unit, role, member) = (word(2), word(3), word(4));
    let parent = words.get(3).cloned();
    let what = match words[1].as_str() {
        "unit" => What::UnitCreated {
            unit,
            kind: "team".into(),
            parent,
        },
        "move" => What::UnitMoved { unit, parent },
        "dissolve" => What::UnitDissolved { unit },
        "member" => What::MemberAdded { member: unit },
        "assign" => What::Assigned { unit, role, member },
        "unassign" => What::Unassigned { unit, role, member },
        other => panic!("a story has no {other}"),
    };
    Event {
        number,
        at: words[0].parse().expect("a story begins with a second"),
        what,
    }
}
