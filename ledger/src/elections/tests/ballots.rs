//! Calling, sealing, revealing: each refusal by its name.

use polity_proto::v1::{action::Kind, *};

use super::{
    FACILITATOR, REPRESENTATIVE, VOTERS, call, called, candidate, change, circle, commitment,
    opened, reveal, revealed, salt, seal, sealed, step,
};
use crate::form;
use crate::state::keys::List;
use crate::world::{DAY, World, by};

#[test]
fn whoever_takes_part_in_governance_calls_an_election() {
    let mut world = circle();
    let past = world.role_ref("ops#engineer");
    world.ada(Kind::RemoveRole(RemoveRole { role: past }));
    let facilitator = CallElection {
        role: world.role_ref(FACILITATOR),
        term: 0,
    };
    for (actor, call, expected) in [
        (
            "finn",
            CallElection {
                role: None,
                ..facilitator
            },
            "rejected ref_malformed",
        ),
        (
            "finn",
            CallElection {
                term: u64::MAX,
                ..facilitator
            },
            "rejected time_malformed",
        ),
        (
            "finn",
            CallElection {
                role: form::numbered(99),
                ..facilitator
            },
            "rejected object_unknown",
        ),
        ("eve", facilitator, "rejected not_in_electorate"),
        (
            "cleo",
            CallElection {
                role: past,
                ..facilitator
            },
            "rejected role_removed",
        ),
        (
            "finn",
            CallElection {
                role: world.role_ref("dev/circle#partner"),
                ..facilitator
            },
            "rejected role_not_elected",
        ),
        ("finn", facilitator, "accepted"),
        ("gia", facilitator, "rejected election_open"),
    ] {
        world.check(actor, None, Kind::CallElection(call), expected);
    }
    let poor = CreateUnit {
        confers: vec![Capability::Govern as i32, Capability::AdmitMembers as i32],
        ..world.create_unit("dev", "poor", UnitKind::Team)
    };
    world.ada(Kind::CreateUnit(poor));
    world.ada(Kind::CreateRole(CreateRole {
        elected: true,
        ..world.create_role("dev/poor", "speaker")
    }));
    world.ada(world.join_unit("eve", "dev/poor"));
    let call = Kind::CallElection(CallElection {
        role: world.role_ref("dev/poor#speaker"),
        ..facilitator
    });
    world.check("eve", None, call, "rejected not_conferred");
    let election: Election = world.get(1);
    let electorate = VOTERS.map(|voter| world.member_number(voter));
    assert_eq!(election.electorate, electorate);
    // The role states no term: the parameter's holds.
    assert_eq!(election.term, 365 * DAY);
    assert_eq!(world.history_count(ObjectKind::Election, 1), 1);
}

#[test]
fn an_election_ends_with_its_role() {
    let mut world = World::with_circle();
    world.ada(Kind::CreateRole(CreateRole {
        elected: true,
        ..world.create_role("dev/circle", "timekeeper")
    }));
    world.ada(Kind::AssignRole(world.assign("ben", "dev/circle#lead")));
    let role = world.role_ref("dev/circle#timekeeper");
    let call = Kind::CallElection(CallElection { role, term: 0 });
    world.check("ben", None, call.clone(), "accepted");
    let dissolve = Kind::DissolveUnit(DissolveUnit {
        unit: world.unit_ref("dev/circle"),
    });
    world.check(
        "ada",
        Some("acme#lead"),
        dissolve,
        "rejected unit_not_empty",
    );
    world.ada(Kind::RemoveRole(RemoveRole { role }));
    assert_eq!(step(&world, 1), ElectionStep::Ended);
    let unit = world.unit("dev/circle").number;
    assert!(world.list(List::Elections, unit).is_empty());
    world.check("ben", None, call, "rejected role_removed");
}

