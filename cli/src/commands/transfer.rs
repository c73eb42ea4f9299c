//! `transfer send | show | correct`.

use clap::{Args, Subcommand, ValueEnum};
use polity_client::ledger::state::keys;
use polity_client::session::{AsOf, FoundTransfer, Source};
use polity_client::v1::{
    self, Account, Assignment, Correction, OwnerKind, Ref, Role, TransferKind, action::Kind,
};
use polity_client::{Error, ErrorKind, Result};

use crate::amount::{self, AmountWords, counted};
use crate::context::Context;
use crate::names::Names;
use crate::output::facts;
use crate::{receipt, time};

/// Moves value between two accounts, and shows what moved.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity transfer send acme/dev:main finn:main 480.00 EUR\n  \
    polity transfer send acme/dev:main acme/ops:main 20.00 EUR --for reimbursement --reference INV-7\n  \
    polity transfer show t501 --account acme/dev:main\n  \
    polity transfer correct t501 --account finn:main 80.00 EUR")]
pub struct Transfer {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Send(Send),
    Show(Show),
    Correct(Correct),
}

impl Transfer {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Send(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Correct(verb) => verb.run(context).await,
        }
    }
}

/// Pays from one account to another.
#[derive(Args, Debug)]
pub struct Send {
    /// The account that pays: `acme/dev:main` or a88.
    from: String,
    /// The account that is paid.
    to: String,
    #[command(flatten)]
    amount: AmountWords,
    /// Why value moves; without it `payment`, or `internal` between accounts of one owner.
    #[arg(long = "for", value_enum, value_name = "KIND")]
    kind: Option<Why>,
    /// Budget line that pays: b7, or `acme/dev:travel`.
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// At most 64 bytes that stand on the chain for good: a number, no prose.
    #[arg(long)]
    reference: Option<String>,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
    /// Day that the transfer belongs to.
    #[arg(long, value_name = "DAY")]
    value_date: Option<String>,
}

/// Why value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Why {
    /// For goods or services.
    Payment,
    /// Of what somebody laid out.
    Reimbursement,
    /// Of work.
    Compensation,
    /// Of an earlier payment.
    Refund,
    /// For nothing.
    Gift,
    /// Between accounts of one owner.
    Internal,
}

impl From<Why> for TransferKind {
    fn from(why: Why) -> TransferKind {
        match why {
            Why::Payment => TransferKind::Payment,
            Why::Reimbursement => TransferKind::Reimbursement,
            Why::Compensation => TransferKind::Compensation,
            Why::Refund => TransferKind::Refund,
            Why::Gift => TransferKind::Gift,
            Why::Internal => TransferKind::Internal,
        }
    }
}

impl Send {
    /// The transfer that the words stand for.
    pub async fn transfer(&self, context: &Context) -> Result<v1::Transfer> {
        let session = context.session().await?;
        let from = session.account(&self.from).await?.number;
        let to = session.account(&self.to).await?.number;
        let (amount, asset) = self.amount.read(session).await?;
        let accounts: Vec<Account> = session.get_all(&[from, to]).await?;
        for account in &accounts {
            if account.asset != asset.number {
                return Err(usage(format!(
                    "a{} holds no {}",
                    account.number, asset.code
                )));
            }
        }
        let is_internal = matches!(&accounts[..], [one, other] if one.owner == other.owner);
        let kind = match self.kind {
            Some(why) => why.into(),
            None if is_internal => TransferKind::Internal,
            None => TransferKind::Payment,
        };
        Ok(v1::Transfer {
            from: reference(from),
            to: reference(to),
            amount: amount.to_bytes(),
            kind: kind as i32,
            line: match &self.line {
                Some(line) => context.line_ref(line).await?,
                None => None,
            },
            reference: self.reference.clone().unwrap_or_default(),
            document: match &self.document {
                Some(document) => super::document_hash(document)?,
                None => Vec::new(),
            },
            value_date: match &self.value_date {
                Some(day) => time::parse(day)?,
                None => 0,
            },
        })
    }

    async fn run(self, context: &Context) -> Result<()> {
        let transfer = self.transfer(context).await?;
        context.act(vec![Kind::Transfer(transfer)]).await
    }
}

/// Shows a transfer, proven by the history of an account that it moved.
#[derive(Args, Debug)]
struct Show {
    /// Number of the transfer, t501.
    transfer: String,
    /// An account that paid or was paid; without it, your own and those of your roles' units are searched.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let found = find(context, &self.transfer, self.account.as_deref()).await?;
        let event = &found.proven.event;
        let posting = event.posting.clone().unwrap_or_default();
        let view = session.view(AsOf::Newest);
        let mut names = Names::new(&view);
        names.load_accounts([posting.from, posting.to]).await?;
        let basis = event.basis.unwrap_or_default();
        names.load_members([basis.member]).await?;
        names.load_roles([basis.role]).await?;
        let key = keys::key(keys::CORRECTION, &[posting.transfer]);
        let corrected: Option<Correction> = session.value(key).await?;
        let corrected = counted(&corrected.unwrap_or_default().amount)?;
        let moved = counted(&posting.amount)?;
        let id = match &found.proven.source {
            Source::Transaction(id) => hex::encode(id),
            Source::Genesis | Source::Timer => String::new(),
        };

