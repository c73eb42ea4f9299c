//! What happened, event by event, in words and as JSON.

mod did;
mod told;

use polity_client::Result;
use polity_client::ledger::Amount;
use polity_client::session::{AsOf, Session, lettered};
use polity_client::v1::{Basis, BasisSource, Body, Event, ObjectKind, Receipt};
use serde_json::{Value, json};

use crate::names::{self, Names};
use crate::{amount, failure, time};

pub use did::is_adoption;
pub use told::{Told, told};

/// One event as JSON. The names are those of [`load_names`].
#[must_use]
pub fn json(names: &Names<'_>, told: &Told) -> Value {
    let event = &told.event;
    let beside = told.beside.iter();
    let (beside, roles): (Vec<Value>, Vec<Value>) = beside
        .map(|(member, role)| {
            let role = names::json(ObjectKind::Role, *role);
            (names::json(ObjectKind::Member, *member), role)
        })
        .unzip();
    let mut value = json!({
        "did": told.did(),
        "object": object_named(names, event),
        "basis": basis_words(event.basis),
        "member": names::json(ObjectKind::Member, told.actor.0),
        "with": beside,
        "with_roles": roles,
        "role": names::json(ObjectKind::Role, told.actor.1),
    });
    if let Some(posting) = &event.posting {
        let minor = Amount::from_bytes(&posting.amount).unwrap_or(Amount::ZERO);
        value["transfer"] = lettered(ObjectKind::Transfer, posting.transfer).into();
        value["from"] = lettered(ObjectKind::Account, posting.from).into();
        value["to"] = lettered(ObjectKind::Account, posting.to).into();
        value["amount"] = amount::json(minor, &names.asset_of(posting.from));
    }
    if let Some(transfer) = told.corrects {
        value["corrects"] = lettered(ObjectKind::Transfer, transfer).into();
    }
    if event.object() == ObjectKind::Assignment {
        let (holder, role) = names.held_by(event.number);
        value["holder"] = names::json(ObjectKind::Member, holder);
        value["held_role"] = names::json(ObjectKind::Role, role);
    }
    if event.failed_code != 0 {
        value["failed"] = failure::rejection_name(event.failed_code).into();
    }
    if event.effective_at != 0 {
        value["effective_at"] = time::json(event.effective_at);
    }
    value
}

/// Reads the names of what events are about, of who did it in which roles, and of the accounts that they moved.
pub async fn load_names(names: &mut Names<'_>, told: &[Told]) -> Result<()> {
    names
        .load_members(told.iter().flat_map(Told::people))
        .await?;
    let events: Vec<&Event> = told.iter().map(|one| &one.event).collect();
    let about = |kind: ObjectKind| {
        let about = events.iter().filter(move |event| event.object() == kind);
        about.map(|event| event.number)
    };
    names.load_members(about(ObjectKind::Member)).await?;
    names.load_units(about(ObjectKind::Unit)).await?;
    names.load_assets(about(ObjectKind::Asset)).await?;
    names
        .load_assignments(about(ObjectKind::Assignment))
        .await?;
    let roles = told.iter().flat_map(Told::roles);
    names
        .load_roles(roles.chain(about(ObjectKind::Role)))
        .await?;
    let postings = events.iter().filter_map(|event| event.posting.as_ref());
    let moved = postings.flat_map(|one| [one.from, one.to]);
    names
        .load_accounts(moved.chain(about(ObjectKind::Account)))
        .await
}

/// One event in a line: what was done to what. The names are those of [`load_names`].
#[must_use]
pub fn line(names: &Names<'_>, told: &Told) -> String {
    let event = &told.event;
    let did = told.did().replace('_', " ");
    let mut text = match &event.posting {
        None => match did::by_itself(event) {
            Some(words) => format!("{} {words}", named(names, event)),
            None => format!("{did} {}", named(names, event)),
        },
        Some(posting) => {
            let minor = Amount::from_bytes(&posting.amount).unwrap_or(Amount::ZERO);
            format!(
                "{did} {}: {} from {} to {}",
                lettered(ObjectKind::Transfer, posting.transfer),
                amount::shown(minor, &names.asset_of(posting.from)),
                names.shown(ObjectKind::Account, posting.from),
                names.shown(ObjectKind::Account, posting.to)
            )
        }
    };
    if let Some(transfer) = told.corrects {
        let transfer = lettered(ObjectKind::Transfer, transfer);
        text.push_str(&format!(", which corrects {transfer}"));
    }
    if event.effective_at != 0 {
        text.push_str(&format!(
            ", a record of {}",
            time::shown(event.effective_at)
        ));
    }
    if event.failed_code != 0 {
        let why = failure::rejection_name(event.failed_code);
        text.push_str(&format!(" (not executed: {} {why})", event.failed_code));
    }
    text
}

/// What an event is about, for scripts: its number with its letter, and of an asset its code.
fn object_named(names: &Names<'_>, event: &Event) -> String {
    match event.object() {
        ObjectKind::Asset => names.asset(event.number).code,
        kind => lettered(kind, event.number),
    }
}

