//! What happened, event by event, in words and as JSON.

use polity_client::Result;
use polity_client::ledger::actions::Topic;
use polity_client::ledger::{Amount, actions};
use polity_client::session::{AsOf, Session, action, lettered};
use polity_client::v1::{
    Account, Asset, AssignRole, Basis, BasisSource, EndReason, Event, ObjectKind, Receipt,
    action::Kind,
};
use serde_json::{Value, json};

use crate::names::{self, Names};
use crate::{amount, failure, time};

/// The events of a receipt as they are told.
pub fn told(events: &[Event]) -> Vec<Event> {
    let told = events.iter().enumerate();
    told.map(|(index, event)| as_told(event, events[..index].contains(event)))
        .collect()
}

/// An event as it is told. An act that also brings its election a step further, as the last ballot does, changes it
/// twice: what its receipt repeats is the step, which is nobody's act.
pub fn as_told(event: &Event, is_repeated: bool) -> Event {
    let is_step = is_repeated && event.object() == ObjectKind::Election;
    Event {
        did: if is_step { 0 } else { event.did },
        ..event.clone()
    }
}

/// One event as JSON.
pub async fn json(session: &Session, event: &Event) -> Result<Value> {
    let basis = event.basis.unwrap_or_default();
    let mut value = json!({
        "did": did(event),
        "object": lettered(event.object(), event.number),
        "basis": basis_words(event.basis),
        "member": names::json(ObjectKind::Member, basis.member),
        "role": names::json(ObjectKind::Role, basis.role),
    });
    if let Some(posting) = &event.posting {
        let minor = Amount::from_bytes(&posting.amount).unwrap_or(Amount::ZERO);
        value["transfer"] = lettered(ObjectKind::Transfer, posting.transfer).into();
        value["from"] = lettered(ObjectKind::Account, posting.from).into();
        value["to"] = lettered(ObjectKind::Account, posting.to).into();
        value["amount"] = amount::json(minor, &asset_of(session, posting.from).await?);
    }
    if event.failed_code != 0 {
        value["failed"] = failure::rejection_name(event.failed_code).into();
    }
    if event.effective_at != 0 {
        value["effective_at"] = time::json(event.effective_at);
    }
    Ok(value)
}

/// Reads the names of what events are about, and of the accounts that they moved.
pub async fn load_names<'e>(
    names: &mut Names<'_>,
    events: impl IntoIterator<Item = &'e Event>,
) -> Result<()> {
    let events: Vec<&Event> = events.into_iter().collect();
    let about = |kind: ObjectKind| {
        let about = events.iter().filter(move |event| event.object() == kind);
        about.map(|event| event.number)
    };
    names.load_members(about(ObjectKind::Member)).await?;
    names.load_units(about(ObjectKind::Unit)).await?;
    names.load_roles(about(ObjectKind::Role)).await?;
    let postings = events.iter().filter_map(|event| event.posting.as_ref());
    let moved = postings.flat_map(|one| [one.from, one.to]);
    names
        .load_accounts(moved.chain(about(ObjectKind::Account)))
        .await
}

