//! From the opening to the end.

use polity_proto::v1::{Answer, Capability, Mode, ProposalKind, ProposalState, action::Kind};

use super::{APPROVE, OPERATION, open_payment, pay, world};
use crate::form;
use crate::state::keys::List;
use crate::world::{World, able, approve, euros, role_holders, tier};

#[test]
fn with_a_wait_the_proposer_executes_afterwards_and_outages_do_not_count() {
    let mut world = world();
    let mode = Mode {
        wait: 3_600,
        ..approve(able(Capability::Approve), 1)
    };
    let tiers = vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", Capability::Allocate, tiers);
    let change = Kind::SetPolicy(policy);
    world.check("ben", Some("dev#lead"), change, "accepted");
    let acts = vec![Kind::Allocate(polity_proto::v1::Allocate {
        from: world.account_ref("dev:main"),
        to: world.account_ref("sales:main"),
        amount: euros(100),
        ..Default::default()
    })];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let execute = Kind::ExecuteProposal(polity_proto::v1::ExecuteProposal {
        proposal: form::numbered(number),
    });
    let role = Some("dev#engineer");
    world.check("finn", role, execute.clone(), "rejected not_decided");
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Decided);

    world.check("finn", role, execute.clone(), "rejected waiting");
    world.outage(7_200);
    world.check("finn", role, execute.clone(), "rejected waiting");
    world.advance(3_600);
    world.check("gia", role, execute.clone(), "rejected not_proposer");
    world.check("finn", role, execute.clone(), "accepted");
    assert_eq!(world.balance("sales:main"), 10_000);
    world.check("finn", role, execute, "rejected proposal_closed");
}

#[test]
fn an_amended_proposal_is_answered_anew_and_stays_under_its_policy() {
    let mut world = world();
    let number = open_payment(&mut world, 2_000);
    let amend = |world: &World, amount: u128| {
        let acts = vec![pay(world, amount)];
        let open = world.proposal("dev", OPERATION, APPROVE, acts);
        Kind::AmendProposal(polity_proto::v1::AmendProposal {
            proposal: form::numbered(number),
            actions: open.actions,
            ..Default::default()
        })
    };
    let role = Some("dev#engineer");
    let more = amend(&world, 4_000);
    world.check("finn", role, more, "rejected stricter_mode");
    let other = amend(&world, 1_000);
    world.check("gia", role, other.clone(), "rejected not_proposer");
    world.check("finn", role, other, "accepted");
    let stale = Kind::Respond(polity_proto::v1::Respond {
        proposal: form::numbered(number),
        version: 1,
        answer: Answer::Approve as i32,
        explanation: String::new(),
    });
    world.check("ben", Some("dev#lead"), stale, "rejected version_stale");
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.balance("sales:main"), 100_000);
    let late = amend(&world, 900);
    world.check("finn", role, late, "rejected proposal_closed");
}

#[test]
fn what_was_proposed_stays_of_the_assignment_by_which_it_was() {
    let mut world = world();
    let tiers = vec![tier(
        0,
        role_holders(),
        approve(able(Capability::Approve), 1),
    )];
    let policy = world.policy("dev", Capability::Govern, tiers);
    let lead = Some("dev#lead");
    world.check("ben", lead, Kind::SetPolicy(policy), "accepted");
    let create = Kind::CreateRole(world.create_role("dev", "tester"));
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, vec![create]);
    let number = world.open("finn", "dev#engineer", proposal);
    let proposed_by = world.assignment("finn", "dev#engineer").number;

    let revoke = Kind::RevokeAssignment(polity_proto::v1::RevokeAssignment {
        assignment: form::numbered(proposed_by),
    });
    world.check("ben", lead, revoke, "accepted");
    let again = Kind::AssignRole(world.assign("finn", "dev#engineer"));
    world.check("ben", lead, again, "accepted");
    assert_ne!(world.assignment("finn", "dev#engineer").number, proposed_by);
    let yes = world.answer(number, Answer::Approve);
    let receipt = world.run("ada", Some("acme#lead"), yes).expect("approved");
    let done = receipt.events.iter().filter_map(|event| event.basis);
    let assignments: Vec<u64> = done.map(|basis| basis.assignment).collect();
    assert_eq!(assignments[1..], [proposed_by, proposed_by]);
}

