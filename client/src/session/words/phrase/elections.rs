//! Phrases about elections.

use polity_proto::v1::{CallElection, ChangeBallot, CommitBallot, ObjectKind, RevealBallot};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::lasting;
use crate::Result;

impl Words<'_> {
    pub(super) async fn call_election(&self, act: &CallElection) -> Result<Phrase> {
        Ok((
            "call",
            format!(
                "an election for {}{}",
                self.role_ref(&act.role).await?,
                lasting("term", act.term)
            ),
        ))
    }

    pub(super) async fn commit_ballot(&self, act: &CommitBallot) -> Result<Phrase> {
        Ok((
            "seal",
            format!(
                "a ballot in {} with the commitment {}",
                named(ObjectKind::Election, &act.election),
                hash(&act.commitment)
            ),
        ))
    }

    pub(super) async fn reveal_ballot(&self, act: &RevealBallot) -> Result<Phrase> {
        Ok(("reveal", {
            let mut text = format!(
                "the ballot for {} in {}",
                self.member_of(&act.nominee).await?,
                named(ObjectKind::Election, &act.election)
            );
            if act.instead.is_some() {
                let instead = self.member_of(&act.instead).await?;
                text.push_str(&format!(", and name {instead} instead"));
            }
            text
        }))
    }

    pub(super) async fn change_ballot(&self, act: &ChangeBallot) -> Result<Phrase> {
        Ok((
            "change",
            format!(
                "the ballot in {} to {}",
                named(ObjectKind::Election, &act.election),
                self.member_of(&act.nominee).await?
            ),
        ))
    }
}
