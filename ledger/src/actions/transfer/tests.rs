use polity_proto::v1::{BudgetLine, ClosePeriod, OpenAccount, OwnerKind, OwnerRef, action::Kind};

use super::*;
use crate::world::{DAY, START, World, euros};

const LEAD: Option<&str> = Some("dev#lead");

#[test]
fn value_moves_and_both_accounts_remember_it() {
    let mut world = World::with_treasury();
    let entries = (world.entries("dev:main"), world.entries("ops:main"));
    let pay = world.payment("dev:main", "ops:main", 480);
    world.check("finn", Some("dev#engineer"), pay, "accepted");

    assert_eq!(world.balance("dev:main"), 52_000);
    assert_eq!(world.balance("ops:main"), 48_000);
    let after = (world.entries("dev:main"), world.entries("ops:main"));
    assert_eq!(after, (entries.0 + 1, entries.1 + 1));
    let last = world.account("ops:main").last.expect("it moved");
    assert!(last.credited && last.transfer != 0);
    assert_eq!(last.other, world.account("dev:main").number);
}

#[test]
fn members_pay_what_is_theirs_in_no_role() {
    let mut world = World::with_treasury();
    let pay = world.payment("finn:main", "gia:main", 100);
    world.check("gia", None, pay.clone(), "rejected not_yours");
    world.check("finn", None, pay, "accepted");
    assert_eq!(world.balance("gia:main"), 10_000);
    let between = world.transfer("acme:main", "acme:reserve", 5, TransferKind::Internal);
    world.ada(Kind::Transfer(between));
}

#[test]
fn bytes_are_refused_by_name() {
    let mut world = World::with_treasury();
    let good = world.transfer("dev:main", "ops:main", 1, TransferKind::Payment);
    for (expected, act) in [
        (
            "rejected ref_malformed",
            Transfer {
                from: None,
                ..good.clone()
            },
        ),
        (
            "rejected ref_malformed",
            Transfer {
                to: None,
                ..good.clone()
            },
        ),
        (
            "rejected amount_malformed",
            Transfer {
                amount: vec![0, 1],
                ..good.clone()
            },
        ),
        (
            "rejected text_malformed",
            Transfer {
                reference: "r".repeat(65),
                ..good.clone()
            },
        ),
        (
            "rejected text_malformed",
            Transfer {
                reference: "abc\u{202e}00.5 RUE".into(),
                ..good.clone()
            },
        ),
        (
            "rejected hash_malformed",
            Transfer {
                document: vec![1],
                ..good.clone()
            },
        ),
        (
            "rejected field_missing",
            Transfer {
                kind: 0,
                ..good.clone()
            },
        ),
        (
            "rejected value_unknown",
            Transfer {
                kind: 99,
                ..good.clone()
            },
        ),
        (
            "rejected kind_reserved",
            Transfer {
                kind: TransferKind::Issue as i32,
                ..good.clone()
            },
        ),
        (
            "rejected object_unknown",
            Transfer {
                to: form::numbered(99),
                ..good.clone()
            },
        ),
        (
            "rejected object_unknown",
            Transfer {
                line: form::numbered(99),
                ..good.clone()
            },
        ),
    ] {
        world.check("ben", LEAD, Kind::Transfer(act), expected);
    }
}

#[test]
fn authority_and_value_are_refused_by_name() {
    let mut world = World::with_treasury();
    for (from, to, amount, kind, expected) in [
        (
            "ops:main",
            "dev:main",
            1,
            TransferKind::Payment,
            "rejected no_grant",
        ),
        (
            "dev:main",
            "ops:main",
            5_001,
            TransferKind::Payment,
            "rejected limit_per_transfer",
        ),
        (
            "dev:main",
            "ops:main",
            1_001,
            TransferKind::Payment,
            "rejected insufficient_funds",
        ),
        (
            "dev:main",
            "ops:main",
            0,
            TransferKind::Payment,
            "rejected amount_zero",
        ),
        (
            "dev:main",
            "dev:main",
            1,
            TransferKind::Payment,
            "rejected same_account",
        ),
        (
            "dev:main",
            "dev:hours",
            1,
            TransferKind::Internal,
            "rejected wrong_asset",
        ),
        (
            "dev:main",
            "ops:main",
            1,
            TransferKind::Internal,
            "rejected kind_unfit",
        ),
        (
            "bank:main",
            "dev:main",
            1,
            TransferKind::Payment,
            "rejected not_yours",
        ),
    ] {
        let act = Kind::Transfer(world.transfer(from, to, amount, kind));
        world.check("ben", LEAD, act, expected);
    }
    let within = world.transfer("acme:main", "acme:reserve", 1, TransferKind::Payment);
    let lead = Some("acme#lead");
    world.check("ada", lead, Kind::Transfer(within), "rejected kind_unfit");
    let to_issuance = Transfer {
        to: form::numbered(1),
        ..world.transfer("dev:main", "ops:main", 1, TransferKind::Payment)
    };
    world.check(
        "ben",
        LEAD,
        Kind::Transfer(to_issuance),
        "rejected issuance_only",
    );
    let from_bank = world.payment("bank:main", "dev:main", 1);
    world.check_decided("ben", from_bank, "rejected external_only");
}

