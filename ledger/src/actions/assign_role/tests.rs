use polity_proto::v1::{action::Kind, *};

use crate::form;
use crate::state::keys::List;
use crate::world::{DAY, World, by, consent, ended, role_holders, tier, vote};

#[test]
fn a_member_holds_a_role_at_once() {
    let mut world = World::new();
    world.hire("ivy");
    let past = world.role_ref("ops#engineer");
    world.ada(Kind::RemoveRole(RemoveRole { role: past }));
    let ivy = AssignRole {
        focus: "search".into(),
        percentage: 60,
        ..world.assign("ivy", "dev#engineer")
    };
    world.suspend("gia");
    for (assign, expected) in [
        (
            AssignRole {
                role: None,
                ..ivy.clone()
            },
            "rejected ref_malformed",
        ),
        (
            AssignRole {
                manner: 8,
                ..ivy.clone()
            },
            "rejected value_unknown",
        ),
        (
            AssignRole {
                manner: Manner::Elected as i32,
                ..ivy.clone()
            },
            "rejected elected_only",
        ),
        (
            AssignRole {
                focus: "x".repeat(129),
                ..ivy.clone()
            },
            "rejected text_malformed",
        ),
        (
            AssignRole {
                percentage: 101,
                ..ivy.clone()
            },
            "rejected percentage_exceeded",
        ),
        (
            AssignRole {
                role: form::numbered(99),
                ..ivy.clone()
            },
            "rejected object_unknown",
        ),
        (
            AssignRole {
                member: form::numbered(99),
                ..ivy.clone()
            },
            "rejected object_unknown",
        ),
        (
            AssignRole {
                role: past,
                ..ivy.clone()
            },
            "rejected role_removed",
        ),
        (
            world.assign("gia", "dev#engineer"),
            "rejected member_state_wrong",
        ),
        (
            world.assign("finn", "dev#engineer"),
            "rejected already_assigned",
        ),
        (
            AssignRole {
                until: world.time,
                ..ivy.clone()
            },
            "rejected time_malformed",
        ),
        (ivy, "accepted"),
    ] {
        world.check("ada", Some("acme#lead"), Kind::AssignRole(assign), expected);
    }
    let hal = Kind::AssignRole(world.assign("hal", "dev#engineer"));
    world.check("finn", Some("dev#engineer"), hal, "rejected no_grant");
    assert!(world.holds("ivy", "dev#engineer"));
    let assignment = world.assignment("ivy", "dev#engineer");
    assert_eq!(assignment.assigned_by, world.member_number("ada"));
    assert_eq!(assignment.from, world.time - 1);
    assert_eq!(
        world.list(List::Holders, assignment.role).last(),
        Some(&assignment.number)
    );
}
#[test]
fn the_time_of_a_member_has_100_percent() {
    let mut world = World::new();
    for handle in ["a", "b"] {
        world.ada(Kind::CreateRole(world.create_role("dev", handle)));
    }
    for (role, percentage, expected) in [
        ("dev#a", 60, "accepted"),
        ("dev#b", 41, "rejected percentage_exceeded"),
        ("dev#b", 40, "accepted"),
    ] {
        let assign = AssignRole {
            percentage,
            ..world.assign("finn", role)
        };
        world.check("ben", Some("dev#lead"), Kind::AssignRole(assign), expected);
    }
}

#[test]
fn whoever_operates_a_validator_is_chosen_by_that_department_alone() {
    let mut world = World::new();
    let lead = Kind::AssignRole(world.assign("gia", "dev#lead"));
    world.check(
        "ada",
        Some("acme#lead"),
        lead.clone(),
        "rejected own_decision_only",
    );
    world.check("ben", Some("dev#lead"), lead, "accepted");
    let assignment = form::numbered(world.assignment("gia", "dev#lead").number);
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment,
        ..RenewAssignment::default()
    });
    world.check(
        "ada",
        Some("acme#lead"),
        renew,
        "rejected own_decision_only",
    );
    let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
    world.check(
        "ada",
        Some("acme#lead"),
        revoke.clone(),
        "rejected own_decision_only",
    );
    world.check("ben", Some("dev#lead"), revoke, "accepted");
}

