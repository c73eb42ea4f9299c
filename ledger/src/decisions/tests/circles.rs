//! What a circle's governance is about, and how it is proposed.

use polity_proto::v1::{
    Answer, Assignment, Capability, Claim, InviteMember, Manner, ModeKind, Objection,
    ObjectionState, OpenProposal, Proposal, ProposalKind, ProposalState, RaiseObjection,
    RenewAssignment, RevokeAssignment, RoleKind, TestObjection, action::Kind,
};

use crate::form;
use crate::world::{DAY, HOUR, World, by, consent, created, joined, role_holders, tier, vote};

const PARTNER: Option<&str> = Some("dev/circle#partner");

/// A circle below `dev` in which Finn, Gia and Hal are partners, Cleo leads and Dan facilitates;
/// below it a circle that Eve leads. It governs itself by consent.
fn world() -> World {
    let mut world = World::with_circle();
    world.ada(Kind::CreateRole(world.create_role("dev/circle", "partner")));
    for member in ["finn", "gia", "hal"] {
        world.ada(Kind::AssignRole(world.assign(member, "dev/circle#partner")));
    }
    world.ada(Kind::AssignRole(world.assign("cleo", "dev/circle#lead")));
    let surrogate = polity_proto::v1::AssignRole {
        manner: polity_proto::v1::Manner::Surrogate as i32,
        ..world.assign("dan", "dev/circle#facilitator")
    };
    world.ada(Kind::AssignRole(surrogate));
    let below = world.create_unit("dev/circle", "inner", polity_proto::v1::UnitKind::Circle);
    world.ada(Kind::CreateUnit(below));
    let lead = polity_proto::v1::CreateRole {
        kind: RoleKind::Lead as i32,
        ..world.create_role("dev/circle/inner", "lead")
    };
    world.ada(Kind::CreateRole(lead));
    world.ada(Kind::AssignRole(
        world.assign("eve", "dev/circle/inner#lead"),
    ));
    let assigns = world.grant("dev/circle#lead", Capability::AssignRoles, "dev/circle");
    world.ada(Kind::GiveGrant(assigns));
    let tiers = vec![tier(0, role_holders(), consent(72 * HOUR))];
    let policy = world.policy("dev/circle", Capability::Govern, tiers);
    world.ada(Kind::SetPolicy(policy));
    world
}

fn proposal(world: &World, acts: Vec<Kind>) -> OpenProposal {
    OpenProposal {
        tension: "newcomers are lost".into(),
        example: "Ivy asked five people".into(),
        explanation: "she would have asked the guide".into(),
        ..world.proposal(
            "dev/circle",
            ProposalKind::Governance,
            ModeKind::Consent,
            acts,
        )
    }
}

fn guide(world: &World) -> Vec<Kind> {
    vec![Kind::CreateRole(world.create_role("dev/circle", "guide"))]
}

#[test]
fn a_circles_electorate_is_its_roles_and_the_leads_below() {
    let mut world = world();
    let number = {
        let proposal = proposal(&world, guide(&world));
        world.open("finn", "dev/circle#partner", proposal)
    };
    let electorate = world.get::<Proposal>(number).electorate;
    let mut expected: Vec<u64> = ["finn", "gia", "hal", "cleo", "dan", "eve"]
        .map(|name| world.member_number(name))
        .into();
    expected.sort_unstable();
    assert_eq!(electorate, expected);
}

#[test]
fn a_proposal_says_what_is_amiss_shows_it_and_explains_itself() {
    let mut world = world();
    for silence in [
        |proposal: &mut OpenProposal| proposal.tension = " ".into(),
        |proposal: &mut OpenProposal| proposal.example.clear(),
        |proposal: &mut OpenProposal| proposal.explanation.clear(),
    ] {
        let mut proposal = proposal(&world, guide(&world));
        silence(&mut proposal);
        let open = Kind::OpenProposal(proposal);
        world.check("finn", PARTNER, open, "rejected tension_missing");
    }
    let open = Kind::OpenProposal(proposal(&world, guide(&world)));
    world.check("finn", PARTNER, open, "accepted");
}

