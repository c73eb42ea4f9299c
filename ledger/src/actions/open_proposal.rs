//! `open_proposal`: actions wait for a unit's decision.

use polity_proto::v1::{
    Basis, BasisSource, Member, ModeKind, OpenProposal, Proposal, ProposalKind, Unit,
};

use super::Act;
use crate::context::Context;
use crate::decisions::governance::{self, Words};
use crate::decisions::{content, judging, opening, settling};
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form, outlook};

impl Act for OpenProposal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<ProposalKind>(self.kind)?;
        form::known::<ModeKind>(self.expected)?;
        form::line(&self.title, form::SHORT_BYTES_MAX)?;
        for text in [&self.tension, &self.example, &self.explanation] {
            form::text(text, form::TEXT_BYTES_MAX)?;
        }
        form::list(&self.beneficiaries, form::ENTRIES_MAX)?;
        for beneficiary in &self.beneficiaries {
            form::reference(&Some(*beneficiary))?;
        }
        form::optional_hash(&self.document)?;
        form::optional_hash(&self.outlook)?;
        content::check_form(&self.actions)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.unit)?;
        for beneficiary in &self.beneficiaries {
            let _: Member = context.find(&Some(*beneficiary))?;
        }
        // The proposed actions are judged one by one, each on what the earlier ones would leave.
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        // Nobody decides anything at the genesis.
        if context.is_genesis() {
            return Err(Rejection::NotProposer);
        }
        let unit: Unit = context.find(&self.unit)?;
        let proposer = context.actor;
        let actions = content::actions_of(&self.actions)?;
        content::check_content(&actions, self.kind())?;
        let words = Words {
            tension: &self.tension,
            example: &self.example,
            explanation: &self.explanation,
        };
        governance::check(context, &unit, self.kind(), &words, &self.actions)?;
        let judged = judging::judge_actions(context, unit.number, proposer, &self.actions)?;
        let expected = judging::expected(self.expected(), self.expected_count);
        judging::check_not_stricter(&judged.decision, &expected)?;
        judged.check_floors(&judged.decision.mode)?;
        outlook::check_bound(context, proposer, &actions, &self.outlook)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let most = u64::from(context.parameters().open_proposals_max);
        if lists::count(context, List::ProposalsBy, proposer.member) >= most {
            return Err(Rejection::TooManyProposals);
        }

        if judged.decision.policy != 0 {
            context.basis = Basis {
                source: BasisSource::Policy as i32,
                number: judged.decision.policy,
                ..context.basis
            };
        }
        let proposal = Proposal {
            unit: unit.number,
            kind: self.kind,
            proposer: proposer.member,
            role: proposer.role,
            actions: self.actions.clone(),
            title: self.title.clone(),
            tension: self.tension.clone(),
            example: self.example.clone(),
            explanation: self.explanation.clone(),
            document: self.document.clone(),
            outlook: self.outlook.clone(),
            beneficiaries: self
                .beneficiaries
                .iter()
                .map(|member| context.resolve::<Member>(&Some(*member)))
                .collect::<Result<_, _>>()?,
            ..Proposal::default()
        };
        let opened = opening::open(context, proposal, judged)?;
        settling::record(context, &opened);
        // Whoever is alone in an electorate has said all that is to be said.
        settling::settle(context, opened)
    }

    fn proposed(&self) -> usize {
        self.actions.len() + outlook::work(&self.outlook)
    }
}
