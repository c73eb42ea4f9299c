use polity_proto::v1::{
    Answer, ModeKind, OpenProposal, ProposalKind, ProposalState, WhoKind, action::Kind,
};

use super::*;
use crate::time::DAY;
use crate::world::{
    World, able, alone, announce, approve, by_departments, consent, joined, role_holders, tier,
    vote,
};

const LEAD: Option<&str> = Some("dev#lead");
const SPEND: Capability = Capability::Spend;
const PLAN: Capability = Capability::PlanBudget;

fn one() -> Mode {
    approve(able(Capability::Approve), 1)
}

#[test]
fn a_policy_replaces_the_one_before_and_is_the_units_history() {
    let mut world = World::new();
    let unit = world.unit("dev").number;
    let before = world.history_count(ObjectKind::Unit, unit);
    let first = world.policy("dev", PLAN, vec![tier(0, role_holders(), alone())]);
    world.check("ben", LEAD, Kind::SetPolicy(first), "accepted");
    let second = world.policy("dev", PLAN, vec![tier(0, joined(), one())]);
    world.check("ben", LEAD, Kind::SetPolicy(second), "accepted");
    assert_eq!(world.list(List::Policies, unit), [2]);
    let (old, new): (Policy, Policy) = (world.get(1), world.get(2));
    assert_eq!((old.replaced_by, old.ended_at), (2, world.time));
    assert_eq!(new.replaces, 1);
    assert_eq!(world.history_count(ObjectKind::Unit, unit), before + 2);

    // From here on the policy's own strictest tier stands before every change.
    let third = world.policy("dev", PLAN, vec![tier(0, joined(), alone())]);
    world.check(
        "ben",
        LEAD,
        Kind::SetPolicy(third),
        "rejected needs_decision",
    );
}

#[test]
fn tiers_ascend_in_amount_and_strictness_and_modes_say_one_thing() {
    let mut world = World::new();
    let by = role_holders;
    let mode = |kind: ModeKind| Mode {
        kind: kind as i32,
        ..Mode::default()
    };
    let two_sorts = Who {
        capability: SPEND as i32,
        ..role_holders()
    };
    let nobody = Who::default();
    let waits = Mode { wait: 5, ..alone() };
    let forever = Mode {
        wait: u64::MAX,
        ..one()
    };
    for (tiers, expected) in [
        (vec![], "rejected policy_malformed"),
        (
            vec![tier(0, by(), alone()); 17],
            "rejected policy_malformed",
        ),
        (vec![tier(5, by(), alone())], "rejected policy_malformed"),
        (
            vec![tier(0, by(), alone()), tier(0, by(), one())],
            "rejected policy_malformed",
        ),
        (
            vec![
                tier(5, by(), alone()),
                tier(5, by(), one()),
                tier(0, by(), one()),
            ],
            "rejected policy_malformed",
        ),
        (
            vec![tier(5, by(), one()), tier(0, by(), alone())],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, two_sorts, alone())],
            "rejected policy_malformed",
        ),
        (vec![tier(0, by(), waits)], "rejected policy_malformed"),
        (vec![tier(0, by(), forever)], "rejected policy_malformed"),
        (
            vec![tier(0, by(), approve(joined(), 0))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), approve(joined(), 65))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), mode(ModeKind::Announce))],
            "rejected field_missing",
        ),
        (
            vec![tier(0, by(), announce(5, alone()))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), announce(5, announce(5, one())))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), announce(0, one()))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), vote(0, 50, 5))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), vote(50, 49, 5))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), vote(50, 101, 5))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), consent(u64::MAX))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), mode(ModeKind::Consent))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), mode(ModeKind::Vote))],
            "rejected policy_malformed",
        ),
        (
            vec![tier(0, by(), mode(ModeKind::None))],
            "rejected field_missing",
        ),
        (
            vec![tier(0, by(), mode(ModeKind::Approve))],
            "rejected field_missing",
        ),
        (vec![tier(0, nobody, alone())], "rejected field_missing"),
    ] {
        let policy = world.policy("dev", SPEND, tiers);
        world.check("ben", LEAD, Kind::SetPolicy(policy), expected);
    }
    let unknown = Who {
        kind: WhoKind::Role as i32,
        role: form::numbered(99),
        ..Who::default()
    };
    let policy = world.policy("dev", SPEND, vec![tier(0, unknown, alone())]);
    world.check(
        "ben",
        LEAD,
        Kind::SetPolicy(policy),
        "rejected object_unknown",
    );
}

