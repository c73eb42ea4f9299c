//! `proposal open` and `proposal amend`: the actions are the words of commands.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use polity_client::Result;
use polity_client::ledger::{Rejection, form};
use polity_client::session::{AsOf, Session, action, lettered, proposed};
use polity_client::v1::{
    Action, AmendProposal, ModeKind, ObjectKind, OpenProposal, Proposal, Verdict, VerdictKind,
    action::Kind,
};

use crate::cli::Options;
use crate::command_lines::{self, at_line};
use crate::commands::{actions_of, optional_document};
use crate::context::{Context, Purpose};
use crate::refusal::{fact, would_be_refused};
use crate::word;

/// What a proposal would do, as words of commands.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("actions").args(["file", "words"]).required(true)))]
pub(super) struct Commands {
    /// A file of commands, one a line; `new(2)` names what the second of them creates.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The words of one command, after `--`.
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<String>,
}

/// What a proposal would do, and what is said beside it.
#[derive(Args, Debug)]
pub(super) struct Proposed {
    #[command(flatten)]
    commands: Commands,
    /// SHA-256 of a document with the details, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Why. Stands on the chain for good.
    #[arg(long, default_value = "")]
    explanation: String,
    /// Bind it to what it would change now: where something else would come of it by the time of its
    /// adoption, it is not executed. What is bound stays bound when it is amended.
    #[arg(long)]
    bind: bool,
}

impl Proposed {
    /// The hash of what the actions would change, where the proposal shall be bound to it, or was before.
    async fn outlook(
        &self,
        context: &Context,
        unit: u64,
        actions: &[Action],
        was_bound: bool,
    ) -> Result<Vec<u8>> {
        if !self.bind && !was_bound {
            return Ok(Vec::new());
        }
        let answer = super::simulate::ask(context, unit, actions).await?;
        match answer.code {
            0 => Ok(answer.hash),
            code => Err(would_be_refused(
                code,
                &[
                    fact("failed_action", answer.failed_action.to_string()),
                    fact("foreseen", "as a node says; not proven"),
                    fact(
                        "sent",
                        "nothing: it can be bound to what it would change alone",
                    ),
                ],
            )),
        }
    }
}

impl Commands {
    /// The actions that the commands build.
    pub(super) async fn actions(&self, context: &Context) -> Result<Vec<Action>> {
        let Some(file) = &self.file else {
            return actions_of(context, &self.words).await;
        };
        let mut actions = Vec::new();
        for (line, words) in command_lines::read(file)? {
            let of_one = actions_of(context, &words).await;
            actions.extend(of_one.map_err(|error| at_line(line, error))?);
        }
        Ok(actions)
    }
}

/// Opens a proposal: actions that a unit shall decide about.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal open acme/dev --title 'New laptops' -- transfer send acme/dev:main acme/ops:main 4000.00 EUR\n  \
    polity proposal open acme/dev --title 'A guide' --file guide.txt --tension 'newcomers are lost'\n\n\
    guide.txt:\n  \
    role create acme/dev#guide --purpose 'answers newcomers'\n  \
    grant give new(1) anchor --unit acme/dev")]
pub(super) struct Open {
    /// The unit that decides.
    unit: String,
    /// A name for it.
    #[arg(long, default_value = "")]
    title: String,
    /// What is amiss. Stands on the chain for good.
    #[arg(long, default_value = "")]
    tension: String,
    /// A case of it.
    #[arg(long, default_value = "")]
    example: String,
    /// Who benefits, beside those whom the actions credit; can be repeated.
    #[arg(long = "beneficiary", value_name = "MEMBER")]
    beneficiaries: Vec<String>,
    /// The strictest way of deciding that you expect; without it, what the judge says now of the whole.
    #[arg(long, value_parser = word::parser::<ModeKind>(), value_name = "MODE")]
    expect: Option<ModeKind>,
    #[command(flatten)]
    proposed: Proposed,
}

impl Open {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let actions = self.proposed.commands.actions(context).await?;
        let (encoded, kind) = proposed(&actions)?;
        let decision = Decision::expected(context, session, &actions).await?;
        let unit = session.unit(&self.unit).await?.number;
        let outlook = self
            .proposed
            .outlook(context, unit, &actions, false)
            .await?;
        let mut beneficiaries = Vec::new();
        for member in &self.beneficiaries {
            beneficiaries.extend(context.member_ref(member).await?);
        }
        let (expected, expected_count) = match (self.expect, &context.purpose) {
            (Some(mode), _) => (mode, 0),
            // Others may be asked who decide by a stricter mode than the actor would.
            (None, Purpose::WhoCan) => (ModeKind::Departments, 0),
            (None, Purpose::Send | Purpose::Can | Purpose::Collect(_)) => {
                (decision.mode, decision.count)
            }
        };
        let mut open = OpenProposal {
            unit: context.unit_ref(&self.unit).await?,
            kind: kind as i32,
            actions: encoded,
            expected: expected as i32,
            expected_count,
            title: self.title,
            tension: self.tension,
            example: self.example,
            explanation: self.proposed.explanation,
            beneficiaries,
            document: optional_document(self.proposed.document.as_deref())?,
            outlook,
        };
        let is_stated = self.expect.is_some() || matches!(context.purpose, Purpose::WhoCan);
        if !is_stated && let Some(whole) = decision.of_whole(context, session, &open).await? {
            (open.expected, open.expected_count) = (whole.mode as i32, whole.count);
        }
        act_in_role(context, decision.role, Kind::OpenProposal(open)).await
    }
}

/// Replaces a proposal's actions; nobody has answered the new version yet.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal amend p7 --explanation 'two fewer' -- transfer send acme/dev:main acme/ops:main 3000.00 EUR")]
pub(super) struct Amend {
    /// The proposal: p7.
    proposal: String,
    #[command(flatten)]
    proposed: Proposed,
}

