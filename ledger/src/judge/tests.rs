//! Who may do what: grants, then the nearest policy, or a stricter one above.

use polity_proto::v1::{
    AnchorDocument, Assignment, BasisSource, Capability, GiveGrant, Grant, ModeKind, ObjectKind,
    OpenAccount, OwnerKind, OwnerRef, PlanBudget, ProposalKind, Role, Scope, ScopeKind, ScopeRef,
    SetPolicy, Transfer, UnitKind, action::Kind,
};

use super::power::{self, subtree};
use crate::state::keys::List;
use crate::state::{lists, objects};
use crate::world::{
    DAY, World, able, alone, approve, counted, created, euros, joined, monthly, role_holders, tier,
};

const ENGINEER: Option<&str> = Some("dev#engineer");

fn anchor(world: &World, unit: &str, document: u8) -> Kind {
    Kind::AnchorDocument(AnchorDocument {
        unit: world.unit_ref(unit),
        hash: vec![document; 32],
        label: "minutes".into(),
    })
}

fn anchoring(world: &World, unit: &str, tiers: Vec<polity_proto::v1::Tier>) -> SetPolicy {
    world.policy(unit, Capability::Anchor, tiers)
}

#[test]
fn a_stricter_recursive_policy_above_judges_a_laxer_one_does_not() {
    let mut world = World::new();
    let own = anchoring(&world, "dev", vec![tier(0, role_holders(), alone())]);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(own), "accepted");
    let plain = anchoring(
        &world,
        "acme",
        vec![tier(
            0,
            role_holders(),
            approve(able(Capability::Approve), 1),
        )],
    );
    world.ada(Kind::SetPolicy(plain.clone()));
    // What is not recursive is the root's alone.
    let first = anchor(&world, "dev", 1);
    world.check("finn", ENGINEER, first, "accepted");
    let act = anchor(&world, "ops", 2);
    world.check("hal", Some("ops#engineer"), act, "rejected no_grant");

    let open = polity_proto::v1::ProposalKind::Governance;
    let recursive = Kind::SetPolicy(SetPolicy {
        recursive: true,
        ..plain
    });
    let mode = polity_proto::v1::ModeKind::Approve;
    // Nobody else approves for the root: cleo may by a grant of her own, given long enough before.
    let grant = world.grant("ops#lead", Capability::Approve, "acme");
    world.ada(Kind::GiveGrant(grant));
    world.advance(30 * DAY);
    let proposal = world.proposal("acme", open, mode, vec![recursive]);
    let number = world.open("ada", "acme#lead", proposal);
    let yes = world.answer(number, polity_proto::v1::Answer::Approve);
    world.check("cleo", Some("ops#lead"), yes, "accepted");

    let second = anchor(&world, "dev", 3);
    world.check("finn", ENGINEER, second, "rejected needs_decision");
}

#[test]
fn whoever_is_outside_of_by_is_refused() {
    let mut world = World::new();
    for (by, expected_of_finn, expected_of_hal) in [
        (role_holders(), "accepted", "rejected no_grant"),
        (joined(), "accepted", "rejected no_grant"),
        (
            world.holders("dev#lead"),
            "rejected no_grant",
            "rejected no_grant",
        ),
        (able(Capability::Spend), "accepted", "rejected no_grant"),
        (
            world.holders("ops#engineer"),
            "rejected no_grant",
            "accepted",
        ),
    ] {
        let policy = anchoring(&world, "dev", vec![tier(0, by, alone())]);
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        let document = world.height as u8;
        let act = anchor(&world, "dev", document);
        world.check("finn", ENGINEER, act, expected_of_finn);
        let act = anchor(&world, "dev", document + 100);
        world.check("hal", Some("ops#engineer"), act, expected_of_hal);
    }
}

#[test]
fn nobody_above_reaches_into_a_units_pockets() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let policy = SetPolicy {
        recursive: true,
        ..world.policy(
            "acme",
            Capability::Spend,
            vec![tier(0, world.holders("acme#lead"), alone())],
        )
    };
    world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
    let below = GiveGrant {
        scope: world.scope(ScopeKind::UnitAndBelow, "acme"),
        per_period: monthly(1_000),
        ..world.grant("finance#lead", Capability::Spend, "acme")
    };
    world.ada(Kind::GiveGrant(below));
    let act = world.payment("dev:main", "acme:main", 5);
    world.check("ada", Some("acme#lead"), act.clone(), "rejected no_grant");
    // That hers ends above says more than that there is none.
    let rejected = "rejected own_decision_only";
    world.check("eve", Some("finance#lead"), act, rejected);
    let own = world.payment("acme:main", "dev:main", 5);
    world.check("eve", Some("finance#lead"), own, "accepted");
}

