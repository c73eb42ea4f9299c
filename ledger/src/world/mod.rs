//! A small organisation for tests: founded by a real genesis, driven by real signed transactions.
//!
//! Handles as people write them: member `finn`, unit `dev` (below the root) or `acme`, deeper ones
//! `dev/api`, role `dev#lead`, account `dev:main` or `finn:main`, asset `EUR`.

mod charter;
mod counted;
mod decided;
mod deed;
mod golden;
mod lookup;
mod people;
mod rules;
mod structure;
mod treasury;
mod trials;

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use polity_proto::v1::{Body, Envelope, Receipt, Signer, action::Kind};
use prost::Message;
use sha2::{Digest, Sha256};

pub(crate) use charter::{Charter, euros};
pub(crate) use counted::counted;
pub(crate) use deed::{Deed, by};
pub(crate) use people::{all_capabilities, ended};
pub(crate) use rules::{
    able, alone, announce, approve, by_departments, consent, created, joined, monthly,
    role_holders, tier, vote,
};
pub(crate) use treasury::{post, void};

use crate::block::{self, Header};
use crate::genesis::{self, Founding};
use crate::invariants::{self, Step};
use crate::judge::Now;
use crate::state::history::Appending;
use crate::state::keys::PUT_ONCE;
pub(crate) use crate::time::{DAY, HOUR};
use crate::{Rejection, check};

/// Chain id of the world.
pub(crate) const CHAIN_ID: &str = "acme-test";
/// Genesis time: 2026-01-05 00:00 UTC.
pub(crate) const START: u64 = 1_767_571_200;

/// A running organisation.
#[derive(Clone)]
pub(crate) struct World {
    /// The committed state.
    pub(crate) state: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The organisation digest.
    pub(crate) organisation: [u8; 32],
    /// Height of the newest block.
    pub(crate) height: u64,
    /// Time of the newest block.
    pub(crate) time: u64,
    /// What the timers of the newest block did.
    pub(crate) timers: Vec<Receipt>,
    salt: u64,
    /// Something was written past the rules: their invariants need not hold.
    is_past_the_rules: bool,
}

impl World {
    /// The organisation of [`Charter::acme`].
    pub(crate) fn new() -> World {
        World::founded(&Charter::acme())
    }

    /// An organisation by a charter of one's own.
    pub(crate) fn founded(charter: &Charter) -> World {
        World::try_founded(charter).expect("the charter founds an organisation")
    }

    /// An organisation, or why the charter founds none.
    pub(crate) fn try_founded(charter: &Charter) -> Result<World, genesis::FoundingError> {
        let app_state = charter.genesis().encode_to_vec();
        let founding = Founding {
            chain_id: CHAIN_ID,
            time: START,
            initial_height: 1,
            app_state: &app_state,
        };
        let founded = genesis::found(&founding)?;
        let state = founded
            .changes
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .collect();
        Ok(World {
            state,
            organisation: genesis::organisation_digest(&founding),
            height: 0,
            time: START,
            timers: Vec::new(),
            salt: 0,
            is_past_the_rules: false,
        })
    }

    /// One action of one member, in a block of its own.
    pub(crate) fn run(
        &mut self,
        actor: &str,
        role: Option<&str>,
        kind: Kind,
    ) -> Result<Receipt, Rejection> {
        let deed = match role {
            Some(role) => by(actor).acting_as(role),
            None => by(actor),
        };
        self.submit(&[deed.does(kind)])
    }

    /// Runs one action and compares: `accepted`, or `rejected NAME`.
    #[track_caller]
    pub(crate) fn check(&mut self, actor: &str, role: Option<&str>, kind: Kind, expected: &str) {
        let outcome = verdict(&self.run(actor, role, kind.clone()));
        assert_eq!(outcome, expected, "{actor} as {role:?}: {kind:?}");
    }

    /// Runs one deed and compares: `accepted`, or `rejected NAME`.
    #[track_caller]
    pub(crate) fn check_deed(&mut self, deed: Deed, expected: &str) {
        let outcome = verdict(&self.submit(std::slice::from_ref(&deed)));
        assert_eq!(outcome, expected, "{deed:?}");
    }

    /// One transaction with several deeds, in a block of its own a second later.
    pub(crate) fn submit(&mut self, deeds: &[Deed]) -> Result<Receipt, Rejection> {
        let bytes = self.envelope(deeds);
        let checked = check::check(&bytes, &self.organisation)?;
        let receipts = self.block(1, 1, &[Ok(&checked)]);
        match Rejection::from_code(receipts[0].code) {
            None => Ok(receipts[0].clone()),
            Some(rejection) => Err(rejection),
        }
    }

    /// Time passes, with idle blocks in between; then the timers run. What they did is returned.
    pub(crate) fn advance(&mut self, seconds: u64) -> Vec<Receipt> {
        self.block(seconds, 1, &[]);
        self.timers.clone()
    }

