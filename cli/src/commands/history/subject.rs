//! Whose history has the events of what somebody names.

use polity_client::ledger::state::{Object, keys, objects};
use polity_client::session::{Session, is_code_only, lettered, object};
use polity_client::v1::{
    Account, Asset, Assignment, BudgetLine, Document, Grant, Hold, Index, Node, ObjectKind,
    Objection, OwnerKind, Party, Policy, Record, Recovery, SodRule,
};
use polity_client::{Error, ErrorKind, Result};

use crate::failure::usage;

/// Whose history holds an object's events, and which object's events are meant.
pub(super) struct Subject {
    pub(super) kind: ObjectKind,
    pub(super) number: u64,
    pub(super) only: Option<(ObjectKind, u64)>,
}

/// Where else something happened to it: what moves no value stands with an account's owner, and what was made of an asset
/// with the account that it came from.
pub(super) async fn elsewhere(session: &Session, subject: &Subject) -> Result<String> {
    if let Some((ObjectKind::Asset, number)) = subject.only {
        let code = session.get::<Asset>(number).await?.unwrap_or_default().code;
        return Ok(format!(
            "\nwhat was issued of it and retired stands in another: polity history {code}:issuance"
        ));
    }
    if subject.kind != ObjectKind::Account {
        return Ok(String::new());
    }
    let account: Account = session.get(subject.number).await?.unwrap_or_default();
    let holders = session.holders(&account).await?;
    let holders: Vec<String> = holders
        .into_iter()
        .map(|(kind, number)| lettered(kind, number))
        .collect();
    Ok(format!(
        "\nits opening, a freeze, its credit and its closing stand in another: polity history {}",
        holders.join(", and later ones in that of ")
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
pub(super) async fn subject(session: &Session, text: &str) -> Result<Subject> {
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
    } else if is_code_only(text) {
        inside(session, ObjectKind::Asset, session.asset(text).await?).await?
    } else {
        match session.owner(text).await? {
            owner if owner.kind() == OwnerKind::Unit => own(ObjectKind::Unit, owner.number),
            owner if owner.kind() == OwnerKind::Member => own(ObjectKind::Member, owner.number),
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

/// The history that holds the events of something that has none of its own.
async fn inside(session: &Session, kind: ObjectKind, number: u64) -> Result<Subject> {
    let asked = (session, kind, number);
    let (holder, of) = match kind {
        // A delegation is to a member: it stands in theirs.
        ObjectKind::Grant => {
            holder(asked, |found: Grant| match found.source {
                0 => (ObjectKind::Role, found.role),
                _ => (ObjectKind::Member, found.member),
            })
            .await
        }
        ObjectKind::Assignment => {
            holder(asked, |found: Assignment| (ObjectKind::Role, found.role)).await
        }
        ObjectKind::Policy => holder(asked, |found: Policy| (ObjectKind::Unit, found.unit)).await,
        ObjectKind::Party => holder(asked, |found: Party| (ObjectKind::Unit, found.unit)).await,
        ObjectKind::BudgetLine => {
            holder(asked, |found: BudgetLine| (ObjectKind::Unit, found.unit)).await
        }
        ObjectKind::Asset => holder(asked, |found: Asset| (ObjectKind::Unit, found.unit)).await,
        ObjectKind::Hold => holder(asked, |found: Hold| (ObjectKind::Account, found.from)).await,
        ObjectKind::SodRule => holder(asked, |found: SodRule| (ObjectKind::Unit, found.unit)).await,
        ObjectKind::Node => holder(asked, |found: Node| (ObjectKind::Unit, found.unit)).await,
        ObjectKind::Document => {
            holder(asked, |found: Document| (ObjectKind::Unit, found.unit)).await
        }
        ObjectKind::Recovery => {
            holder(asked, |found: Recovery| (ObjectKind::Member, found.member)).await
        }
        ObjectKind::Objection => {
            holder(asked, |found: Objection| {
                (ObjectKind::Proposal, found.proposal)
            })
            .await
        }
        ObjectKind::Transfer => Err(usage(format!(
            "{transfer} is one entry of the accounts that it moved: polity transfer show {transfer}",
            transfer = lettered(kind, number)
        ))),
        ObjectKind::SodException
        | ObjectKind::Auditor
        | ObjectKind::None
        | ObjectKind::Member
        | ObjectKind::Unit
        | ObjectKind::Role
        | ObjectKind::Proposal
        | ObjectKind::Election
        | ObjectKind::Account
        | ObjectKind::Organisation => Err(usage(format!(
            "{} stands in the history of its unit or account: ask for that",
            lettered(kind, number)
        ))),
    }?;
    Ok(Subject {
        kind: holder,
        number: of,
        only: Some((kind, number)),
    })
}

/// What holds the events of an object, as the object itself names it.
async fn holder<T: Object>(
    (session, kind, number): (&Session, ObjectKind, u64),
    named: fn(T) -> (ObjectKind, u64),
) -> Result<(ObjectKind, u64)> {
    let found = session.get::<T>(number).await?;
    found.map(named).ok_or_else(|| missing(kind, number))
}