#[test]
fn a_proposal_lapses_and_gives_back_what_it_reserved() {
    let mut world = world();
    let number = open_payment(&mut world, 2_000);
    world.advance(29 * 86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.outage(86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let receipts = world.advance(86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Lapsed);
    assert_eq!(receipts.len(), 1);
    assert!(world.account("dev:main").debits_pending.is_empty());
}

#[test]
fn a_lapse_binds_by_time_though_its_timer_waits() {
    let role = Some("dev#lead");
    // What somebody would still do in the block of the lapse, where transactions come before timers.
    let acts: [fn(&World, u64) -> Kind; 2] = [
        |world, number| world.answer(number, Answer::Approve),
        |_, number| {
            Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
                proposal: form::numbered(number),
            })
        },
    ];
    for act in acts {
        let mut world = world();
        let number = open_payment(&mut world, 2_000);
        let proposal: polity_proto::v1::Proposal = world.get(number);
        world.advance(proposal.lapses_at - world.time - 1);
        let late = act(&world, number);
        let actor = match late {
            Kind::Respond(_) => ("ben", role),
            _ => ("finn", Some("dev#engineer")),
        };
        world.check(actor.0, actor.1, late, "rejected proposal_closed");
        assert_eq!(world.proposal_state(number), ProposalState::Lapsed);
    }
}

#[test]
fn what_was_decided_and_lapsed_is_not_executed() {
    let mut world = world();
    let mode = Mode {
        wait: 3_600,
        ..approve(able(Capability::Approve), 1)
    };
    let policy = world.policy(
        "dev",
        Capability::Spend,
        vec![tier(0, role_holders(), mode)],
    );
    world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
    let number = open_payment(&mut world, 2_000);
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    let proposal: polity_proto::v1::Proposal = world.get(number);
    world.advance(proposal.lapses_at - world.time - 1);
    let execute = Kind::ExecuteProposal(polity_proto::v1::ExecuteProposal {
        proposal: form::numbered(number),
    });
    let role = Some("dev#engineer");
    world.check("finn", role, execute, "rejected proposal_closed");
}

#[test]
fn a_proposal_is_of_one_unit_one_topic_and_no_nesting() {
    let mut world = world();
    let role = Some("dev#engineer");
    let inner = world.proposal("dev", OPERATION, APPROVE, vec![pay(&world, 800)]);
    let leave = Kind::Leave(polity_proto::v1::Leave {});
    let role_kind = Kind::CreateRole(polity_proto::v1::CreateRole {
        unit: world.unit_ref("dev"),
        handle: "tester".into(),
        ..Default::default()
    });
    let foreign = world.payment("sales:main", "dev:main", 800);
    let own = world.payment("finn:main", "dev:main", 800);
    let poor = world.payment("dev:main", "sales:main", 60_000);
    let payment = pay(&world, 800);
    for (acts, kind, expected) in [
        (vec![], OPERATION, "rejected proposal_empty"),
        (
            vec![payment.clone(); 51],
            OPERATION,
            "rejected proposal_empty",
        ),
        (
            vec![Kind::OpenProposal(inner)],
            OPERATION,
            "rejected proposal_nested",
        ),
        (vec![leave], OPERATION, "rejected action_not_proposable"),
        (
            vec![role_kind.clone()],
            OPERATION,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone()],
            ProposalKind::Governance,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone(), role_kind],
            OPERATION,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone(), foreign],
            OPERATION,
            "rejected proposal_foreign",
        ),
        (vec![own], OPERATION, "rejected proposal_foreign"),
        (vec![poor], OPERATION, "rejected insufficient_funds"),
        (vec![payment], ProposalKind::None, "rejected field_missing"),
    ] {
        let proposal = world.proposal("dev", kind, APPROVE, acts);
        world.check("finn", role, Kind::OpenProposal(proposal), expected);
    }
    let mut broken = world.proposal("dev", OPERATION, APPROVE, vec![]);
    broken.actions = vec![vec![0xff]];
    world.check(
        "finn",
        role,
        Kind::OpenProposal(broken.clone()),
        "rejected malformed",
    );
    broken.actions = vec![vec![0x08, 0x00]];
    world.check(
        "finn",
        role,
        Kind::OpenProposal(broken),
        "rejected not_canonical",
    );
}

