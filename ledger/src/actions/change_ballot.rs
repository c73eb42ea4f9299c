//! `change_ballot`: after a tie, a voter names somebody else, once.

use polity_proto::v1::{Ballot, ChangeBallot, Election, ElectionStep, Member};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, elections, form};

impl Act for ChangeBallot {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.election)?;
        form::reference(&self.nominee)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Election = context.find(&self.election)?;
        let _: Member = context.find(&self.nominee)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut election: Election = context.find(&self.election)?;
        let voter = context.actor.member;
        let ballot = elections::ballot_of(&mut election, voter).cloned();
        // Whoever revealed nothing abstained, and abstains in this round too.
        let ballot = ballot
            .filter(|ballot| ballot.nominee != 0)
            .ok_or(Rejection::BallotMissing)?;
        elections::check_step(context, &election, ElectionStep::Change)?;
        if ballot.changed_from != 0 {
            return Err(Rejection::BallotCast);
        }
        let nominee = context.resolve::<Member>(&self.nominee)?;
        elections::check_eligible(context, &election, nominee)?;

        let number = election.number;
        if let Some(ballot) = elections::ballot_of(&mut election, voter) {
            *ballot = Ballot {
                changed_from: ballot.nominee,
                nominee,
                ..ballot.clone()
            };
        }
        context.put(&election);
        elections::record(context, number);
        // Whoever keeps to a nomination may name it again, so that nobody need wait for the step's
        // end.
        let may_change = |ballot: &Ballot| ballot.nominee != 0 && ballot.changed_from == 0;
        if !elections::awaits_voters(context, &election, may_change) {
            elections::go_on(context, election);
        }
        Ok(())
    }
}
