use polity_proto::v1::{Action, BudgetLine, ObjectKind, Transfer, action::Kind};

use super::*;
use crate::context::Block;
use crate::judge::Now;
use crate::merkle::history::{prove_consistency, prove_inclusion, root_of};
use crate::query::can;
use crate::state::{Read, history};
use crate::world::{World, by, euros, verdict};

const LEAD: Option<&str> = Some("ops#lead");

/// A world in which `dev` paid 300 EUR from a line, and `ops` was paid 5 EUR more since; with
/// the correction of 100 EUR of it.
fn corrected() -> (World, CorrectTransfer) {
    let mut world = World::with_treasury();
    let plan = Kind::PlanBudget(world.line("tools", 1_000));
    world.check("ben", Some("dev#lead"), plan, "accepted");
    let pay = Kind::Transfer(Transfer {
        line: form::numbered(1),
        ..world.transfer("dev:main", "ops:main", 300, TransferKind::Payment)
    });
    world.check("ben", Some("dev#lead"), pay, "accepted");
    let account = world.account("ops:main");
    let act = proof(&world, &account);
    let more = world.payment("dev:main", "ops:main", 5);
    world.check("ben", Some("dev#lead"), more, "accepted");
    let act = brought_up(&world, act);
    (world, act)
}

/// The correction of an account's newest movement, of which 100 EUR.
fn proof(world: &World, account: &Account) -> CorrectTransfer {
    let number = account.number;
    let count = world.history_count(ObjectKind::Account, number);
    let node =
        |level, index| history::node(&world.state, ObjectKind::Account, number, level, index);
    let last = account.last.clone().expect("value moved");
    CorrectTransfer {
        transfer: last.transfer,
        account: form::numbered(number),
        amount: euros(100),
        index: count - 1,
        entry: Read::get(
            &world.state,
            &keys::history_entry(ObjectKind::Account, number, count - 1),
        )
        .expect("the entry is there")
        .to_vec(),
        object: account.encode_to_vec(),
        path: prove_inclusion(count - 1, count, node)
            .expect("it is proven")
            .iter()
            .map(|hash| hash.to_vec())
            .collect(),
        count,
        root: root_of(count, node).expect("it has a root").to_vec(),
        ..CorrectTransfer::default()
    }
}

/// What a dry run tells of an action of Cleo's.
fn told(world: &World, kind: Kind) -> Vec<(String, String)> {
    let action = Action {
        acting_role: form::numbered(world.role("ops#lead").number),
        kind: Some(kind),
        ..Action::default()
    };
    let block = Block {
        height: world.height + 1,
        now: Now {
            time: world.time,
            paused: 0,
        },
    };
    let cleo = world.member_number("cleo");
    let verdict = can(&world.state, block, cleo, &action, false, &|| true);
    let facts = verdict.expect("somebody waits").facts.into_iter();
    facts.map(|fact| (fact.name, fact.value)).collect()
}

/// The same with the present consistency proof.
fn brought_up(world: &World, act: CorrectTransfer) -> CorrectTransfer {
    let number = act.account.expect("it names its account").number;
    let count = world.history_count(ObjectKind::Account, number);
    let node =
        |level, index| history::node(&world.state, ObjectKind::Account, number, level, index);
    let consistency = prove_consistency(act.count, count, node).expect("it only grew");
    CorrectTransfer {
        consistency: consistency.iter().map(|hash| hash.to_vec()).collect(),
        ..act
    }
}

#[test]
fn what_else_its_block_moves_does_not_spoil_a_proof() {
    let (mut world, act) = corrected();
    let correct = || by("cleo").acting_as("ops#lead");
    let twice = [correct(), correct()].map(|deed| deed.does(Kind::CorrectTransfer(act.clone())));
    assert_eq!(verdict(&world.submit(&twice)), "accepted");
    assert_eq!(world.balance("ops:main"), 10_500);
}