#[test]
fn a_member_seals_one_ballot_whatever_keys_and_roles_they_hold() {
    let (mut world, election) = called(FACILITATOR);
    world.check(
        "finn",
        None,
        Kind::AddKey(world.add_key("finn", "spare")),
        "accepted",
    );
    let ballot = |world: &World, voter: &str| CommitBallot {
        election: form::numbered(election),
        commitment: commitment(world, election, voter, "gia"),
    };
    let finns = ballot(&world, "finn");
    for (actor, commit, expected) in [
        (
            "finn",
            CommitBallot {
                election: None,
                ..finns.clone()
            },
            "rejected ref_malformed",
        ),
        (
            "finn",
            CommitBallot {
                commitment: vec![1; 31],
                ..finns.clone()
            },
            "rejected hash_malformed",
        ),
        (
            "finn",
            CommitBallot {
                election: form::numbered(9),
                ..finns.clone()
            },
            "rejected object_unknown",
        ),
        ("eve", ballot(&world, "eve"), "rejected not_in_electorate"),
        ("finn", finns.clone(), "accepted"),
        ("finn", finns.clone(), "rejected ballot_cast"),
    ] {
        world.check(actor, None, Kind::CommitBallot(commit), expected);
    }
    let again = || Kind::CommitBallot(finns.clone());
    world.check_deed(
        by("finn").with_key("spare").does(again()),
        "rejected ballot_cast",
    );
    let in_a_role = by("finn").acting_as("dev/circle#partner").does(again());
    world.check_deed(in_a_role, "rejected ballot_cast");
    let early = reveal(&world, election, "finn", "gia");
    world.check("finn", None, early, "rejected election_step");
    world.advance(3 * DAY);
    let late = Kind::CommitBallot(ballot(&world, "gia"));
    world.check("gia", None, late, "rejected election_step");
}

#[test]
fn whoever_comes_to_a_circle_after_the_call_does_not_vote() {
    let (mut world, election) = called(FACILITATOR);
    world.ada(Kind::AssignRole(world.assign("dan", "dev/circle#partner")));
    let stale = seal(&world, election, "dan", "finn");
    world.check("dan", None, stale, "rejected not_in_electorate");
}

#[test]
fn a_ballot_opens_with_what_was_sealed() {
    let (mut world, election) = sealed(FACILITATOR, &[("finn", "gia"), ("gia", "gia")]);
    let finns = opened(&world, election, "finn", "gia");
    for (actor, reveal, expected) in [
        (
            "finn",
            RevealBallot {
                nominee: None,
                ..finns.clone()
            },
            "rejected ref_malformed",
        ),
        (
            "finn",
            RevealBallot {
                instead: form::numbered(0),
                ..finns.clone()
            },
            "rejected ref_malformed",
        ),
        (
            "finn",
            RevealBallot {
                salt: vec![1; 31],
                ..finns.clone()
            },
            "rejected hash_malformed",
        ),
        (
            "finn",
            RevealBallot {
                nominee: form::numbered(99),
                ..finns.clone()
            },
            "rejected object_unknown",
        ),
        ("hal", finns.clone(), "rejected ballot_missing"),
        (
            "finn",
            RevealBallot {
                salt: salt("gia"),
                ..finns.clone()
            },
            "rejected ballot_mismatch",
        ),
        (
            "finn",
            opened(&world, election, "finn", "hal"),
            "rejected ballot_mismatch",
        ),
        (
            "finn",
            RevealBallot {
                instead: world.member_ref("hal"),
                ..finns.clone()
            },
            "rejected ballot_counts",
        ),
        ("finn", finns.clone(), "accepted"),
        ("finn", finns.clone(), "rejected ballot_cast"),
    ] {
        world.check(actor, None, Kind::RevealBallot(reveal), expected);
    }
    world.advance(3 * DAY);
    assert_eq!(candidate(&world, election), "gia");
    let late = reveal(&world, election, "gia", "gia");
    world.check("gia", None, late, "rejected election_step");
}

