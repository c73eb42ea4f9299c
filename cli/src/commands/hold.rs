//! `hold list | show | place | post | void`.

use clap::{Args, Subcommand};
use polity_client::ledger::form;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered};
use polity_client::v1::{
    self, Hold as HoldState, ObjectKind, PlaceHold, PostHold, VoidHold, action::Kind,
};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use super::transfer;
use crate::amount::counted;
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{amount, digits, time, word};

/// Holds: transfers that are reserved, and later posted, voided or expired.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity hold place acme/dev:main acme/ops:main 480.00 EUR --expires 14d\n  \
    polity hold post h6 300.00 EUR\n  \
    polity hold list acme/dev:main")]
pub struct Hold {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Place(Place),
    Post(Post),
    Void(Void),
}

impl Hold {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Place(verb) => verb.run(context).await,
            Verb::Post(verb) => verb.run(context).await,
            Verb::Void(verb) => verb.run(context).await,
        }
    }
}

/// What a bank record waits for.
const CONFIRMATION: &str = "confirmation by another person";

/// Lists the open holds that touch an account.
#[derive(Args, Debug)]
struct List {
    /// The account.
    account: String,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let account = session.account(&self.account).await?.number;
        let holds: Vec<HoldState> = view.listed(Lists::Holds, &[account]).await?;
        let names = names_of(&view, &holds).await?;
        let mut table = Table::new([
            "hold",
            "from",
            "to",
            "amount",
            "expires",
            "reference",
            "waits for",
        ]);
        for hold in &holds {
            table.row([
                lettered(ObjectKind::Hold, hold.number),
                names.shown(ObjectKind::Account, hold.from),
                names.shown(ObjectKind::Account, hold.to),
                shown(&hold.amount, hold, &names)?,
                time::shown(hold.expires_at),
                hold.reference.clone(),
                if hold.external { CONFIRMATION } else { "" }.to_owned(),
            ]);
        }
        let rows = holds.iter().map(|hold| as_json(hold, &names));
        let rows: Vec<Value> = rows.collect::<Result<_>>()?;
        context.answer(&view, json!({"holds": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a hold, also one that has ended.
#[derive(Args, Debug)]
struct Show {
    /// The hold: h6.
    hold: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = super::parse_number(ObjectKind::Hold, &self.hold)?;
        let hold = view.get::<HoldState>(number).await?;
        let hold = hold.ok_or_else(|| usage(format!("there is no hold {}", self.hold)))?;
        let names = names_of(&view, std::slice::from_ref(&hold)).await?;
        let [amount, posted, released] =
            [&hold.amount, &hold.posted, &hold.released].map(|bytes| shown(bytes, &hold, &names));
        let (amount, posted, released) = (amount?, posted?, released?);
        context.answer(&view, as_json(&hold, &names)?, || {
            facts(&[
                ("hold", lettered(ObjectKind::Hold, number)),
                ("state", word::word(hold.state())),
                ("from", names.shown(ObjectKind::Account, hold.from)),
                ("to", names.shown(ObjectKind::Account, hold.to)),
                ("amount", amount),
                ("posted", posted),
                ("released", released),
                ("kind", transfer::transfer_kind_name(hold.kind()).to_owned()),
                ("line", names::letter(ObjectKind::BudgetLine, hold.line)),
                ("reference", hold.reference.clone()),
                ("placed", time::shown(hold.placed_at)),
                ("placed by", names.shown(ObjectKind::Member, hold.placed_by)),
                ("expires", time::shown(hold.expires_at)),
                ("value date", time::shown(hold.value_date)),
                (
                    "bank record",
                    match (hold.external, hold.state()) {
                        (false, _) => String::new(),
                        (true, v1::HoldState::Open) => {
                            let confirm = "polity external confirm";
                            let hold = lettered(ObjectKind::Hold, number);
                            format!("waits for {CONFIRMATION}: {confirm} {hold} --statement FILE")
                        }
                        (true, _) => "yes".into(),
                    },
                ),
                ("document", hex::encode(&hold.document)),
                ("statement", hex::encode(&hold.statement)),
            ])
        });
        Ok(())
    }
}

/// Reserves a transfer.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity hold place acme/dev:main acme/dev/@vendor:main 900.00 EUR --expires 14d")]
struct Place {
    #[command(flatten)]
    transfer: transfer::Send,
    /// When the reservation ends by itself: a time, or a duration from now.
    #[arg(long, value_name = "TIME|DURATION")]
    expires: String,
}

impl Place {
    async fn run(self, context: &Context) -> Result<()> {
        let place = PlaceHold {
            transfer: Some(self.transfer.transfer(context).await?),
            expires_at: time::parse_until(&self.expires)?,
        };
        context.act(vec![Kind::PlaceHold(place)]).await
    }
}

/// Posts a hold, whole or in part; the rest is released.
#[derive(Args, Debug)]
struct Post {
    /// The hold: h6.
    hold: String,
    /// At most what is held, like 300.00 EUR; without it, all.
    #[arg(value_names = ["AMOUNT", "ASSET"], num_args = 0..=2)]
    amount: Vec<String>,
}

impl Post {
    async fn run(self, context: &Context) -> Result<()> {
        let hold = context.numbered_ref::<HoldState>(&self.hold).await?;
        let amount = if self.amount.is_empty() {
            Vec::new()
        } else {
            let session = context.session().await?;
            let number = hold.map_or(0, |hold| hold.number);
            let held: Option<HoldState> = session.get(number).await?;
            let from = held.and_then(|hold| form::numbered(hold.from));
            let amount = amount::read_held(session, &self.amount.join(" "), &[from]).await?;
            amount::filled(amount)?
        };
        context
            .act(vec![Kind::PostHold(PostHold { hold, amount })])
            .await
    }
}

/// Releases a hold.
#[derive(Args, Debug)]
struct Void {
    /// The hold: h6.
    hold: String,
}

impl Void {
    async fn run(self, context: &Context) -> Result<()> {
        let hold = context.numbered_ref::<HoldState>(&self.hold).await?;
        context.act(vec![Kind::VoidHold(VoidHold { hold })]).await
    }
}

async fn names_of<'s>(view: &'s View<'s>, holds: &[HoldState]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    names
        .load_accounts(holds.iter().flat_map(|hold| [hold.from, hold.to]))
        .await?;
    names
        .load_members(holds.iter().map(|hold| hold.placed_by))
        .await?;
    Ok(names)
}

fn shown(bytes: &[u8], hold: &HoldState, names: &Names<'_>) -> Result<String> {
    let asset = names.asset_of(hold.from);
    Ok(amount::shown(counted(bytes)?, &asset))
}

fn as_json(hold: &HoldState, names: &Names<'_>) -> Result<Value> {
    let asset = names.asset_of(hold.from);
    let money = |bytes: &[u8]| Ok::<_, Error>(amount::json(counted(bytes)?, &asset));
    Ok(json!({
        "hold": lettered(ObjectKind::Hold, hold.number),
        "state": word::word(hold.state()),
        "from": lettered(ObjectKind::Account, hold.from),
        "from_name": names.account(hold.from),
        "to": lettered(ObjectKind::Account, hold.to),
        "to_name": names.account(hold.to),
        "amount": money(&hold.amount)?,
        "posted": money(&hold.posted)?,
        "released": money(&hold.released)?,
        "kind": transfer::transfer_kind_name(hold.kind()),
        "line": names::json(ObjectKind::BudgetLine, hold.line),
        "reference": hold.reference,
        "document": digits::json(&hold.document),
        "statement": digits::json(&hold.statement),
        "external": hold.external,
        "placed_by": names::json(ObjectKind::Member, hold.placed_by),
        "placed_at": time::json(hold.placed_at),
        "expires_at": time::json(hold.expires_at),
        "value_date": time::json(hold.value_date),
    }))
}