#[test]
fn in_no_role_nobody_above_reaches_into_a_units_pockets_either() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approvers = able(Capability::Approve);
    let policy = SetPolicy {
        recursive: true,
        ..world.policy(
            "acme",
            Capability::Spend,
            vec![tier(0, approvers, approve(approvers, 1))],
        )
    };
    world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
    let pay = world.payment("dev:main", "ops:main", 20_000);
    let (kind, mode) = (ProposalKind::Operation, ModeKind::Approve);
    let proposal = Kind::OpenProposal(world.proposal("dev", kind, mode, vec![pay]));
    let rejected = "rejected no_grant";
    world.check("ada", Some("acme#lead"), proposal.clone(), rejected);
    world.check("ada", None, proposal.clone(), rejected);
    world.check("ben", Some("dev#lead"), proposal, "accepted");
}

#[test]
fn the_lowest_numbered_grant_that_fits_is_the_basis() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let wider = GiveGrant {
        per_transfer: euros(900),
        per_period: monthly(900),
        ..world.grant("dev#engineer", Capability::Spend, "dev")
    };
    let receipt = world.run("ben", Some("dev#lead"), Kind::GiveGrant(wider));
    let wider = created(&receipt.expect("given"));
    let pay = |world: &mut World, amount| {
        let act = world.payment("dev:main", "ops:main", amount);
        let receipt = world.run("finn", ENGINEER, act).expect("paid");
        receipt.events[0].basis.expect("a basis")
    };
    let basis = pay(&mut world, 400);
    assert_eq!(basis.source(), BasisSource::Grant);
    assert!(basis.number < wider);
    assert_eq!(pay(&mut world, 700).number, wider);
}

#[test]
fn limits_count_a_transaction_together_and_a_period_by_its_days() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let pay = |world: &World, amount| {
        crate::world::by("finn")
            .acting_as("dev#engineer")
            .does(world.payment("dev:main", "ops:main", amount))
    };
    let twice = [pay(&world, 300), pay(&world, 300)];
    let outcome = crate::world::verdict(&world.submit(&twice));
    assert_eq!(outcome, "rejected limit_per_transfer");
    for _ in 0..4 {
        let deed = pay(&world, 500);
        world.check_deed(deed, "accepted");
    }
    let more = pay(&world, 1);
    world.check_deed(more, "rejected limit_per_period");
    world.advance(30 * DAY);
    let later = pay(&world, 500);
    world.check_deed(later, "accepted");
}

#[test]
fn a_grant_may_be_of_one_account_or_one_budget_line() {
    let mut world = World::new();
    world.fund("sales", 5_000);
    let day = polity_proto::v1::PlanBudget {
        unit: world.unit_ref("sales"),
        category: "fairs".into(),
        from: world.time / DAY * DAY,
        until: world.time / DAY * DAY + 90 * DAY,
        asset: world.asset_ref("EUR"),
        approved: euros(1_000),
        hard: true,
        ..PlanBudget::default()
    };
    let role = Some("sales#lead");
    let receipt = world
        .run("dan", role, Kind::PlanBudget(day))
        .expect("planned");
    let line = crate::form::numbered(created(&receipt));
    let of = |kind: ObjectKind, object| GiveGrant {
        scope: Some(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: kind as i32,
            object,
            unit: None,
        }),
        per_period: monthly(500),
        ..world.grant("ops#engineer", Capability::Spend, "sales")
    };
    let by_line = Kind::GiveGrant(of(ObjectKind::BudgetLine, line));
    world.check("dan", role, by_line, "accepted");
    let pay = |world: &World, line, amount| {
        Kind::Transfer(Transfer {
            from: world.account_ref("sales:main"),
            to: world.account_ref("ops:main"),
            amount: euros(amount),
            kind: polity_proto::v1::TransferKind::Payment as i32,
            line,
            ..Transfer::default()
        })
    };
    let engineer = Some("ops#engineer");
    let within = pay(&world, line, 100);
    world.check("hal", engineer, within, "accepted");
    let outside = pay(&world, None, 100);
    world.check("hal", engineer, outside.clone(), "rejected no_grant");

    let account = world.account_ref("sales:main");
    let by_account = Kind::GiveGrant(GiveGrant {
        scope: Some(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: ObjectKind::Account as i32,
            object: account,
            unit: None,
        }),
        per_period: monthly(500),
        ..world.grant("ops#engineer", Capability::Spend, "sales")
    });
    world.check("dan", role, by_account, "accepted");
    world.check("hal", engineer, outside, "accepted");
}

#[test]
fn a_grant_may_name_its_counterparties_and_its_asset() {
    let mut world = World::new();
    world.fund("sales", 5_000);
    let only_ops = GiveGrant {
        counterparties: vec![polity_proto::v1::OwnerRef {
            kind: polity_proto::v1::OwnerKind::Unit as i32,
            number: world.unit_ref("ops"),
        }],
        asset: world.asset_ref("EUR"),
        per_period: monthly(500),
        ..world.grant("ops#engineer", Capability::Spend, "sales")
    };
    world.check(
        "dan",
        Some("sales#lead"),
        Kind::GiveGrant(only_ops),
        "accepted",
    );
    let to_ops = world.payment("sales:main", "ops:main", 10);
    world.check("hal", Some("ops#engineer"), to_ops, "accepted");
    let to_dev = world.payment("sales:main", "dev:main", 10);
    world.check("hal", Some("ops#engineer"), to_dev, "rejected no_grant");
}