#[test]
fn a_commitment_is_worth_nothing_in_another_election_or_anothers_name() {
    let (mut world, first) = called(FACILITATOR);
    let second = world.run("gia", None, call(&world, "dev/circle#secretary"));
    let second = crate::world::created(&second.expect("called"));
    let finns = commitment(&world, first, "finn", "gia");
    let copied = |election: u64| {
        Kind::CommitBallot(CommitBallot {
            election: form::numbered(election),
            commitment: finns.clone(),
        })
    };
    world.check("finn", None, copied(first), "accepted");
    world.check("finn", None, copied(second), "accepted");
    world.check("hal", None, copied(first), "accepted");
    world.advance(3 * DAY);
    let opened =
        |world: &World, election| Kind::RevealBallot(opened(world, election, "finn", "gia"));
    world.check(
        "finn",
        None,
        opened(&world, second),
        "rejected ballot_mismatch",
    );
    world.check(
        "hal",
        None,
        opened(&world, first),
        "rejected ballot_mismatch",
    );
    world.check("finn", None, opened(&world, first), "accepted");
}

#[test]
fn a_lead_is_not_named_as_representative_and_the_ballot_is_replaced_openly() {
    let ballots = [
        ("ben", "finn"),
        ("finn", "gia"),
        ("gia", "finn"),
        ("hal", "ben"),
    ];
    let (mut world, election) = sealed(REPRESENTATIVE, &ballots);
    for (voter, nominee) in &ballots[..3] {
        let act = reveal(&world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    let of_hal = opened(&world, election, "hal", "ben");
    let instead = |world: &World, member: &str| RevealBallot {
        instead: world.member_ref(member),
        ..opened(world, election, "hal", "ben")
    };
    for (reveal, expected) in [
        (of_hal.clone(), "rejected lead_represents"),
        (instead(&world, "ben"), "rejected lead_represents"),
        (instead(&world, "eve"), "rejected nominee_unfit"),
        (instead(&world, "finn"), "accepted"),
    ] {
        world.check("hal", None, Kind::RevealBallot(reveal), expected);
    }
    let election: Election = world.get(election);
    assert_eq!(election.ballots[3].replaced, world.member_number("ben"));
    assert_eq!(election.candidate, world.member_number("finn"));
}

#[test]
fn nobody_from_outside_and_nobody_whom_duties_keep_away_is_elected() {
    let ballots = [
        ("ben", "eve"),
        ("finn", "gia"),
        ("gia", "gia"),
        ("hal", "hal"),
    ];
    let (mut world, election) = sealed(FACILITATOR, &ballots);
    let outsider = reveal(&world, election, "ben", "eve");
    world.check("ben", None, outsider, "rejected nominee_unfit");
    world.ada(Kind::GiveGrant(world.grant(
        FACILITATOR,
        Capability::Arbitrate,
        "dev",
    )));
    let apart = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Spend as i32,
        second: Capability::Arbitrate as i32,
    });
    world.ada(apart);
    let spender = reveal(&world, election, "gia", "gia");
    world.check("gia", None, spender, "rejected duty_conflict");
    let other = reveal(&world, election, "hal", "hal");
    world.check("hal", None, other, "accepted");
}

#[test]
fn a_tie_is_changed_once_and_by_voters_only() {
    let ballots = [
        ("ben", "hal"),
        ("finn", "hal"),
        ("gia", "finn"),
        ("hal", "finn"),
    ];
    let (mut world, election) = revealed(FACILITATOR, &ballots);
    assert_eq!(step(&world, election), ElectionStep::Change);
    let to = |nominee: Option<Ref>| {
        Kind::ChangeBallot(ChangeBallot {
            election: form::numbered(election),
            nominee,
        })
    };
    let hal = world.member_ref("hal");
    for (actor, change, expected) in [
        ("gia", to(None), "rejected ref_malformed"),
        ("gia", to(form::numbered(99)), "rejected object_unknown"),
        ("eve", to(hal), "rejected ballot_missing"),
        ("gia", to(world.member_ref("eve")), "rejected nominee_unfit"),
        ("gia", to(hal), "accepted"),
        ("gia", to(world.member_ref("finn")), "rejected ballot_cast"),
    ] {
        world.check(actor, None, change, expected);
    }
    assert_eq!(step(&world, election), ElectionStep::Change);
    world.advance(DAY);
    assert_eq!(candidate(&world, election), "hal");
    let late = change(&world, election, "finn");
    world.check("hal", None, late, "rejected election_step");
}
