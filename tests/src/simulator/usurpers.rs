//! Some of the organisation try everything, alone and together, for themselves; the others say nothing. Whatever is
//! signed, what is the others' stays as it was, but for what a role of theirs allows somebody to spend.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use polity_ledger::judge::power;
use polity_ledger::{Amount, Block, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{Account, MemberState, OwnerKind, PlaceHold, Transfer, TransferKind, Unit};

use super::author;
use super::founding;
use super::hostile;
use super::keyring::Keyring;
use super::pool::Pool;
use super::replica::Finding;
use super::run::{Failure, header_after, watched};
use super::silent::{Belongings, Silent};
use super::tally::Tally;
use super::view::View;
use super::workload::{Deed, Scene};
use crate::dice::Dice;
use crate::memory::Memory;

/// Departments whose people say nothing: with the root they are more than half of those that decide about the network.
const DEPARTMENTS: [&str; 2] = ["sales", "finance"];
/// Who belongs to them and is with the others: an engineer of sales, who may spend within limits.
const INSIDER: &str = "ivy";
/// Most transactions of a block.
const TRANSACTIONS_MAX: u64 = 9;
/// Most payments that are tried in a block out of what is the silent ones'.
const PAYMENTS_MAX: u64 = 8;
/// One day less than a limit's period, which counts whole days.
const WINDOW: u64 = 29 * 86_400;

/// Runs so many blocks in which only the others sign.
///
/// # Errors
/// The first thing of the silent ones that became other.
pub fn usurp(seed: u64, blocks: u64) -> Result<Tally, Failure> {
    watched(seed, |height| {
        let mut life = Life::begin(seed)?;
        while *height < blocks {
            *height += 1;
            life.block()?;
        }
        Ok(life.tally)
    })
}

struct Life {
    dice: Dice,
    keyring: Keyring,
    pool: Pool,
    tally: Tally,
    model: Memory,
    silent: Silent,
    belongings: Belongings,
    spending: Vec<Spending>,
}

/// What left the accounts of one owner within the window: time, and the sum of all that ever did. A limit counts every
/// asset.
struct Spending {
    accounts: Vec<u64>,
    allowance: u128,
    seen: VecDeque<(u64, u128)>,
}

impl Life {
    fn begin(seed: u64) -> Finding<Life> {
        let mut keyring = Keyring::new(seed);
        let genesis = founding::genesis(&mut keyring);
        let model = Memory::found(&genesis, founding::START).map_err(|error| error.to_string())?;
        let view = View {
            state: &model.state,
            now: model.now(),
        };
        let silent = silent(view);
        for member in &silent.members {
            for key in view.keys_of(*member) {
                keyring.lose(&key);
            }
        }
        let mut owned: BTreeMap<(i32, u64), Vec<u64>> = BTreeMap::new();
        for account in silent.accounts(view) {
            let owner = account.owner.unwrap_or_default();
            let accounts = owned.entry((owner.kind, owner.number)).or_default();
            accounts.push(account.number);
        }
        let spending = owned.into_iter().map(|((kind, owner), accounts)| Spending {
            allowance: if kind == OwnerKind::Unit as i32 {
                silent.allowance(view, owner)
            } else {
                0
            },
            seen: VecDeque::from([(founding::START, gone(view, &accounts))]),
            accounts,
        });
        Ok(Life {
            dice: Dice::new(seed),
            keyring,
            pool: Pool::default(),
            tally: Tally::default(),
            belongings: Belongings::of(&silent, view),
            spending: spending.collect(),
            silent,
            model,
        })
    }

    fn block(&mut self) -> Finding<()> {
        let header = header_after(&self.model, &mut self.dice);
        let envelopes = self.envelopes(self.model.next(header));
        let outcome = self.model.execute_block(header, &[], &envelopes);
        self.tally
            .count_block(&self.model.organisation, &envelopes, &outcome);
        self.model.commit(header.time, outcome.changes);
        self.look()
    }

    fn envelopes(&mut self, block: Block) -> Vec<Vec<u8>> {
        let mut scene = Scene::before(block, &self.model, &mut self.dice, &mut self.keyring);
        let wanted = scene.dice.below(TRANSACTIONS_MAX + 1) as usize;
        let mut envelopes = self.pool.fill(&mut scene, block, wanted);
        let spendable = self.spending.iter().filter(|one| one.allowance > 0);
        let spendable: Vec<u64> = spendable.flat_map(|one| one.accounts.clone()).collect();
        for _ in 0..scene.dice.below(PAYMENTS_MAX) {
            let all = self.silent.accounts(scene.view);
            let from = if scene.dice.chance(80) {
                scene.dice.pick(&spendable).copied()
            } else {
                scene.dice.pick(&all).map(|account| account.number)
            };
            if let Some(deed) = from.and_then(|from| payment(&mut scene, from))
                && let Some(written) = author::write(&mut scene, block, &deed)
            {
                let envelope = hostile::sign(scene.keyring, &scene.organisation, &written.body);
                envelopes.push(envelope);
            }
        }
        envelopes
    }

    /// What is the silent ones' is what it was.
    fn look(&mut self) -> Finding<()> {
        let view = View {
            state: &self.model.state,
            now: self.model.now(),
        };
        let now = Belongings::of(&self.silent, view);
        if let Some(change) = self.belongings.change(&now) {
            return Err(change);
        }
        for spending in &mut self.spending {
            let spent = spending.spend(self.model.time, gone(view, &spending.accounts));
            if spent > spending.allowance {
                return Err(format!(
                    "{spent} left the accounts {:?} within {} days, of which {} may",
                    spending.accounts,
                    WINDOW / 86_400,
                    spending.allowance
                ));
            }
        }
        Ok(())
    }
}

impl Spending {
    /// Notes the sum of what ever left, and tells what of it did within the window.
    fn spend(&mut self, time: u64, gone: u128) -> u128 {
        while self.seen.len() > 1 && self.seen[1].0 + WINDOW <= time {
            self.seen.pop_front();
        }
        self.seen.push_back((time, gone));
        let least = self.seen.iter().map(|(_, gone)| *gone).min();
        gone - least.unwrap_or(gone)
    }
}

/// What left these accounts, or is held to leave them.
fn gone(view: View<'_>, accounts: &[u64]) -> u128 {
    let accounts = accounts
        .iter()
        .filter_map(|number| view.get::<Account>(*number));
    let debits = accounts.flat_map(|account| [account.debits_posted, account.debits_pending]);
    debits.map(|amount| Amount::from_state(&amount).0).sum()
}

/// The root, some departments with all that is below them, and everybody who is at home there.
fn silent(view: View<'_>) -> Silent {
    let all = view.units();
    let departments: Vec<u64> = numbers(&all, |unit| DEPARTMENTS.contains(&unit.handle.as_str()));
    let units: BTreeSet<u64> = numbers(&all, |unit| {
        let below = |department: &u64| power::is_within(view.state, unit.number, *department);
        unit.parent == 0 || departments.iter().any(below)
    });
    let mut members = view.members(MemberState::Active);
    members.retain(|member| units.contains(&member.unit) && member.handle != INSIDER);
    Silent {
        units,
        members: members.iter().map(|member| member.number).collect(),
    }
}

fn numbers<C: FromIterator<u64>>(units: &[Unit], is_meant: impl Fn(&Unit) -> bool) -> C {
    let meant = units.iter().filter(|unit| is_meant(unit));
    meant.map(|unit| unit.number).collect()
}

/// A payment out of an account to somebody else, about as large as a limit.
fn payment(scene: &mut Scene<'_>, from: u64) -> Option<Deed> {
    let from = scene.view.get::<Account>(from)?;
    let mut others = scene.view.accounts(&[OwnerKind::Unit, OwnerKind::Member]);
    others.retain(|account| account.asset == from.asset && account.owner != from.owner);
    let to = scene.dice.pick(&others)?.number;
    let amount = scene.dice.one_of([1, 2_500, 4_999, 5_000, 5_000, 5_001]);
    let transfer = Transfer {
        from: form::numbered(from.number),
        to: form::numbered(to),
        amount: Amount(amount).to_bytes(),
        kind: TransferKind::Payment as i32,
        ..Transfer::default()
    };
    let kind = if scene.dice.chance(30) {
        Kind::PlaceHold(PlaceHold {
            transfer: Some(transfer),
            expires_at: scene.soon(20),
        })
    } else {
        Kind::Transfer(transfer)
    };
    Some(kind.into())
}
