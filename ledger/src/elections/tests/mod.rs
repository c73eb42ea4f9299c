//! Elections in a circle of four: Ben leads it, Finn, Gia and Hal are partners.

mod ballots;
mod counting;
mod hands;
mod outcomes;
mod steps;

use polity_proto::v1::{
    CallElection, ChangeBallot, CommitBallot, Election, ElectionStep, RevealBallot, action::Kind,
};
use sha2::{Digest, Sha256};

use super::ballot::Choice;
use crate::form;
use crate::world::{DAY, World, created};

const FACILITATOR: &str = "dev/circle#facilitator";
const REPRESENTATIVE: &str = "dev/circle#representative";
const VOTERS: [&str; 4] = ["ben", "finn", "gia", "hal"];

fn circle() -> World {
    let mut world = World::with_circle();
    world.ada(Kind::CreateRole(world.create_role("dev/circle", "partner")));
    world.ada(Kind::AssignRole(world.assign("ben", "dev/circle#lead")));
    for partner in ["finn", "gia", "hal"] {
        world.ada(Kind::AssignRole(
            world.assign(partner, "dev/circle#partner"),
        ));
    }
    world
}

/// A world in which a role with a term of 180 days was called an election for.
fn called(role: &str) -> (World, u64) {
    let mut world = circle();
    let receipt = world.run("finn", None, call(&world, role));
    let number = created(&receipt.expect("the election is called"));
    (world, number)
}

/// As [`called`], with every ballot sealed: who names whom.
fn sealed(role: &str, ballots: &[(&str, &str)]) -> (World, u64) {
    let (mut world, election) = called(role);
    for (voter, nominee) in ballots {
        let act = seal(&world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    if ballots.len() < VOTERS.len() {
        world.advance(3 * DAY);
    }
    (world, election)
}

/// As [`sealed`], with every ballot revealed.
fn revealed(role: &str, ballots: &[(&str, &str)]) -> (World, u64) {
    let (mut world, election) = sealed(role, ballots);
    for (voter, nominee) in ballots {
        let act = reveal(&world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    (world, election)
}

fn call(world: &World, role: &str) -> Kind {
    Kind::CallElection(CallElection {
        role: world.role_ref(role),
        term: 180 * DAY,
    })
}

fn salt(voter: &str) -> Vec<u8> {
    Sha256::digest(voter).to_vec()
}

fn commitment(world: &World, election: u64, voter: &str, nominee: &str) -> Vec<u8> {
    let choice = Choice {
        organisation: &world.organisation,
        election,
        round: world.get::<Election>(election).round,
        voter: world.member_number(voter),
        nominee: world.member_number(nominee),
    };
    choice.commitment(&salt(voter)).to_vec()
}

fn seal(world: &World, election: u64, voter: &str, nominee: &str) -> Kind {
    Kind::CommitBallot(CommitBallot {
        election: form::numbered(election),
        commitment: commitment(world, election, voter, nominee),
    })
}

fn opened(world: &World, election: u64, voter: &str, nominee: &str) -> RevealBallot {
    RevealBallot {
        election: form::numbered(election),
        nominee: world.member_ref(nominee),
        salt: salt(voter),
        instead: None,
    }
}

fn reveal(world: &World, election: u64, voter: &str, nominee: &str) -> Kind {
    Kind::RevealBallot(opened(world, election, voter, nominee))
}

fn change(world: &World, election: u64, nominee: &str) -> Kind {
    Kind::ChangeBallot(ChangeBallot {
        election: form::numbered(election),
        nominee: world.member_ref(nominee),
    })
}

fn step(world: &World, election: u64) -> ElectionStep {
    world.get::<Election>(election).step()
}

/// The handle of whom the election proposes; empty: nobody.
fn candidate(world: &World, election: u64) -> String {
    let candidate = world.get::<Election>(election).candidate;
    match candidate {
        0 => String::new(),
        number => world.get::<polity_proto::v1::Member>(number).handle,
    }
}
