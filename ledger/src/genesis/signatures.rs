//! Whose signatures a founding needs: one of an operator of each founding department.

use polity_proto::v1::{FoundingSignature, Member, MemberState};

use super::{Founded, Founding, handle_of, organisation_digest};
use crate::check;
use crate::judge::departments;
use crate::state::{Read, objects};

/// Why the signatures beside a genesis do not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A signature names somebody whom the founding actions do not make a member.
    #[error("the signature of member {0} does not hold: there is no such member")]
    NoSuchMember(u64),
    /// A signature names a key that is not its member's.
    #[error("the signature of member {0} does not hold: the key is not this member's")]
    NotTheirKey(u64),
    /// A signature is of other bytes, or none.
    #[error("the signature of member {0} does not hold: it does not verify")]
    Invalid(u64),
    /// The operators of this department, named by its handle, did not sign.
    #[error("department {0} has not signed")]
    Unsigned(String),
}

/// Checks that operators of every founding department signed this founding, and that no signature beside it is bad.
///
/// They sign the organisation's digest: so whoever passes a genesis around can change nothing that InitChain is
/// given, and departments that were given different files do not found two organisations that each believes signed.
pub fn check_signatures(
    founding: &Founding<'_>,
    founded: &Founded,
    signatures: &[FoundingSignature],
) -> Result<(), SignatureError> {
    let state = founded.state();
    let message = check::founding_bytes(&organisation_digest(founding));
    let mut signed = Vec::new();
    for signature in signatures {
        check_one(&state, signature, &message)?;
        signed.extend(operated_units(&state, signature.member, founding.time));
    }
    for validator in departments::validators(&state) {
        if !signed.contains(&validator.unit) {
            let department = handle_of(&state, validator.unit);
            return Err(SignatureError::Unsigned(department));
        }
    }
    Ok(())
}

/// The founding departments for which a member's signature counts: those whose validator they operate.
pub fn operated_units(state: &dyn Read, member: u64, time: u64) -> Vec<u64> {
    departments::operated_by(state, member, time)
        .into_iter()
        .map(|validator| validator.unit)
        .collect()
}

fn check_one(
    state: &dyn Read,
    signature: &FoundingSignature,
    message: &[u8],
) -> Result<(), SignatureError> {
    let number = signature.member;
    let member: Member = objects::get(state, number).ok_or(SignatureError::NoSuchMember(number))?;
    let is_theirs = member.state() == MemberState::Active
        && member
            .keys
            .iter()
            .any(|known| known.public == signature.key);
    if !is_theirs {
        return Err(SignatureError::NotTheirKey(number));
    }
    let is_valid = <[u8; 64]>::try_from(signature.signature.as_slice())
        .is_ok_and(|bytes| check::signature_is_valid(&signature.key, &bytes, message));
    if is_valid {
        Ok(())
    } else {
        Err(SignatureError::Invalid(number))
    }
}
