//! A proposal's actions inside the action that decides it: on the same state, with their own actor.

use std::collections::BTreeMap;

use polity_proto::v1::{Basis, ObjectKind};

use super::{Authority, Context};
use crate::judge::Actor;
use crate::{Amount, Rejection};

/// What a run was about before a proposal's actions ran inside it.
struct Before {
    authority: Authority,
    signers: Vec<u64>,
    signer_keys: Vec<Vec<u8>>,
    actor: Actor,
    seconds: Vec<Actor>,
    action: u32,
    did: u32,
    effective_at: u64,
    basis: Basis,
    created: Vec<Option<(ObjectKind, u64)>>,
    taken: BTreeMap<u64, Amount>,
    outer: Option<u32>,
}

impl Context<'_, '_> {
    /// Runs a proposal's actions inside the present action, as `actor`: what they did stays only
    /// if all of them succeed. References by `new` count over the inner actions.
    pub(crate) fn nested<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.inside(authority, actor, run, |done| done.is_ok())
    }

    /// As [`Context::nested`], but nothing stays: it tells what would happen.
    pub(crate) fn dry<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
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
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
        stays: impl FnOnce(&Result<T, Rejection>) -> bool,
    ) -> Result<T, Rejection> {
        let point = self.state.savepoint();
        let events = self.events.len();
        let before = Before {
            authority: std::mem::replace(&mut self.authority, authority),
            signers: std::mem::take(&mut self.signers),
            signer_keys: std::mem::take(&mut self.signer_keys),
            actor: std::mem::replace(&mut self.actor, actor),
            seconds: std::mem::take(&mut self.seconds),
            action: self.action,
            did: self.did,
            effective_at: self.effective_at,
            basis: self.basis,
            created: std::mem::take(&mut self.created),
            taken: std::mem::take(&mut self.taken),
            outer: self.outer.replace(self.action),
        };
        let done = run(self);
        self.authority = before.authority;
        self.signers = before.signers;
        self.signer_keys = before.signer_keys;
        self.actor = before.actor;
        self.seconds = before.seconds;
        self.action = before.action;
        self.did = before.did;
        self.effective_at = before.effective_at;
        self.basis = before.basis;
        self.created = before.created;
        self.taken = before.taken;
        self.outer = before.outer;
        if !stays(&done) {
            self.state.roll_back(point);
            self.events.truncate(events);
        }
        done
    }
}
