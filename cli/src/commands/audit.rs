//! `audit account | unit | member | role | organisation`: from end to end.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::session::{Audited, Session, lettered};
use polity_client::v1::{Account, Asset, ObjectKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::facts;
use crate::progress::Progress;
use crate::{amount, time};

/// Checks something from end to end: its whole history rebuilt to the root in the state, every event proven by a
/// receipt under a signed header, and the sums of the events against the balances. Exit code 5 where it does not hold.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity audit account acme/dev:main\n  \
    polity audit unit acme/dev\n  \
    polity audit member finn")]
pub struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Account(OfAccount),
    Unit(OfUnit),
    Member(OfMember),
    Role(OfRole),
    /// The organisation itself: what belongs to no unit.
    Organisation,
}

/// An account.
#[derive(Args, Debug)]
struct OfAccount {
    /// `acme/dev:main` or a88.
    account: String,
}

/// A unit, and every account that it ever opened.
#[derive(Args, Debug)]
struct OfUnit {
    /// `acme/dev` or u4.
    unit: String,
}

/// A member, and every account that they ever opened.
#[derive(Args, Debug)]
struct OfMember {
    /// `finn` or m12.
    #[arg(value_name = "MEMBER")]
    audited: String,
}

/// A role.
#[derive(Args, Debug)]
struct OfRole {
    /// `acme/dev#lead` or r9.
    role: String,
}

impl Audit {
    /// Audits.
    pub async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let session = context.session().await?;
        let (kind, number, name) = match &self.verb {
            Verb::Account(one) => named(ObjectKind::Account, session.account(&one.account).await?),
            Verb::Unit(one) => named(ObjectKind::Unit, session.unit(&one.unit).await?),
            Verb::Member(one) => named(ObjectKind::Member, session.member(&one.audited).await?),
            Verb::Role(one) => named(ObjectKind::Role, session.role(&one.role).await?),
            Verb::Organisation => (ObjectKind::Organisation, 0, "the organisation".to_owned()),
        };
        let mut parts = Vec::new();
        if kind == ObjectKind::Account {
            parts.push((name, account(session, number).await?));
        } else {
            let whole = object(session, kind, number).await?;
            let accounts = whole.accounts.clone();
            parts.push((name, whole));
            for number in accounts {
                let letter = lettered(ObjectKind::Account, number);
                let shown = session.account(&letter).await?.shown;
                parts.push((shown, account(session, number).await?));
            }
        }

        let header = session.light().newest().await?;
        let root = match &context.options.checkpoint {
            Some(_) => format!(
                "the checkpoint at height {}",
                session.light().root().height()
            ),
            None => "the genesis file".to_owned(),
        };
        let mut list = Vec::new();
        let mut text = String::new();
        for (name, part) in &parts {
            list.push(part_json(session, part).await?);
            text.push_str(&part_text(session, name, part).await?);
            text.push('\n');
        }
        let json = json!({
            "sound": true,
            "trust": root,
            "verified_to": header.height(),
            "audited": list,
        });
        let seconds = time::seconds(header.time());
        context.output.show(&json, || {
            let green = anstyle::AnsiColor::Green.on_default();
            format!(
                "{text}{green}sound{green:#}: proven from {root} to header {} of {}",
                header.height(),
                time::shown(seconds)
            )
        });
        context.tell_age(header.time());
        Ok(())
    }
}

fn named(kind: ObjectKind, named: polity_client::session::Named) -> (ObjectKind, u64, String) {
    (kind, named.number, named.shown)
}

async fn account(session: &Session, number: u64) -> Result<Audited> {
    let bar = Progress::new("proving events");
    session
        .audit_account(number, &mut |done, of| bar.at(done, of))
        .await
}

async fn object(session: &Session, kind: ObjectKind, number: u64) -> Result<Audited> {
    let bar = Progress::new("proving events");
    session
        .audit_object(kind, number, &mut |done, of| bar.at(done, of))
        .await
}

async fn asset(session: &Session, account: u64) -> Result<Asset> {
    let account: Account = session.get(account).await?.unwrap_or_default();
    Ok(session.get(account.asset).await?.unwrap_or_default())
}

async fn part_text(session: &Session, name: &str, part: &Audited) -> Result<String> {
    let mut by = vec![format!(
        "{} by receipts under signed headers",
        part.by_transactions
    )];
    if part.by_timers != 0 {
        by.push(format!("{} by the root of what timers did", part.by_timers));
    }
    if part.by_genesis != 0 {
        by.push(format!("{} by the genesis file", part.by_genesis));
    }
    let sums = match &part.sums {
        Some(sums) => {
            let asset = asset(session, part.number).await?;
            let balance = amount::Balance::of(sums.credits, sums.debits);
            let reserved = if sums.reserved.is_zero() {
                String::new()
            } else {
                format!(
                    "; open proposals keep back {}, by the state",
                    amount::shown(sums.reserved, &asset)
                )
            };
            format!(
                "credits {}, debits {}: equal to the account's, balance {}{reserved}",
                amount::shown(sums.credits, &asset),
                amount::shown(sums.debits, &asset),
                balance.shown(&asset)
            )
        }
        None => String::new(),
    };
    Ok(facts(&[
        ("audited", name.to_owned()),
        (
            "history",
            format!(
                "{}, rebuilt to the root that the state of height {} proves",
                match part.entries {
                    1 => "1 entry".to_owned(),
                    entries => format!("{entries} entries"),
                },
                part.height
            ),
        ),
        ("events", format!("all proven: {}", by.join(", "))),
        ("sums", sums),
    ]))
}

async fn part_json(session: &Session, part: &Audited) -> Result<Value> {
    let mut value = json!({
        "object": lettered(part.kind, part.number),
        "height": part.height,
        "entries": part.entries,
        "proven_by_receipts": part.by_transactions,
        "proven_by_timer_roots": part.by_timers,
        "proven_by_genesis": part.by_genesis,
    });
    if let Some(sums) = &part.sums {
        let asset = asset(session, part.number).await?;
        value["credits"] = amount::json(sums.credits, &asset);
        value["debits"] = amount::json(sums.debits, &asset);
        value["reserved"] = amount::json(sums.reserved, &asset);
        value["balance"] = amount::Balance::of(sums.credits, sums.debits).json(&asset);
    }
    Ok(value)
}
