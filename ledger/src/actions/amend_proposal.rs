//! `amend_proposal`: a new version, which nobody has answered yet.

use polity_proto::v1::{AmendProposal, Mode, Proposal, Unit};

use super::Act;
use crate::context::Context;
use crate::decisions::governance::{self, Words};
use crate::decisions::{content, judging, opening, settling, stage, timing, versions};
use crate::judge::{Actor, Need};
use crate::{Rejection, form, outlook};

impl Act for AmendProposal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)?;
        form::text(&self.explanation, form::TEXT_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        form::optional_hash(&self.outlook)?;
        content::check_form(&self.actions)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut proposal: Proposal = context.find(&self.proposal)?;
        if proposal.proposer != context.actor.member {
            return Err(Rejection::NotProposer);
        }
        stage::check_open(context, &proposal)?;
        stage::check_undecided(context, &proposal)?;
        let actions = content::actions_of(&self.actions)?;
        content::check_content(&actions, proposal.kind())?;
        check_words(context, &proposal, &self.actions)?;
        let proposer = Actor::proposing(&proposal);
        opening::take_back(context, &mut proposal);
        let judged = judging::judge_actions(context, proposal.unit, proposer, &self.actions)?;
        // Policy and mode stay those of the opening: what needs more is another proposal.
        let frozen: Mode = proposal.mode.clone().unwrap_or_default();
        judging::check_covered(&judged.decision, &frozen)?;
        judged.check_floors(&frozen)?;
        outlook::check_bound(context, proposer, &actions, &self.outlook)?;

        timing::clear_timer(context, &proposal);
        versions::next(context, &mut proposal)?;
        proposal.actions = self.actions.clone();
        if !self.explanation.is_empty() {
            proposal.explanation = self.explanation.clone();
        }
        proposal.document = self.document.clone();
        proposal.outlook = self.outlook.clone();
        opening::carry(context, &mut proposal, judged)?;
        timing::begin_version(context, &mut proposal);
        settling::record(context, &proposal);
        // Whoever is alone in an electorate has said all that is to be said.
        settling::settle(context, proposal)
    }

    fn proposed(&self) -> usize {
        self.actions.len() + outlook::work(&self.outlook)
    }
}

fn check_words(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actions: &[Vec<u8>],
) -> Result<(), Rejection> {
    let unit: Unit = context.get(proposal.unit)?;
    let words = Words {
        tension: &proposal.tension,
        example: &proposal.example,
        explanation: &proposal.explanation,
    };
    governance::check(context, &unit, proposal.kind(), &words, actions)
}
