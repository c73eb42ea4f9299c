//! `tx refusals`: who tried what, and which rule said no.

use clap::Args;
use polity_client::Result;
use polity_client::session::{Refused, Session, lettered};
use polity_client::v1::{ObjectKind, OwnerKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::output::Table;
use crate::progress::Progress;
use crate::time;

/// Lists what the ledger refused, each refusal proven by its receipt.
///
/// Without --from a node says which refusals a member or a unit has: each line is proven, and one could be missing.
/// With --from every block since then is read whole, so that none is missing. What somebody tried in none of a unit's
/// roles is told of them, and with --from alone of everybody.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity tx refusals max\n  \
    polity tx refusals acme/dev --limit 100\n  \
    polity tx refusals --from 2026-03-01\n  \
    polity tx refusals acme/dev --from 1200 --until 1500")]
pub(super) struct Refusals {
    /// A member who signed, or a unit in one of whose roles somebody wanted to act.
    #[arg(required_unless_present = "from")]
    of: Option<String>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "from")]
    limit: u32,
    /// Read every block from this height or time on.
    #[arg(long, value_name = "HEIGHT|TIME")]
    from: Option<String>,
    /// Read no block after this height or time.
    #[arg(long, value_name = "HEIGHT|TIME", requires = "from")]
    until: Option<String>,
}

impl Refusals {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let session = context.session().await?;
        let of = match &self.of {
            Some(text) => Some(subject(session, text).await?),
            None => None,
        };
        let (refused, blocks) = match (&self.from, of) {
            (Some(from), of) => {
                let (first, last) = self.range(context, session, from).await?;
                (whole(session, of, first, last).await?, Some((first, last)))
            }
            (None, Some((kind, number))) => {
                let listed = session.refusals(kind, number, self.limit, 0).await?;
                (listed, None)
            }
            (None, None) => return Err(usage("say of whom, or --from when")),
        };
        let mut table = Table::new(["time", "block", "refused", "what"]);
        let mut rows = Vec::new();
        for one in &refused {
            let what = sentence(session, one).await?;
            table.row([
                time::shown(one.time),
                one.height.to_string(),
                format!("{} {}", one.rejection.code(), one.rejection.name()),
                what.clone(),
            ]);
            rows.push(row(one, &what));
        }
        let json = json!({
            "refusals": rows,
            "complete": blocks.is_some(),
            "from_height": blocks.map(|(first, _)| first),
            "until_height": blocks.map(|(_, last)| last),
        });
        context.output.show(&json, || {
            let reach = match blocks {
                Some((first, last)) => format!(
                    "all of blocks {first} to {last}: every transaction and its result is proven"
                ),
                None => "each proven by its receipt; --from proves that none is missing".to_owned(),
            };
            if refused.is_empty() {
                format!("no refusals: {reach}")
            } else {
                format!("{table}\n{reach}")
            }
        });
        if self.until.is_none() {
            context.tell_state_age(session);
        }
        Ok(())
    }

    async fn range(&self, context: &Context, session: &Session, from: &str) -> Result<(u64, u64)> {
        let first = context.height_from(from).await?;
        // The results of a block are in the header above it.
        let newest = session.light().newest().await?.height().saturating_sub(1);
        let last = match &self.until {
            Some(until) => context.height_of(until).await?.min(newest),
            None => newest,
        };
        if first <= last {
            Ok((first, last))
        } else {
            Err(usage("no block with proven results lies there yet"))
        }
    }
}

/// The refusals in these blocks, oldest first.
async fn whole(
    session: &Session,
    of: Option<(ObjectKind, u64)>,
    first: u64,
    last: u64,
) -> Result<Vec<Refused>> {
    let bar = Progress::new("reading blocks");
    let mut evidence = session.evidence();
    let mut refused = Vec::new();
    for height in first..=last {
        for one in session.refused_in(height, &mut evidence).await? {
            let meant = match of {
                Some((kind, number)) => session.is_about(&one, kind, number).await?,
                None => true,
            };
            if meant {
                refused.push(one);
            }
        }
        bar.at(height - first + 1, last - first + 1);
    }
    Ok(refused)
}

async fn subject(session: &Session, text: &str) -> Result<(ObjectKind, u64)> {
    let owner = session.owner(text).await?;
    match owner.kind() {
        OwnerKind::Member => Ok((ObjectKind::Member, owner.number)),
        OwnerKind::Unit => Ok((ObjectKind::Unit, owner.number)),
        OwnerKind::Party | OwnerKind::Issuance | OwnerKind::Escrow | OwnerKind::None => {
            Err(usage("refusals are those of a member or a unit"))
        }
    }
}

async fn sentence(session: &Session, refused: &Refused) -> Result<String> {
    let Some(action) = &refused.action else {
        return Ok(String::new());
    };
    // Nobody is "you" in a record that others read.
    let words = session.words();
    words.sentence(&refused.signers, action, None, 0).await
}

fn row(refused: &Refused, what: &str) -> Value {
    let members = refused.signers.iter().map(|one| one.member);
    let members: Vec<String> = members
        .map(|member| lettered(ObjectKind::Member, member))
        .collect();
    json!({
        "id": hex::encode(refused.id),
        "height": refused.height,
        "index": refused.index,
        "time": time::json(refused.time),
        "signers": members,
        "what": what,
        "code": refused.rejection.code(),
        "rejection": refused.rejection.name(),
    })
}
