//! What became of a unit's powers and policies between the opening of a proposal and its adoption.

use polity_proto::v1::{
    Answer, Capability, ExecuteProposal, Grant, GrantAuditor, ModeKind, Proposal, ProposalKind,
    ProposalState, RevokeGrant, SetPolicy, UnitKind, action::Kind,
};

use crate::state::keys::List;
use crate::world::{
    DAY, HOUR, World, able, alone, announce, approve, consent, created, role_holders, tier, vote,
};
use crate::{Rejection, form};

const GOVERNANCE: ProposalKind = ProposalKind::Governance;
const LEAD: Option<&str> = Some("dev#lead");

fn execute(number: u64) -> Kind {
    Kind::ExecuteProposal(ExecuteProposal {
        proposal: form::numbered(number),
    })
}

#[track_caller]
fn assert_failed(world: &World, number: u64, rejection: Rejection) {
    let proposal: Proposal = world.get(number);
    assert_eq!(proposal.state(), ProposalState::Failed);
    assert_eq!(proposal.failed_code, rejection.code());
}

/// In `dev`, holders of its roles announce what they do by a capability, an hour before.
fn announcing(world: &mut World, capability: Capability) {
    let mode = announce(HOUR, approve(able(Capability::Approve), 1));
    let policy = world.policy("dev", capability, vec![tier(0, role_holders(), mode)]);
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
}

#[test]
fn a_policy_that_takes_more_to_change_by_now_is_not_replaced_by_less() {
    let mut world = World::new();
    announcing(&mut world, Capability::Govern);
    let anchoring = |world: &World, mode| {
        let tiers = vec![tier(0, role_holders(), mode)];
        Kind::SetPolicy(world.policy("dev", Capability::Anchor, tiers))
    };
    let acts = vec![anchoring(&world, alone())];
    let proposal = world.proposal("dev", GOVERNANCE, ModeKind::Announce, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let mut kept = world.clone();
    let two = anchoring(&world, approve(able(Capability::Approve), 2));
    world.check("ben", LEAD, two, "accepted");
    for world in [&mut kept, &mut world] {
        world.advance(2 * HOUR);
        world.check("finn", None, execute(number), "accepted");
    }
    assert_eq!(kept.proposal_state(number), ProposalState::Adopted);
    assert_failed(&world, number, Rejection::StricterMode);
}

#[test]
fn what_was_opened_from_above_does_not_reach_a_unit_that_decides_itself_by_now() {
    let mut world = World::new();
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev",
        "lab",
        UnitKind::Team,
    )));
    let begins = world.holders("ops#engineer");
    let tiers = vec![tier(0, begins, approve(able(Capability::Approve), 1))];
    let policy = world.policy("acme", Capability::Govern, tiers);
    world.ada(Kind::SetPolicy(SetPolicy {
        recursive: true,
        ..policy
    }));
    let give = Kind::GiveGrant(world.grant("ops#lead", Capability::Govern, "dev/lab"));
    let proposal = world.proposal("dev/lab", GOVERNANCE, ModeKind::Approve, vec![give]);
    let number = world.open("hal", "ops#engineer", proposal);
    let mut kept = world.clone();

    world.ada(Kind::CreateRole(world.create_role("dev/lab", "keeper")));
    let govern = world.grant("dev/lab#keeper", Capability::Govern, "dev/lab");
    world.ada(Kind::GiveGrant(govern));
    world.ada(Kind::AssignRole(world.assign("gia", "dev/lab#keeper")));
    for world in [&mut kept, &mut world] {
        let yes = world.answer(number, Answer::Approve);
        world.check("ada", Some("acme#lead"), yes, "accepted");
    }
    assert_eq!(kept.proposal_state(number), ProposalState::Adopted);
    assert_failed(&world, number, Rejection::NoGrant);
}

#[test]
fn what_one_may_do_alone_beside_what_silence_decides_ends_with_the_power_to() {
    let mut world = World::new();
    announcing(&mut world, Capability::Audit);
    let appoint = Kind::GrantAuditor(GrantAuditor {
        member: world.member_ref("hal"),
        units: world.unit_ref("dev").into_iter().collect(),
        window_until: world.time,
        until: world.time + 9 * DAY,
        ..GrantAuditor::default()
    });
    let role = Kind::CreateRole(world.create_role("dev", "helper"));
    let acts = vec![appoint, role];
    let proposal = Kind::OpenProposal(world.proposal("dev", GOVERNANCE, ModeKind::Announce, acts));
    let number = created(&world.run("ben", LEAD, proposal).expect("it is opened"));
    let mut kept = world.clone();
    let grants = world.list(List::Grants, world.role("dev#lead").number);
    let governs = |grant: &u64| world.get::<Grant>(*grant).capability() == Capability::Govern;
    let grant = form::numbered(grants.into_iter().find(governs).expect("leads govern"));
    let revoke = Kind::RevokeGrant(RevokeGrant { grant });
    world.check("ben", LEAD, revoke, "accepted");
    for world in [&mut kept, &mut world] {
        world.advance(2 * HOUR);
        world.check("ben", LEAD, execute(number), "accepted");
    }
    assert_eq!(kept.proposal_state(number), ProposalState::Adopted);
    assert_failed(&world, number, Rejection::NoGrant);
}

#[test]
fn what_the_mode_of_the_whole_may_not_change_is_not_opened() {
    let mut world = World::new();
    let policies = [
        (Capability::Anchor, approve(able(Capability::Approve), 1)),
        (Capability::AssignRoles, vote(50, 50, HOUR)),
        (Capability::Govern, consent(2 * DAY)),
    ];
    for (capability, mode) in policies {
        let policy = world.policy("dev", capability, vec![tier(0, role_holders(), mode)]);
        world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    }
    let anchoring = world.policy(
        "dev",
        Capability::Anchor,
        vec![tier(0, role_holders(), alone())],
    );
    let assign = Kind::AssignRole(world.assign("ben", "dev#engineer"));
    let acts = [Kind::SetPolicy(anchoring), assign];
    for (mode, count, expected) in [
        (ModeKind::Consent, 1, "accepted"),
        (ModeKind::Vote, 2, "rejected proposal_divided"),
    ] {
        let acts = acts[..count].to_vec();
        let open = Kind::OpenProposal(world.proposal("dev", GOVERNANCE, mode, acts));
        world.check("finn", Some("dev#engineer"), open, expected);
    }
}
