//! `unit work`: a unit changes its way of working.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{ApplyProfile, Profile, action::Kind};

use crate::context::Context;
use crate::word;

/// Changes how a unit works: its kind, the seats and the policies that belong to a profile.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit work acme/dev holacracy\n  \
    polity proposal open acme/dev --title 'We become a circle' -- unit work acme/dev holacracy")]
pub(super) struct Work {
    /// The unit.
    unit: String,
    /// The way of working.
    #[arg(value_parser = word::parser::<Profile>())]
    profile: Profile,
}

impl Work {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let apply = ApplyProfile {
            unit: context.unit_ref(&self.unit).await?,
            profile: self.profile as i32,
        };
        context.act(vec![Kind::ApplyProfile(apply)]).await
    }
}
