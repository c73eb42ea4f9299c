//! A transaction while its lines are being read.

use std::collections::BTreeMap;

use polity_ledger::Amount;
use polity_ledger::check;
use polity_proto::v1::{Action, ObjectKind, OwnerRef, Ref, action::Kind};

use super::names::{Lookup, Names};
use super::text::Words;
use super::trouble::Outcome;
use crate::keys::{public, sign};
use crate::memory::{Memory, State};

/// Who signs, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signatory {
    pub(super) member: String,
    pub(super) key: String,
}

/// What a story calls something that an action creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) kind: ObjectKind,
    pub(super) action: u32,
}

/// Where the actions will happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// In the genesis of the chain with this id.
    Genesis(&'a str),
    /// On a running ledger.
    Ledger(&'a Memory),
}

/// Actions, and who signs them.
pub(super) struct Draft<'a> {
    pub(super) place: Place<'a>,
    pub(super) lookup: Lookup<'a>,
    pub(super) signatories: Vec<Signatory>,
    pub(super) actions: Vec<Action>,
    pub(super) called: Vec<Called>,
    /// What the actions of the present line have in common: who acts, as what, with whom.
    pub(super) template: Action,
    /// The member who acts in the present line; empty at the genesis.
    pub(super) actor: String,
}

impl<'a> Draft<'a> {
    /// Nothing yet.
    pub(super) fn new(place: Place<'a>, names: &'a mut Names) -> Draft<'a> {
        static EMPTY: State = State::new();
        let state = match place {
            Place::Genesis(_) => &EMPTY,
            Place::Ledger(memory) => &memory.state,
        };
        Draft {
            place,
            lookup: Lookup {
                state,
                names,
                created: BTreeMap::new(),
            },
            signatories: Vec::new(),
            actions: Vec::new(),
            called: Vec::new(),
            template: Action::default(),
            actor: String::new(),
        }
    }

    /// Block time, and the genesis time before it.
    pub(super) fn now(&self) -> u64 {
        match self.place {
            Place::Genesis(_) => 0,
            Place::Ledger(memory) => memory.time,
        }
    }

    /// Adds an action.
    pub(super) fn push(&mut self, kind: Kind) {
        self.actions.push(Action {
            kind: Some(kind),
            ..self.template.clone()
        });
    }

    /// Adds an action that creates what has a path of its own.
    pub(super) fn create(&mut self, kind: ObjectKind, path: &str, act: Kind) {
        let index = self.actions.len() as u32;
        self.lookup
            .created
            .insert((kind as i32, path.to_owned()), index);
        self.push(act);
    }

    /// Adds an action that creates what the story gives a name.
    pub(super) fn call(&mut self, kind: ObjectKind, name: &str, act: Kind) {
        self.called.push(Called {
            name: name.to_owned(),
            kind,
            action: self.actions.len() as u32,
        });
        self.create(kind, name, act);
    }

    /// Adds an action that creates something, with the name after `called` where there is one.
    pub(super) fn maybe_call(
        &mut self,
        kind: ObjectKind,
        words: &mut Words,
        act: Kind,
    ) -> Outcome<()> {
        match words.after("called")? {
            Some(name) => self.call(kind, &name, act),
            None => self.push(act),
        }
        Ok(())
    }

    /// The place of a signer; they are added where they are new.
    pub(super) fn signer(&mut self, signatory: Signatory) -> u32 {
        let known = self
            .signatories
            .iter()
            .position(|other| *other == signatory);
        let place = known.unwrap_or_else(|| {
            self.signatories.push(signatory);
            self.signatories.len() - 1
        });
        place as u32
    }

    /// A reference to what is called by the next word.
    pub(super) fn refer(&mut self, kind: ObjectKind, words: &mut Words) -> Outcome<Option<Ref>> {
        let name = words.word(&super::names::kind_name(kind))?;
        self.lookup.find(kind, &name)
    }

    /// An owner by the next word.
    pub(super) fn owner(&mut self, words: &mut Words) -> Outcome<Option<OwnerRef>> {
        let name = words.word("owner")?;
        self.lookup.owner(&name)
    }

    /// `480.00 EUR` in the wire form, and the asset's code.
    pub(super) fn amount(&self, words: &mut Words) -> Outcome<(Vec<u8>, String)> {
        let amount = words.word("amount")?;
        let code = words.word("asset")?;
        let units = self.lookup.minor_units(&amount, &code)?;
        Ok((Amount(units).to_bytes(), code))
    }

    /// The proof that a key is possessed by whom it is for; `number` is a member or, for a
    /// consensus key, a unit.
    pub(super) fn possession(&self, number: u64, key: &str, consensus: bool) -> Vec<u8> {
        let public = public(key);
        let message = match (self.place, consensus) {
            (Place::Genesis(chain_id), _) => check::founding_possession_bytes(chain_id, &public),
            (Place::Ledger(memory), false) => {
                check::possession_bytes(&memory.organisation, number, &public)
            }
            (Place::Ledger(memory), true) => {
                check::consensus_possession_bytes(&memory.organisation, number, &public)
            }
        };
        sign(key, &message)
    }
}
