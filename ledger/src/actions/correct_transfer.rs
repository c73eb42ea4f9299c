//! `correct_transfer`: the party that a transfer credited gives it back, in whole or in part. The
//! transfer itself is never changed.
//!
//! The state keeps no transfers. The original is shown by its entry in the history of the account
//! that it credited, with the account as it was right after it.

use polity_proto::v1::{
    Account, Capability, CorrectTransfer, Correction, HistoryEntry, Movement, OwnerKind, Record,
    TransferKind,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::posting::{self, Move};
use super::{Act, budget};
use crate::context::Context;
use crate::judge::Need;
use crate::merkle::history::{leaf_hash, verify_consistency, verify_inclusion};
use crate::state::{keys, objects};
use crate::{Amount, Rejection, form};

/// Most bytes of a history entry.
const ENTRY_BYTES_MAX: usize = 128;
/// Most bytes of an account.
const OBJECT_BYTES_MAX: usize = 4_096;
/// Most hashes of a proof: a history has at most 2^48 entries.
const HASHES_MAX: usize = 64;

impl Act for CorrectTransfer {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.amount)?;
        form::optional_hash(&self.document)?;
        form::hash(&self.root)?;
        if self.transfer == 0 {
            return Err(Rejection::FieldMissing);
        }
        if self.path.len() > HASHES_MAX || self.consistency.len() > HASHES_MAX {
            return Err(Rejection::ListTooLong);
        }
        for hash in self.path.iter().chain(&self.consistency) {
            form::hash(hash)?;
        }
        original(self).map(|_| ())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let (_, movement) = original(self)?;
        let payer: Account = context.find(&self.account)?;
        let paid: Account = context.get(movement.other)?;
        let amount = Amount::from_bytes(&self.amount)?;
        let capability = Capability::Spend;
        let need = posting::need_to_take(context, capability, &payer, &paid, amount);
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let account = context.resolve(&self.account)?;
        let movement = proven(self, context, account)?;
        let from: Account = context.get(account)?;
        let to: Account = context.get(movement.other)?;
        if posting::owner(&to).kind() == OwnerKind::Issuance {
            return Err(Rejection::IssuanceOnly);
        }
        let amount = Amount::from_bytes(&self.amount)?;
        let key = keys::key(keys::CORRECTION, &[self.transfer]);
        let corrected: Correction = context.value(&key);
        let sum = Amount::from_state(&corrected.amount).plus(amount)?;
        if sum > Amount::from_bytes(&movement.amount)? {
            return Err(Rejection::CorrectionExceeded);
        }
        posting::post(
            context,
            Move {
                from,
                to,
                amount,
                kind: TransferKind::Correction,
                line: 0,
                value_date: 0,
            },
        )?;

        let corrected = Correction {
            amount: sum.to_bytes(),
        };
        context.put_value(key, &corrected);
        budget::give_back(context, movement.line, amount);
        Ok(())
    }
}

/// The entry and the movement that it claims to speak of; nothing is proven yet.
fn original(act: &CorrectTransfer) -> Result<(HistoryEntry, Movement), Rejection> {
    if act.entry.len() > ENTRY_BYTES_MAX || act.object.len() > OBJECT_BYTES_MAX {
        return Err(Rejection::CorrectionUnproven);
    }
    let unproven = |_| Rejection::CorrectionUnproven;
    let entry = HistoryEntry::decode(act.entry.as_slice()).map_err(unproven)?;
    let object = Account::decode(act.object.as_slice()).map_err(unproven)?;
    let movement = object.last.ok_or(Rejection::CorrectionUnproven)?;
    Ok((entry, movement))
}

