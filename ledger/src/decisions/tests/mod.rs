//! The life of proposals, from several sides.

mod announcing;
mod approving;
mod assignments;
mod bounds;
mod circles;
mod consenting;
mod departments;
mod life;
mod meanwhile;
mod passages;
mod recovered;
mod spending;
mod voting;

use polity_proto::v1::{Capability, ModeKind, ProposalKind, action::Kind};

use crate::world::{World, able, alone, approve, role_holders, tier};

const OPERATION: ProposalKind = ProposalKind::Operation;
const APPROVE: ModeKind = ModeKind::Approve;

/// In `dev`: up to 500 alone, up to 3,000 one approval, above two.
fn world() -> World {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approver = || able(Capability::Approve);
    let tiers = vec![
        tier(500, role_holders(), alone()),
        tier(3_000, role_holders(), approve(approver(), 1)),
        tier(0, role_holders(), approve(approver(), 2)),
    ];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    world
}

fn pay(world: &World, amount: u128) -> Kind {
    world.payment("dev:main", "sales:main", amount)
}

fn open_payment(world: &mut World, amount: u128) -> u64 {
    let acts = vec![pay(world, amount)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    world.open("finn", "dev#engineer", proposal)
}