#[test]
fn nobody_above_says_who_says_who_operates_a_validator() {
    let mut world = World::new();
    let (above, refused) = (Some("acme#lead"), "rejected own_decision_only");
    let assign_roles = Capability::AssignRoles;
    let grant = Kind::GiveGrant(world.grant("sales#lead", assign_roles, "dev"));
    world.check("ada", above, grant, refused);

    // A role of the department's own that governs it and operates nothing.
    let lead = Some("dev#lead");
    let steward = Kind::CreateRole(world.create_role("dev", "steward"));
    world.check("ben", lead, steward, "accepted");
    let govern = Kind::GiveGrant(world.grant("dev#steward", Capability::Govern, "dev"));
    world.check("ben", lead, govern, "accepted");
    let gia = Kind::AssignRole(world.assign("gia", "dev#steward"));
    world.check("ada", above, gia.clone(), refused);
    world.check("ben", lead, gia, "accepted");
    let assignment = form::numbered(world.assignment("gia", "dev#steward").number);
    let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
    world.check("ada", above, revoke, refused);
    let role = world.role_ref("dev#steward");
    let remove = Kind::RemoveRole(RemoveRole { role });
    world.check("ada", above, remove, refused);

    // A suspension leaves the department to nobody else.
    for member in ["gia", "ben"] {
        world.suspend(member);
    }
    for capability in [Capability::Govern, assign_roles] {
        let grant = Kind::GiveGrant(world.grant("sales#lead", capability, "dev"));
        world.check("ada", above, grant, refused);
    }
    for member in ["gia", "ben"] {
        world.check("ada", above, world.leave_unit(member, "dev"), refused);
    }

    // Where there is no validator, those above place people as they like.
    let team = Kind::CreateUnit(world.create_unit("acme", "team", UnitKind::Department));
    world.check("ada", above, team, "accepted");
    let chief = Kind::CreateRole(world.create_role("team", "chief"));
    world.check("ada", above, chief, "accepted");
    let govern = Kind::GiveGrant(world.grant("team#chief", Capability::Govern, "team"));
    world.check("ada", above, govern, "accepted");
    let hal = Kind::AssignRole(world.assign("hal", "team#chief"));
    world.check("ada", above, hal, "accepted");
    let grant = Kind::GiveGrant(world.grant("sales#lead", assign_roles, "team"));
    world.check("ada", above, grant, "accepted");
}

#[test]
fn silence_of_a_second_assigns_nobody_to_a_validator() {
    let mut world = World::new();
    for (mode, expected) in [
        (consent(1), "rejected no_grant"),
        (vote(10, 50, 60), "rejected no_grant"),
        (vote(60, 50, 60), "accepted"),
        (consent(DAY), "accepted"),
    ] {
        let policy = SetPolicy {
            recursive: true,
            ..world.policy(
                "acme",
                Capability::AssignRoles,
                vec![tier(0, role_holders(), mode.clone())],
            )
        };
        world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
        let assign = Kind::AssignRole(world.assign("gia", "dev#lead"));
        let kind = mode.kind();
        let proposal = world.proposal("dev", ProposalKind::Governance, kind, vec![assign]);
        let open = Kind::OpenProposal(proposal);
        world.check("finn", Some("dev#engineer"), open, expected);
    }
}

#[test]
fn a_term_ends_by_itself_and_the_next_holder_follows() {
    let mut world = World::new();
    world.ada(Kind::CreateRole(CreateRole {
        term: 30 * DAY,
        holders_max: 1,
        ..world.create_role("dev", "guide")
    }));
    world.ada(Kind::AssignRole(world.assign("finn", "dev#guide")));
    let first = world.assignment("finn", "dev#guide");
    assert_eq!(first.until, first.from + 30 * DAY);
    let next = Kind::AssignRole(world.assign("gia", "dev#guide"));
    world.check("ben", Some("dev#lead"), next.clone(), "rejected role_full");

    assert!(world.advance(30 * DAY - 60).is_empty());
    let timers = world.advance(60);
    let done = (ObjectKind::Assignment, first.number, EndReason::Term);
    assert_eq!(timers.iter().map(ended).collect::<Vec<_>>(), [[done]]);
    assert!(!world.holds("finn", "dev#guide"));
    world.check("ben", Some("dev#lead"), next, "accepted");
    assert_eq!(world.assignment("gia", "dev#guide").follows, first.number);
}

