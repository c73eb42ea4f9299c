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
        let account = context.resolve::<Account>(&self.account)?;
        let movement = proven(self, context, account)?;
        // What was given back in error is paid again, out of a budget line as every payment is.
        if movement.kind() == TransferKind::Correction {
            return Err(Rejection::KindReserved);
        }
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
mod tests;
