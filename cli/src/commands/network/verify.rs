//! `network verify`: how far this program believes, and the checkpoint that says so.

use clap::Args;
use polity_client::Result;
use serde_json::json;

use crate::context::Context;
use crate::output::facts;
use crate::time;

/// Verifies headers from the root of trust to the newest one, and shows a checkpoint to hand on.
#[derive(Args, Debug)]
pub(super) struct Verify {}

impl Verify {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let session = context.session().await?;
        let header = session.light().newest().await?;
        let root = session.light().root();
        let from = match &context.options.checkpoint {
            Some(_) => format!("the checkpoint at height {}", root.height()),
            None => "the genesis file".to_owned(),
        };
        let checkpoint = format!("{}:{}", header.height(), hex::encode(header.hash()));
        let power: u64 = header.validators().iter().map(|one| one.power).sum();
        let json = json!({
            "organisation": header.chain_id(),
            "root_height": root.height(),
            "height": header.height(),
            "time": time::json(time::seconds(header.time())),
            "app_hash": hex::encode(header.app_hash()),
            "checkpoint": checkpoint,
            "validators": header.validators().len(),
            "power": power,
        });
        context.output.show(&json, || {
            facts(&[
                ("organisation", header.chain_id().to_owned()),
                ("believed", from.clone()),
                (
                    "verified",
                    format!(
                        "to height {} of {}",
                        header.height(),
                        time::shown(time::seconds(header.time()))
                    ),
                ),
                (
                    "signed by",
                    format!(
                        "more than two thirds of power {power} of {} validators",
                        header.validators().len()
                    ),
                ),
                ("checkpoint", checkpoint.clone()),
            ])
        });
        context.tell_age(header.time());
        Ok(())
    }
}
