use polity_proto::v1::{action::Kind, *};

use crate::world::{
    Charter, DAY, Deed, HOUR, World, able, announce, approve, by, ended, public, role_holders, tier,
};

fn asked(kind: RecoverMember) -> Deed {
    by("ada")
        .acting_as("acme#lead")
        .seconded("ben", "dev#lead")
        .does(Kind::RecoverMember(kind))
}

/// A world in which the lead of finance may recover people of dev too.
fn with_three() -> World {
    let mut charter = Charter::acme();
    charter.grant(
        "finance#lead",
        Capability::RecoverMembers,
        ScopeKind::Unit,
        "dev",
    );
    World::founded(&charter)
}

#[test]
fn two_people_of_different_units_recover_a_member_after_the_wait() {
    let mut world = World::new();
    world.ada(Kind::ImportMember(world.import("old", "dev")));
    let recover = world.recover("finn", "new");
    let alone = by("ada")
        .acting_as("acme#lead")
        .does(Kind::RecoverMember(recover.clone()));
    let stranger = by("hal")
        .acting_as("ops#engineer")
        .does(Kind::RecoverMember(recover.clone()));
    let of_oneself = RecoverMember {
        possession: world.possession("ada", "new"),
        member: world.member_ref("ada"),
        ..recover.clone()
    };
    let imported = RecoverMember {
        possession: vec![],
        member: world.member_ref("old"),
        ..recover.clone()
    };
    for (deed, expected) in [
        (
            asked(RecoverMember {
                member: None,
                ..recover.clone()
            }),
            "rejected ref_malformed",
        ),
        (
            asked(RecoverMember {
                key: vec![],
                ..recover.clone()
            }),
            "rejected key_unfit",
        ),
        (
            asked(RecoverMember {
                member: crate::form::numbered(99),
                ..recover.clone()
            }),
            "rejected object_unknown",
        ),
        (alone, "rejected people_missing"),
        (stranger, "rejected no_grant"),
        (asked(imported), "rejected member_state_wrong"),
        (asked(world.recover("finn", "gia")), "rejected key_unfit"),
        (
            asked(RecoverMember {
                possession: vec![],
                ..recover.clone()
            }),
            "rejected possession_unproven",
        ),
        (asked(recover), "accepted"),
        (
            asked(world.recover("finn", "other")),
            "rejected recovery_open",
        ),
    ] {
        world.check_deed(deed, expected);
    }
    let self_made = by("ada")
        .acting_as("acme#lead")
        .seconded("cleo", "ops#lead");
    world.check_deed(
        self_made.does(Kind::RecoverMember(of_oneself)),
        "rejected people_missing",
    );

    assert!(world.advance(48 * HOUR - 60).is_empty());
    assert_eq!(world.advance(120).len(), 1);
    let member = world.member("finn");
    assert_eq!(member.keys.len(), 2);
    assert!(member.keys[0].revoked_at != 0);
    assert_eq!(
        (member.keys[1].public.clone(), member.keys[1].revoked_at),
        (public("new"), 0)
    );
    assert_eq!(member.recovery, 0);
    assert_eq!(member.sleeps_until, world.time + 7 * DAY);
}

#[test]
fn whoever_is_recovered_does_not_ask_for_it() {
    let mut world = World::new();
    let recover = world.recover("ben", "new");
    world.check_deed(asked(recover), "rejected same_person");
}

#[test]
fn the_wait_does_not_run_while_the_network_is_down() {
    let mut world = World::new();
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    assert!(world.outage(47 * HOUR).is_empty());
    assert!(world.advance(2 * HOUR).is_empty());
    assert_eq!(world.member("finn").keys.len(), 1);
    assert_eq!(world.advance(46 * HOUR).len(), 1);
    assert_eq!(world.member("finn").keys.len(), 2);
}

#[test]
fn a_second_recovery_takes_three_people_and_cannot_be_stopped() {
    let mut world = with_three();
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    let stop = |number| {
        Kind::StopRecovery(StopRecovery {
            recovery: crate::form::numbered(number),
        })
    };
    world.check("finn", None, stop(1), "accepted");
    world.check_deed(
        asked(world.recover("finn", "new")),
        "rejected people_missing",
    );
    let three = asked(world.recover("finn", "new")).seconded("eve", "finance#lead");
    world.check_deed(three, "accepted");
    world.check("finn", None, stop(2), "rejected recovery_unstoppable");
    assert_eq!(world.advance(48 * HOUR).len(), 1);
    world.check("finn", None, Kind::Leave(Leave {}), "rejected key_unknown");
}