#[test]
fn elected_roles_are_filled_by_election_or_by_a_surrogate() {
    let mut world = World::with_circle();
    let secretary = world.assign("finn", "dev/circle#secretary");
    for (manner, expected) in [
        (Manner::Assigned, "rejected elected_only"),
        (Manner::Imported, "rejected elected_only"),
        (Manner::Surrogate, "accepted"),
    ] {
        let assign = Kind::AssignRole(AssignRole {
            manner: manner as i32,
            ..secretary.clone()
        });
        world.check("ada", Some("acme#lead"), assign, expected);
    }
}

#[test]
fn a_lead_does_not_become_representative() {
    let mut world = World::with_circle();
    world.ada(Kind::AssignRole(world.assign("finn", "dev/circle#lead")));
    let both = AssignRole {
        manner: Manner::Surrogate as i32,
        ..world.assign("finn", "dev/circle#representative")
    };
    world.check(
        "ada",
        Some("acme#lead"),
        Kind::AssignRole(both),
        "rejected lead_represents",
    );
}

#[test]
fn a_role_of_a_dissolved_unit_is_assigned_no_longer() {
    let mut world = World::with_circle();
    let assign = Kind::AssignRole(world.assign("finn", "dev/circle#lead"));
    world.ada(Kind::DissolveUnit(DissolveUnit {
        unit: world.unit_ref("dev/circle"),
    }));
    world.check("ada", Some("acme#lead"), assign, "rejected unit_dissolved");
}

#[test]
fn a_record_of_the_past_counts_from_then() {
    let mut world = World::new();
    let then = world.time - 400 * DAY;
    let assign = Kind::AssignRole(world.assign("hal", "dev#engineer"));
    let deed = by("ada").acting_as("acme#lead").does(assign);
    world.check_deed(deed.effective(then), "accepted");
    assert_eq!(world.assignment("hal", "dev#engineer").from, then);
}

#[test]
fn a_term_beyond_all_time_is_refused() {
    let mut world = World::new();
    world.ada(Kind::CreateRole(CreateRole {
        term: u64::MAX,
        ..world.create_role("dev", "guide")
    }));
    let assign = Kind::AssignRole(world.assign("finn", "dev#guide"));
    world.check("ben", Some("dev#lead"), assign, "rejected time_malformed");
}

#[test]
fn a_rule_of_duties_keeps_roles_apart() {
    let mut world = World::new();
    let apart = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Spend as i32,
        second: Capability::Arbitrate as i32,
    });
    world.ada(Kind::CreateRole(world.create_role("dev", "arbiter")));
    world.ada(apart);
    let give = Kind::GiveGrant(GiveGrant {
        role: world.role_ref("dev#arbiter"),
        capability: Capability::Arbitrate as i32,
        scope: world.scope(ScopeKind::Unit, "dev"),
        ..GiveGrant::default()
    });
    world.check("ben", Some("dev#lead"), give, "accepted");
    let arbiter = world.assign("finn", "dev#arbiter");
    let imported = AssignRole {
        manner: Manner::Imported as i32,
        ..arbiter.clone()
    };
    world.check(
        "ada",
        Some("acme#lead"),
        Kind::AssignRole(arbiter),
        "rejected duty_conflict",
    );
    world.ada(Kind::AssignRole(imported));
    let assignment = form::numbered(world.assignment("finn", "dev#arbiter").number);
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment,
        ..RenewAssignment::default()
    });
    world.check("ada", Some("acme#lead"), renew, "rejected duty_conflict");
}
