//! `proposal integrate`: a signature under the version that answers an objection.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{Objection, Proposal, ResolveObjection, action::Kind};

use crate::context::Context;

/// Signs that a version integrates an objection: once by whoever objected, once by whoever
/// proposed.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  polity proposal integrate o3")]
pub(super) struct Integrate {
    /// The objection: o3.
    objection: String,
    /// The version that you read; without it, the present one.
    #[arg(long = "of-version", value_name = "VERSION")]
    version: Option<u32>,
}

impl Integrate {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let objection: Objection = context.numbered(&self.objection).await?;
        let session = context.session().await?;
        let proposal: Option<Proposal> = session.get(objection.proposal).await?;
        let integrate = ResolveObjection {
            objection: form::numbered(objection.number),
            version: self.version.unwrap_or(proposal.unwrap_or_default().version),
        };
        context.act(vec![Kind::ResolveObjection(integrate)]).await
    }
}