/// One event in a line: what was done to what. The names are those of [`load_names`].
#[must_use]
pub fn line(names: &Names<'_>, event: &Event) -> String {
    let did = did(event).replace('_', " ");
    let mut text = match &event.posting {
        None => match by_itself(event) {
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

/// What an event is about, by number and name.
fn named(names: &Names<'_>, event: &Event) -> String {
    match event.number {
        0 => lettered(event.object(), 0),
        number => names.shown(event.object(), number),
    }
}

/// The events of a receipt, one a line.
pub async fn lines(session: &Session, receipt: &Receipt) -> Result<String> {
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    let events = told(&receipt.events);
    load_names(&mut names, &events).await?;
    let actors = actors(&events);
    names.load_members(actors.iter().copied()).await?;
    let lines = events.iter().map(|event| {
        let line = line(&names, event);
        match event.basis.map(|basis| basis.member) {
            // Where several act together, who did what.
            Some(member) if actors.len() > 1 && is_an_act(event) => {
                format!("{line}, by {}", names.members(&[member]))
            }
            Some(_) | None => line,
        }
    });
    Ok(once_each(lines))
}

/// Whose acts these events tell of, each once.
fn actors(events: &[Event]) -> Vec<u64> {
    let acts = events.iter().filter(|event| is_an_act(event));
    let mut actors: Vec<u64> = acts
        .filter_map(|event| event.basis.map(|basis| basis.member))
        .collect();
    actors.sort_unstable();
    actors.dedup();
    actors
}

/// Whether somebody who signed did what the event tells; the rest came of it.
fn is_an_act(event: &Event) -> bool {
    let basis = event.basis.unwrap_or_default();
    let is_signed = basis.member != 0 && basis.source() != BasisSource::Proposal;
    is_signed && by_itself(event).is_none()
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

/// Whether an event is that a proposal was adopted: executed, or found to be no longer executable.
#[must_use]
pub fn is_adoption(event: &Event) -> bool {
    let basis = event.basis.unwrap_or_default();
    let is_its_own = basis.source() == BasisSource::Proposal && basis.number == event.number;
    is_its_own && event.object() == ObjectKind::Proposal
}

/// What an event did: the action's name as commands write it, or why something ended by itself.
#[must_use]
pub fn did(event: &Event) -> String {
    // Whoever brought it about did something else: the last answer, or its execution.
    if is_adoption(event) {
        return match event.failed_code {
            0 => "adopted".to_owned(),
            _ => "failed".to_owned(),
        };
    }
    if let Some(came) = consequence(event) {
        return came.word().to_owned();
    }
    // What ended by itself was not what the act was about.
    let act = actions::ALL.iter().find(|(tag, _, _)| *tag == event.did);
    match (event.reason(), act) {
        (EndReason::None, Some((_, name, _))) => snake(name),
        (reason, _) => ended(reason).to_owned(),
    }
}

/// What the ledger did to a proposal or an election by time, or because of an act that was about something else.
#[derive(Clone, Copy)]
enum Consequence {
    Proposed,
    Elected,
    WentOn,
}

impl Consequence {
    fn word(self) -> &'static str {
        match self {
            Consequence::Proposed => "proposed",
            Consequence::Elected => "elected",
            Consequence::WentOn => "went_on",
        }
    }

    /// As it is told behind its name.
    fn words(self) -> &'static str {
        match self {
            Consequence::Proposed => "was proposed as the result",
            Consequence::Elected => "ended: somebody is elected",
            Consequence::WentOn => "goes on",
        }
    }
}

fn consequence(event: &Event) -> Option<Consequence> {
    if event.reason() != EndReason::None || is_adoption(event) {
        return None;
    }
    let topic = actions::topic_of_tag(event.did);
    match (event.object(), topic) {
        // Nobody opened it: the ballots did.
        (ObjectKind::Proposal, Some(Topic::Electing)) => Some(Consequence::Proposed),
        (ObjectKind::Election, Some(Topic::Electing)) => None,
        (ObjectKind::Election, _) if event.did == assign_role() => Some(Consequence::Elected),
        // Time did it, or what was decided.
        (ObjectKind::Election, _) | (ObjectKind::Proposal, None) => Some(Consequence::WentOn),
        (_, _) => None,
    }
}

/// The number on the wire of the action that fills a role.
fn assign_role() -> u32 {
    actions::tag(&action(Kind::AssignRole(AssignRole::default()), 0))
}

/// What became of something without anybody's act, as it is told behind its name.
fn by_itself(event: &Event) -> Option<&'static str> {
    match (event.reason(), consequence(event)) {
        (EndReason::None, came) => came.map(Consequence::words),
        (EndReason::Term, _) => Some("ended with its term"),
        (EndReason::Role, _) => Some("ended with its role"),
        (EndReason::Unit, _) => Some("ended with its unit"),
        // A unit whose member left goes on.
        (EndReason::Member, _) if event.object() == ObjectKind::Unit => {
            Some("goes on without the member who left")
        }
        (EndReason::Member, _) => Some("ended because its member left the place"),
        (EndReason::Expired, _) => Some("expired"),
        (EndReason::Source, _) => Some("ended with what it came from"),
        (EndReason::Lapsed, _) => Some("lapsed"),
        (EndReason::Completed, _) => Some("is complete"),
    }
}

/// `OpenAccount` as `open_account`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// The asset that an account holds; of an account that is not there, one without a name.
async fn asset_of(session: &Session, account: u64) -> Result<Asset> {
    let account: Account = session.get(account).await?.unwrap_or_default();
    Ok(session
        .get::<Asset>(account.asset)
        .await?
        .unwrap_or_default())
}

fn ended(reason: EndReason) -> &'static str {
    match reason {
        EndReason::None => "changed",
        EndReason::Term => "term_ended",
        EndReason::Role => "role_ended",
        EndReason::Unit => "unit_ended",
        EndReason::Member => "member_ended",
        EndReason::Expired => "expired",
        EndReason::Source => "source_ended",
        EndReason::Lapsed => "lapsed",
        EndReason::Completed => "completed",
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
    fn an_event_is_named_like_its_action() {
        let event = Event {
            did: 183,
            object: ObjectKind::Account as i32,
            ..Event::default()
        };
        assert_eq!(did(&event), "open_account");
    }

    #[test]
    fn what_ended_by_itself_is_no_act_of_whoever_ended_its_source() {
        let revoked = Event {
            did: 133,
            object: ObjectKind::Assignment as i32,
            ..Event::default()
        };
        assert_eq!(did(&revoked), "revoke_assignment");
        let proposal = Event {
            object: ObjectKind::Proposal as i32,
            reason: EndReason::Source as i32,
            ..revoked
        };
        assert_eq!(did(&proposal), "source_ended");
    }

    #[test]
    fn what_ballots_bring_about_is_no_act_of_the_last_voter() {
        let revealed = |object: ObjectKind, did| Event {
            did,
            object: object as i32,
            basis: Some(Basis {
                member: 3,
                ..Basis::default()
            }),
            ..Event::default()
        };
        let proposed = revealed(ObjectKind::Proposal, 172);
        assert_eq!(did(&proposed), "proposed");
        assert!(!is_an_act(&proposed));
        let closed = revealed(ObjectKind::Election, assign_role());
        assert_eq!(did(&closed), "elected");
        let ballot = revealed(ObjectKind::Election, 172);
        assert_eq!(did(&ballot), "reveal_ballot");
        assert!(is_an_act(&ballot));
    }

    #[test]
    fn the_step_that_follows_the_last_ballot_is_no_second_ballot() {
        let ballot = Event {
            did: 171,
            object: ObjectKind::Election as i32,
            number: 1,
            ..Event::default()
        };
        let told = told(&[ballot.clone(), ballot]);
        let did: Vec<String> = told.iter().map(did).collect();
        assert_eq!(did, ["commit_ballot", "went_on"]);
    }

    #[test]
    fn those_who_act_together_are_counted_once() {
        let by = |member| Event {
            did: 163,
            object: ObjectKind::Proposal as i32,
            number: 15,
            basis: Some(Basis {
                member,
                ..Basis::default()
            }),
            ..Event::default()
        };
        assert_eq!(actors(&[by(3), by(5), by(3)]), [3, 5]);
    }

    #[test]
    fn an_adoption_is_no_act_of_whoever_answered_last() {
        let adopted = Event {
            did: 183,
            object: ObjectKind::Proposal as i32,
            number: 7,
            basis: Some(Basis {
                source: BasisSource::Proposal as i32,
                number: 7,
                ..Basis::default()
            }),
            ..Event::default()
        };
        assert_eq!(did(&adopted), "adopted");
        let failed = Event {
            failed_code: 303,
            ..adopted.clone()
        };
        assert_eq!(did(&failed), "failed");
        // What another proposal does to one is its own act.
        let other = Event {
            number: 8,
            ..adopted
        };
        assert_eq!(did(&other), "open_account");
    }
}