#[test]
fn a_unit_may_only_tighten_what_holds_for_all_below() {
    let mut world = World::new();
    let tiers = vec![
        tier(1_000, role_holders(), alone()),
        tier(0, role_holders(), one()),
    ];
    let above = SetPolicy {
        recursive: true,
        ..world.policy("acme", SPEND, tiers)
    };
    world.check_decided("ada", Kind::SetPolicy(above), "accepted");
    let approve_all = || approve(able(Capability::Approve), 2);
    for (tiers, expected) in [
        (
            vec![tier(0, role_holders(), alone())],
            "rejected policy_laxer",
        ),
        (
            vec![
                tier(1_001, role_holders(), alone()),
                tier(0, role_holders(), one()),
            ],
            "rejected policy_laxer",
        ),
        (
            vec![
                tier(900, role_holders(), alone()),
                tier(0, role_holders(), one()),
            ],
            "accepted",
        ),
    ] {
        let policy = world.policy("dev", SPEND, tiers);
        world.check("ben", LEAD, Kind::SetPolicy(policy), expected);
    }
    let other = world.policy("ops", SPEND, vec![tier(0, role_holders(), approve_all())]);
    world.check("cleo", Some("ops#lead"), Kind::SetPolicy(other), "accepted");
}

#[test]
fn over_value_only_the_unit_itself_says_how_it_decides() {
    let mut world = World::new();
    let tiers = || vec![tier(0, role_holders(), alone())];
    let spend = Kind::SetPolicy(world.policy("dev", SPEND, tiers()));
    let role = Some("acme#lead");
    world.check("ada", role, spend.clone(), "rejected own_decision_only");
    let govern = Kind::SetPolicy(world.policy("dev", Capability::Govern, tiers()));
    world.check("ada", role, govern, "rejected own_decision_only");
    // The department has a validator: who assigns roles there chooses who operates it.
    let assign = Kind::SetPolicy(world.policy("dev", Capability::AssignRoles, tiers()));
    world.check("ada", role, assign, "rejected own_decision_only");
    let anchor = Kind::SetPolicy(world.policy("dev", Capability::Anchor, tiers()));
    world.check("ada", role, anchor, "accepted");
    world.check("finn", Some("dev#engineer"), spend, "rejected no_grant");

    let past = SetPolicy {
        unit: world.dissolved(),
        ..world.policy("dev", Capability::Anchor, tiers())
    };
    world.check(
        "ada",
        role,
        Kind::SetPolicy(past.clone()),
        "rejected unit_dissolved",
    );
    let nowhere = SetPolicy { unit: None, ..past };
    world.check(
        "ada",
        role,
        Kind::SetPolicy(nowhere),
        "rejected ref_malformed",
    );
    let wordy = SetPolicy {
        words: "x".repeat(5_000),
        ..world.policy("dev", Capability::Anchor, tiers())
    };
    world.check(
        "ada",
        role,
        Kind::SetPolicy(wordy),
        "rejected text_malformed",
    );
}

#[test]
fn one_person_lets_nobody_do_alone_over_value_what_they_may_not_do_alone() {
    let mut world = World::new();
    let up_to = |amount| {
        vec![
            tier(amount, role_holders(), alone()),
            tier(0, role_holders(), one()),
        ]
    };
    let alone = || vec![tier(0, role_holders(), alone())];
    // Of his own, Ben plans without limits, and spends 5,000 at once and 20,000 in thirty days.
    for (capability, tiers, expected) in [
        (
            Capability::Allocate,
            alone(),
            "rejected grant_exceeds_giver",
        ),
        (
            Capability::SetCredit,
            alone(),
            "rejected grant_exceeds_giver",
        ),
        (Capability::Freeze, alone(), "rejected grant_exceeds_giver"),
        (SPEND, alone(), "rejected grant_exceeds_giver"),
        (SPEND, up_to(5_001), "rejected grant_exceeds_giver"),
        (SPEND, up_to(5_000), "accepted"),
        (PLAN, alone(), "accepted"),
    ] {
        let policy = Kind::SetPolicy(world.policy("dev", capability, tiers));
        world.check("ben", LEAD, policy, expected);
    }
    // Nor does one person above open the pockets of every unit below to whoever holds a role there.
    for (capability, mode, expected) in [
        (PLAN, crate::world::alone(), "rejected own_decision_only"),
        (PLAN, consent(DAY), "rejected own_decision_only"),
        (PLAN, one(), "accepted"),
        (Capability::Govern, consent(DAY), "accepted"),
    ] {
        let policy = SetPolicy {
            recursive: true,
            ..world.policy("acme", capability, vec![tier(0, role_holders(), mode)])
        };
        world.check("ada", Some("acme#lead"), Kind::SetPolicy(policy), expected);
    }
    // What several decide may go further.
    let decided = Kind::SetPolicy(world.policy("dev", Capability::Freeze, alone()));
    world.check_decided("ben", decided, "accepted");
}