#[test]
fn a_subtree_is_bounded() {
    let world = World::with_tribes();
    let dev = world.unit("dev").number;
    assert_eq!(subtree(&world.state, dev, 100).len(), 8);
    assert_eq!(subtree(&world.state, dev, 3).len(), 3);
    assert_eq!(subtree(&world.state, dev, 3)[0], dev);
}

#[test]
fn whoever_takes_themselves_into_a_unit_does_nothing_alone_because_they_joined() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let tiers = vec![
        tier(500, joined(), alone()),
        tier(0, joined(), approve(able(Capability::Approve), 1)),
    ];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let pay = world.payment("dev:main", "ops:main", 100);
    world.check("ada", None, pay.clone(), "rejected no_grant");
    // Ada admits members everywhere. What is a second self's is hers, too.
    world.hire("ivy");
    world.ada(world.join_unit("ada", "dev"));
    world.ada(world.join_unit("ivy", "dev"));
    for member in ["ada", "ivy"] {
        world.check(member, None, pay.clone(), "rejected grant_too_close");
    }
    // Whom others took in may.
    let hal = world.join_unit("hal", "dev");
    world.check("ben", Some("dev#lead"), hal, "accepted");
    let out = world.leave_unit("ada", "dev");
    world.check("ada", None, out, "accepted");
    let ada = world.join_unit("ada", "dev");
    world.check("ben", Some("dev#lead"), ada, "accepted");
    for member in ["finn", "hal", "ada"] {
        world.check(member, None, pay.clone(), "accepted");
    }
}

#[test]
fn a_guild_is_open_and_so_is_what_it_lets_its_members_do() {
    let mut world = World::new();
    world.ada(Kind::CreateUnit(world.create_unit(
        "acme",
        "craft",
        UnitKind::Guild,
    )));
    let account = OpenAccount {
        owner: Some(OwnerRef {
            kind: OwnerKind::Unit as i32,
            number: world.unit_ref("craft"),
        }),
        asset: world.asset_ref("EUR"),
        handle: "main".into(),
        ..OpenAccount::default()
    };
    world.check_decided("ada", Kind::OpenAccount(account), "accepted");
    world.fund("craft", 500);
    let policy = world.policy("craft", Capability::Spend, vec![tier(0, joined(), alone())]);
    world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
    let join = world.join_unit("finn", "craft");
    world.check("finn", None, join, "accepted");
    let pay = world.payment("craft:main", "ops:main", 100);
    world.check("finn", None, pay, "accepted");
}

/// Finn holds so many roles with a grant each, and as much was delegated to him.
fn with_many_powers(count: u64) -> World {
    let mut world = World::new();
    let finn = world.member_number("finn");
    let unit = world.unit("dev").number;
    let source = world.list(List::Grants, world.role("dev#lead").number)[0];
    let source_assignment = world.assignment("ben", "dev#lead").number;
    world.change_for_test(|state| {
        for number in (10_000..).take(count as usize) {
            let grant = Grant {
                number,
                role: number,
                capability: Capability::Anchor as i32,
                scope: Some(Scope {
                    kind: ScopeKind::Unit as i32,
                    unit,
                    ..Scope::default()
                }),
                ..Grant::default()
            };
            objects::put(
                state,
                &Role {
                    number,
                    unit,
                    ..Role::default()
                },
            );
            objects::put(
                state,
                &Assignment {
                    number,
                    role: number,
                    member: finn,
                    ..Assignment::default()
                },
            );
            objects::put(state, &grant);
            let delegation = number + count;
            objects::put(
                state,
                &Grant {
                    number: delegation,
                    member: finn,
                    source,
                    source_assignment,
                    ..grant
                },
            );
            lists::append(state, List::Assignments, finn, number);
            lists::append(state, List::Grants, number, number);
            lists::append(state, List::Delegations, finn, delegation);
        }
    });
    world
}

#[test]
fn what_a_member_may_do_in_any_role_is_read_once_for_each_role_and_delegation() {
    for count in [16, 256] {
        let world = with_many_powers(count);
        let finn = world.member_number("finn");
        let (grants, reads) = counted(&world.state, |state| {
            power::grants_of(state, finn, world.time)
        });
        let held = grants.iter().filter(|grant| grant.number >= 10_000);
        assert_eq!(held.count() as u64, 2 * count);
        assert!(reads < 32 * (count as usize + 4), "{reads} of {count}");
    }
}
