//! A squad is split, a team moves: what comes of it is told before, and bound to the proposal.

use polity_proto::v1::{
    Answer, Capability, CreateRole, CreateUnit, DissolveUnit, ModeKind, OpenProposal, Proposal,
    ProposalKind, ProposalState, RemoveRole, RoleKind, UnitKind, WarningKind, action::Kind,
};

use super::{Seen, hash, of_actions};
use crate::Rejection;
use crate::context::{Authority, Block, Context};
use crate::form;
use crate::judge::{Actor, Now};
use crate::state::Overlay;
use crate::world::{World, able, approve, role_holders, tier};

fn seen(world: &World, kinds: Vec<Kind>) -> Result<Seen, Rejection> {
    let block = Block {
        height: world.height + 1,
        now: Now {
            time: world.time,
            paused: 0,
        },
    };
    let mut overlay = Overlay::new(&world.state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    let actions: Vec<_> = kinds
        .into_iter()
        .map(|kind| polity_proto::v1::Action {
            kind: Some(kind),
            ..Default::default()
        })
        .collect();
    let proposer = Actor {
        member: world.member_number("ada"),
        role: world.role("acme#lead").number,
    };
    let seen = of_actions(&mut context, proposer, &actions);
    assert!(overlay.into_changes().is_empty(), "nothing stays");
    seen
}

/// Two squads succeed the squad `red`, each with a product owner's role.
fn split(world: &World) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for handle in ["ruby", "rose"] {
        kinds.push(Kind::CreateUnit(CreateUnit {
            succeeds: world.unit_ref("dev/web/red"),
            ..world.create_unit("dev/web", handle, UnitKind::Squad)
        }));
        let unit = form::created_by(kinds.len() as u32 - 1);
        kinds.push(Kind::CreateRole(CreateRole {
            unit,
            kind: RoleKind::ProductOwner as i32,
            holders_max: 1,
            ..world.create_role("dev/web", "owner")
        }));
    }
    kinds
}

#[test]
fn a_split_leaves_roles_without_holder_and_value_without_home() {
    let mut world = World::with_tribes();
    let account = Kind::OpenAccount(polity_proto::v1::OpenAccount {
        owner: Some(polity_proto::v1::OwnerRef {
            kind: polity_proto::v1::OwnerKind::Unit as i32,
            number: world.unit_ref("dev/web/red"),
        }),
        asset: world.asset_ref("EUR"),
        handle: "main".into(),
        ..Default::default()
    });
    world.check_decided("ada", account, "accepted");
    let fund = world.payment("acme:main", "dev/web/red:main", 50);
    world.ada(fund);

    let seen = seen(&world, split(&world)).expect("seen");
    assert_eq!(seen.stops, None);
    let outlook = seen.outlook;
    let owners = ["acme/dev/web/rose#owner", "acme/dev/web/ruby#owner"];
    assert_eq!(outlook.unfilled_roles, owners);
    assert_eq!(outlook.accounts_to_move, ["acme/dev/web/red:main"]);
    let weak: Vec<_> = outlook.warnings.iter().map(|one| one.kind()).collect();
    assert_eq!(weak, [WarningKind::UnderStrength; 2]);
    assert!(outlook.duty_conflicts.is_empty() && outlook.ended_grants.is_empty());
}

#[test]
fn what_ends_is_named_and_what_stops_it_too() {
    let world = World::new();
    let remove = Kind::RemoveRole(RemoveRole {
        role: world.role_ref("dev#engineer"),
    });
    let found = seen(&world, vec![remove]).expect("seen").outlook;
    let held = ["finn", "gia"].map(|name| world.assignment(name, "dev#engineer").number);
    assert_eq!(found.ended_assignments, held);
    assert_eq!(found.ended_grants.len(), 1);

    let dissolve = Kind::DissolveUnit(DissolveUnit {
        unit: world.unit_ref("acme"),
    });
    let stopped = seen(&world, vec![dissolve]).expect("seen");
    assert_eq!(stopped.stops, Some((0, Rejection::RootFixed)));
    assert_eq!(stopped.outlook.accounts_to_move, ["acme:main"]);
}

/// A world in which dev governs itself by approval, and a proposal to remove its engineers.
fn governed() -> (World, OpenProposal) {
    let mut world = World::new();
    let mode = approve(able(Capability::Approve), 1);
    let tiers = vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let remove = Kind::RemoveRole(RemoveRole {
        role: world.role_ref("dev#engineer"),
    });
    let outlook = seen(&world, vec![remove.clone()]).expect("seen").outlook;
    let governance = ProposalKind::Governance;
    let open = OpenProposal {
        outlook: hash(&outlook).to_vec(),
        ..world.proposal("dev", governance, ModeKind::Approve, vec![remove])
    };
    (world, open)
}

#[test]
fn a_proposal_is_bound_to_the_outlook_that_it_was_opened_with() {
    let (mut world, open) = governed();
    for (outlook, expected) in [
        (vec![1; 31], "rejected hash_malformed"),
        (vec![1; 32], "rejected outlook_stale"),
        (open.outlook.clone(), "accepted"),
    ] {
        let open = Kind::OpenProposal(OpenProposal {
            outlook,
            ..open.clone()
        });
        world.check("finn", Some("dev#engineer"), open, expected);
    }
    let yes = world.answer(1, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(1), ProposalState::Adopted);
}

#[test]
fn adopting_on_a_state_that_gives_another_outlook_is_recorded_as_stale() {
    let (mut world, open) = governed();
    let number = world.open("finn", "dev#engineer", open);
    world.ada(Kind::AssignRole(world.assign("hal", "dev#engineer")));
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    let failed: Proposal = world.get(number);
    assert_eq!(failed.state(), ProposalState::Failed);
    assert_eq!(failed.failed_code, Rejection::OutlookStale.code());
    assert_eq!(world.role("dev#engineer").removed_at, 0);
}

#[test]
fn what_touches_too_much_has_no_outlook() {
    let mut world = World::new();
    world.ada(Kind::CreateUnit(world.create_unit(
        "acme",
        "wide",
        UnitKind::Team,
    )));
    let units: Vec<Kind> = (0..super::UNITS_MAX)
        .map(|unit| {
            let handle = format!("u{unit}");
            Kind::CreateUnit(world.create_unit("wide", &handle, UnitKind::Team))
        })
        .collect();
    world.decided("ada", &units).expect("the units are created");
    let moved = Kind::MoveUnit(polity_proto::v1::MoveUnit {
        unit: world.unit_ref("wide"),
        parent: world.unit_ref("dev"),
    });
    let refused = seen(&world, vec![moved]).map(|_| ());
    assert_eq!(refused, Err(Rejection::OutlookWide));
}
