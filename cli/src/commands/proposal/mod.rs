//! `proposal list | show | simulate | open | amend | respond | object | test | integrate | escalate | reverse | withdraw | execute`.

mod escalate;
mod events;
mod file;
mod integrate;
mod list;
mod object;
mod open;
mod read;
mod show;
mod simulate;
mod test;

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, Answer, ExecuteProposal, Respond, WithdrawProposal, action::Kind};

use crate::context::Context;
use crate::word;

/// Proposals: actions that wait for a unit's decision.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal open acme/dev --title 'New laptops' -- transfer send acme/dev:main acme/ops:main 4000.00 EUR\n  \
    polity proposal show p7 --full\n  \
    polity proposal respond p7 approve\n  \
    polity proposal list acme/dev")]
pub struct Proposal {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(list::List),
    Show(show::Show),
    Simulate(simulate::Simulate),
    Open(open::Open),
    Amend(open::Amend),
    Respond(RespondVerb),
    Object(object::Object),
    Test(test::Test),
    Integrate(integrate::Integrate),
    Escalate(escalate::Escalate),
    Reverse(escalate::Reverse),
    Withdraw(Withdraw),
    Execute(Execute),
}

impl Proposal {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Simulate(verb) => verb.run(context).await,
            Verb::Open(verb) => verb.run(context).await,
            Verb::Amend(verb) => verb.run(context).await,
            Verb::Respond(verb) => verb.run(context).await,
            Verb::Object(verb) => verb.run(context).await,
            Verb::Test(verb) => verb.run(context).await,
            Verb::Integrate(verb) => verb.run(context).await,
            Verb::Escalate(verb) => verb.run(context).await,
            Verb::Reverse(verb) => verb.run(context).await,
            Verb::Withdraw(verb) => verb.run(context).await,
            Verb::Execute(verb) => verb.run(context).await,
        }
    }
}

/// Answers a proposal.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal respond p7 approve\n  \
    polity proposal respond p7 no_objection --of-version 2 --explanation 'it helps us too'")]
struct RespondVerb {
    /// The proposal: p7.
    proposal: String,
    /// What you answer.
    #[arg(value_parser = word::parser::<Answer>())]
    answer: Answer,
    /// The version that you read; without it, the present one.
    #[arg(long = "of-version", value_name = "VERSION")]
    version: Option<u32>,
    /// Why. Stands on the chain for good.
    #[arg(long, default_value = "")]
    explanation: String,
}

impl RespondVerb {
    async fn run(self, context: &Context) -> Result<()> {
        let proposal: v1::Proposal = context.numbered(&self.proposal).await?;
        let respond = Respond {
            proposal: form::numbered(proposal.number),
            version: self.version.unwrap_or(proposal.version),
            answer: self.answer as i32,
            explanation: self.explanation,
        };
        context.act(vec![Kind::Respond(respond)]).await
    }
}

/// Takes your proposal back.
#[derive(Args, Debug)]
struct Withdraw {
    /// The proposal: p7.
    proposal: String,
}

impl Withdraw {
    async fn run(self, context: &Context) -> Result<()> {
        let proposal = context.numbered_ref::<v1::Proposal>(&self.proposal).await?;
        let withdraw = WithdrawProposal { proposal };
        context.act(vec![Kind::WithdrawProposal(withdraw)]).await
    }
}

/// Executes what you announced, or what was decided, once its wait is over.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal execute p7")]
struct Execute {
    /// The proposal: p7.
    proposal: String,
}

impl Execute {
    async fn run(self, context: &Context) -> Result<()> {
        let proposal = context.numbered_ref::<v1::Proposal>(&self.proposal).await?;
        let execute = ExecuteProposal { proposal };
        context.act(vec![Kind::ExecuteProposal(execute)]).await
    }
}