#[test]
fn roles_and_policies_are_governance_and_people_are_not() {
    let mut world = world();
    let people = vec![
        Kind::AssignRole(world.assign("ben", "dev/circle#partner")),
        Kind::InviteMember(InviteMember {
            unit: world.unit_ref("dev/circle"),
            ..world.invite("ivy", "dev")
        }),
        world.join_unit("ben", "dev/circle"),
    ];
    for act in people {
        let open = Kind::OpenProposal(proposal(&world, vec![act]));
        world.check("finn", PARTNER, open, "rejected not_governance_output");
    }
    let words = polity_proto::v1::SetPolicy {
        unit: world.unit_ref("dev/circle"),
        words: "newcomers ask first".into(),
        ..Default::default()
    };
    let moved = polity_proto::v1::MoveRole {
        role: form::created_by(0),
        unit: world.unit_ref("dev/circle/inner"),
    };
    let mut acts = guide(&world);
    acts.extend([Kind::MoveRole(moved), Kind::SetPolicy(words)]);
    let open = proposal(&world, acts);
    let number = world.open("finn", "dev/circle#partner", open);
    world.advance(72 * HOUR);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    assert_ne!(world.role("dev/circle/inner#guide").number, 0);
}

#[test]
fn the_facilitator_tests_and_another_stands_in_for_one_who_is_a_party() {
    let mut world = world();
    let open = proposal(&world, guide(&world));
    let number = world.open("finn", "dev/circle#partner", open);
    let object = |version| {
        Kind::RaiseObjection(RaiseObjection {
            proposal: form::numbered(number),
            version,
            harms: "it takes time".into(),
            limits_my_role: "I teach".into(),
            caused_by_proposal: "there is no guide today".into(),
            no_time_to_adapt: "we start on Monday".into(),
            ..RaiseObjection::default()
        })
    };
    let test = |number| {
        Kind::TestObjection(TestObjection {
            objection: form::numbered(number),
            unargued: Claim::None as i32,
            explanation: String::new(),
        })
    };
    let gias = created(&world.run("gia", None, object(1)).expect("an objection"));
    for (member, expected) in [
        ("cleo", "rejected not_facilitator"),
        ("hal", "rejected not_facilitator"),
        ("dan", "accepted"),
    ] {
        world.check(member, None, test(gias), expected);
    }
    assert_eq!(world.get::<Objection>(gias).state(), ObjectionState::Valid);
    // The facilitator's own objection is tested by the lead.
    let dans = created(&world.run("dan", None, object(1)).expect("an objection"));
    world.check("dan", None, test(dans), "rejected same_person");
    world.check("cleo", None, test(dans), "accepted");
}

#[test]
fn a_facilitator_who_was_imported_tests_nothing() {
    let mut world = world();
    let held = world.assignment("dan", "dev/circle#facilitator");
    world.put_for_test(&Assignment {
        manner: Manner::Imported as i32,
        ..held
    });
    let open = proposal(&world, guide(&world));
    let number = world.open("finn", "dev/circle#partner", open);
    let rule = Kind::RaiseObjection(RaiseObjection {
        proposal: form::numbered(number),
        version: 1,
        breaks_a_rule: "5.2: this is an operation".into(),
        ..RaiseObjection::default()
    });
    let gias = created(&world.run("gia", None, rule).expect("an objection"));
    let test = Kind::TestObjection(TestObjection {
        objection: form::numbered(gias),
        unargued: Claim::None as i32,
        explanation: String::new(),
    });
    world.check("dan", None, test.clone(), "rejected not_facilitator");
    world.check("cleo", None, test, "accepted");
}

#[test]
fn nobody_is_assigned_to_set_an_objection_aside() {
    let mut world = world();
    let open = proposal(&world, guide(&world));
    let number = world.open("finn", "dev/circle#partner", open);
    let rule = Kind::RaiseObjection(RaiseObjection {
        proposal: form::numbered(number),
        version: 1,
        breaks_a_rule: "5.2: this is an operation".into(),
        ..RaiseObjection::default()
    });
    let gias = created(&world.run("gia", None, rule).expect("an objection"));
    let surrogate = polity_proto::v1::AssignRole {
        manner: polity_proto::v1::Manner::Surrogate as i32,
        ..world.assign("hal", "dev/circle#secretary")
    };
    let before = world.time - DAY;
    let late = by("cleo").acting_as("dev/circle#lead").effective(before);
    world.check_deed(late.does(Kind::AssignRole(surrogate)), "accepted");
    let discard = Kind::TestObjection(TestObjection {
        objection: form::numbered(gias),
        unargued: Claim::BreaksARule as i32,
        explanation: "it is a role".into(),
    });
    // The secretary would interpret; this one came too late, whatever is said of when, and the facilitator stands in.
    world.check("hal", None, discard.clone(), "rejected not_facilitator");
    world.check("dan", None, discard, "accepted");
    let yes = world.answer(number, Answer::NoObjection);
    world.check("gia", None, yes, "accepted");
}