/// The movement, if the account's history proves that it was this transfer and credited it.
fn proven(
    act: &CorrectTransfer,
    context: &Context<'_, '_>,
    account: u64,
) -> Result<Movement, Rejection> {
    let (entry, movement) = original(act)?;
    let key = objects::object_key(keys::ACCOUNT, account);
    let record: Record = context.value(&key);
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap_or_default();
    let path: Vec<[u8; 32]> = act.path.iter().map(|bytes| hash(bytes)).collect();
    let consistency: Vec<[u8; 32]> = act.consistency.iter().map(|bytes| hash(bytes)).collect();
    let root = hash(&act.root);
    let shown = entry.object_hash == Sha256::digest(&act.object)[..]
        && movement.credited
        && movement.transfer == act.transfer
        && verify_inclusion(&leaf_hash(&act.entry), act.index, act.count, &path, &root)
        && verify_consistency(
            act.count,
            &root,
            record.history_count,
            &hash(&record.history_root),
            &consistency,
        );
    if shown {
        Ok(movement)
    } else {
        Err(Rejection::CorrectionUnproven)
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{BudgetLine, ObjectKind, Transfer, action::Kind};

    use super::*;
    use crate::merkle::history::{prove_consistency, prove_inclusion, root_of};
    use crate::state::{Read, history};
    use crate::world::{World, euros};

    const LEAD: Option<&str> = Some("ops#lead");

    /// A world in which `dev` paid 300 EUR from a line, and `ops` was paid 5 EUR more since; with
    /// the correction of 100 EUR of it.
    fn corrected() -> (World, CorrectTransfer) {
        let mut world = World::with_treasury();
        let plan = Kind::PlanBudget(world.line("tools", 1_000));
        world.check("ben", Some("dev#lead"), plan, "accepted");
        let pay = Kind::Transfer(Transfer {
            line: form::numbered(1),
            ..world.transfer("dev:main", "ops:main", 300, TransferKind::Payment)
        });
        world.check("ben", Some("dev#lead"), pay, "accepted");
        let account = world.account("ops:main");
        let act = proof(&world, &account);
        let more = world.payment("dev:main", "ops:main", 5);
        world.check("ben", Some("dev#lead"), more, "accepted");
        let act = brought_up(&world, act);
        (world, act)
    }

    /// The correction of an account's newest movement, of which 100 EUR.
    fn proof(world: &World, account: &Account) -> CorrectTransfer {
        let number = account.number;
        let count = world.history_count(ObjectKind::Account, number);
        let node =
            |level, index| history::node(&world.state, ObjectKind::Account, number, level, index);
        let last = account.last.clone().expect("value moved");
        CorrectTransfer {
            transfer: last.transfer,
            account: form::numbered(number),
            amount: euros(100),
            index: count - 1,
            entry: Read::get(
                &world.state,
                &keys::history_entry(ObjectKind::Account, number, count - 1),
            )
            .expect("the entry is there"),
            object: account.encode_to_vec(),
            path: prove_inclusion(count - 1, count, node)
                .expect("it is proven")
                .iter()
                .map(|hash| hash.to_vec())
                .collect(),
            count,
            root: root_of(count, node).expect("it has a root").to_vec(),
            ..CorrectTransfer::default()
        }
    }

    /// The same with the present consistency proof.
    fn brought_up(world: &World, act: CorrectTransfer) -> CorrectTransfer {
        let number = act.account.expect("it names its account").number;
        let count = world.history_count(ObjectKind::Account, number);
        let node =
            |level, index| history::node(&world.state, ObjectKind::Account, number, level, index);
        let consistency = prove_consistency(act.count, count, node).expect("it only grew");
        CorrectTransfer {
            consistency: consistency.iter().map(|hash| hash.to_vec()).collect(),
            ..act
        }
    }

    #[test]
    fn what_was_paid_comes_back_and_never_more() {
        let (mut world, act) = corrected();
        world.check("cleo", LEAD, Kind::CorrectTransfer(act.clone()), "accepted");
        assert_eq!(world.balance("ops:main"), 20_500);
        assert_eq!(world.get::<BudgetLine>(1).spent, euros(200));

        let stale = Kind::CorrectTransfer(act.clone());
        world.check("cleo", LEAD, stale, "rejected correction_unproven");
        let rest = CorrectTransfer {
            amount: euros(201),
            ..brought_up(&world, act.clone())
        };
        world.check(
            "cleo",
            LEAD,
            Kind::CorrectTransfer(rest.clone()),
            "rejected correction_exceeded",
        );
        let rest = CorrectTransfer {
            amount: euros(200),
            ..rest
        };
        world.check(
            "cleo",
            LEAD,
            Kind::CorrectTransfer(rest.clone()),
            "accepted",
        );
        let last = CorrectTransfer {
            amount: euros(1),
            ..brought_up(&world, rest)
        };
        world.check(
            "cleo",
            LEAD,
            Kind::CorrectTransfer(last),
            "rejected correction_exceeded",
        );
    }

    #[test]
    fn each_refusal_has_its_name() {
        let (mut world, good) = corrected();
        let other_transfer = CorrectTransfer {
            transfer: good.transfer + 1,
            ..good.clone()
        };
        let mut object = Account::decode(good.object.as_slice()).expect("it is an account");
        if let Some(last) = &mut object.last {
            last.amount = euros(9_000);
        }
        let forged = CorrectTransfer {
            object: object.encode_to_vec(),
            ..good.clone()
        };
        for (expected, act) in [
            (
                "rejected ref_malformed",
                CorrectTransfer {
                    account: None,
                    ..good.clone()
                },
            ),
            (
                "rejected field_missing",
                CorrectTransfer {
                    transfer: 0,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                CorrectTransfer {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                CorrectTransfer {
                    root: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                CorrectTransfer {
                    path: vec![vec![1]],
                    ..good.clone()
                },
            ),
            (
                "rejected list_too_long",
                CorrectTransfer {
                    path: vec![vec![1; 32]; 65],
                    ..good.clone()
                },
            ),
            (
                "rejected correction_unproven",
                CorrectTransfer {
                    entry: vec![7],
                    ..good.clone()
                },
            ),
            (
                "rejected correction_unproven",
                CorrectTransfer {
                    object: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                CorrectTransfer {
                    account: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected correction_unproven", other_transfer),
            ("rejected correction_unproven", forged),
            (
                "rejected correction_unproven",
                CorrectTransfer {
                    index: 1,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_zero",
                CorrectTransfer {
                    amount: vec![],
                    ..good.clone()
                },
            ),
        ] {
            world.check("cleo", LEAD, Kind::CorrectTransfer(act), expected);
        }
        let act = Kind::CorrectTransfer(good);
        world.check("ben", Some("dev#lead"), act, "rejected no_grant");
    }

    #[test]
    fn who_paid_cannot_take_it_back() {
        let (mut world, _) = corrected();
        let payer = world.account("dev:main");
        let act = Kind::CorrectTransfer(proof(&world, &payer));
        world.check("ben", Some("dev#lead"), act, "rejected correction_unproven");
    }

    #[test]
    fn what_was_issued_is_retired_instead() {
        let mut world = World::with_treasury();
        let account = world.account("dev:shelf");
        let act = Kind::CorrectTransfer(proof(&world, &account));
        world.check("ben", Some("dev#lead"), act, "rejected issuance_only");
    }
}
