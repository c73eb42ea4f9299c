//! Phrases about proposals, objections and escalations.

use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Action, AmendProposal, Answer, Claim, Escalate, ExecuteProposal, ModeKind, ObjectKind,
    OpenProposal, ProposalKind, RaiseObjection, Ref, ResolveObjection, Respond, ReverseEscalation,
    TestObjection, WithdrawProposal,
};
use prost::Message;

use super::super::names::named;
use super::super::{Words, mode_name};
use super::Phrase;
use super::clauses::{counting, hashed, quoted, stating};
use crate::Result;
use crate::time::rfc3339;

impl Words<'_> {
    pub(super) async fn open_proposal(&self, act: &OpenProposal) -> Result<Phrase> {
        Ok((
            "open",
            format!(
                "{} in {}{}{}{}{}{}{}{}: {}",
                proposal(act.kind()),
                self.unit_of(&act.unit).await?,
                titled(&act.title),
                stating("tension", &act.tension),
                stating("example", &act.example),
                because(&act.explanation),
                expected(act.expected(), act.expected_count),
                self.beneficiaries(&act.beneficiaries).await?,
                bound(&act.document, &act.outlook),
                self.inside(&act.actions).await?
            ),
        ))
    }

    pub(super) async fn amend_proposal(&self, act: &AmendProposal) -> Result<Phrase> {
        Ok((
            "amend",
            format!(
                "the proposal {}{}{}: {}",
                named(ObjectKind::Proposal, &act.proposal),
                because(&act.explanation),
                bound(&act.document, &act.outlook),
                self.inside(&act.actions).await?
            ),
        ))
    }

    pub(super) async fn withdraw_proposal(&self, act: &WithdrawProposal) -> Result<Phrase> {
        Ok((
            "withdraw",
            format!(
                "the proposal {}",
                named(ObjectKind::Proposal, &act.proposal)
            ),
        ))
    }

    pub(super) async fn respond(&self, act: &Respond) -> Result<Phrase> {
        Ok((
            "answer",
            format!(
                "{} to version {} of the proposal {}{}",
                answer(act.answer()),
                act.version,
                named(ObjectKind::Proposal, &act.proposal),
                because(&act.explanation)
            ),
        ))
    }

    pub(super) async fn execute_proposal(&self, act: &ExecuteProposal) -> Result<Phrase> {
        Ok((
            "execute",
            format!(
                "the proposal {}",
                named(ObjectKind::Proposal, &act.proposal)
            ),
        ))
    }

    pub(super) async fn raise_objection(&self, act: &RaiseObjection) -> Result<Phrase> {
        Ok((
            "object",
            format!(
                "to version {} of the proposal {}{}",
                act.version,
                named(ObjectKind::Proposal, &act.proposal),
                arguments(act)
            ),
        ))
    }

    pub(super) async fn test_objection(&self, act: &TestObjection) -> Result<Phrase> {
        Ok((
            "test",
            format!(
                "the objection {}: {}{}",
                named(ObjectKind::Objection, &act.objection),
                match act.unargued() {
                    Claim::None => "each claim has an argument".to_owned(),
                    claim => format!("nothing argues that {}", claim_words(claim)),
                },
                because(&act.explanation)
            ),
        ))
    }

    pub(super) async fn resolve_objection(&self, act: &ResolveObjection) -> Result<Phrase> {
        Ok((
            "integrate",
            format!(
                "the objection {} by version {}",
                named(ObjectKind::Objection, &act.objection),
                act.version
            ),
        ))
    }

    pub(super) async fn escalate(&self, act: &Escalate) -> Result<Phrase> {
        Ok((
            "escalate",
            format!(
                "the proposal {}{}",
                named(ObjectKind::Proposal, &act.proposal),
                because(&act.explanation)
            ),
        ))
    }

    pub(super) async fn reverse_escalation(&self, act: &ReverseEscalation) -> Result<Phrase> {
        Ok((
            "reverse",
            format!(
                "the escalation of the proposal {}{}",
                named(ObjectKind::Proposal, &act.proposal),
                because(&act.explanation)
            ),
        ))
    }

    async fn beneficiaries(&self, members: &[Ref]) -> Result<String> {
        if members.is_empty() {
            return Ok(String::new());
        }
        let mut names = Vec::new();
        for member in members {
            names.push(self.member_of(&Some(*member)).await?);
        }
        Ok(format!(", for the benefit of {}", names.join(" and ")))
    }

    /// What a proposal would do, each action in its own phrase.
    async fn inside(&self, actions: &[Vec<u8>]) -> Result<String> {
        let mut phrases = Vec::new();
        for bytes in actions {
            phrases.push(match Action::decode(&bytes[..]) {
                // A proposal holds no proposal: the ledger refuses it, and so it is not opened here.
                Ok(action) if !is_proposal(&action) => {
                    let phrase = Box::pin(self.phrase(&action, 0, true)).await?;
                    phrase + &dated(action.effective_at)
                }
                Ok(_) | Err(_) => "something that cannot be proposed".to_owned(),
            });
        }
        Ok(phrases.join("; "))
    }
}

/// When an action inside a proposal happened, apart from when the proposal itself did.
fn dated(effective_at: u64) -> String {
    match effective_at {
        0 => String::new(),
        at => format!(" (a record of {})", rfc3339(at)),
    }
}

fn is_proposal(action: &Action) -> bool {
    matches!(
        action.kind,
        Some(Kind::OpenProposal(_) | Kind::AmendProposal(_))
    )
}

fn proposal(kind: ProposalKind) -> &'static str {
    match kind {
        ProposalKind::None => "a proposal",
        ProposalKind::Governance => "a governance proposal",
        ProposalKind::Operation => "an operation proposal",
    }
}

/// What an objector says for each claim.
fn arguments(act: &RaiseObjection) -> String {
    let arguments = [
        (Claim::Harms, &act.harms),
        (Claim::LimitsMyRole, &act.limits_my_role),
        (Claim::CausedByProposal, &act.caused_by_proposal),
        (Claim::NoTimeToAdapt, &act.no_time_to_adapt),
        (Claim::BreaksARule, &act.breaks_a_rule),
    ];
    let told = arguments
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(claim, text)| format!(", {}: {}", claim_words(*claim), quoted(text)));
    told.collect()
}

/// The strictest decision that the proposer puts up with: a stricter one refuses the opening.
fn expected(mode: ModeKind, count: u32) -> String {
    let mode = match mode {
        ModeKind::None => String::new(),
        mode => format!(", expecting {}", mode_name(mode)),
    };
    mode + &counting("approvals at most", count)
}

/// What a version is bound to beside its actions.
fn bound(document: &[u8], outlook: &[u8]) -> String {
    hashed("document", document) + &hashed("bound to the outlook", outlook)
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::None => "nothing",
        Answer::NoObjection => "no objection",
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Abstain => "abstain",
        Answer::Approve => "approve",
        Answer::Refuse => "refuse",
    }
}

fn claim_words(claim: Claim) -> &'static str {
    match claim {
        Claim::None => "nothing",
        Claim::Harms => "it harms",
        Claim::LimitsMyRole => "it limits the objector's role",
        Claim::CausedByProposal => "the proposal causes it",
        Claim::NoTimeToAdapt => "there is no time to adapt",
        Claim::BreaksARule => "it breaks a rule",
    }
}

fn because(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!(", because {}", quoted(words))
    }
}

fn titled(title: &str) -> String {
    if title.is_empty() {
        String::new()
    } else {
        format!(" {}", quoted(title))
    }
}