/// Whoever leads the whole company does none of these.
fn from_above_refused(world: &mut World, attempts: impl IntoIterator<Item = Kind>) {
    for attempt in attempts {
        let role = Some("acme#lead");
        world.check("ada", role, attempt, "rejected own_decision_only");
    }
}

#[test]
fn from_above_nobody_reaches_into_a_circle_that_governs_itself() {
    let mut world = world();
    let partner = world.role_ref("dev/circle#partner");
    let tiers = vec![tier(0, role_holders(), consent(HOUR))];
    let attempts = [
        Kind::CreateRole(world.create_role("dev/circle", "puppet")),
        Kind::RemoveRole(polity_proto::v1::RemoveRole { role: partner }),
        Kind::CreateUnit(world.create_unit(
            "dev/circle",
            "annex",
            polity_proto::v1::UnitKind::Circle,
        )),
        Kind::GiveGrant(world.grant("dev/circle#partner", Capability::AdmitMembers, "dev/circle")),
        Kind::SetPolicy(world.policy("dev/circle", Capability::AssignRoles, tiers)),
        Kind::ApplyProfile(polity_proto::v1::ApplyProfile {
            unit: world.unit_ref("dev/circle"),
            profile: polity_proto::v1::Profile::Department as i32,
        }),
    ];
    from_above_refused(&mut world, attempts);
}

#[test]
fn from_above_nobody_fills_or_empties_a_circle_that_governs_itself_but_for_its_lead() {
    let mut world = world();
    world.ada(world.join_unit("finn", "dev/circle"));
    let assignment = form::numbered(world.assignment("finn", "dev/circle#partner").number);
    let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment,
        until: world.time + HOUR,
        ..RenewAssignment::default()
    });
    let attempts = [
        Kind::AssignRole(world.assign("ben", "dev/circle#partner")),
        renew,
        revoke.clone(),
        world.leave_unit("finn", "dev/circle"),
    ];
    from_above_refused(&mut world, attempts);
    world.ada(Kind::AssignRole(world.assign("ben", "dev/circle#lead")));
    world.check("ben", Some("dev/circle#lead"), revoke, "accepted");
}

#[test]
fn a_circle_governs_itself_by_what_those_above_leave_to_it_too() {
    let mut world = world();
    let policy = polity_proto::v1::SetPolicy {
        recursive: true,
        ..world.policy(
            "dev",
            Capability::Govern,
            vec![tier(0, role_holders(), consent(72 * HOUR))],
        )
    };
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let role = Kind::CreateRole(world.create_role("dev/circle/inner", "puppet"));
    world.check("ada", Some("acme#lead"), role, "rejected own_decision_only");
}

#[test]
fn one_person_above_shuts_no_circle_that_governs_itself() {
    let mut world = world();
    let everybody = vec![tier(0, joined(), vote(100, 100, 300 * DAY))];
    let policy = polity_proto::v1::SetPolicy {
        recursive: true,
        ..world.policy("dev", Capability::Govern, everybody)
    };
    let amend = Kind::AmendUnit(polity_proto::v1::AmendUnit {
        unit: world.unit_ref("dev/circle"),
        kind: polity_proto::v1::UnitKind::Team as i32,
        handle: "circle".into(),
        confers: world.unit("dev/circle").confers,
        ..Default::default()
    });
    world.check(
        "ada",
        Some("acme#lead"),
        amend,
        "rejected own_decision_only",
    );
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let role = Kind::CreateRole(world.create_role("dev/circle", "keeper"));
    let open = Kind::OpenProposal(proposal(&world, vec![role]));
    world.check("finn", PARTNER, open, "accepted");
}

#[test]
fn what_a_new_unit_is_not_conferred_is_not_proposed_for_it() {
    let mut world = world();
    let poor = polity_proto::v1::CreateUnit {
        confers: vec![Capability::Approve as i32],
        ..world.create_unit("dev/circle", "annex", polity_proto::v1::UnitKind::Circle)
    };
    let role = polity_proto::v1::CreateRole {
        unit: form::created_by(0),
        ..world.create_role("dev/circle", "keeper")
    };
    let acts = vec![Kind::CreateUnit(poor), Kind::CreateRole(role)];
    let open = Kind::OpenProposal(proposal(&world, acts));
    world.check("finn", PARTNER, open, "rejected not_conferred");
}