/// Lends what engineers may spend for a month.
fn delegation(world: &World, to: &str) -> Kind {
    let role = world.role("dev#engineer").number;
    let spend = world.list(crate::state::keys::List::Grants, role)[0];
    Kind::Delegate(Delegate {
        grant: crate::form::numbered(spend),
        member: world.member_ref(to),
        until: world.time + 30 * DAY,
        ..Delegate::default()
    })
}

#[test]
fn whoever_was_recovered_does_not_hand_on_what_sleeps() {
    let mut world = World::new();
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    world.advance(48 * HOUR);
    let delegate = delegation(&world, "gia");
    let deed = by("finn").with_key("new").acting_as("dev#engineer");
    let deed = deed.does(delegate);
    world.check_deed(deed.clone(), "rejected sleeping");
    world.advance(7 * DAY);
    world.check_deed(deed, "accepted");
}

#[test]
fn whoever_signs_along_wakes_nothing_of_whoever_was_recovered() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    world.advance(48 * HOUR);
    let delegate = delegation(&world, "hal");
    let own = world.payment("finn:main", "hal:main", 1);
    for act in [own, delegate] {
        let deed = by("finn").with_key("new").acting_as("dev#engineer");
        let deed = deed.seconded_plainly("hal").does(act);
        world.check_deed(deed, "rejected sleeping");
    }
}

#[test]
fn whoever_was_recovered_does_not_sleep_through_an_outage() {
    let mut world = World::new();
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    world.outage(HOUR);
    world.advance(48 * HOUR);
    let pay = world.payment("finn:main", "gia:main", 1);
    let deeds = [pay, Kind::Leave(Leave {})].map(|act| by("finn").with_key("new").does(act));
    world.outage(7 * DAY);
    for after in [0, 7 * DAY - HOUR] {
        world.advance(after);
        for deed in &deeds {
            world.check_deed(deed.clone(), "rejected sleeping");
        }
    }
    world.advance(HOUR);
    world.check_deed(deeds[1].clone(), "accepted");
}

#[test]
fn what_was_announced_before_a_recovery_sleeps_too() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let decided = approve(able(Capability::Approve), 1);
    let tiers = vec![tier(0, role_holders(), announce(HOUR, decided))];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
    let pay = world.payment("dev:main", "sales:main", 2_000);
    let (kind, mode) = (ProposalKind::Operation, ModeKind::Announce);
    let proposal = world.proposal("dev", kind, mode, vec![pay]);
    let number = world.open("finn", "dev#engineer", proposal);
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    world.advance(48 * HOUR);

    let execute = Kind::ExecuteProposal(ExecuteProposal {
        proposal: crate::form::numbered(number),
    });
    let deed = by("finn").with_key("new").acting_as("dev#engineer");
    let deed = deed.does(execute);
    world.check_deed(deed.clone(), "rejected sleeping");
    world.advance(7 * DAY);
    world.check_deed(deed, "accepted");
}

#[test]
fn a_recovery_comes_to_nothing_where_somebody_who_asked_for_it_has_no_power_any_more() {
    let mut world = with_three();
    world.check_deed(asked(world.recover("finn", "new")), "accepted");
    let ben = world.member("ben");
    world.put_for_test(&Member {
        state: MemberState::Suspended as i32,
        ..ben
    });
    let receipts = world.advance(48 * HOUR);
    let lapsed = (ObjectKind::Recovery, 1, EndReason::Lapsed);
    assert_eq!(ended(&receipts[0]), [lapsed]);
    let finn = world.member("finn");
    assert_eq!((finn.keys.len(), finn.recovery), (1, 0));
    // Others ask anew, as if it had not been.
    let others = by("ada")
        .acting_as("acme#lead")
        .seconded("eve", "finance#lead");
    let recover = Kind::RecoverMember(world.recover("finn", "new"));
    world.check_deed(others.does(recover), "accepted");
}
