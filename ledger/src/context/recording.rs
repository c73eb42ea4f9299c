//! Events: what is told of what was done, and the histories that it enters.

use polity_proto::v1::{EndReason, Event, ObjectKind, Posting};

use super::Context;
use crate::state::history::{self, Place};

impl Context<'_, '_> {
    /// Records what the present action did to an object; each of `histories` gets an entry.
    pub fn event(&mut self, object: ObjectKind, number: u64, histories: &[(ObjectKind, u64)]) {
        let event = self.new_event(object, number);
        self.push(event, histories);
    }

    /// Records that something ended: by itself, for a reason, or because the present action is about the ending
    /// (`EndReason::None`).
    pub fn ended(
        &mut self,
        object: ObjectKind,
        number: u64,
        reason: EndReason,
        histories: &[(ObjectKind, u64)],
    ) {
        let event = Event {
            reason: reason as i32,
            ..self.new_event(object, number)
        };
        self.push(event, histories);
    }

    /// Records value that moved.
    pub fn posted(&mut self, object: ObjectKind, number: u64, posting: Posting) {
        let histories = [
            (ObjectKind::Account, posting.from),
            (ObjectKind::Account, posting.to),
        ];
        let event = Event {
            posting: Some(posting),
            ..self.new_event(object, number)
        };
        self.push(event, &histories);
    }

    /// The event of the present action about an object.
    pub fn new_event(&self, object: ObjectKind, number: u64) -> Event {
        Event {
            action: self.outer.unwrap_or(self.action),
            did: self.did,
            object: object as i32,
            number,
            basis: Some(self.basis),
            effective_at: self.effective_at,
            ..Event::default()
        }
    }

    /// Records an event; each of `histories` gets an entry that points to it.
    pub fn push(&mut self, event: Event, histories: &[(ObjectKind, u64)]) {
        let place = Place {
            height: self.block.height,
            position: self.position,
            event: self.events.len() as u32,
        };
        self.events.push(event);
        for (index, (kind, number)) in histories.iter().enumerate() {
            if !histories[..index].contains(&(*kind, *number)) {
                history::append(self.state, *kind, *number, place);
            }
        }
    }
}
