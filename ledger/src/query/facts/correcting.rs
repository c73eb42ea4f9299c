//! How much of a transfer was given back, and how much of it is left to give back.

use polity_proto::v1::{Account, CorrectTransfer, Correction, Fact};
use prost::Message;

use super::{fact, shown};
use crate::Amount;
use crate::context::Context;
use crate::state::keys;

pub(super) fn of_correction(context: &Context<'_, '_>, act: &CorrectTransfer) -> Option<Vec<Fact>> {
    // What the correction carries is the account right after the transfer moved it.
    let account = Account::decode(act.object.as_slice()).ok()?;
    let moved = Amount::from_bytes(&account.last?.amount).ok()?;
    let corrected: Correction = context.value(&keys::key(keys::CORRECTION, &[act.transfer]));
    let corrected = Amount::from_state(&corrected.amount);
    let left = moved.minus(corrected)?;
    let told = |name: &str, amount| fact(name, shown(context, amount, account.asset));
    Some(vec![
        told("transferred", moved),
        told("corrected", corrected),
        told("left", left),
    ])
}