#[test]
fn a_proposal_can_create_what_its_later_actions_use() {
    let mut world = world();
    let policy = world.policy(
        "dev",
        Capability::Govern,
        vec![tier(
            0,
            role_holders(),
            approve(able(Capability::Approve), 1),
        )],
    );
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let unit = world.create_unit("dev", "lab", polity_proto::v1::UnitKind::Team);
    let role = polity_proto::v1::CreateRole {
        unit: form::created_by(0),
        handle: "head".into(),
        ..Default::default()
    };
    let grant = polity_proto::v1::GiveGrant {
        role: form::created_by(1),
        scope: Some(polity_proto::v1::ScopeRef {
            kind: polity_proto::v1::ScopeKind::Unit as i32,
            unit: form::created_by(0),
            ..Default::default()
        }),
        ..world.grant("dev#lead", Capability::Govern, "dev")
    };
    let acts = vec![
        Kind::CreateUnit(unit),
        Kind::CreateRole(role),
        Kind::GiveGrant(grant),
    ];
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    assert_eq!(world.unit_ref("dev/lab"), form::numbered(0));
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    let head = world.role("dev/lab#head").number;
    assert_eq!(world.list(List::Grants, head).len(), 1);
}

#[test]
fn withdrawing_is_the_proposers_and_final() {
    let mut world = world();
    let number = open_payment(&mut world, 800);
    let withdraw = |number| {
        Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
            proposal: form::numbered(number),
        })
    };
    for (who, act, expected) in [
        ("finn", withdraw(0), "rejected ref_malformed"),
        ("finn", withdraw(99), "rejected object_unknown"),
        ("gia", withdraw(number), "rejected not_proposer"),
        ("finn", withdraw(number), "accepted"),
        ("finn", withdraw(number), "rejected proposal_closed"),
    ] {
        world.check(who, Some("dev#engineer"), act, expected);
    }
}

#[test]
fn a_dissolved_unit_decides_nothing() {
    let mut world = world();
    let unit = world.dissolved();
    let anchor = Kind::AnchorDocument(polity_proto::v1::AnchorDocument {
        unit,
        hash: vec![1; 32],
        ..Default::default()
    });
    let open = polity_proto::v1::OpenProposal {
        unit,
        ..world.proposal("dev", OPERATION, APPROVE, vec![anchor])
    };
    let act = Kind::OpenProposal(open);
    world.check("ada", Some("acme#lead"), act, "rejected unit_dissolved");
}

#[test]
fn a_title_is_one_line_of_what_everybody_reads() {
    let mut world = world();
    for title in ["Chairs\nstate      adopted", "Chairs \u{202e}RUE"] {
        let acts = vec![pay(&world, 700)];
        let mut proposal = world.proposal("dev", OPERATION, APPROVE, acts);
        proposal.title = title.into();
        let open = Kind::OpenProposal(proposal);
        world.check(
            "finn",
            Some("dev#engineer"),
            open,
            "rejected text_malformed",
        );
    }
}

#[test]
fn a_policy_that_a_proposal_sets_does_not_decide_about_it() {
    let mut world = world();
    let one = || approve(able(Capability::Approve), 1);
    let set = |world: &World, who: Mode| {
        let tiers = vec![tier(0, role_holders(), who)];
        Kind::SetPolicy(world.policy("dev", Capability::DefineAssets, tiers))
    };
    let two = approve(able(Capability::Approve), 2);
    let acts = vec![set(&world, one()), set(&world, two)];
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, acts);
    let open = Kind::OpenProposal(proposal);
    world.check("ben", Some("dev#lead"), open, "rejected proposal_divided");
}
