//! `proposal object`: why a version would do harm.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{Proposal, RaiseObjection, action::Kind};

use crate::context::Context;

/// Objects to a proposal that is decided by consent: an argument for each of four claims, or the rule that it breaks.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity proposal object p7 --harms 'nobody could deploy' --limits-my-role 'I release' \\\n    \
      --caused-by-proposal 'today everybody may' --no-time-to-adapt 'the release is on Friday'\n\n\
    What you write stands on the chain for good.")]
pub(super) struct Object {
    /// The proposal: p7.
    proposal: String,
    /// The version that you read; without it, the present one.
    #[arg(long = "of-version", value_name = "VERSION")]
    version: Option<u32>,
    /// How it would reduce what the circle can do.
    #[arg(long, default_value = "")]
    harms: String,
    /// How it would limit you in one of your roles there.
    #[arg(long, default_value = "")]
    limits_my_role: String,
    /// Why this would not be so without the proposal.
    #[arg(long, default_value = "")]
    caused_by_proposal: String,
    /// Why it comes at once, or too late to adapt to.
    #[arg(long, default_value = "")]
    no_time_to_adapt: String,
    /// The rule that the proposal would break, instead of the four claims.
    #[arg(long, default_value = "")]
    breaks_a_rule: String,
}

impl Object {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let proposal: Proposal = context.numbered(&self.proposal).await?;
        let object = RaiseObjection {
            proposal: form::numbered(proposal.number),
            version: self.version.unwrap_or(proposal.version),
            harms: self.harms,
            limits_my_role: self.limits_my_role,
            caused_by_proposal: self.caused_by_proposal,
            no_time_to_adapt: self.no_time_to_adapt,
            breaks_a_rule: self.breaks_a_rule,
        };
        context.act(vec![Kind::RaiseObjection(object)]).await
    }
}
