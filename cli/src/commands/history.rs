//! `history OBJECT`: everything that happened to something, proven.

use clap::Args;
use polity_client::ledger::state::{keys, objects};
use polity_client::session::{AsOf, Session, Source, lettered, object};
use polity_client::v1::{
    Account, BudgetLine, Document, Grant, Hold, Index, Node, ObjectKind, Party, Policy, Record,
    SodRule,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::event::Told;
use crate::failure::usage;
use crate::names::Names;
use crate::output::Table;
use crate::progress::Progress;
use crate::{event, time};

/// Shows the whole history of anything, each event proven by its receipt.
///
/// Members, units, roles, proposals, accounts and the organisation have histories of their own. Of a grant, an
/// assignment, a policy, a party, a budget line, a hold, a node or a document, the events in the history that holds
/// them are shown.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity history finn\n  \
    polity history acme/dev:main\n  \
    polity history acme/dev#storefront-api\n  \
    polity history g41\n  \
    polity history organisation")]
pub struct History {
    /// Number or handle: finn, acme/dev, acme/dev#lead, acme/dev:main, m12, g41, p7.
    object: String,
    /// Only the newest so many: verified to be the newest.
    #[arg(long, value_name = "COUNT")]
    newest: Option<u32>,
}

/// Whose history holds an object's events, and which object's events are meant.
struct Subject {
    kind: ObjectKind,
    number: u64,
    only: Option<(ObjectKind, u64)>,
}

impl History {
    /// Shows it.
    pub async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let subject = subject(session, &self.object).await?;
        let at = context.as_of().await?;
        let (kind, number) = (subject.kind, subject.number);
        let history = match (at, self.newest) {
            (AsOf::Newest, Some(limit)) => session.newest_history(kind, number, limit).await?,
            (at, None) => session.history_as_of(kind, number, at).await?,
            (at, Some(limit)) => {
                let then = session.history_as_of(kind, number, at).await?;
                then.newest(limit)
            }
        };
        let bar = Progress::new("proving events");
        let events = session
            .proven_events(&history, &mut |done, of| bar.at(done, of))
            .await?;
        drop(bar);

        let mut told = Vec::new();
        for proven in &events {
            told.push(Told::of_proven(session, proven).await?);
        }

        let view = session.view(AsOf::Newest);
        let mut names = Names::new(&view);
        event::load_names(&mut names, &told).await?;
        let mut table = Table::new(["time", "block", "what", "by", "as", "basis"]);
        let mut entries = Vec::new();
        for ((item, proven), told) in history.items.iter().zip(&events).zip(&told) {
            let event = &told.event;
            if subject
                .only
                .is_some_and(|(kind, number)| (event.object(), event.number) != (kind, number))
            {
                continue;
            }
            table.row([
                time::shown(proven.time),
                item.entry.height.to_string(),
                event::line(&names, told),
                names.members(&told.people()),
                names.roles(&told.roles()),
                event::basis_words(event.basis),
            ]);
            let mut value = event::json(session, told).await?;
            value["index"] = item.index.into();
            value["height"] = item.entry.height.into();
            value["time"] = time::json(proven.time);
            value["object_hash"] = hex::encode(&item.entry.object_hash).into();
            value["id"] = match &proven.source {
                Source::Transaction(id) => hex::encode(id).into(),
                Source::Genesis | Source::Timer => Value::Null,
            };
            entries.push(value);
        }
        let shown = lettered(subject.kind, subject.number);
        let elsewhere = elsewhere(session, &subject).await?;
        let json = json!({
            "object": shown,
            "count": history.count,
            "root": hex::encode(&history.root),
            "at": match at { AsOf::Newest => Value::Null, AsOf::Height(height) => height.into() },
            "entries": entries,
        });
        context.answer_of(history.moment, json, || {
            let whole = match (self.newest, subject.only) {
                (Some(_), _) => "the newest of",
                (None, Some(_)) => "those that concern it, of",
                (None, None) => "all of",
            };
            let then = match at {
                AsOf::Newest => String::new(),
                AsOf::Height(height) => format!(" until height {height}"),
            };
            format!(
                "{table}\n{whole} {} entries of the history of {shown}{then}, whose root the state of height {} proves{elsewhere}",
                history.count, history.moment.height
            )
        });
        Ok(())
    }
}

/// Where else something happened to it: what moves no value stands with an account's owner.
async fn elsewhere(session: &Session, subject: &Subject) -> Result<String> {
    if subject.kind != ObjectKind::Account {
        return Ok(String::new());
    }
    let account: Account = session.get(subject.number).await?.unwrap_or_default();
    let (kind, number) = session.holder(&account).await?;
    Ok(format!(
        "\nits opening, a freeze, its credit and its closing stand in another: polity history {}",
        lettered(kind, number)
    ))
}

