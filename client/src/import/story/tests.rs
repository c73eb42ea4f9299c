use super::super::testing::events;
use super::*;

/// Each step in a few words.
fn told(text: &str) -> Vec<String> {
    let story = Story::of(&events(text)).expect("a story");
    let name = |thing: ThingIndex| story.external_id(thing);
    let below = |parent: Option<ThingIndex>| parent.map_or("top".to_owned(), name);
    let held = |assignment: ThingIndex| match story.things[assignment] {
        Thing::Assignment { role, member } => format!("{} {}", name(role), name(member)),
        Thing::Unit { .. } | Thing::Role { .. } | Thing::Member { .. } => String::new(),
    };
    let words = |step: &Step| match step.deed {
        Deed::CreateUnit { unit, parent } => format!("unit {} {}", name(unit), below(parent)),
        Deed::MoveUnit { unit, parent } => format!("move {} {}", name(unit), below(parent)),
        Deed::DissolveUnit { unit } => format!("dissolve {}", name(unit)),
        Deed::CreateRole { role } => format!("role {}", name(role)),
        Deed::ImportMember { member } => format!("member {}", name(member)),
        Deed::Assign { assignment } => format!("assign {}", held(assignment)),
        Deed::Revoke { assignment } => format!("revoke {}", held(assignment)),
    };
    story.steps.iter().map(words).collect()
}

#[test]
fn a_role_is_created_when_somebody_first_holds_it() {
    let text = "1 unit core\n1 member Ada\n1 assign core lead Ada\n2 unassign core lead Ada\n3 assign core lead Ada";
    assert_eq!(
        told(text),
        [
            "unit core top",
            "member Ada",
            "role core#lead",
            "assign core#lead Ada",
            "revoke core#lead Ada",
            "assign core#lead Ada",
        ]
    );
}

#[test]
fn in_one_instant_units_end_last_and_the_deepest_first() {
    let text =
        "1 unit a\n1 unit b a\n1 unit c b\n2 dissolve a\n2 dissolve b\n2 move c\n2 dissolve c";
    let steps = told(text);
    assert_eq!(
        steps[3..],
        ["move c top", "dissolve b", "dissolve a", "dissolve c"]
    );
}

#[test]
fn a_name_that_is_used_again_is_another_unit() {
    let text = "1 unit a\n1 member m\n1 assign a lead m\n2 unassign a lead m\n2 dissolve a\n2 unit a\n3 assign a lead m";
    let story = Story::of(&events(text)).expect("a story");
    let units = story.things.iter();
    let lives = units.filter(|thing| matches!(thing, Thing::Unit { name, .. } if name == "a"));
    assert_eq!(lives.count(), 2);
    let created = |step: &&Step| matches!(step.deed, Deed::CreateUnit { .. });
    let again = story.steps.iter().rfind(created);
    let touches = again.map(|step| step.touches.clone());
    assert_eq!(
        touches,
        Some(vec![4, 0]),
        "it waits for the end of the first"
    );
    assert_eq!(
        told(text)[4..],
        [
            "revoke a#lead m",
            "dissolve a",
            "unit a top",
            "role a#lead",
            "assign a#lead m"
        ][..]
    );
}

#[test]
fn what_the_file_contradicts_is_refused_by_its_event() {
    let begun = "1 unit a\n1 unit b a\n1 member m\n1 assign a lead m\n";
    let long = format!("1 unit {0}\n1 member m\n1 assign {0} {0} m", "x".repeat(40));
    let table = [
        ("1 unit a\n1 unit a", "event 2: there is a unit a already"),
        ("1 unit a b", "event 1: there is no unit b"),
        ("1 move a", "event 1: there is no unit a"),
        ("1 unit a\n2 move a", "event 2: a is there already"),
        ("1 dissolve a", "event 1: there is no unit a"),
        ("1 member m\n1 member m", "event 2: m is a member already"),
        ("1 assign a lead m", "event 1: there is no unit a"),
        (
            "1 unit a\n1 assign a lead m",
            "event 2: there is no member m",
        ),
        (long.as_str(), "is longer than 64 bytes"),
    ];
    let then = [
        ("2 move a b", "event 5: a would stand below itself"),
        ("2 dissolve a", "event 5: a still has units below it"),
        (
            "2 move b\n3 dissolve a",
            "event 6: somebody still holds a role of a",
        ),
        ("2 assign a lead m", "event 5: m holds a#lead already"),
        ("2 unassign b lead m", "event 5: m does not hold b#lead"),
        ("2 unassign a guide m", "event 5: m does not hold a#guide"),
    ];
    let then = then.map(|(text, expected)| (format!("{begun}{text}"), expected));
    let table = table.map(|(text, expected)| (text.to_owned(), expected));
    for (text, expected) in table.into_iter().chain(then) {
        let refused = Story::of(&events(&text)).expect_err(&text);
        assert_eq!(refused.kind(), crate::ErrorKind::Usage, "{text}");
        assert!(refused.to_string().contains(expected), "{text}: {refused}");
    }
}
