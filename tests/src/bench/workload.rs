//! Transfers between members' accounts, signed before any clock runs.

use std::thread;

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::{Amount, check, form};
use polity_proto::v1::{Action, Body, Envelope, Signer, Transfer, TransferKind, action::Kind};
use prost::Message;

use crate::charter;

/// Members who pay each other: as many as a large organisation has, so that few signatures of a block share a key.
pub(super) const MEMBERS: usize = 1_000;

/// What all transfers of a run have in common.
#[derive(Clone, Debug)]
pub(super) struct Payments {
    /// The organisation's digest.
    pub(super) organisation: [u8; 32],
    /// Departments of the charter: their leads and accounts come before the members'.
    pub(super) departments: usize,
    /// Unix seconds until which they are valid.
    pub(super) valid_until: u64,
    /// Transfers of one cent in each transaction; all of them are paid by its signer.
    pub(super) transfers: usize,
    /// Of a hundred transfers so many go to one account, the first member's.
    pub(super) hot_percent: usize,
}

impl Payments {
    /// Signed transactions, the same for the same numbers; no number gives the same transaction as another.
    pub(super) fn sign(&self, numbers: std::ops::Range<u64>) -> Vec<Bytes> {
        let keys: Vec<SigningKey> = (0..MEMBERS).map(charter::member_key).collect();
        let numbers: Vec<u64> = numbers.collect();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = numbers.len().div_ceil(cores).max(1);
        thread::scope(|scope| {
            let parts: Vec<_> = numbers
                .chunks(share)
                .map(|part| {
                    scope.spawn(|| {
                        part.iter()
                            .map(|number| self.one(*number, &keys))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let parts = parts
                .into_iter()
                .map(|part| part.join().expect("signing does not panic"));
            parts.flatten().collect()
        })
    }

    fn one(&self, number: u64, keys: &[SigningKey]) -> Bytes {
        let mut chance = scattered(number);
        let payer = draw(&mut chance, MEMBERS);
        let actions = (0..self.transfers).map(|_| {
            let is_hot = payer != 0 && draw(&mut chance, 100) < self.hot_percent;
            let payee = if is_hot {
                0
            } else {
                (payer + 1 + draw(&mut chance, MEMBERS - 1)) % MEMBERS
            };
            self.transfer(payer, payee)
        });
        let member = charter::member_number(self.departments, payer);
        self.sign_as(number, member, &keys[payer], actions.collect())
    }

    /// A transaction of one signer.
    pub(super) fn sign_as(
        &self,
        number: u64,
        member: u64,
        key: &SigningKey,
        actions: Vec<Action>,
    ) -> Bytes {
        let body = Body {
            version: check::VERSION,
            organisation: self.organisation.to_vec(),
            valid_until: self.valid_until,
            salt: u128::from(number).to_be_bytes().to_vec(),
            signers: vec![Signer {
                member,
                key: key.verifying_key().to_bytes().to_vec(),
            }],
            actions,
        }
        .encode_to_vec();
        let signature = key.sign(&check::signing_bytes(&self.organisation, &body));
        let signatures = vec![signature.to_bytes().to_vec()];
        Envelope { body, signatures }.encode_to_vec().into()
    }

    pub(super) fn transfer(&self, payer: usize, payee: usize) -> Action {
        Action {
            kind: Some(Kind::Transfer(self.cent(payer, payee))),
            ..Action::default()
        }
    }

    /// One cent from a member to another.
    pub(super) fn cent(&self, payer: usize, payee: usize) -> Transfer {
        Transfer {
            from: form::numbered(charter::member_account(self.departments, payer)),
            to: form::numbered(charter::member_account(self.departments, payee)),
            amount: Amount(1).to_bytes(),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        }
    }
}

/// A number that looks random (the finalizer of SplitMix64).
pub(super) fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The next draw of one of `count`.
fn draw(chance: &mut u64, count: usize) -> usize {
    *chance = scattered(*chance);
    (*chance % count as u64) as usize
}
