use polity_proto::v1::action::Kind;
use polity_proto::v1::{Event, Ref};

use super::super::testing::events;
use super::*;

/// Runs a plan to its end: every transaction of a wave lands before the next wave is asked for. Answers the steps
/// of each wave's transactions.
fn waves(story: &Story) -> Vec<Vec<Vec<usize>>> {
    let nothing = Recorded {
        numbers: vec![0; story.things.len()],
        steps: vec![false; story.steps.len()],
    };
    let mut plan = Plan::new(story, nothing, &Structure::default(), 1, 1);
    let mut numbers = 100;
    let mut waves = Vec::new();
    while plan.recorded() < story.steps.len() as u64 {
        let wave: Vec<Batch> = std::iter::from_fn(|| plan.next_batch()).collect();
        assert!(!wave.is_empty(), "nothing can go on");
        for batch in &wave {
            let receipt = receipt(&plan, batch, &mut numbers);
            plan.landed(batch, &receipt).expect("learns");
        }
        waves.push(wave.into_iter().map(|batch| batch.steps).collect());
    }
    waves
}

fn receipt(plan: &Plan<'_>, batch: &Batch, numbers: &mut u64) -> Receipt {
    let mut events = Vec::new();
    for (action, step) in (0..).zip(&batch.steps) {
        if let Some(thing) = plan.story.steps[*step].deed.creates() {
            *numbers += 1;
            events.push(Event {
                action,
                object: plan.kind_of(thing) as i32,
                number: *numbers,
                ..Event::default()
            });
        }
    }
    Receipt {
        events,
        ..Receipt::default()
    }
}

#[test]
fn what_fits_one_transaction_goes_in_one_and_names_what_it_creates() {
    let text =
        "1 unit a\n1 unit b a\n1 member m\n1 assign b lead m\n2 unassign b lead m\n2 dissolve b";
    let story = Story::of(&events(text)).expect("a story");
    assert_eq!(waves(&story), [[[0, 1, 2, 3, 4, 5, 6]]]);

    let nothing = Recorded {
        numbers: vec![0; story.things.len()],
        steps: vec![false; story.steps.len()],
    };
    let mut plan = Plan::new(&story, nothing, &Structure::default(), 7, 9);
    let batch = plan.next_batch().expect("a transaction");
    let Some(Kind::AssignRole(assign)) = &batch.actions[4].kind else {
        panic!("the fifth action assigns");
    };
    assert_eq!(assign.role, Some(Ref { number: 0, new: 4 }));
    assert_eq!(assign.member, Some(Ref { number: 0, new: 3 }));
    assert_eq!(
        batch.actions[4].acting_role,
        Some(Ref { number: 9, new: 0 })
    );
    assert_eq!(batch.actions[4].effective_at, 1);
    let Some(Kind::CreateUnit(unit)) = &batch.actions[0].kind else {
        panic!("the first action creates a unit");
    };
    assert_eq!(unit.parent, Some(Ref { number: 7, new: 0 }));
    assert_eq!(unit.label, "team");
}

#[test]
fn what_shares_nothing_goes_side_by_side_and_what_shares_waits() {
    let mut text = String::from("1 unit a\n1 unit b");
    for unit in ["a", "b"] {
        for number in 0..60 {
            text.push_str(&format!("\n1 member {unit}{number}"));
            text.push_str(&format!("\n1 assign {unit} lead {unit}{number}"));
        }
    }
    let story = Story::of(&events(&text)).expect("a story");
    let waves = waves(&story);
    let sizes: Vec<Vec<usize>> = waves
        .iter()
        .map(|wave| wave.iter().map(Vec::len).collect())
        .collect();
    assert_eq!(sizes.concat().iter().sum::<usize>(), story.steps.len());
    assert!(waves.len() < sizes.concat().len(), "{sizes:?}");
}

#[test]
fn every_object_keeps_the_order_of_the_file() {
    let mut text = String::from("1 unit a\n1 unit b\n1 unit c a");
    for number in 0..150 {
        text.push_str(&format!("\n2 member m{number}"));
        let unit = ["a", "b", "c"][number % 3];
        text.push_str(&format!("\n3 assign {unit} lead m{number}"));
        if number % 4 == 0 {
            text.push_str(&format!("\n3 unassign {unit} lead m{number}"));
        }
    }
    let lines: Vec<String> = text
        .lines()
        .zip(1..)
        .map(|(line, second)| {
            let (_, rest) = line.split_once(' ').expect("words");
            format!("{second} {rest}")
        })
        .collect();
    let story = Story::of(&events(&lines.join("\n"))).expect("a story");
    let mut last: BTreeMap<ThingIndex, usize> = BTreeMap::new();
    for step in waves(&story).concat().concat() {
        for thing in &story.steps[step].touches {
            let before = last.insert(*thing, step);
            assert!(
                before.is_none_or(|before| before <= step),
                "{before:?} {step}"
            );
        }
    }
}
