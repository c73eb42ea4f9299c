//! Elections: called, sealed, revealed, changed after a tie.

use polity_ledger::elections::ballot::Choice;
use polity_ledger::form;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    CallElection, ChangeBallot, CommitBallot, Election, ElectionStep, RevealBallot,
};
use sha2::{Digest, Sha256};

use super::{Deed, Scene};

pub(crate) fn call_election(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut roles = scene.view.roles();
    roles.retain(|role| role.elected);
    let call = CallElection {
        role: scene.reference(roles),
        term: 0,
    };
    Some(Kind::CallElection(call).into())
}

pub(crate) fn commit_ballot(scene: &mut Scene<'_>) -> Option<Deed> {
    let election = at(scene, ElectionStep::Ballots)?;
    let cast = |voter: &u64| election.ballots.iter().any(|ballot| ballot.voter == *voter);
    let mut left = election.electorate.clone();
    left.retain(|voter| !cast(voter) || scene.dice.chance(5));
    let voter = *scene.dice.pick(&left)?;
    let choice = Choice {
        organisation: &scene.organisation,
        election: election.number,
        round: election.round,
        voter,
        nominee: nominee(&election, voter)?,
    };
    let commit = CommitBallot {
        election: form::numbered(election.number),
        commitment: choice.commitment(&salt(&election, voter)).to_vec(),
    };
    Some(Deed::of(voter, Kind::CommitBallot(commit)))
}

pub(crate) fn reveal_ballot(scene: &mut Scene<'_>) -> Option<Deed> {
    let election = at(scene, ElectionStep::Reveal)?;
    let mut sealed = election.ballots.clone();
    sealed.retain(|ballot| ballot.nominee == 0);
    let voter = scene.dice.pick(&sealed)?.voter;
    let instead = if scene.dice.chance(20) {
        scene.dice.pick(&election.electorate).copied()
    } else {
        None
    };
    let reveal = RevealBallot {
        election: form::numbered(election.number),
        nominee: form::numbered(nominee(&election, voter)?),
        salt: salt(&election, voter),
        instead: instead.and_then(form::numbered),
    };
    Some(Deed::of(voter, Kind::RevealBallot(reveal)))
}

pub(crate) fn change_ballot(scene: &mut Scene<'_>) -> Option<Deed> {
    let election = at(scene, ElectionStep::Change)?;
    let voter = scene.dice.pick(&election.ballots)?.voter;
    let change = ChangeBallot {
        election: form::numbered(election.number),
        nominee: form::numbered(*scene.dice.pick(&election.electorate)?),
    };
    Some(Deed::of(voter, Kind::ChangeBallot(change)))
}

/// An election at a step; rarely another.
fn at(scene: &mut Scene<'_>, step: ElectionStep) -> Option<Election> {
    let mut elections = scene.view.all::<Election>();
    elections.retain(|election| election.step() == step);
    scene.one(elections)
}

/// Whom a voter seals, which only voter and round decide: so it can be revealed later.
fn nominee(election: &Election, voter: u64) -> Option<u64> {
    let place = u64::from(salt(election, voter)[0]) % election.electorate.len().max(1) as u64;
    election.electorate.get(place as usize).copied()
}

fn salt(election: &Election, voter: u64) -> Vec<u8> {
    let sealed = format!("{} {} {voter}", election.number, election.round);
    Sha256::digest(sealed).to_vec()
}