    /// Time passes without a block: an outage. What the timers did afterwards is returned.
    pub(crate) fn outage(&mut self, seconds: u64) -> Vec<Receipt> {
        self.block(seconds, seconds, &[]);
        self.timers.clone()
    }

    /// Executes a block `seconds` later, whose parent was `gap` seconds before it.
    fn block(
        &mut self,
        seconds: u64,
        gap: u64,
        transactions: &[Result<&check::CheckedTransaction, Rejection>],
    ) -> Vec<Receipt> {
        self.height += 1;
        self.time += seconds;
        let header = Header {
            height: self.height,
            time: self.time,
            parent_time: Some(self.time - gap),
        };
        let transactions = transactions.iter().copied();
        let outcome = block::execute_block(
            &self.state,
            &self.organisation,
            header,
            &[],
            transactions,
            Appending::run_all,
        );
        // A block in which nothing happened has no step to check.
        let happened = !outcome.receipts.is_empty() || !outcome.timer_receipts.is_empty();
        let before = happened.then(|| self.state.clone());
        for (key, value) in outcome.changes {
            let (is_put_once, is_put) = (PUT_ONCE.contains(&key[0]), value.is_some());
            let before = match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
            // Nobody looks: it is put where nothing stands, and deleted where it stands.
            assert!(!is_put_once || is_put == before.is_none());
        }
        if !self.is_past_the_rules {
            self.check_invariants();
        }
        if let Some(before) = before.filter(|_| !self.is_past_the_rules) {
            let step = Step {
                before: &before,
                after: &self.state,
                now: self.now(),
                receipts: &outcome.receipts,
                timer_receipts: &outcome.timer_receipts,
            };
            invariants::check_step(&step).expect("the invariants hold over the block");
        }
        self.timers = outcome.timer_receipts;
        outcome.receipts
    }

    /// Checks every invariant of the ledger on the committed state.
    #[track_caller]
    pub(crate) fn check_invariants(&self) {
        invariants::check(&self.state, self.now()).expect("the invariants hold");
    }

    fn now(&self) -> Now {
        Now {
            time: self.time,
            paused: 0,
        }
    }

    /// The signed bytes of a transaction.
    pub(crate) fn envelope(&mut self, deeds: &[Deed]) -> Vec<u8> {
        let mut signers: Vec<(String, String)> = Vec::new();
        let actions = deeds
            .iter()
            .map(|deed| deed.action(self, &mut signers))
            .collect();
        self.salt += 1;
        let body = Body {
            version: check::VERSION,
            organisation: self.organisation.to_vec(),
            valid_until: self.time + 600,
            salt: u128::from(self.salt).to_be_bytes().to_vec(),
            signers: signers
                .iter()
                .map(|(member, key)| Signer {
                    member: self.member_number(member),
                    key: public(key),
                })
                .collect(),
            actions,
        }
        .encode_to_vec();
        let message = check::signing_bytes(&self.organisation, &body);
        let signatures = signers
            .iter()
            .map(|(_, name)| key(name).sign(&message).to_bytes().to_vec())
            .collect();
        Envelope { body, signatures }.encode_to_vec()
    }

    /// The proof that the key called `name` gives to be enrolled for `member`.
    pub(crate) fn possession(&self, member: &str, name: &str) -> Vec<u8> {
        let number = self.member_number(member);
        let message = check::possession_bytes(&self.organisation, number, &public(name));
        key(name).sign(&message).to_bytes().to_vec()
    }

    /// The proof that the consensus key called `name` gives to validate for `unit`.
    pub(crate) fn consensus_possession(&self, unit: &str, name: &str) -> Vec<u8> {
        let number = self.unit(unit).number;
        let message = check::consensus_possession_bytes(&self.organisation, number, &public(name));
        key(name).sign(&message).to_bytes().to_vec()
    }
}

/// How an outcome is written in tests.
pub(crate) fn verdict(outcome: &Result<Receipt, Rejection>) -> String {
    match outcome {
        Ok(_) => "accepted".into(),
        Err(rejection) => format!("rejected {}", rejection.name()),
    }
}

/// The key of a name: the same in every run. A member's first key has the member's own name.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

/// The public key of a name.
pub(crate) fn public(name: &str) -> Vec<u8> {
    key(name).verifying_key().to_bytes().to_vec()
}

/// The hash of the world's constitution.
pub(crate) fn constitution() -> Vec<u8> {
    Sha256::digest("we decide together").to_vec()
}

/// The proof that a key gives in a genesis.
fn founding_possession(name: &str) -> Vec<u8> {
    let message = check::founding_possession_bytes(CHAIN_ID, &public(name));
    key(name).sign(&message).to_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charter_founds_an_organisation_whose_members_hold_their_roles() {
        let world = World::new();
        for (member, role) in [
            ("ada", "acme#lead"),
            ("ben", "dev#lead"),
            ("hal", "ops#engineer"),
        ] {
            assert!(world.holds(member, role), "{member} {role}");
        }
        assert!(!world.holds("finn", "dev#lead"));
        assert_eq!(world.balance("acme:main"), 100_000_000);
    }
}
