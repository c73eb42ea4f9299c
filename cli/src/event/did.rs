//! What an event did, in a word: the action's name as commands write it, or what came without anybody's act.

use polity_client::ledger::actions::{self, Topic};
use polity_client::session::action;
use polity_client::v1::{
    AmendUnit, ApplyProfile, AssignRole, BasisSource, EndReason, Event, ObjectKind, action::Kind,
};

/// Whether an event is that a proposal was adopted: executed, or found to be no longer executable.
#[must_use]
pub fn is_adoption(event: &Event) -> bool {
    let basis = event.basis.unwrap_or_default();
    let is_its_own = basis.source() == BasisSource::Proposal && basis.number == event.number;
    is_its_own && event.object() == ObjectKind::Proposal
}

/// What an event did: the action's name as commands write it, or why something ended by itself.
#[must_use]
pub(super) fn did(event: &Event) -> String {
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

/// Whether somebody who signed did what the event tells; the rest came of it.
pub(super) fn is_an_act(event: &Event) -> bool {
    let basis = event.basis.unwrap_or_default();
    let is_signed = basis.member != 0 && basis.source() != BasisSource::Proposal;
    is_signed && by_itself(event).is_none()
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
pub(super) fn by_itself(event: &Event) -> Option<&'static str> {
    match (event.reason(), consequence(event)) {
        (EndReason::None, came) => came.map(Consequence::words),
        (EndReason::Term, _) => Some("ended with its term"),
        (EndReason::Role, _) => Some("ended with its role"),
        (EndReason::Unit, _) if unit_goes_on(event) => Some("ended because its unit changed"),
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

/// Whether a unit became another sort of unit or works in another way, and was not dissolved.
fn unit_goes_on(event: &Event) -> bool {
    let changes = [
        Kind::AmendUnit(AmendUnit::default()),
        Kind::ApplyProfile(ApplyProfile::default()),
    ];
    let mut tags = changes
        .map(|kind| actions::tag(&action(kind, 0)))
        .into_iter();
    tags.any(|tag| tag == event.did)
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
    use polity_client::v1::{Basis, DissolveUnit};

    use super::*;

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
    fn what_a_way_of_working_ends_did_not_end_with_its_unit() {
        let ended = |kind: Kind| Event {
            did: actions::tag(&action(kind, 0)),
            object: ObjectKind::Grant as i32,
            reason: EndReason::Unit as i32,
            ..Event::default()
        };
        let changed = ended(Kind::ApplyProfile(ApplyProfile::default()));
        assert_eq!(by_itself(&changed), Some("ended because its unit changed"));
        let dissolved = ended(Kind::DissolveUnit(DissolveUnit::default()));
        assert_eq!(by_itself(&dissolved), Some("ended with its unit"));
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
