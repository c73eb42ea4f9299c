//! Elections and profiles.

use polity_ledger::elections::ballot::Choice;
use polity_ledger::state::objects;
use polity_proto::v1::{
    ApplyProfile, CallElection, ChangeBallot, CommitBallot, Election, ObjectKind, Profile,
    RevealBallot, action::Kind,
};

use super::super::clock;
use super::super::draft::{Draft, Place};
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble, trouble};
use super::document;

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "call" => call(draft, words)?,
        "seal" => seal(draft, words)?,
        "reveal" => reveal(draft, words)?,
        "change" if words.take("ballot") => {
            words.need("to")?;
            let nominee = draft.refer(ObjectKind::Member, words)?;
            words.need("in")?;
            let election = draft.refer(ObjectKind::Election, words)?;
            draft.push(Kind::ChangeBallot(ChangeBallot { election, nominee }));
        }
        "apply" => {
            words.need("profile")?;
            let profile = profile(words)?;
            words.need("to")?;
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::ApplyProfile(ApplyProfile {
                unit,
                profile: profile as i32,
            }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A profile by its name.
pub(super) fn profile(words: &mut Words) -> Outcome<Profile> {
    let name = words.word("profile")?;
    Profile::from_str_name(&format!("PROFILE_{}", name.to_uppercase()))
        .ok_or_else(|| Trouble(format!("`{name}` is no profile")))
}

/// `calls an election for ROLE [for 180 days] called NAME`.
fn call(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("an election for")?;
    let role = draft.refer(ObjectKind::Role, words)?;
    let term = if words.take("for") {
        clock::duration(words)?
    } else {
        0
    };
    let act = Kind::CallElection(CallElection { role, term });
    draft.maybe_call(ObjectKind::Election, words, act)
}

/// `seals a ballot for MEMBER in ELECTION [copied from MEMBER]`.
fn seal(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("a ballot for")?;
    let nominee = words.word("member")?;
    words.need("in")?;
    let election = words.word("election")?;
    let voter = words.after("copied from")?;
    let voter = voter.unwrap_or_else(|| draft.actor.clone());
    let commitment = commitment(draft, &voter, &nominee, &election)?;
    let election = draft.lookup.find(ObjectKind::Election, &election)?;
    draft.push(Kind::CommitBallot(CommitBallot {
        election,
        commitment,
    }));
    Ok(())
}

/// `reveals MEMBER in ELECTION [with another salt] [naming MEMBER instead]`.
fn reveal(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let nominee = draft.refer(ObjectKind::Member, words)?;
    words.need("in")?;
    let election = draft.refer(ObjectKind::Election, words)?;
    let salt = if words.take("with another salt") {
        salt("another")
    } else {
        salt(&draft.actor)
    };
    let instead = if words.take("naming") {
        let member = draft.refer(ObjectKind::Member, words)?;
        words.need("instead")?;
        member
    } else {
        None
    };
    draft.push(Kind::RevealBallot(RevealBallot {
        election,
        nominee,
        salt,
        instead,
    }));
    Ok(())
}

/// A voter's salt: a story needs no secret, but the same one at both times.
fn salt(voter: &str) -> Vec<u8> {
    document(&format!("the salt of {voter}"))
}

fn commitment(
    draft: &mut Draft<'_>,
    voter: &str,
    nominee: &str,
    election: &str,
) -> Outcome<Vec<u8>> {
    let Place::Ledger(memory) = draft.place else {
        return trouble("nobody votes in a genesis");
    };
    let number = draft.lookup.number(ObjectKind::Election, election)?;
    let round =
        objects::get::<Election>(draft.lookup.state, number).map_or(1, |election| election.round);
    let choice = Choice {
        organisation: &memory.organisation,
        election: number,
        round,
        voter: draft.lookup.number(ObjectKind::Member, voter)?,
        nominee: draft.lookup.number(ObjectKind::Member, nominee)?,
    };
    Ok(choice.commitment(&salt(voter)).to_vec())
}
