use polity_proto::v1::{Body, Event, Member, Receipt, Role};

use super::super::testing::events;
use super::*;
use crate::made::Made;
use crate::recorded::Node;

const STORY: &str = "1 unit a\n1 unit b a\n1 member m\n1 assign a lead m\n2 unassign a lead m\n3 assign a lead m\n4 move b";

/// The chain after the first assignment, and what the tests change about it.
fn chain() -> Structure {
    let unit = |number, parent, name: &str| Unit {
        number,
        parent,
        external_id: name.into(),
        effective_at: 1,
        ..Unit::default()
    };
    let assignment = Assignment {
        number: 31,
        role: 21,
        member: 11,
        effective_at: 1,
        ..Assignment::default()
    };
    Structure {
        units: vec![
            unit(1, 0, ""),
            unit(2, 1, ""),
            unit(3, 2, "a"),
            unit(4, 3, "b"),
        ],
        roles: vec![Role {
            number: 21,
            unit: 3,
            external_id: "a#lead".into(),
            effective_at: 1,
            ..Role::default()
        }],
        members: vec![Member {
            number: 11,
            external_id: "m".into(),
            effective_at: 1,
            ..Member::default()
        }],
        assignments: vec![assignment],
        height: None,
    }
}

fn recorded(structure: &Structure, moves: usize) -> Result<Recorded> {
    let story = Story::of(&events(STORY)).expect("a story");
    let moves = BTreeMap::from([(1, moves)]);
    Match::of(&story, structure, 2).recorded(&story, moves)
}

fn count(structure: &Structure, moves: usize) -> usize {
    let recorded = recorded(structure, moves).expect("agrees");
    recorded.steps.iter().filter(|step| **step).count()
}

#[test]
fn an_import_goes_on_where_the_chain_stands() {
    let mut structure = chain();
    assert_eq!(count(&structure, 0), 5);
    assert!(recorded(&structure, 1).is_err(), "the move came before");
    structure.assignments[0].ended_at = 99;
    assert_eq!(count(&structure, 0), 6);
    structure.assignments.push(Assignment {
        number: 32,
        effective_at: 3,
        ended_at: 0,
        ..structure.assignments[0].clone()
    });
    assert_eq!(count(&structure, 1), 8);
    assert_eq!(count(&Structure::default(), 0), 0);
}

#[test]
fn units_elsewhere_are_not_what_is_looked_for() {
    let mut structure = chain();
    structure.units[2].parent = 1;
    let recorded = recorded(&structure, 0).expect("agrees");
    assert_eq!(recorded.numbers[..2], [0, 0]);
}

#[test]
fn a_chain_that_tells_otherwise_is_refused() {
    let mut later = chain();
    later.members[0].effective_at = 2;
    let refused = recorded(&later, 0).expect_err("another date");
    assert!(refused.to_string().starts_with("event 3: "), "{refused}");

    let mut missing = chain();
    missing.assignments[0].ended_at = 99;
    missing.units[2].external_id = "other".into();
    assert!(
        recorded(&missing, 0).is_err(),
        "the member came before the unit"
    );
}

#[tokio::test]
async fn moves_are_counted_whatever_a_node_tells_beside_the_entries() {
    let unit = Unit {
        number: 4,
        ..Unit::default()
    };
    let moved = crate::session::action(Kind::MoveUnit(MoveUnit::default()), 0);
    let event = |did, number| Event {
        did,
        object: ObjectKind::Unit as i32,
        number,
        ..Event::default()
    };
    let did = polity_ledger::actions::tag(&moved);
    let receipt = Receipt {
        events: vec![event(did, 4), event(0, 4), event(did, 3), event(did, 4)],
        ..Receipt::default()
    };
    let mut chain = Made::founded();
    chain.block().transaction(&Body::default(), receipt);
    for index in 0..4 {
        chain.tell(&unit, 0, index);
    }
    let chain = chain.block().block().clone().signed();
    let silent = chain.clone();
    let node = Node::start(move |method, params| silent.answer(method, params).to_string().into());
    let session = chain.session([node.await.url.clone()]);

    assert_eq!(moves_of(&session, 4).await.expect("counted"), 2);
}
