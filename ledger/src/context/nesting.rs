//! A proposal's actions inside the action that decides it: on the same state, with their own actor.

use super::{Authority, Context};
use crate::Rejection;
use crate::judge::Actor;

impl<'b> Context<'_, 'b> {
    /// Runs a proposal's actions inside the present action, as `actor`: what they did stays only
    /// if all of them succeed. References by `new` count over the inner actions.
    pub(crate) fn nested<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Context<'_, 'b>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.inside(authority, actor, run, Result::is_ok)
    }

    /// As [`Context::nested`], but nothing stays: it tells what would happen.
    pub(crate) fn dry<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Context<'_, 'b>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.inside(authority, actor, run, |_| false)
    }

    /// Runs the present action itself, and takes back what it did.
    pub(crate) fn tried<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let point = self.state.savepoint();
        let events = self.events.len();
        let (basis, created, taken) = (self.basis, self.created.clone(), self.taken.clone());
        let done = run(self);
        (self.basis, self.created, self.taken) = (basis, created, taken);
        self.state.roll_back(point);
        self.events.truncate(events);
        done
    }

    /// As [`Context::tried`], by somebody else and alone.
    pub(crate) fn tried_as<T>(&mut self, actor: Actor, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.actor, actor);
        let seconds = std::mem::take(&mut self.seconds);
        let done = self.tried(run);
        (self.actor, self.seconds) = (before, seconds);
        done
    }

    fn inside<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Context<'_, 'b>) -> Result<T, Rejection>,
        stays: impl FnOnce(&Result<T, Rejection>) -> bool,
    ) -> Result<T, Rejection> {
        let point = self.state.savepoint();
        let events = self.events.len();
        let mut inner = Context {
            events: std::mem::take(&mut self.events),
            actor,
            action: self.action,
            did: self.did,
            effective_at: self.effective_at,
            basis: self.basis,
            outer: Some(self.action),
            ..Context::new(self.state, self.block, self.position, authority)
        };
        let done = run(&mut inner);
        self.events = inner.events;
        if !stays(&done) {
            self.state.roll_back(point);
            self.events.truncate(events);
        }
        done
    }
}
