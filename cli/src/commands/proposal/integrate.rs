//! `proposal integrate`: a signature under the version that answers an objection.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{ObjectKind, Objection, ResolveObjection, action::Kind};

use crate::context::Context;
use crate::failure::usage;

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
        let number = super::super::parse_number(ObjectKind::Objection, &self.objection)?;
        let session = context.session().await?;
        let objection: Objection = session.get(number).await?.ok_or_else(|| {
            let words = format!("there is no objection {}", self.objection);
            usage(words)
        })?;
        let integrate = ResolveObjection {
            objection: form::numbered(number),
            version: super::version(context, objection.proposal, self.version).await?,
        };
        context.act(vec![Kind::ResolveObjection(integrate)]).await
    }
}