impl Amend {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let before: Proposal = context.numbered(&self.proposal).await?;
        let actions = self.proposed.commands.actions(context).await?;
        let (encoded, _) = proposed(&actions)?;
        let outlook = self
            .proposed
            .outlook(context, before.unit, &actions, !before.outlook.is_empty())
            .await?;
        let amend = AmendProposal {
            proposal: form::numbered(before.number),
            actions: encoded,
            explanation: self.proposed.explanation,
            document: optional_document(self.proposed.document.as_deref())?,
            outlook,
        };
        // Somebody else's role would hide that only the proposer amends.
        let role = if context.member().await?.number == before.proposer {
            before.role
        } else {
            0
        };
        act_in_role(context, role, Kind::AmendProposal(amend)).await
    }
}

/// How the judge says that the actions are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decision {
    mode: ModeKind,
    count: u32,
    /// The role in which the proposer may begin; 0: none is needed.
    role: u64,
}

impl Decision {
    /// The strictest of the actions' decisions. Later actions may name what earlier ones create: only the ledger can
    /// judge those.
    async fn expected(
        context: &Context,
        session: &Session,
        actions: &[Action],
    ) -> Result<Decision> {
        let member = context.member().await?.number;
        let given = context.acting_role().await?;
        let mut strictest = Decision {
            mode: ModeKind::Alone,
            count: 0,
            role: given,
        };
        for action in actions {
            let mut asked = action.clone();
            asked.acting_role = form::optional_number(strictest.role);
            let any_role = strictest.role == 0;
            let verdict = session.can(member, &asked, any_role, AsOf::Newest).await?;
            // A limit that is exceeded comes with the decision that can be begun instead.
            if verdict.kind() != VerdictKind::Allowed && verdict.mode.is_none() {
                continue;
            }
            let mode = verdict.mode.unwrap_or_default();
            if any_role {
                strictest.role = verdict.acting_role;
            }
            if (mode.kind(), mode.count) > (strictest.mode, strictest.count) {
                strictest.mode = mode.kind();
                strictest.count = mode.count;
            }
        }
        Ok(strictest)
    }

    /// The decision about the whole, where it is stricter than that about each of the actions alone: what a grant pays
    /// alone is decided too where others decide about the rest, and what is paid to one payee counts together.
    async fn of_whole(
        self,
        context: &Context,
        session: &Session,
        open: &OpenProposal,
    ) -> Result<Option<Decision>> {
        let member = context.member().await?.number;
        let asked = action(Kind::OpenProposal(open.clone()), self.role);
        let verdict = session.can(member, &asked, self.role == 0, AsOf::Newest);
        Ok(self.of_refusal(&verdict.await?))
    }

    /// The decision that the refusal of a proposal names; none where it is refused for something else, or not at all.
    fn of_refusal(self, verdict: &Verdict) -> Option<Decision> {
        let is_too_lax = [Rejection::StricterMode, Rejection::SpendSplit]
            .iter()
            .any(|rejection| rejection.code() == verdict.code);
        let told = |name: &str| {
            let mut facts = verdict.facts.iter();
            facts.find(|fact| fact.name == name).map(|fact| &fact.value)
        };
        let mode = told("mode").and_then(|mode| word::value(mode));
        let mode = mode.filter(|_| is_too_lax)?;
        // The approvals of an announcement are those of what it escalates to.
        let count = match mode {
            ModeKind::Approve => told("approvals")?.parse().ok()?,
            ModeKind::None
            | ModeKind::Alone
            | ModeKind::Announce
            | ModeKind::Consent
            | ModeKind::Vote
            | ModeKind::Departments => 0,
        };
        Some(Decision {
            mode,
            count,
            ..self
        })
    }
}

/// Acts in a role that was found, where the person named none.
async fn act_in_role(context: &Context, role: u64, kind: Kind) -> Result<()> {
    let purpose = match (&context.purpose, role) {
        (Purpose::Send, 1..) => Purpose::Send,
        (Purpose::Can, 1..) => Purpose::Can,
        (Purpose::Send | Purpose::Can | Purpose::WhoCan | Purpose::Collect(_), _) => {
            return context.act(vec![kind]).await;
        }
    };
    let options = Options {
        acting_role: Some(lettered(ObjectKind::Role, role)),
        ..context.options.clone()
    };
    Context::with_purpose(options, purpose)?
        .act(vec![kind])
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_expects_what_the_ledger_decides_about_the_whole() {
        let decision = Decision {
            mode: ModeKind::Approve,
            count: 1,
            role: 7,
        };
        let refused = |rejection: Rejection, told: &[(&str, &str)]| {
            let facts = told.iter().map(|(name, value)| fact(name, *value));
            decision.of_refusal(&Verdict {
                code: rejection.code(),
                facts: facts.collect(),
                ..Verdict::default()
            })
        };
        let whole = |mode, count| {
            Some(Decision {
                mode,
                count,
                role: 7,
            })
        };
        let approved = [("mode", "approve"), ("approvals", "2")];
        for rejection in [Rejection::StricterMode, Rejection::SpendSplit] {
            assert_eq!(refused(rejection, &approved), whole(ModeKind::Approve, 2));
        }
        let announced = [("mode", "announce"), ("approvals", "2")];
        let announced = refused(Rejection::StricterMode, &announced);
        assert_eq!(announced, whole(ModeKind::Announce, 0));
        // A limit that is exceeded names a decision as well, about one action alone.
        assert_eq!(refused(Rejection::LimitPerTransfer, &approved), None);
        assert_eq!(refused(Rejection::StricterMode, &[]), None);
    }
}
