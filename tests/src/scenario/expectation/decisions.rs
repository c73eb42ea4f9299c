//! How proposals and elections are expected to stand.

use polity_proto::v1::{Election, ObjectKind, Outlook, OutlookRequest, Proposal};

use super::{Scene, number_is, state_is};
use crate::scenario::phrases;
use crate::scenario::run::rejection_name;
use crate::scenario::text::Words;
use crate::scenario::trouble::{Outcome, trouble};

impl Scene<'_> {
    /// `NAME is STATE [by RULE]`, `NAME has version N`, `NAME asks N members`.
    pub(super) fn proposal(&mut self, words: &mut Words) -> Outcome<()> {
        let proposal: Proposal = self.object(ObjectKind::Proposal, words)?;
        if words.take("has version") {
            return number_is(words, u64::from(proposal.version));
        }
        if words.take("asks") {
            number_is(words, proposal.electorate.len() as u64)?;
            return words.need("members");
        }
        if words.take("leaves") {
            let outlook = self.outlook(&proposal)?;
            number_is(words, outlook.unfilled_roles.len() as u64)?;
            return words.need("roles unfilled");
        }
        if words.take("brings") {
            let outlook = self.outlook(&proposal)?;
            number_is(words, outlook.duty_conflicts.len() as u64)?;
            return words.need("duties together");
        }
        state_is(words, proposal.state().as_str_name(), "PROPOSAL_STATE_")?;
        match words.after("by")? {
            Some(name) if name != rejection_name(proposal.failed_code) => {
                let found = rejection_name(proposal.failed_code);
                trouble(format!("it failed by {found}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// `NAME is STEP`, `NAME proposes MEMBER called P`: the proposal has that name from here on.
    pub(super) fn election(&mut self, words: &mut Words) -> Outcome<()> {
        let election: Election = self.object(ObjectKind::Election, words)?;
        if !words.take("proposes") {
            return state_is(words, election.step().as_str_name(), "ELECTION_STEP_");
        }
        let member = self.number(ObjectKind::Member, words)?;
        if let Some(name) = words.after("called")? {
            let entry = (ObjectKind::Proposal as i32, name);
            self.lookup.names.called.insert(entry, election.proposal);
        }
        if election.candidate == member {
            Ok(())
        } else {
            trouble(format!("it proposes member {}", election.candidate))
        }
    }

    /// What a bound proposal would change, if it is still what it was bound to.
    fn outlook(&self, proposal: &Proposal) -> Outcome<Outlook> {
        let request = OutlookRequest {
            unit: proposal.unit,
            member: proposal.proposer,
            role: proposal.role,
            actions: proposal.actions.clone(),
        };
        let (outlook, hash) = phrases::outlook(self.told.memory, &request)?;
        if hash == proposal.outlook {
            Ok(outlook)
        } else {
            trouble("it is bound to another outlook")
        }
    }
}