        let mut json = receipt::event_json(session, event).await?;
        json["height"] = found.item.entry.height.into();
        json["time"] = time::json(found.proven.time);
        json["id"] = id.clone().into();
        json["kind"] = kind_name(posting.kind()).into();
        json["corrected"] = amount::json(corrected, &found.asset);
        context.output.show(&json, || {
            facts(&[
                ("transfer", self.transfer.clone()),
                ("amount", amount::shown(moved, &found.asset)),
                ("from", names.shown(v1::ObjectKind::Account, posting.from)),
                ("to", names.shown(v1::ObjectKind::Account, posting.to)),
                ("kind", kind_name(posting.kind()).to_owned()),
                ("by", names.shown(v1::ObjectKind::Member, basis.member)),
                ("as", names.role(basis.role)),
                ("basis", receipt::basis_words(event.basis)),
                ("time", time::shown(found.proven.time)),
                ("block", found.item.entry.height.to_string()),
                ("transaction", id),
                (
                    "corrected",
                    match corrected.is_zero() {
                        true => String::new(),
                        false => amount::shown(corrected, &found.asset),
                    },
                ),
            ])
        });
        Ok(())
    }
}

/// Gives back a transfer, in whole or in part: the account that was paid pays it back. Nothing is changed or deleted.
#[derive(Args, Debug)]
struct Correct {
    /// Number of the transfer, t501.
    transfer: String,
    /// What goes back; without it, all of the transfer.
    #[arg(value_names = ["AMOUNT", "ASSET"], num_args = 0..=2)]
    amount: Vec<String>,
    /// An account that paid or was paid; without it, your own and those of your roles' units are searched.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// SHA-256 of a document, 64 hexadecimal digits, or a file to hash.
    #[arg(long, value_name = "HASH|FILE")]
    document: Option<String>,
}

impl Correct {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let found = find(context, &self.transfer, self.account.as_deref()).await?;
        let amount = match &self.amount[..] {
            [] => None,
            words => {
                let (amount, asset) = amount::read(session, &words.join(" ")).await?;
                if asset.number != found.asset.number {
                    return Err(usage(format!("the transfer moved {}", found.asset.code)));
                }
                Some(amount)
            }
        };
        let mut act = session.correction(&found, amount).await?;
        if let Some(document) = &self.document {
            act.document = super::document_hash(document)?;
        }
        context.act(vec![Kind::CorrectTransfer(act)]).await
    }
}

/// Finds a transfer in the account that was named, or in those that are near the member who asks.
async fn find(context: &Context, transfer: &str, account: Option<&str>) -> Result<FoundTransfer> {
    let session = context.session().await?;
    let number = super::numbered(v1::ObjectKind::Transfer, transfer)?;
    let accounts = match account {
        Some(account) => vec![session.account(account).await?.number],
        None => near(context).await?,
    };
    for account in &accounts {
        if let Some(found) = session.transfer_in(*account, number).await? {
            return Ok(found);
        }
    }
    Err(usage(match account {
        Some(account) => format!("the history of {account} has no transfer {transfer}"),
        None => format!(
            "{transfer} is not in your accounts nor in those of your roles' units: give --account"
        ),
    }))
}

/// Accounts of the member who asks, and of the units in which they hold roles.
async fn near(context: &Context) -> Result<Vec<u64>> {
    let session = context.session().await?;
    let member = context.member().await?.number;
    let assignments = session.list(keys::List::Assignments, member).await?;
    let assignments: Vec<Assignment> = session.get_all(&assignments).await?;
    let roles: Vec<u64> = assignments.iter().map(|one| one.role).collect();
    let roles: Vec<Role> = session.get_all(&roles).await?;
    let mut owners: Vec<u64> = roles
        .iter()
        .map(|role| keys::owner_number(OwnerKind::Unit, role.unit))
        .collect();
    owners.push(keys::owner_number(OwnerKind::Member, member));
    owners.sort_unstable();
    owners.dedup();
    let view = session.view(AsOf::Newest);
    Ok(view.lists(keys::List::Accounts, &owners).await?.concat())
}

/// A kind of transfer as commands and JSON write it.
fn kind_name(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::None => "none",
        TransferKind::Payment => "payment",
        TransferKind::Reimbursement => "reimbursement",
        TransferKind::Compensation => "compensation",
        TransferKind::Refund => "refund",
        TransferKind::Gift => "gift",
        TransferKind::Internal => "internal",
        TransferKind::Allocation => "allocation",
        TransferKind::ReturnAllocation => "return_allocation",
        TransferKind::Issue => "issue",
        TransferKind::Retire => "retire",
        TransferKind::External => "external",
        TransferKind::Correction => "correction",
    }
}

fn reference(number: u64) -> Option<Ref> {
    super::reference(number)
}

fn usage(words: String) -> Error {
    Error::new(ErrorKind::Usage, words)
}