#[test]
fn the_floor_is_passed_beside_the_policy_about_governing() {
    let mut world = World::new();
    let anchor = |mode| vec![tier(0, role_holders(), mode)];
    let strict = world.policy("dev", Capability::Anchor, anchor(by_departments()));
    world.check("ben", LEAD, Kind::SetPolicy(strict), "accepted");
    let laxer = Kind::SetPolicy(world.policy("dev", Capability::Anchor, anchor(alone())));
    // Governing lets the lead begin; the departments decide, whatever else is granted.
    world.check("ben", LEAD, laxer.clone(), "rejected needs_decision");
    world.check("finn", Some("dev#engineer"), laxer, "rejected no_grant");
}

#[test]
fn a_moment_of_silence_passes_no_floor_and_a_day_of_it_does() {
    for (deadline, asked) in [(DAY - 1, ModeKind::Approve), (DAY, ModeKind::Consent)] {
        let mut world = World::new();
        let anchor = |mode| vec![tier(0, role_holders(), mode)];
        let strict = anchor(approve(world.holders("acme#lead"), 1));
        let strict = world.policy("dev", Capability::Anchor, strict);
        world.check("ben", LEAD, Kind::SetPolicy(strict), "accepted");
        let silent = world.policy("dev", Capability::Govern, anchor(consent(deadline)));
        world.check("ben", LEAD, Kind::SetPolicy(silent), "accepted");

        let laxer = Kind::SetPolicy(world.policy("dev", Capability::Anchor, anchor(alone())));
        let proposal = world.proposal("dev", ProposalKind::Governance, asked, vec![laxer]);
        let number = world.open("finn", "dev#engineer", proposal);
        let mode = world.get::<polity_proto::v1::Proposal>(number).mode;
        assert_eq!(mode.unwrap_or_default().kind(), asked);
    }
}

#[test]
fn as_many_approvals_of_other_people_tighten_nothing() {
    let mut world = World::new();
    let guardians = || approve(world.holders("acme#lead"), 1);
    let above = SetPolicy {
        recursive: true,
        ..world.policy("acme", SPEND, vec![tier(0, role_holders(), guardians())])
    };
    let own = approve(world.holders("dev#engineer"), 3);
    let own = world.policy("dev", SPEND, vec![tier(0, role_holders(), own)]);
    world.ada(Kind::SetPolicy(above));
    world.check("ben", LEAD, Kind::SetPolicy(own), "rejected policy_laxer");
    let announced = announce(72, approve(world.holders("acme#lead"), 1));
    let answered = Mode {
        silence_is_consent: false,
        ..consent(72)
    };
    for (mode, expected) in [
        (announced, "rejected policy_laxer"),
        // Silence is nobody's approval.
        (consent(72), "rejected policy_laxer"),
        (answered, "accepted"),
    ] {
        let own = world.policy("dev", SPEND, vec![tier(0, role_holders(), mode)]);
        world.check("ben", LEAD, Kind::SetPolicy(own), expected);
    }
}

#[test]
fn a_policy_in_words_alone_stands_beside_the_others_and_is_replaced_by_name() {
    let mut world = World::new();
    let unit = world.unit("dev").number;
    let words = |world: &World, replaces: u64, text: &str| {
        Kind::SetPolicy(SetPolicy {
            unit: world.unit_ref("dev"),
            words: text.into(),
            replaces: form::optional_number(replaces),
            ..SetPolicy::default()
        })
    };
    let lead = LEAD;
    for (replaces, text, expected) in [
        (0, "", "rejected field_missing"),
        (0, "we deploy on Tuesdays", "accepted"),
        (0, "nobody is on call twice in a row", "accepted"),
        (1, "we deploy on Tuesdays and Thursdays", "accepted"),
        (1, "we deploy daily", "rejected policy_ended"),
        (9, "we deploy daily", "rejected object_unknown"),
    ] {
        let act = words(&world, replaces, text);
        world.check("ben", lead, act, expected);
    }
    assert_eq!(world.list(List::Policies, unit), [2, 3]);
    let plan = world.policy("dev", PLAN, vec![tier(0, role_holders(), alone())]);
    let strange = SetPolicy {
        replaces: form::numbered(2),
        ..plan.clone()
    };
    world.check(
        "ben",
        lead,
        Kind::SetPolicy(strange),
        "rejected policy_malformed",
    );
    world.check("ben", lead, Kind::SetPolicy(plan), "accepted");
    let of_plan = world.list(List::Policies, unit)[2];
    let act = words(&world, of_plan, "we spend wisely");
    world.check("ben", lead, act, "rejected policy_malformed");
    let remove = Kind::RemovePolicy(polity_proto::v1::RemovePolicy {
        policy: form::numbered(2),
    });
    world.check("ben", lead, remove, "accepted");
    assert_eq!(world.list(List::Policies, unit), [3, of_plan]);
}

