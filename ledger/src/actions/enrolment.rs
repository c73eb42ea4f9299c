//! Enrolling keys: what every new key of a member has in common.

use polity_proto::v1::{Key, Member};

use super::possession;
use crate::context::Context;
use crate::judge::Now;
use crate::state::{keys, names};
use crate::{Rejection, check};

/// Most active keys of a member.
pub(crate) const KEYS_MAX: usize = 16;

/// Refuses a key that cannot be a member's: what the bytes alone can tell.
pub(crate) fn check_fit(key: &[u8]) -> Result<(), Rejection> {
    Rejection::KeyUnfit.unless(check::key_is_fit(key))
}

/// Refuses a key that is, or ever was, somebody's.
pub(crate) fn check_free(context: &Context<'_, '_>, key: &[u8]) -> Result<(), Rejection> {
    match names::find(context, &index(key)) {
        Some(_) => Err(Rejection::KeyUnfit),
        None => Ok(()),
    }
}

/// Refuses a key that did not sign for its member.
pub(crate) fn check_possession(
    context: &Context<'_, '_>,
    member: u64,
    key: &[u8],
    proof: &[u8],
) -> Result<(), Rejection> {
    possession::require(context, key, proof, |organisation| {
        check::possession_bytes(organisation, member, key)
    })
}

/// Reserves a key for a member. It is never given back: a revoked key enrols nobody again.
pub(crate) fn reserve(context: &mut Context<'_, '_>, member: u64, key: &[u8]) {
    names::point(context.state, index(key), member);
}

/// Forgets a reservation of a key that was never enrolled.
pub(crate) fn forget(context: &mut Context<'_, '_>, key: &[u8]) {
    context.state.delete(index(key));
}

/// Puts a key among the member's. Revoked keys beyond the newest few are dropped from the object;
/// its history keeps them.
pub(crate) fn enrol(member: &mut Member, key: &[u8], now: Now) {
    member.keys.push(Key {
        public: key.to_vec(),
        added_at: now.time,
        revoked_at: 0,
        paused: now.paused,
    });
    while member.keys.len() > 2 * KEYS_MAX {
        match member.keys.iter().position(|key| key.revoked_at != 0) {
            Some(oldest) => member.keys.remove(oldest),
            None => break,
        };
    }
}

/// How many keys of the member are active.
pub(crate) fn active(member: &Member) -> usize {
    member.keys.iter().filter(|key| key.revoked_at == 0).count()
}

fn index(key: &[u8]) -> Vec<u8> {
    keys::key_with(keys::KEY, &[], key)
}
