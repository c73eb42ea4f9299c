//! `proposal test`: whether an objection argues each of its claims.

use clap::Args;
use polity_client::Result;
use polity_client::v1::{Claim, Objection, TestObjection, action::Kind};

use crate::context::Context;
use crate::word;

/// Tests an objection for its form: whether each claim has an argument, not whether the argument is right.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal test o3\n  \
    polity proposal test o3 --without caused_by_proposal --explanation 'it is so today'")]
pub(super) struct Test {
    /// The objection: o3.
    objection: String,
    /// The claim for which there is no argument: sets the objection aside. Without it, the objection is valid.
    #[arg(long, value_parser = word::parser::<Claim>(), value_name = "CLAIM", requires = "explanation")]
    without: Option<Claim>,
    /// What is missing. Stands on the chain for good.
    #[arg(long, default_value = "")]
    explanation: String,
}

impl Test {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let test = TestObjection {
            objection: context.numbered_ref::<Objection>(&self.objection).await?,
            unargued: self.without.unwrap_or(Claim::None) as i32,
            explanation: self.explanation,
        };
        context.act(vec![Kind::TestObjection(test)]).await
    }
}
