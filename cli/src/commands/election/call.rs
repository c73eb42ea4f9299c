//! `election call`.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{CallElection, action::Kind};

use crate::context::Context;
use crate::time;

/// Calls an election for a role that is filled by election.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity election call acme/dev#facilitator --term 180d")]
pub(super) struct Call {
    /// The role.
    role: String,
    /// For how long the elected member holds it; without it, the role's own term.
    #[arg(long, value_name = "DURATION")]
    term: Option<String>,
}

impl Call {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let term = match &self.term {
            Some(text) => time::parse_seconds(text)?,
            None => 0,
        };
        let role = context.role_ref(&self.role).await?;
        let call = CallElection { role, term };
        context.act(vec![Kind::CallElection(call)]).await
    }
}
