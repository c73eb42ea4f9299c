//! Actions as a decided proposal executes them: authority was judged before.

use polity_proto::v1::{Action, Basis, BasisSource, Event, action::Kind};

use super::World;
use crate::context::{Authority, Block, Context};
use crate::judge::{Actor, Now};
use crate::state::Overlay;
use crate::{Rejection, actions};

impl World {
    /// Executes actions of one proposal by `actor`, a second later; all or none.
    pub(crate) fn decided(&mut self, actor: &str, kinds: &[Kind]) -> Result<Vec<Event>, Rejection> {
        self.height += 1;
        self.time += 1;
        let block = Block {
            height: self.height,
            now: Now {
                time: self.time,
                paused: 0,
            },
        };
        let member = self.member_number(actor);
        let mut overlay = Overlay::new(&self.state);
        let mut context = Context::new(&mut overlay, block, 0, Authority::Proposal(1));
        context.actor = Actor { member, role: 0 };
        context.basis = Basis {
            source: BasisSource::Proposal as i32,
            member,
            number: 1,
            ..Basis::default()
        };
        for (index, kind) in kinds.iter().enumerate() {
            let action = Action {
                kind: Some(kind.clone()),
                ..Action::default()
            };
            actions::check_form(&action, 1)?;
            actions::run(&mut context, index as u32, &action)?;
        }
        let events = std::mem::take(&mut context.events);
        for (key, value) in overlay.into_changes() {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
        Ok(events)
    }

    /// Executes one action of a decided proposal and compares: `accepted`, or `rejected NAME`.
    #[track_caller]
    pub(crate) fn check_decided(&mut self, actor: &str, kind: Kind, expected: &str) {
        let outcome = match self.decided(actor, std::slice::from_ref(&kind)) {
            Ok(_) => "accepted".into(),
            Err(rejection) => format!("rejected {}", rejection.name()),
        };
        assert_eq!(outcome, expected, "decided for {actor}: {kind:?}");
    }
}
