//! `commit_ballot`: an elector seals whom they name.

use polity_proto::v1::{Ballot, CommitBallot, Election, ElectionStep};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, elections, form};

impl Act for CommitBallot {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.election)?;
        form::hash(&self.commitment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Election = context.find(&self.election)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut election: Election = context.find(&self.election)?;
        let voter = context.actor.member;
        if !election.electorate.contains(&voter) {
            return Err(Rejection::NotInElectorate);
        }
        elections::check_step(context, &election, ElectionStep::Ballots)?;
        // A second ballot would let a voter wait for others' and choose between two.
        if elections::ballot_of(&mut election, voter).is_some() {
            return Err(Rejection::BallotCast);
        }

        let number = election.number;
        election.ballots.push(Ballot {
            voter,
            commitment: self.commitment.clone(),
            sealed_at: context.now().time,
            ..Ballot::default()
        });
        context.put(&election);
        elections::record(context, number);
        if !elections::awaits_electors(context, &election) {
            elections::go_on(context, election);
        }
        Ok(())
    }
}
