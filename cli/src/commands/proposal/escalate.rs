//! `proposal escalate` and `proposal reverse`: what was announced shall be decided, or need not be.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{self, Proposal, action::Kind};

use crate::context::Context;

/// Objects to what was announced: a stricter way of deciding takes over.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal escalate p7 --explanation 'the old ones still work'")]
pub(super) struct Escalate {
    /// The proposal: p7.
    proposal: String,
    /// Why. Stands on the chain for good.
    #[arg(long, default_value = "")]
    explanation: String,
}

impl Escalate {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let escalate = v1::Escalate {
            proposal: context.numbered_ref::<Proposal>(&self.proposal).await?,
            explanation: self.explanation,
        };
        context.act(vec![Kind::Escalate(escalate)]).await
    }
}

/// Takes your escalation back; as the unit's lead, everybody's.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal reverse p7 --explanation 'they do not'")]
pub(super) struct Reverse {
    /// The proposal: p7.
    proposal: String,
    /// Why. Stands on the chain for good.
    #[arg(long, default_value = "")]
    explanation: String,
}

impl Reverse {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let reverse = v1::ReverseEscalation {
            proposal: context.numbered_ref::<Proposal>(&self.proposal).await?,
            explanation: self.explanation,
        };
        context.act(vec![Kind::ReverseEscalation(reverse)]).await
    }
}