fn own(kind: ObjectKind, number: u64) -> Subject {
    Subject {
        kind,
        number,
        only: None,
    }
}

/// Reads what a person calls something into the history that has its events.
async fn subject(session: &Session, text: &str) -> Result<Subject> {
    if text == "organisation" {
        return Ok(own(ObjectKind::Organisation, 0));
    }
    if let Some((kind, number)) = object(text) {
        return match numbered(session, kind, number).await {
            // There are people who are called like a number.
            Err(error) if error.kind() == ErrorKind::Usage => {
                let key = keys::handle(ObjectKind::Member, 0, text);
                let called: Option<Index> = session.value(key).await?;
                let called = called.map(|index| own(ObjectKind::Member, index.number));
                called.ok_or(error)
            }
            found => found,
        };
    }
    Ok(if text.contains(':') {
        own(ObjectKind::Account, session.account(text).await?.number)
    } else if text.contains('#') {
        own(ObjectKind::Role, session.role(text).await?.number)
    } else {
        match session.owner(text).await? {
            owner if owner.kind() == polity_client::v1::OwnerKind::Unit => {
                own(ObjectKind::Unit, owner.number)
            }
            owner if owner.kind() == polity_client::v1::OwnerKind::Member => {
                own(ObjectKind::Member, owner.number)
            }
            owner => inside(session, ObjectKind::Party, owner.number).await?,
        }
    })
}

/// The history that has the events of what a number names.
async fn numbered(session: &Session, kind: ObjectKind, number: u64) -> Result<Subject> {
    match kind {
        ObjectKind::Member
        | ObjectKind::Unit
        | ObjectKind::Role
        | ObjectKind::Proposal
        | ObjectKind::Election
        | ObjectKind::Account
        | ObjectKind::Organisation => {
            let prefix = objects::prefix_with_history(kind).unwrap_or_default();
            let found: Option<Record> = session.value(objects::object_key(prefix, number)).await?;
            match found {
                Some(_) => Ok(own(kind, number)),
                None => Err(missing(kind, number)),
            }
        }
        ObjectKind::Grant
        | ObjectKind::Assignment
        | ObjectKind::Policy
        | ObjectKind::Party
        | ObjectKind::BudgetLine
        | ObjectKind::Hold
        | ObjectKind::SodRule
        | ObjectKind::Node
        | ObjectKind::Document
        | ObjectKind::Recovery
        | ObjectKind::Objection
        | ObjectKind::SodException
        | ObjectKind::Auditor
        | ObjectKind::Asset
        | ObjectKind::Transfer
        | ObjectKind::None => inside(session, kind, number).await,
    }
}

fn missing(kind: ObjectKind, number: u64) -> Error {
    usage(format!("there is no {}", lettered(kind, number)))
}

/// The history in which the events of something stand that has none of its own.
async fn inside(session: &Session, kind: ObjectKind, number: u64) -> Result<Subject> {
    let missing = || missing(kind, number);
    let (holder, of) = match kind {
        ObjectKind::Grant => {
            let grant: Grant = session.get(number).await?.ok_or_else(missing)?;
            // A delegation is to a member: it stands in theirs.
            match grant.source {
                0 => (ObjectKind::Role, grant.role),
                _ => (ObjectKind::Member, grant.member),
            }
        }
        ObjectKind::Assignment => {
            let found: polity_client::v1::Assignment =
                session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Role, found.role)
        }
        ObjectKind::Policy => {
            let found: Policy = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::Party => {
            let found: Party = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::BudgetLine => {
            let found: BudgetLine = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::Hold => {
            let found: Hold = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Account, found.from)
        }
        ObjectKind::SodRule => {
            let found: SodRule = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::Node => {
            let found: Node = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::Document => {
            let found: Document = session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Unit, found.unit)
        }
        ObjectKind::Recovery => {
            let found: polity_client::v1::Recovery =
                session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Member, found.member)
        }
        ObjectKind::Objection => {
            let found: polity_client::v1::Objection =
                session.get(number).await?.ok_or_else(missing)?;
            (ObjectKind::Proposal, found.proposal)
        }
        ObjectKind::SodException
        | ObjectKind::Auditor
        | ObjectKind::Asset
        | ObjectKind::Transfer
        | ObjectKind::None
        | ObjectKind::Member
        | ObjectKind::Unit
        | ObjectKind::Role
        | ObjectKind::Proposal
        | ObjectKind::Election
        | ObjectKind::Account
        | ObjectKind::Organisation => {
            return Err(usage(format!(
                "{} stands in the history of its unit or account: ask for that",
                lettered(kind, number)
            )));
        }
    };
    Ok(Subject {
        kind: holder,
        number: of,
        only: Some((kind, number)),
    })
}
