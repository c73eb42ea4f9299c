//! `member suspend | reinstate`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, action::Kind};

use crate::context::Context;

/// Takes a member's power for the time being. Two people of different units sign: use `--with`, and `--draft`
/// where the other key does not lie here.
#[derive(Args, Debug)]
pub(super) struct Suspend {
    /// Number or handle.
    who: String,
}

impl Suspend {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let act = v1::SuspendMember {
            member: form::numbered(member),
        };
        context.act(vec![Kind::SuspendMember(act)]).await
    }
}

/// Gives a suspended member their power back.
#[derive(Args, Debug)]
pub(super) struct Reinstate {
    /// Number or handle.
    who: String,
}

impl Reinstate {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let act = v1::ReinstateMember {
            member: form::numbered(member),
        };
        context.act(vec![Kind::ReinstateMember(act)]).await
    }
}
