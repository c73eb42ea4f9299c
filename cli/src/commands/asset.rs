//! `asset list | show | define | issue | retire`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::Amount;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered};
use polity_client::v1::{
    Account, Asset as AssetState, AssetKind, DefineAsset, Issue, ObjectKind, Retire, action::Kind,
};
use serde_json::{Value, json};

use crate::amount::{AmountWords, counted};
use crate::context::Context;
use crate::failure::usage;
use crate::names::Names;
use crate::output::{Table, facts};
use crate::{amount, word};

/// Assets: money, hours, points, goods; how many decimals they have and how much was issued.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity asset list\n  \
    polity asset define HOURS --unit acme --scale 2 --kind hours\n  \
    polity asset issue acme/treasury:main 100000.00 EUR")]
pub struct Asset {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Define(Define),
    Issue(IssueVerb),
    Retire(RetireVerb),
}

impl Asset {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Define(verb) => verb.run(context).await,
            Verb::Issue(verb) => verb.run(context).await,
            Verb::Retire(verb) => verb.run(context).await,
        }
    }
}

/// Lists all assets.
#[derive(Args, Debug)]
struct List {}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let lists = view.lists(Lists::Assets, &[0]).await?;
        let (assets, names) = read(&view, &lists.concat()).await?;
        let mut table = Table::new(["asset", "kind", "decimals", "issued", "unit"]);
        for one in &assets {
            table.row([
                one.asset.code.clone(),
                word::word(one.asset.kind()),
                one.asset.scale.to_string(),
                amount::shown(one.issued, &one.asset),
                names.shown(ObjectKind::Unit, one.asset.unit),
            ]);
        }
        let rows: Vec<Value> = assets.iter().map(Issued::json).collect();
        context.answer(&view, json!({"assets": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows one asset.
#[derive(Args, Debug)]
struct Show {
    /// Its code: EUR.
    code: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = session.asset(&self.code).await?;
        let (mut assets, names) = read(&view, &[number]).await?;
        let one = assets.pop();
        let one = one.ok_or_else(|| usage(format!("{} was not there then", self.code)))?;
        context.answer(&view, one.json(), || {
            facts(&[
                ("asset", one.asset.code.clone()),
                ("kind", word::word(one.asset.kind())),
                ("decimals", one.asset.scale.to_string()),
                ("issued", amount::shown(one.issued, &one.asset)),
                ("unit", names.shown(ObjectKind::Unit, one.asset.unit)),
                (
                    "issuance",
                    names.shown(ObjectKind::Account, one.asset.issuance),
                ),
            ])
        });
        Ok(())
    }
}

/// Defines an asset.
#[derive(Args, Debug)]
struct Define {
    /// 1 to 16 capital letters and digits.
    code: String,
    /// The unit that issues it.
    #[arg(long)]
    unit: String,
    /// Decimals, 0 to 18.
    #[arg(long, default_value_t = 2)]
    scale: u32,
    /// What it counts.
    #[arg(long, value_parser = word::parser::<AssetKind>())]
    kind: AssetKind,
}

impl Define {
    async fn run(self, context: &Context) -> Result<()> {
        let define = DefineAsset {
            unit: context.unit_ref(&self.unit).await?,
            code: self.code,
            scale: self.scale,
            kind: self.kind as i32,
        };
        context.act(vec![Kind::DefineAsset(define)]).await
    }
}

/// Issues an asset to an account.
#[derive(Args, Debug)]
struct IssueVerb {
    /// The account that receives it.
    account: String,
    #[command(flatten)]
    amount: AmountWords,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
}

impl IssueVerb {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let account = context.account_ref(&self.account).await?;
        let amount = self.amount.read_held(session, &[account]).await?;
        let issue = Issue {
            account,
            amount: amount.to_bytes(),
            document: super::optional_document(self.document.as_deref())?,
        };
        context.act(vec![Kind::Issue(issue)]).await
    }
}

/// Takes issued value out of an account and out of the world.
#[derive(Args, Debug)]
struct RetireVerb {
    /// The account that gives it.
    account: String,
    #[command(flatten)]
    amount: AmountWords,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
}

impl RetireVerb {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let account = context.account_ref(&self.account).await?;
        let amount = self.amount.read_held(session, &[account]).await?;
        let retire = Retire {
            account,
            amount: amount.to_bytes(),
            document: super::optional_document(self.document.as_deref())?,
        };
        context.act(vec![Kind::Retire(retire)]).await
    }
}

/// An asset, and how much of it is in the world.
struct Issued {
    asset: AssetState,
    issued: Amount,
}

impl Issued {
    fn json(&self) -> Value {
        json!({
            "asset": self.asset.code,
            "kind": word::word(self.asset.kind()),
            "scale": self.asset.scale,
            "issued": amount::json(self.issued, &self.asset),
            "unit": lettered(ObjectKind::Unit, self.asset.unit),
            "issuance": lettered(ObjectKind::Account, self.asset.issuance),
        })
    }
}

async fn read<'s>(view: &'s View<'s>, numbers: &[u64]) -> Result<(Vec<Issued>, Names<'s>)> {
    let assets: Vec<AssetState> = view.existing(numbers).await?;
    let mut names = Names::new(view);
    names.load_units(assets.iter().map(|one| one.unit)).await?;
    names
        .load_accounts(assets.iter().map(|one| one.issuance))
        .await?;
    let mut issued = Vec::new();
    for asset in assets {
        let issuance = names.known_account(asset.issuance);
        let in_the_world = issuance.map_or(Ok(Amount::ZERO), in_the_world)?;
        issued.push(Issued {
            issued: in_the_world,
            asset,
        });
    }
    Ok((issued, names))
}

/// What an issuance account gave and did not get back.
fn in_the_world(issuance: &Account) -> Result<Amount> {
    let (given, back) = (
        counted(&issuance.debits_posted)?,
        counted(&issuance.credits_posted)?,
    );
    Ok(Amount(given.0.saturating_sub(back.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_retired_is_no_longer_in_the_world() {
        let issuance = Account {
            debits_posted: Amount(500).to_bytes(),
            credits_posted: Amount(120).to_bytes(),
            ..Account::default()
        };
        assert_eq!(in_the_world(&issuance).expect("amounts"), Amount(380));
    }
}