#[test]
fn whoever_asks_for_more_approvals_than_there_are_people_locks_nothing() {
    let mut world = World::new();
    let anchor = |mode| vec![tier(0, role_holders(), mode)];
    let many = approve(able(Capability::Approve), 64);
    let many = world.policy("dev", Capability::Anchor, anchor(many));
    world.check("ben", LEAD, Kind::SetPolicy(many), "accepted");
    let laxer = Kind::SetPolicy(world.policy("dev", Capability::Anchor, anchor(alone())));
    world.check("ben", LEAD, laxer.clone(), "rejected needs_decision");
    // Nor does who governs alone take back alone what others were to approve: the departments decide.
    let governance = ProposalKind::Governance;
    let approved = OpenProposal {
        expected_count: 64,
        ..world.proposal("dev", governance, ModeKind::Approve, vec![laxer.clone()])
    };
    let open = Kind::OpenProposal(approved);
    world.check("ben", LEAD, open, "rejected stricter_mode");
    let proposal = world.proposal("dev", governance, ModeKind::Departments, vec![laxer]);
    let number = world.open("ben", "dev#lead", proposal);
    for member in ["ben", "cleo", "dan"] {
        let yes = world.answer(number, Answer::Yes);
        world.check(member, None, yes, "accepted");
    }
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn services_before_them_hide_nobody_who_could_approve() {
    let mut world = World::new();
    world.put_services_first("dev");
    let approved = vec![tier(0, role_holders(), approve(joined(), 2))];
    let policy = world.policy("dev", Capability::Anchor, approved);
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    let laxer = vec![tier(0, role_holders(), alone())];
    let laxer = Kind::SetPolicy(world.policy("dev", Capability::Anchor, laxer));
    let proposal = OpenProposal {
        expected_count: 2,
        ..world.proposal(
            "dev",
            ProposalKind::Governance,
            ModeKind::Approve,
            vec![laxer],
        )
    };
    world.open("ben", "dev#lead", proposal);
}

#[test]
fn what_is_set_before_people_are_assigned_is_changed_by_them_once_they_are() {
    let mut world = World::new();
    let guarded = |world: &World| {
        let mode = approve(world.holders("dev#guardian"), 2);
        vec![tier(0, role_holders(), mode)]
    };
    world.ada(Kind::CreateRole(world.create_role("dev", "guardian")));
    let policy = world.policy("dev", Capability::Anchor, guarded(&world));
    world.check("ben", LEAD, Kind::SetPolicy(policy.clone()), "accepted");
    let laxer = Kind::SetPolicy(world.policy(
        "dev",
        Capability::Anchor,
        vec![tier(0, role_holders(), alone())],
    ));
    for (name, mode) in [("finn", ModeKind::Departments), ("gia", ModeKind::Approve)] {
        let assign = world.assign(name, "dev#guardian");
        world.ada(Kind::AssignRole(assign));
        let governance = ProposalKind::Governance;
        let proposal = OpenProposal {
            expected_count: 2,
            ..world.proposal("dev", governance, mode, vec![laxer.clone()])
        };
        let number = world.open("ben", "dev#lead", proposal);
        let opened: polity_proto::v1::Proposal = world.get(number);
        assert_eq!(opened.mode.unwrap_or_default().kind(), mode, "{name}");
    }
}

#[test]
fn what_one_person_above_says_about_governing_keeps_no_circle_from_governing_itself() {
    let mut world = World::new();
    let circle = Kind::ApplyProfile(polity_proto::v1::ApplyProfile {
        unit: world.unit_ref("dev"),
        profile: polity_proto::v1::Profile::Holacracy as i32,
    });
    world.check("ben", LEAD, circle, "accepted");
    let govern = Capability::Govern;
    let above = Kind::SetPolicy(SetPolicy {
        recursive: true,
        ..world.policy("acme", govern, vec![tier(0, role_holders(), one())])
    });
    let own = |world: &World, unit: &str| {
        let tiers = vec![tier(0, role_holders(), consent(2 * DAY))];
        Kind::SetPolicy(world.policy(unit, govern, tiers))
    };
    world.ada(above.clone());
    let (dev, ops) = (own(&world, "dev"), own(&world, "ops"));
    world.check_decided("ben", dev.clone(), "accepted");
    world.check_decided("cleo", ops, "rejected policy_laxer");
    // What several above decided, it may only tighten.
    world.check_decided("ada", above, "accepted");
    world.check_decided("ben", dev, "rejected policy_laxer");
}
