//! How much a transaction, a member and time do at once.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Action, AmendProposal, Answer, Capability, Member, MemberState, ModeKind, Objection,
    ObjectionState, OpenProposal, Parameters, Proposal, ProposalKind, ProposalState, SetParameters,
    TimerKind, WithdrawProposal, action::Kind,
};
use prost::Message;

use crate::context::{Authority, Block, Context};
use crate::decisions::facilitation;
use crate::judge::{Actor, Now};
use crate::outlook;
use crate::state::keys::List;
use crate::state::{Changes, Overlay, lists, objects, timers};
use crate::timer;
use crate::world::{HOUR, World, by, consent, counted, role_holders, tier, verdict};

const DEADLINE: u64 = 72 * HOUR;

#[test]
fn timers_of_a_block_adopt_at_most_2000_actions_and_the_rest_in_the_next() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), consent(DEADLINE))];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    for proposal in 0..43 {
        let acts = (0..50).map(|role| {
            let handle = format!("r{proposal}-{role}");
            Kind::CreateRole(world.create_role("dev", &handle))
        });
        let governance = ProposalKind::Governance;
        let open = world.proposal("dev", governance, ModeKind::Consent, acts.collect());
        world.open("finn", "dev#engineer", open);
    }
    assert_eq!(world.advance(DEADLINE).len(), 40);
    assert_eq!(world.advance(1).len(), 3);
    assert!(world.advance(1).is_empty());
}

/// The hash of what an act of Finn's would change.
fn outlook_of(world: &World, kind: Kind) -> Vec<u8> {
    let now = Now {
        time: world.time,
        paused: 0,
    };
    let block = Block {
        height: world.height + 1,
        now,
    };
    let proposer = Actor {
        member: world.member_number("finn"),
        role: world.role("dev#engineer").number,
    };
    let act = Action {
        kind: Some(kind),
        ..Action::default()
    };
    let mut overlay = Overlay::new(&world.state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    let seen = outlook::of_actions(&mut context, proposer, &[act]).expect("it is seen");
    outlook::hash(&seen.outlook).to_vec()
}

#[test]
fn an_outlook_that_is_looked_at_anew_counts_among_what_timers_of_a_block_do() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), consent(DEADLINE))];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    for number in 0..85 {
        let role = Kind::CreateRole(world.create_role("dev", &format!("r{number}")));
        let proposal = OpenProposal {
            outlook: outlook_of(&world, role.clone()),
            ..world.proposal(
                "dev",
                ProposalKind::Governance,
                ModeKind::Consent,
                vec![role],
            )
        };
        world.open("finn", "dev#engineer", proposal);
    }
    // Each costs 25; the next one begins where 1,950 were done.
    assert_eq!(world.advance(DEADLINE).len(), 79);
    assert_eq!(world.advance(1).len(), 6);
}

#[test]
fn where_many_wait_for_a_minute_a_deadline_binds_and_its_timer_comes_later() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), consent(DEADLINE))];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let due = world.time + 1 + DEADLINE;
    world.change_for_test(|state| {
        for number in (1_000_000..).take(timers::OF_A_MINUTE_MAX) {
            timers::set(state, due, TimerKind::Hold, number);
        }
    });
    let act = vec![Kind::CreateRole(world.create_role("dev", "guide"))];
    let proposal = world.proposal("dev", ProposalKind::Governance, ModeKind::Consent, act);
    let number = world.open("finn", "dev#engineer", proposal);
    assert_eq!(timers::waiting(&world.state, due), timers::OF_A_MINUTE_MAX);

    let mut withdrawn = world.clone();
    let withdraw = Kind::WithdrawProposal(WithdrawProposal {
        proposal: crate::form::numbered(number),
    });
    withdrawn.check("finn", Some("dev#engineer"), withdraw, "accepted");
    assert_eq!(timers::waiting(&withdrawn.state, due + 60), 0);

    for _ in 0..3 {
        world.advance(DEADLINE / 3);
    }
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let late = world.answer(number, Answer::NoObjection);
    world.check("ben", Some("dev#lead"), late, "rejected deadline_passed");
    world.advance(60);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn who_tests_an_objection_is_found_by_a_look_at_each_elector_and_each_objection() {
    let mut world = World::new();
    let (electors, objections) = (500, 500);
    let members = 10_000..10_000 + electors;
    let proposal = Proposal {
        number: 1,
        unit: world.unit("dev").number,
        proposer: 10_000,
        electorate: members.clone().collect(),
        version: 1,
        ..Proposal::default()
    };
    let standing = Objection {
        number: objections + 1,
        proposal: 1,
        version: 1,
        objector: 10_001,
        state: ObjectionState::Raised as i32,
        ..Objection::default()
    };
    world.change_for_test(|state| {
        for number in members {
            let member = Member {
                number,
                state: MemberState::Active as i32,
                ..Member::default()
            };
            objects::put(state, &member);
        }
        for number in 1..=objections {
            let discarded = Objection {
                number,
                state: ObjectionState::Discarded as i32,
                tested_by: 10_002 + number % 7,
                ..standing.clone()
            };
            objects::put(state, &discarded);
            lists::append(state, List::Objections, 1, number);
        }
    });
    let (testers, reads) = counted(&world.state, |state| {
        facilitation::testers(state, world.time, &proposal, &standing)
    });
    // Neither who proposes and objects nor the seven who discarded.
    assert_eq!(testers.len() as u64, electors - 9);
    assert!(reads as u64 <= 8 * (electors + objections), "{reads}");
}