#[test]
fn what_was_paid_comes_back_and_never_more() {
    let (mut world, act) = corrected();
    world.check("cleo", LEAD, Kind::CorrectTransfer(act.clone()), "accepted");
    assert_eq!(world.balance("ops:main"), 20_500);
    assert_eq!(world.get::<BudgetLine>(1).spent, euros(200));

    let stale = Kind::CorrectTransfer(act.clone());
    world.check("cleo", LEAD, stale, "rejected correction_unproven");
    let rest = CorrectTransfer {
        amount: euros(201),
        ..brought_up(&world, act.clone())
    };
    world.check(
        "cleo",
        LEAD,
        Kind::CorrectTransfer(rest.clone()),
        "rejected correction_exceeded",
    );
    let facts = told(&world, Kind::CorrectTransfer(rest.clone()));
    for (name, amount) in [
        ("transferred", "300.00 EUR"),
        ("corrected", "100.00 EUR"),
        ("left", "200.00 EUR"),
    ] {
        assert!(
            facts.contains(&(name.to_owned(), amount.to_owned())),
            "{facts:?}"
        );
    }
    let rest = CorrectTransfer {
        amount: euros(200),
        ..rest
    };
    world.check(
        "cleo",
        LEAD,
        Kind::CorrectTransfer(rest.clone()),
        "accepted",
    );
    let last = CorrectTransfer {
        amount: euros(1),
        ..brought_up(&world, rest)
    };
    world.check(
        "cleo",
        LEAD,
        Kind::CorrectTransfer(last),
        "rejected correction_exceeded",
    );
}

#[test]
fn each_refusal_has_its_name() {
    let (mut world, good) = corrected();
    let other_transfer = CorrectTransfer {
        transfer: good.transfer + 1,
        ..good.clone()
    };
    let mut object = Account::decode(good.object.as_slice()).expect("it is an account");
    if let Some(last) = &mut object.last {
        last.amount = euros(9_000);
    }
    let forged = CorrectTransfer {
        object: object.encode_to_vec(),
        ..good.clone()
    };
    for (expected, act) in [
        (
            "rejected ref_malformed",
            CorrectTransfer {
                account: None,
                ..good.clone()
            },
        ),
        (
            "rejected field_missing",
            CorrectTransfer {
                transfer: 0,
                ..good.clone()
            },
        ),
        (
            "rejected amount_malformed",
            CorrectTransfer {
                amount: vec![0],
                ..good.clone()
            },
        ),
        (
            "rejected hash_malformed",
            CorrectTransfer {
                root: vec![1],
                ..good.clone()
            },
        ),
        (
            "rejected hash_malformed",
            CorrectTransfer {
                path: vec![vec![1]],
                ..good.clone()
            },
        ),
        (
            "rejected list_too_long",
            CorrectTransfer {
                path: vec![vec![1; 32]; 65],
                ..good.clone()
            },
        ),
        (
            "rejected correction_unproven",
            CorrectTransfer {
                entry: vec![7],
                ..good.clone()
            },
        ),
        (
            "rejected correction_unproven",
            CorrectTransfer {
                object: vec![],
                ..good.clone()
            },
        ),
        (
            "rejected object_unknown",
            CorrectTransfer {
                account: form::numbered(99),
                ..good.clone()
            },
        ),
        ("rejected correction_unproven", other_transfer),
        ("rejected correction_unproven", forged),
        (
            "rejected correction_unproven",
            CorrectTransfer {
                index: 1,
                ..good.clone()
            },
        ),
        (
            "rejected amount_zero",
            CorrectTransfer {
                amount: vec![],
                ..good.clone()
            },
        ),
    ] {
        world.check("cleo", LEAD, Kind::CorrectTransfer(act), expected);
    }
    let act = Kind::CorrectTransfer(good);
    world.check("ben", Some("dev#lead"), act, "rejected no_grant");
}

#[test]
fn whoever_paid_cannot_take_it_back() {
    let (mut world, _) = corrected();
    let payer = world.account("dev:main");
    let act = Kind::CorrectTransfer(proof(&world, &payer));
    world.check("ben", Some("dev#lead"), act, "rejected correction_unproven");
}

#[test]
fn what_was_issued_is_retired_instead() {
    let mut world = World::with_treasury();
    let account = world.account("dev:shelf");
    let act = Kind::CorrectTransfer(proof(&world, &account));
    world.check("ben", Some("dev#lead"), act, "rejected issuance_only");
}

#[test]
fn what_came_back_in_error_is_paid_anew_out_of_the_line() {
    let (mut world, act) = corrected();
    world.check("cleo", LEAD, Kind::CorrectTransfer(act), "accepted");
    let payer = world.account("dev:main");
    let again = Kind::CorrectTransfer(proof(&world, &payer));
    world.check("ben", Some("dev#lead"), again, "rejected kind_reserved");
}
