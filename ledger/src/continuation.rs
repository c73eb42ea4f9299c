//! How a chain goes on as another one: the same state under a new chain id, perhaps made by another engine.
//!
//! The ended chain stopped after a block that changed nothing. So the header of that block, which its validators
//! signed, names both what is taken over: the root of the state, and the validators of the next height. Whoever
//! trusts the ended chain can check the link without believing anybody new.

use polity_proto::v1::{Continuation, ContinuingValidator, Member};
use prost::Message;

use crate::genesis::Founding;
use crate::judge::departments;
use crate::state::{Read, keys, names, objects};

/// Why a continuation is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContinuationError {
    /// The bytes are not of the form.
    #[error("it is not of the form of a continuation")]
    Form,
    /// It names another chain id than the file around it.
    #[error("it is of another chain")]
    OtherChain,
    /// It goes on from another chain than the one beside it.
    #[error("it goes on from another chain than the one that it contains")]
    OtherPast,
    /// Its first height does not follow.
    #[error("its first height does not follow the last one of the ended chain")]
    OtherHeight,
}

/// Reads the continuation that a chain begins with; `ended` is the digest of the chain that it goes on from.
pub fn parse(founding: &Founding<'_>, ended: &[u8; 32]) -> Result<Continuation, ContinuationError> {
    let form = ContinuationError::Form;
    let continuation = Continuation::decode(founding.app_state).map_err(|_| form)?;
    let is_whole = continuation.header_hash.len() == 32
        && continuation.app_hash.len() == 32
        && !continuation.validators.is_empty();
    if !is_whole || continuation.encode_to_vec() != founding.app_state {
        return Err(form);
    }
    if continuation.chain_id != founding.chain_id {
        return Err(ContinuationError::OtherChain);
    }
    if continuation.ended != ended {
        return Err(ContinuationError::OtherPast);
    }
    if continuation.height == 0
        || continuation.height.checked_add(1) != Some(founding.initial_height)
    {
        return Err(ContinuationError::OtherHeight);
    }
    Ok(continuation)
}

/// The validators of a state, as a continuation names them.
pub fn validators(state: &dyn Read) -> Vec<ContinuingValidator> {
    departments::validators(state)
        .into_iter()
        .map(|validator| ContinuingValidator {
            key: validator.key,
            power: validator.power,
        })
        .collect()
}

/// Who holds a key, and the units whose validators they operate at this time. None where nobody can sign with it
/// now: unknown, revoked, or of somebody who is not active.
pub fn signer(state: &dyn Read, key: &[u8], time: u64) -> Option<(Member, Vec<u64>)> {
    let number = names::find(state, &keys::key_with(keys::KEY, &[], key))?;
    let member: Member = objects::get(state, number)?;
    let known = member.keys.iter().find(|known| known.public == key)?;
    if known.revoked_at != 0 {
        return None;
    }
    // Of a member who is not active this finds nothing.
    let operated = departments::operated_by(state, number, time);
    let units = operated.into_iter().map(|validator| validator.unit);
    Some((member, units.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: [u8; 32] = [7; 32];

    fn continuation() -> Continuation {
        Continuation {
            chain_id: "acme-2".into(),
            ended: ENDED.to_vec(),
            height: 9,
            header_hash: vec![1; 32],
            app_hash: vec![2; 32],
            validators: vec![ContinuingValidator {
                key: vec![3; 32],
                power: 10,
            }],
        }
    }

    fn check(change: fn(&mut Continuation), initial_height: u64) -> Option<ContinuationError> {
        let mut continuation = continuation();
        change(&mut continuation);
        let founding = Founding {
            chain_id: "acme-2",
            time: 1,
            initial_height,
            app_state: &continuation.encode_to_vec(),
        };
        parse(&founding, &ENDED).err()
    }

    #[test]
    fn a_continuation_fits_its_file_and_the_chain_that_ended() {
        use ContinuationError::{Form, OtherChain, OtherHeight, OtherPast};

        type Change = fn(&mut Continuation);
        let cases: [(Change, u64, Option<ContinuationError>); 8] = [
            (|_| {}, 10, None),
            (|one| one.chain_id.push('x'), 10, Some(OtherChain)),
            (|one| one.ended[0] ^= 1, 10, Some(OtherPast)),
            (|_| {}, 11, Some(OtherHeight)),
            (|one| one.height = u64::MAX, 0, Some(OtherHeight)),
            (|one| one.header_hash.clear(), 10, Some(Form)),
            (|one| one.app_hash.push(0), 10, Some(Form)),
            (|one| one.validators.clear(), 10, Some(Form)),
        ];
        for (index, (change, initial_height, expected)) in cases.into_iter().enumerate() {
            assert_eq!(check(change, initial_height), expected, "case {index}");
        }
    }
}
