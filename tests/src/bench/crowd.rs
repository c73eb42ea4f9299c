//! Accounts by the million: those of external parties, whom members pay.

use std::ops::Range;

use bytes::Bytes;
use polity_ledger::form;
use polity_proto::v1::{
    Action, OpenAccount, OwnerKind, OwnerRef, RegisterParty, Transfer, action::Kind,
};

use super::solo::{Organisation, Solo};
use super::workload::{MEMBERS, Payments, scattered};
use crate::charter;

/// Accounts of a party; the ledger bounds them.
const OF_A_PARTY: u64 = 4_000;
/// Actions of a transaction, and transactions of a block, while accounts are opened.
const ACTIONS: u64 = 100;
const OPENINGS: u64 = 20;
/// Numbers of the role that registers them, and of its holder's transactions: above those of payments.
const REGISTRAR: u64 = 2;
const FIRST_OF_REGISTRAR: u64 = 1 << 40;

/// An organisation whose members pay many accounts.
pub(super) struct Crowd {
    pub(super) organisation: Organisation,
    payments: Payments,
}

impl Crowd {
    pub(super) fn new() -> Crowd {
        let organisation = Organisation::with(&charter::registrar(MEMBERS));
        let payments = organisation.payments(1);
        Crowd {
            organisation,
            payments,
        }
    }

    /// Registers parties and opens so many accounts for them.
    pub(super) fn open(&self, solo: &mut Solo, accounts: u64) {
        let parties = accounts.div_ceil(OF_A_PARTY);
        let registering = (0..parties).map(register).collect::<Vec<_>>();
        let opening = (0..accounts).map(open);
        let mut actions = registering.into_iter().chain(opening).peekable();
        let mut number = FIRST_OF_REGISTRAR;
        while actions.peek().is_some() {
            let block: Vec<Bytes> = (0..OPENINGS)
                .map(|_| actions.by_ref().take(ACTIONS as usize).collect::<Vec<_>>())
                .take_while(|actions| !actions.is_empty())
                .map(|actions| {
                    number += 1;
                    let key = charter::member_key(MEMBERS);
                    let member = charter::member_number(self.payments.departments, MEMBERS);
                    self.payments.sign_as(number, member, &key, actions)
                })
                .collect();
            solo.commit(&block);
        }
        println!("  {accounts} accounts are open");
    }

    /// Signed payments, each a cent from a member to one of so many accounts.
    pub(super) fn payments(&self, numbers: Range<u64>, accounts: u64) -> Vec<Bytes> {
        numbers
            .map(|number| self.payment(number, accounts))
            .collect()
    }

    fn payment(&self, number: u64, accounts: u64) -> Bytes {
        let payer = scattered(number) as usize % MEMBERS;
        let first = charter::member_account(self.payments.departments, MEMBERS);
        let transfer = Transfer {
            to: form::numbered(first + scattered(!number) % accounts),
            ..self.payments.cent(payer, payer)
        };
        let action = Action {
            kind: Some(Kind::Transfer(transfer)),
            ..Action::default()
        };
        let member = charter::member_number(self.payments.departments, payer);
        let key = charter::member_key(payer);
        self.payments.sign_as(number, member, &key, vec![action])
    }
}

fn register(party: u64) -> Action {
    let register = RegisterParty {
        unit: form::numbered(charter::unit(0)),
        handle: format!("party-{party}"),
        ..RegisterParty::default()
    };
    by_registrar(Kind::RegisterParty(register))
}

fn open(account: u64) -> Action {
    let open = OpenAccount {
        owner: Some(OwnerRef {
            kind: OwnerKind::Party as i32,
            number: form::numbered(1 + account / OF_A_PARTY),
        }),
        asset: form::numbered(1),
        handle: format!("account-{account}"),
        ..OpenAccount::default()
    };
    by_registrar(Kind::OpenAccount(open))
}

fn by_registrar(kind: Kind) -> Action {
    Action {
        acting_role: form::numbered(REGISTRAR),
        kind: Some(kind),
        ..Action::default()
    }
}