#[test]
fn a_thousand_timers_run_in_a_block_whatever_else_is_due() {
    let mut base = BTreeMap::new();
    let mut left = 2_500;
    let mut keep = |changes: Changes| {
        for (key, value) in changes {
            match value {
                Some(value) => base.insert(key, value),
                None => base.remove(&key),
            };
        }
        base.clone()
    };
    let mut state = BTreeMap::new();
    {
        let mut overlay = Overlay::new(&state);
        for number in 0..left {
            timers::set(&mut overlay, 60, TimerKind::Proposal, number);
        }
        state = keep(overlay.into_changes());
    }
    for height in 1..=3 {
        let mut overlay = Overlay::new(&state);
        let now = Now {
            time: 90,
            paused: 0,
        };
        timer::run(&mut overlay, Block { height, now }, 0);
        left = left.saturating_sub(timer::TIMERS_MAX as u64);
        let next = timers::first_due(&overlay, 90).map(|timer| timer.number);
        assert_eq!(next, (left > 0).then_some(2_500 - left));
        state = keep(overlay.into_changes());
    }
}

#[test]
fn what_a_transaction_proposes_counts_among_its_hundred_actions() {
    let mut world = super::world();
    let deeds = |each: usize| -> Vec<_> {
        let open = |_| {
            let acts = (0..each).map(|_| super::pay(&world, 510)).collect();
            let open = world.proposal("dev", super::OPERATION, super::APPROVE, acts);
            by("finn")
                .acting_as("dev#engineer")
                .does(Kind::OpenProposal(open))
        };
        (0..2).map(open).collect()
    };
    let bound = |_| {
        let open = OpenProposal {
            outlook: vec![7; 32],
            ..world.proposal(
                "dev",
                super::OPERATION,
                super::APPROVE,
                vec![super::pay(&world, 510)],
            )
        };
        by("finn")
            .acting_as("dev#engineer")
            .does(Kind::OpenProposal(open))
    };
    let (three, four): (Vec<_>, Vec<_>) =
        ((0..3).map(bound).collect(), (0..4).map(bound).collect());

    let (fits, too_many) = (deeds(49), deeds(50));
    assert_eq!(verdict(&world.submit(&four)), "rejected action_count");
    assert_eq!(verdict(&world.submit(&three)), "rejected outlook_stale");
    assert_eq!(verdict(&world.submit(&too_many)), "rejected action_count");
    assert_eq!(verdict(&world.submit(&fits)), "accepted");

    let amend = |actions: usize| {
        let act = Action {
            kind: Some(super::pay(&world, 510)),
            ..Action::default()
        };
        by("finn")
            .acting_as("dev#engineer")
            .does(Kind::AmendProposal(AmendProposal {
                proposal: crate::form::numbered(1),
                actions: vec![act.encode_to_vec(); actions],
                ..AmendProposal::default()
            }))
    };
    let amended = [amend(50), amend(49)];
    assert_eq!(verdict(&world.submit(&amended)), "rejected action_count");
}

#[test]
fn a_member_has_as_many_open_proposals_as_the_organisation_allows() {
    let mut world = super::world();
    let two = Kind::SetParameters(SetParameters {
        parameters: Some(Parameters {
            open_proposals_max: 2,
            ..Parameters::default()
        }),
    });
    world.check_decided("ada", two, "accepted");
    let open = |world: &World| {
        let acts = vec![super::pay(world, 600)];
        Kind::OpenProposal(world.proposal("dev", super::OPERATION, super::APPROVE, acts))
    };
    for expected in ["accepted", "accepted", "rejected too_many_proposals"] {
        let act = open(&world);
        world.check("finn", Some("dev#engineer"), act, expected);
    }

    let withdraw = Kind::WithdrawProposal(WithdrawProposal {
        proposal: crate::form::numbered(
            world.list(List::ProposalsBy, world.member_number("finn"))[0],
        ),
    });
    world.check("finn", Some("dev#engineer"), withdraw, "accepted");
    let act = open(&world);
    world.check("finn", Some("dev#engineer"), act, "accepted");
    let act = open(&world);
    world.check("gia", Some("dev#engineer"), act, "accepted");
}
