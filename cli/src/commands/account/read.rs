//! Accounts as they are shown: whose they are, what is in them, what is reserved.

use clap::Args;
use polity_client::ledger::Amount;
use polity_client::ledger::state::keys::{self, List as Lists};
use polity_client::session::lettered;
use polity_client::v1::{Account as AccountObject, Asset, Hold, HoldState, ObjectKind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::amount::{self, Balance, counted};
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::time;

/// Lists open accounts with their balances.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Only those of this unit, member or external party.
    owner: Option<String>,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let numbers = match &self.owner {
            Some(owner) => {
                let owner = session.owner(owner).await?;
                let number = keys::owner_number(owner.kind(), owner.number);
                let lists = view.lists(Lists::Accounts, &[number]).await?;
                lists.concat()
            }
            None => view.every(ObjectKind::Account).await?,
        };
        let mut accounts: Vec<AccountObject> = view.existing(&numbers).await?;
        accounts.retain(|account| account.closed_at == 0);
        let mut names = Names::new(&view);
        names
            .load_accounts(accounts.iter().map(|one| one.number))
            .await?;

        let mut table = Table::new(["account", "balance", "available", "state"]);
        let mut json = Vec::new();
        for account in &accounts {
            let asset = names.asset(account.asset);
            table.row([
                names.shown(ObjectKind::Account, account.number),
                Balance::posted(account)?.shown(&asset),
                available_words(account, &asset)?,
                state(account).to_owned(),
            ]);
            json.push(account_json(&names, account)?);
        }
        context.answer(&view, json!({ "accounts": json }), || {
            if accounts.is_empty() {
                "No open accounts.".to_owned()
            } else {
                table.to_string()
            }
        });
        Ok(())
    }
}

/// Newest open holds that are told line by line; the JSON has all.
const HOLDS_SHOWN: usize = 20;

/// Shows an account: owner, balance, what is reserved, what is available.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// `acme/dev:main`, `finn:main` or a88.
    account: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = session.account(&self.account).await?.number;
        let account = view.get::<AccountObject>(number).await?;
        let account = account.ok_or_else(|| usage(format!("a{number} was not there then")))?;
        // The account itself proves that nothing is held; a list of the past has no proof.
        let mut holds: Vec<Hold> = if is_held(&account)? {
            view.listed(Lists::Holds, &[number]).await?
        } else {
            Vec::new()
        };
        holds.retain(|hold| hold.state() == HoldState::Open);
        let mut names = Names::new(&view);
        let others = holds.iter().flat_map(|hold| [hold.from, hold.to]);
        names.load_accounts(others.chain([number])).await?;

        let asset = names.asset(account.asset);
        let mut json = account_json(&names, &account)?;
        json["holds"] = holds
            .iter()
            .map(|hold| lettered(ObjectKind::Hold, hold.number))
            .collect();
        let mut text = facts(&[
            ("account", names.shown(ObjectKind::Account, number)),
            ("owner", names.owner(account.owner.unwrap_or_default())),
            ("state", state(&account).to_owned()),
            ("balance", Balance::posted(&account)?.shown(&asset)),
            ("available", available_words(&account, &asset)?),
            (
                "reserved to go out",
                shown_unless_zero(&account.debits_pending, &asset)?,
            ),
            (
                "reserved to come in",
                shown_unless_zero(&account.credits_pending, &asset)?,
            ),
            (
                "credit limit",
                shown_unless_zero(&account.credit_limit, &asset)?,
            ),
            ("external id", account.external_id.clone()),
        ]);
        for hold in holds.iter().rev().take(HOLDS_SHOWN) {
            text.push_str(&format!(
                "hold {}  {} from {} to {} until {}\n",
                lettered(ObjectKind::Hold, hold.number),
                amount::shown(counted(&hold.amount)?, &asset),
                names.shown(ObjectKind::Account, hold.from),
                names.shown(ObjectKind::Account, hold.to),
                time::shown(hold.expires_at)
            ));
        }
        if holds.len() > HOLDS_SHOWN {
            let more = holds.len() - HOLDS_SHOWN;
            text.push_str(&format!("and {more} older holds\n"));
        }
        context.answer(&view, json, || text);
        Ok(())
    }
}

/// The stable JSON of an account.
fn account_json(names: &Names<'_>, account: &AccountObject) -> Result<Value> {
    let asset = names.asset(account.asset);
    let owner = account.owner.unwrap_or_default();
    let of = |bytes: &[u8]| -> Result<Value> { Ok(amount::json(counted(bytes)?, &asset)) };
    Ok(json!({
        "account": lettered(ObjectKind::Account, account.number),
        "name": names.account(account.number),
        "owner": names::owner_json(owner),
        "owner_name": names.owner(owner),
        "asset": asset.code,
        "state": state(account),
        "balance": Balance::posted(account)?.json(&asset),
        "available": available(account)?.map(|one| amount::json(one, &asset)),
        "debits_posted": of(&account.debits_posted)?,
        "credits_posted": of(&account.credits_posted)?,
        "debits_pending": of(&account.debits_pending)?,
        "credits_pending": of(&account.credits_pending)?,
        "credit_limit": of(&account.credit_limit)?,
        "external_id": account.external_id,
    }))
}

/// What can still go out, in words.
fn available_words(account: &AccountObject, asset: &Asset) -> Result<String> {
    let words = match available(account)? {
        Some(one) => amount::shown(one, asset),
        None => "no limit".to_owned(),
    };
    Ok(match state(account) {
        "frozen" => format!("nothing while it is frozen, then {words}"),
        _ => words,
    })
}

/// What can go out, a freeze aside; none where there is no limit.
fn available(account: &AccountObject) -> Result<Option<Amount>> {
    if account.unlimited {
        return Ok(None);
    }
    let can = counted(&account.credits_posted)?
        .0
        .saturating_add(counted(&account.credit_limit)?.0);
    let used = counted(&account.debits_posted)?
        .0
        .saturating_add(counted(&account.debits_pending)?.0);
    Ok(Some(Amount(can.saturating_sub(used))))
}

fn state(account: &AccountObject) -> &'static str {
    match (account.closed_at, account.frozen) {
        (0, false) => "open",
        (0, true) => "frozen",
        (_, _) => "closed",
    }
}

fn is_held(account: &AccountObject) -> Result<bool> {
    let is_zero = |bytes: &[u8]| Ok::<_, Error>(counted(bytes)?.is_zero());
    Ok(!is_zero(&account.debits_pending)? || !is_zero(&account.credits_pending)?)
}

fn shown_unless_zero(bytes: &[u8], asset: &Asset) -> Result<String> {
    let amount = counted(bytes)?;
    Ok(if amount.is_zero() {
        String::new()
    } else {
        amount::shown(amount, asset)
    })
}
