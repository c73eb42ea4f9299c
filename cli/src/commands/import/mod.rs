//! `import events | check | budget`.

mod budget;
mod events;

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::import::run::Registrar;
use polity_client::session::{AsOf, action};
use polity_client::v1::{VerdictKind, action::Kind};
use serde_json::Value;

use crate::context::{Actor, Context};
use crate::refusal::import_refused;

/// Brings what other systems know onto the chain.
///
/// An import that was broken off is started again by the same words: it goes on from what the chain has.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity import events events.jsonl --into acme/import\n  \
    polity import events events.jsonl --into acme/import --until 1500 --expect roster.json\n  \
    polity import check roster.json --into acme/import\n  \
    polity import budget plan.csv --mapping plan.toml --into acme/plan --from acme/plan:main --with cleo=acme/plan#steward\n  \
    polity import budget plan.csv --mapping plan.toml --into acme/plan --verify")]
pub struct Import {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Events(events::Events),
    Check(events::Check),
    Budget(budget::Budget),
}

impl Import {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        match self.verb {
            Verb::Events(verb) => verb.run(context).await,
            Verb::Check(verb) => verb.run(context).await,
            Verb::Budget(verb) => verb.run(context).await,
        }
    }
}

/// Somebody who imports in this role; 0: in none.
fn acting_as(who: &Actor, role: u64) -> Registrar {
    Registrar {
        member: who.member.number,
        role,
        public_key: who.key.public_key,
    }
}

/// Asks before an import is signed and sent; of an old state it is said that it is old.
async fn confirm(context: &Context) -> Result<()> {
    context.tell_state_age(context.session().await?);
    context.confirm("Sign and send?")
}

/// The role of `--as`, or one of the member's that allows such an action.
async fn role_for(context: &Context, member: u64, kind: Kind) -> Result<u64> {
    match context.acting_role().await? {
        0 => {}
        role => return Ok(role),
    }
    let session = context.session().await?;
    let verdict = session
        .can(member, &action(kind, 0), true, AsOf::Newest)
        .await?;
    match verdict.kind() {
        VerdictKind::Allowed => Ok(verdict.acting_role),
        VerdictKind::None | VerdictKind::Refused | VerdictKind::NeedsDecision => {
            Err(import_refused(verdict.code, &verdict.facts))
        }
    }
}

/// Tells what a dry run found: what is left to import, if anything is.
fn tell_tried(context: &Context, mut value: Value, left: Option<String>) {
    value["sent"] = false.into();
    // What is there already was read with proofs; what else would come, a node foresees.
    value["proven"] = left.is_none().into();
    context.output.show(&value, || match left {
        None => "Nothing is left to import.".to_owned(),
        Some(left) => {
            format!("As a node foresees, which is not proven, {left}. Nothing was sent.")
        }
    });
}
