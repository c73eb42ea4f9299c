//! What one person gives, rules and decides alone.

use polity_proto::v1::{
    AmendProposal, Capability, ExecuteProposal, GiveGrant, GrantAuditor, ModeKind, PeriodKind,
    PeriodLimit, ProposalKind, ProposalState, SetPolicy, action::Kind,
};

use super::{LEAD, admit, assign, check_payment, create, spend};
use crate::form;
use crate::world::{
    DAY, HOUR, World, able, alone, announce, approve, consent, created, euros, joined,
    role_holders, tier,
};

/// Of spending, the whole organisation decides by two approvals, at any amount.
fn reserve_spending(world: &mut World) {
    let two = approve(able(Capability::Approve), 2);
    let tiers = vec![tier(0, role_holders(), two)];
    let policy = world.policy("acme", Capability::Spend, tiers);
    world.ada(Kind::SetPolicy(SetPolicy {
        recursive: true,
        ..policy
    }));
}

/// A grant of `spend` in `dev`, for rolling days as Ben's own.
fn rolling(world: &World, role: &str, per_transfer: u128, per_period: u128) -> GiveGrant {
    GiveGrant {
        per_transfer: euros(per_transfer),
        per_period: Some(PeriodLimit {
            kind: PeriodKind::RollingDays as i32,
            days: 30,
            amount: euros(per_period),
        }),
        ..world.grant(role, Capability::Spend, "dev")
    }
}

#[test]
fn nobody_gives_more_alone_than_a_policy_leaves_them() {
    let mut world = World::new();
    // Nothing is reserved while no policy speaks.
    let give = spend(&world, "dev#engineer", 900_000);
    world.check("ben", LEAD, give, "accepted");
    reserve_spending(&mut world);
    create(&mut world, "till");
    let till = |world: &World, per_transfer, per_period| {
        rolling(world, "dev#till", per_transfer, per_period)
    };
    let unlimited = GiveGrant {
        per_transfer: Vec::new(),
        ..till(&world, 0, 20_000)
    };
    for (grant, expected) in [
        (till(&world, 5_000, 20_001), "rejected grant_exceeds_giver"),
        (till(&world, 5_001, 20_000), "rejected grant_exceeds_giver"),
        (unlimited, "rejected grant_exceeds_giver"),
        (till(&world, 5_000, 20_000), "accepted"),
    ] {
        world.check("ben", LEAD, Kind::GiveGrant(grant), expected);
    }
    // What several decide may go further.
    let decided = Kind::GiveGrant(till(&world, 5_001, 20_001));
    world.check_decided("ben", decided, "accepted");
}

#[test]
fn what_one_gives_one_holder_counts_together_in_whichever_roles() {
    let mut world = World::new();
    reserve_spending(&mut world);
    for role in ["till", "desk", "safe"] {
        create(&mut world, role);
    }
    let give = |world: &mut World, role: &str, amount, expected: &str| {
        let grant = Kind::GiveGrant(rolling(world, role, 5_000, amount));
        world.check("ben", LEAD, grant, expected);
    };
    give(&mut world, "dev#till", 20_000, "accepted");
    give(&mut world, "dev#desk", 20_000, "accepted");
    assign(&mut world, "finn", "dev#till");
    let place = |world: &World, member| Kind::AssignRole(world.assign(member, "dev#desk"));
    let second = place(&world, "finn");
    world.check("ben", LEAD, second, "rejected grant_exceeds_giver");
    // First the assignments, then the grants; or one role, endowed twice.
    assign(&mut world, "finn", "dev#safe");
    give(&mut world, "dev#safe", 1, "rejected grant_exceeds_giver");
    give(&mut world, "dev#till", 1, "rejected grant_exceeds_giver");
    // To somebody else he may give as much again, and whom another places is not his alone.
    let other = place(&world, "gia");
    world.check("ben", LEAD, other, "accepted");
    let by_another = place(&world, "finn");
    world.ada(by_another);
}

#[test]
fn whoever_set_a_policy_alone_does_not_act_by_it_alone() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let tiers = vec![
        tier(5_000, role_holders(), alone()),
        tier(0, role_holders(), announce(HOUR, approve(joined(), 1))),
    ];
    let policy = Kind::SetPolicy(world.policy("dev", Capability::Spend, tiers));
    world.check("ben", LEAD, policy, "accepted");
    create(&mut world, "helper");
    assign(&mut world, "ben", "dev#helper");
    check_payment(&mut world, "ben", "dev#helper", "rejected grant_too_close");
    // Those for whom he set it use it.
    world.ada(Kind::AssignRole(world.assign("finn", "dev#helper")));
    check_payment(&mut world, "finn", "dev#helper", "accepted");
    let announces = |world: &mut World, member: &str, role, expected: &str| {
        let pay = vec![world.payment("dev:main", "sales:main", 9_000)];
        let operation = ProposalKind::Operation;
        let proposal = world.proposal("dev", operation, ModeKind::Announce, pay);
        world.check(member, role, Kind::OpenProposal(proposal), expected);
    };
    announces(&mut world, "ben", LEAD, "rejected grant_too_close");
    announces(&mut world, "finn", Some("dev#engineer"), "accepted");
}

#[test]
fn an_assignment_of_ones_own_gift_is_no_place_that_a_policy_names() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "helper");
    let tiers = vec![tier(0, world.holders("dev#helper"), alone())];
    let decided = Kind::SetPolicy(world.policy("dev", Capability::Spend, tiers));
    world.check_decided("finn", decided, "accepted");
    admit(&mut world, "ivy");
    admit(&mut world, "jon");
    for member in ["ivy", "ben", "gia"] {
        assign(&mut world, member, "dev#helper");
    }
    world.ada(Kind::AssignRole(world.assign("jon", "dev#helper")));
    for (member, expected) in [
        ("ivy", "rejected grant_too_close"),
        ("ben", "rejected grant_too_close"),
        ("jon", "accepted"),
        ("gia", "accepted"),
    ] {
        check_payment(&mut world, member, "dev#helper", expected);
    }
}