#[test]
fn frozen_closed_and_dissolved_take_no_part() {
    let mut world = World::with_treasury();
    let dated = Transfer {
        value_date: START,
        ..world.transfer("dev:main", "ops:main", 1, TransferKind::Payment)
    };
    world.advance(2 * DAY);
    let close = Kind::ClosePeriod(ClosePeriod {
        unit: world.unit_ref("ops"),
        until: START + DAY,
    });
    world.check_decided("cleo", close, "accepted");
    world.check("ben", LEAD, Kind::Transfer(dated), "rejected period_closed");
    let early = Transfer {
        value_date: world.time + DAY,
        ..world.transfer("dev:main", "sales:main", 1, TransferKind::Payment)
    };
    world.check(
        "ben",
        LEAD,
        Kind::Transfer(early),
        "rejected time_malformed",
    );

    let mut account = world.account("ops:shelf");
    account.closed_at = 1;
    world.put_for_test(&account);
    let ship = world.transfer("dev:shelf", "ops:shelf", 1, TransferKind::Payment);
    world.check("ben", LEAD, Kind::Transfer(ship), "rejected account_closed");

    let pay = world.payment("dev:main", "ops:main", 1);
    let mut unit = world.unit("ops");
    unit.dissolved_at = 1;
    world.put_for_test(&unit);
    world.check("ben", LEAD, pay.clone(), "rejected unit_dissolved");
    world.freeze("ops:main");
    world.check("ben", LEAD, pay, "rejected account_frozen");
}

#[test]
fn nobody_is_paid_before_they_join() {
    let mut world = World::with_treasury();
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("ben", LEAD, invite, "accepted");
    let open = Kind::OpenAccount(OpenAccount {
        owner: Some(OwnerRef {
            kind: OwnerKind::Member as i32,
            number: world.member_ref("ivy"),
        }),
        asset: world.asset_ref("EUR"),
        handle: "main".into(),
        ..OpenAccount::default()
    });
    world.check("ben", LEAD, open, "accepted");
    let pay = world.payment("finn:main", "ivy:main", 1);
    let hold = Kind::PlaceHold(world.hold("finn:main", "ivy:main", 1));
    for act in [pay.clone(), hold.clone()] {
        world.check("finn", None, act, "rejected member_state_wrong");
    }
    let join = Kind::Join(world.join("ivy"));
    world.check("ivy", None, join, "accepted");
    for act in [pay, hold] {
        world.check("finn", None, act, "accepted");
    }
}

#[test]
fn a_hard_line_is_never_exceeded_and_a_soft_one_shows_it() {
    let mut world = World::with_treasury();
    let plan = world.line("tools", 100);
    world.check("ben", LEAD, Kind::PlanBudget(plan.clone()), "accepted");
    let pay = |world: &World, to: &str, amount: u128| {
        Kind::Transfer(Transfer {
            line: form::numbered(1),
            ..world.transfer("dev:main", to, amount, TransferKind::Payment)
        })
    };
    let (too_much, enough) = (pay(&world, "ops:main", 101), pay(&world, "ops:main", 100));
    world.check("ben", LEAD, too_much.clone(), "rejected budget_exceeded");
    world.check("ben", LEAD, enough, "accepted");
    let one_more = pay(&world, "ops:main", 1);
    world.check("ben", LEAD, one_more, "rejected budget_exceeded");
    let soft = polity_proto::v1::PlanBudget {
        hard: false,
        ..plan
    };
    world.check("ben", LEAD, Kind::PlanBudget(soft), "accepted");
    world.check("ben", LEAD, too_much, "accepted");
    let line: BudgetLine = world.get(1);
    assert_eq!(line.spent, euros(201));
    assert_eq!(budget::line_available(&line), None);

    let foreign = Kind::Transfer(Transfer {
        line: form::numbered(1),
        ..world.transfer("acme:main", "ops:main", 1, TransferKind::Payment)
    });
    world.check(
        "ada",
        Some("acme#lead"),
        foreign,
        "rejected budget_line_wrong",
    );
    let earlier = Kind::Transfer(Transfer {
        line: form::numbered(1),
        value_date: START - 31 * DAY,
        ..world.transfer("dev:main", "ops:main", 1, TransferKind::Payment)
    });
    world.check("ben", LEAD, earlier, "rejected budget_line_wrong");
    world.put_for_test(&BudgetLine {
        closed: true,
        ..line
    });
    let closed = pay(&world, "ops:main", 1);
    world.check("ben", LEAD, closed, "rejected budget_line_closed");
}

#[test]
fn after_a_recovery_ones_own_money_sleeps_too() {
    let mut world = World::with_treasury();
    let mut finn = world.member("finn");
    finn.sleeps_until = world.time + DAY;
    world.put_for_test(&finn);
    let pay = world.payment("finn:main", "gia:main", 1);
    world.check("finn", None, pay.clone(), "rejected sleeping");
    world.advance(DAY);
    world.check("finn", None, pay, "accepted");
}
