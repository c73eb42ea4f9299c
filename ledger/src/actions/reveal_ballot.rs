//! `reveal_ballot`: a voter opens a sealed ballot, with what was sealed.

use polity_proto::v1::{Ballot, Election, ElectionStep, Member, Organisation, RevealBallot};

use super::Act;
use crate::context::Context;
use crate::elections::ballot::{Choice, SALT_BYTES};
use crate::judge::Need;
use crate::{Rejection, elections, form};

impl Act for RevealBallot {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.election)?;
        form::reference(&self.nominee)?;
        form::optional_reference(&self.instead)?;
        Rejection::HashMalformed.unless(self.salt.len() == SALT_BYTES)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Election = context.find(&self.election)?;
        let _: Member = context.find(&self.nominee)?;
        if self.instead.is_some() {
            let _: Member = context.find(&self.instead)?;
        }
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut election: Election = context.find(&self.election)?;
        let voter = context.actor.member;
        let ballot = elections::ballot_of(&mut election, voter).cloned();
        let ballot = ballot.ok_or(Rejection::BallotMissing)?;
        elections::check_step(context, &election, ElectionStep::Reveal)?;
        if ballot.nominee != 0 {
            return Err(Rejection::BallotCast);
        }
        let sealed = context.resolve::<Member>(&self.nominee)?;
        check_sealed(context, &election, &ballot, sealed, &self.salt)?;
        let replacement = context.optional::<Member>(&self.instead)?;
        let (nominee, replaced) = admitted(context, &election, sealed, replacement)?;

        let number = election.number;
        if let Some(ballot) = elections::ballot_of(&mut election, voter) {
            *ballot = Ballot {
                nominee,
                replaced,
                revealed_at: context.now().time,
                ..ballot.clone()
            };
        }
        context.put(&election);
        elections::record(context, number);
        let is_sealed = |ballot: &Ballot| ballot.nominee == 0;
        if !elections::awaits_voters(context, &election, is_sealed) {
            elections::go_on(context, election);
        }
        Ok(())
    }
}

/// Whether this nominee and salt are what the ballot sealed.
fn check_sealed(
    context: &Context<'_, '_>,
    election: &Election,
    ballot: &Ballot,
    nominee: u64,
    salt: &[u8],
) -> Result<(), Rejection> {
    let organisation: Organisation = context.get(0)?;
    let choice = Choice {
        organisation: &organisation.digest,
        election: election.number,
        round: election.round,
        voter: ballot.voter,
        nominee,
    };
    Rejection::BallotMismatch.unless(choice.commitment(salt)[..] == ballot.commitment)
}

/// Whom a ballot names, and whom it had named. Only where the sealed nominee cannot be elected may
/// the voter name another one, openly: otherwise who reveals last would choose twice.
fn admitted(
    context: &Context<'_, '_>,
    election: &Election,
    sealed: u64,
    instead: u64,
) -> Result<(u64, u64), Rejection> {
    let fits = elections::check_eligible(context, election, sealed);
    match (fits, instead) {
        (Ok(()), 0) => Ok((sealed, 0)),
        (Ok(()), _) => Err(Rejection::BallotCounts),
        (Err(rejection), 0) => Err(rejection),
        (Err(_), instead) => {
            elections::check_eligible(context, election, instead)?;
            Ok((instead, sealed))
        }
    }
}