/// All who joined `dev` decide who has which power there, by consent.
fn decide_together(world: &mut World, set: impl Fn(&mut World, Kind)) {
    for capability in [Capability::Govern, Capability::AssignRoles] {
        let tiers = vec![tier(0, joined(), consent(DAY))];
        let policy = Kind::SetPolicy(world.policy("dev", capability, tiers));
        set(world, policy);
    }
}

fn by_ben(world: &mut World, policy: Kind) {
    world.check("ben", LEAD, policy, "accepted");
}

fn by_all(world: &mut World, policy: Kind) {
    world.check_decided("ben", policy, "accepted");
}

/// Ben asks `dev`, where all say nothing, whether he may be an engineer, and they spend what they like.
fn ask_in_silence(world: &mut World) -> [ProposalState; 2] {
    let acts = [
        spend(world, "dev#engineer", 900_000),
        Kind::AssignRole(world.assign("ben", "dev#engineer")),
    ];
    let numbers = acts.map(|act| {
        let governance = ProposalKind::Governance;
        let proposal = world.proposal("dev", governance, ModeKind::Consent, vec![act]);
        let receipt = world.run("ben", None, Kind::OpenProposal(proposal));
        created(&receipt.expect("it is opened"))
    });
    world.advance(DAY);
    numbers.map(|number| world.proposal_state(number))
}

fn takes_in(world: &mut World) {
    let join = world.join_unit("hal", "dev");
    world.check("ben", LEAD, join, "accepted");
}

fn places(world: &mut World) {
    create(world, "helper");
    let join = world.join_unit("hal", "dev");
    world.ada(join);
    assign(world, "hal", "dev#helper");
}

#[test]
fn what_only_ones_own_hand_was_asked_about_is_of_one() {
    // Nobody else is there; or whom he has taken in or placed himself.
    let with: [fn(&mut World); 3] = [|_| (), takes_in, places];
    for with in with {
        let mut world = World::new();
        reserve_spending(&mut world);
        decide_together(&mut world, by_all);
        for member in ["finn", "gia"] {
            world.check(member, None, world.leave_unit(member, "dev"), "accepted");
        }
        with(&mut world);
        assert_eq!(ask_in_silence(&mut world), [ProposalState::Failed; 2]);
    }
}

#[test]
fn silence_is_consent_where_the_unit_says_so_and_not_the_proposer() {
    type Setter = fn(&mut World, Kind);
    let cases: [(Setter, ProposalState); 2] = [
        (by_ben, ProposalState::Failed),
        (by_all, ProposalState::Adopted),
    ];
    for (set, expected) in cases {
        let mut world = World::new();
        reserve_spending(&mut world);
        decide_together(&mut world, set);
        takes_in(&mut world);
        assert_eq!(ask_in_silence(&mut world), [expected; 2]);
    }
}

/// That Hal audits `dev`.
fn appoint(world: &World) -> Kind {
    Kind::GrantAuditor(GrantAuditor {
        member: world.member_ref("hal"),
        units: world.unit_ref("dev").into_iter().collect(),
        window_until: world.time,
        until: world.time + 9 * DAY,
        ..GrantAuditor::default()
    })
}

#[test]
fn silence_about_one_thing_decides_no_other() {
    let mut world = World::new();
    reserve_spending(&mut world);
    let announced = announce(HOUR, approve(joined(), 1));
    let tiers = vec![tier(0, role_holders(), announced)];
    let policy = world.policy("dev", Capability::Audit, tiers);
    by_all(&mut world, Kind::SetPolicy(policy));
    // To appoint an auditor Ben has to announce. To give a grant he has not.
    let governance = ProposalKind::Governance;
    let acts = vec![appoint(&world), spend(&world, "dev#engineer", 900_000)];
    let proposal = world.proposal("dev", governance, ModeKind::Announce, acts);
    let number = world.open("ben", "dev#lead", proposal);
    world.advance(2 * HOUR);
    let execute = Kind::ExecuteProposal(ExecuteProposal {
        proposal: form::numbered(number),
    });
    world.check("ben", LEAD, execute, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Failed);
}

#[test]
fn a_rule_of_ones_own_is_no_others_beside_theirs() {
    let mut world = World::new();
    reserve_spending(&mut world);
    // Ben said that silence is enough to give a grant; that it is to appoint an auditor, others did.
    decide_together(&mut world, by_ben);
    let tiers = vec![tier(0, joined(), consent(DAY))];
    let policy = world.policy("dev", Capability::Audit, tiers);
    by_all(&mut world, Kind::SetPolicy(policy));
    let (appoint, give) = (appoint(&world), spend(&world, "dev#engineer", 900_000));
    let propose = |world: &World, acts| {
        world.proposal("dev", ProposalKind::Governance, ModeKind::Consent, acts)
    };
    // Both together; or one, and then the other in its place.
    let opened = [vec![appoint.clone(), give.clone()], vec![appoint]].map(|acts| {
        let proposal = Kind::OpenProposal(propose(&world, acts));
        created(&world.run("ben", None, proposal).expect("it is opened"))
    });
    let amend = Kind::AmendProposal(AmendProposal {
        proposal: form::numbered(opened[1]),
        actions: propose(&world, vec![give]).actions,
        ..AmendProposal::default()
    });
    world.check("ben", None, amend, "accepted");
    world.advance(DAY);
    for number in opened {
        assert_eq!(world.proposal_state(number), ProposalState::Failed);
    }
}