/// What an event is about, by number and name.
fn named(names: &Names<'_>, event: &Event) -> String {
    match event.number {
        0 => lettered(event.object(), 0),
        number => names.shown(event.object(), number),
    }
}

/// The events of a receipt, one a line; `body` is that of its transaction.
pub async fn lines(session: &Session, receipt: &Receipt, body: &Body) -> Result<String> {
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    let events = told(session, receipt, body).await?;
    load_names(&mut names, &events).await?;
    let actors = actors(&events);
    let lines = events.iter().map(|one| {
        let line = line(&names, one);
        // Where several act together, who did what.
        if actors.len() > 1 && did::is_an_act(&one.event) {
            format!("{line}, by {}", names.members(&one.people()))
        } else {
            line
        }
    });
    Ok(once_each(lines))
}

/// The events of a receipt, one a line, each with the authority by which it happened.
pub async fn lines_with_authority(
    session: &Session,
    receipt: &Receipt,
    body: &Body,
) -> Result<String> {
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    let events = told(session, receipt, body).await?;
    load_names(&mut names, &events).await?;
    let lines = events.iter().map(|one| {
        let line = line(&names, one);
        let people = in_roles(&names, one);
        match authority(one.event.basis, &people) {
            None => line,
            Some(authority) => format!("{line}, {authority}"),
        }
    });
    Ok(once_each(lines))
}

/// Who acted, and who signed beside them, each in which role where the basis does not tell it.
fn in_roles(names: &Names<'_>, told: &Told) -> String {
    let basis = told.event.basis.unwrap_or_default();
    let people = told.signed().filter(|(member, _)| *member != 0);
    let people = people.map(|(member, role)| {
        let shown = names.shown(ObjectKind::Member, member);
        match role {
            0 => shown,
            _ if member == told.actor.0 && member == basis.member => shown,
            role => format!("{shown} as {}", names.shown(ObjectKind::Role, role)),
        }
    });
    people.collect::<Vec<_>>().join(", ")
}

/// By whom something happened, and by which authority.
fn authority(basis: Option<Basis>, people: &str) -> Option<String> {
    let words = basis_words(basis);
    Some(match basis.unwrap_or_default().source() {
        BasisSource::None => return None,
        BasisSource::Genesis => "by the founding".to_owned(),
        BasisSource::Own => format!("by {people} in their own right"),
        BasisSource::Grant | BasisSource::Policy => format!("by {people} under {words}"),
        BasisSource::Proposal => format!("by {words}"),
        BasisSource::Timer => "because its time came".to_owned(),
    })
}

/// Whose acts these events tell of, each once.
fn actors(told: &[Told]) -> Vec<u64> {
    let acts = told.iter().filter(|one| did::is_an_act(&one.event));
    let mut actors: Vec<u64> = acts.flat_map(Told::people).collect();
    actors.sort_unstable();
    actors.dedup();
    actors
}

/// Lines that say something new. An act that also brings its proposal a step further, as the last
/// answer does, changes it twice: people need not read it twice.
fn once_each(lines: impl Iterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for line in lines {
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told.iter().map(|line| format!("  {line}\n")).collect()
}

/// By which authority something happened: `grant g41`, `own`.
#[must_use]
pub fn basis_words(basis: Option<Basis>) -> String {
    let basis = basis.unwrap_or_default();
    match basis.source() {
        BasisSource::None => String::new(),
        BasisSource::Genesis => "genesis".to_owned(),
        BasisSource::Own => "own".to_owned(),
        BasisSource::Grant => format!("grant {}", lettered(ObjectKind::Grant, basis.number)),
        BasisSource::Policy => format!("policy {}", lettered(ObjectKind::Policy, basis.number)),
        BasisSource::Proposal => {
            format!("proposal {}", lettered(ObjectKind::Proposal, basis.number))
        }
        BasisSource::Timer => "timer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_once() {
        let lines = ["respond p1", "respond p1", "open account a2"];
        let told = once_each(lines.into_iter().map(str::to_owned));
        assert_eq!(told, "  respond p1\n  open account a2\n");
    }

    #[test]
    fn those_who_act_together_are_counted_once() {
        let by = |member, beside: &[u64]| {
            let event = Event {
                did: 163,
                object: ObjectKind::Proposal as i32,
                number: 15,
                basis: Some(Basis {
                    member,
                    ..Basis::default()
                }),
                ..Event::default()
            };
            Told::for_test(event, beside)
        };
        assert_eq!(actors(&[by(3, &[]), by(5, &[4]), by(3, &[])]), [3, 4, 5]);
    }

    #[test]
    fn the_authority_is_told_with_those_who_signed() {
        let by = |source: BasisSource| {
            let basis = Basis {
                source: source as i32,
                number: 4,
                ..Basis::default()
            };
            authority(Some(basis), "m8 hal, m7 ivy")
        };
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(
            by(BasisSource::Own),
            told("by m8 hal, m7 ivy in their own right")
        );
        assert_eq!(
            by(BasisSource::Grant),
            told("by m8 hal, m7 ivy under grant g4")
        );
        assert_eq!(by(BasisSource::Proposal), told("by proposal p4"));
        assert_eq!(by(BasisSource::None), None);
    }
}
