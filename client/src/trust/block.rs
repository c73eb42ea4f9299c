//! A header with everything that verifying it takes; not yet believed.

use serde::{Deserialize, Serialize};
use tendermint::block::signed_header::SignedHeader;
use tendermint::validator::{Info, Set};
use tendermint_light_client_verifier::types::{TrustedBlockState, UntrustedBlockState};

use crate::{Error, Result};

/// A signed header, the validators who sign at its height, and those of the next height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LightBlock {
    signed_header: SignedHeader,
    validators: Set,
    next_validators: Set,
}

impl LightBlock {
    /// Puts together what a node answered. Errors where the three cannot belong together.
    pub fn new(
        signed_header: SignedHeader,
        validators: Vec<Info>,
        next_validators: Vec<Info>,
    ) -> Result<Self> {
        Self::from_sets(
            signed_header,
            validator_set(validators)?,
            validator_set(next_validators)?,
        )
    }

    pub(super) fn from_sets(
        signed_header: SignedHeader,
        validators: Set,
        next_validators: Set,
    ) -> Result<Self> {
        let height = signed_header.header.height;
        if height != signed_header.commit.height || height.value() == 0 {
            return Err(Error::proof("a header and its commit differ in height"));
        }

        Ok(Self {
            signed_header,
            validators,
            next_validators,
        })
    }

    /// The height of its header.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.signed_header.header.height.value()
    }

    pub(super) fn signed_header(&self) -> &SignedHeader {
        &self.signed_header
    }

    pub(super) fn validators(&self) -> &Set {
        &self.validators
    }

    pub(super) fn next_validators(&self) -> &Set {
        &self.next_validators
    }

    pub(super) fn untrusted(&self) -> UntrustedBlockState<'_> {
        UntrustedBlockState {
            signed_header: &self.signed_header,
            validators: &self.validators,
            next_validators: Some(&self.next_validators),
        }
    }

    pub(super) fn trusted(&self) -> TrustedBlockState<'_> {
        let header = &self.signed_header.header;
        TrustedBlockState {
            chain_id: &header.chain_id,
            header_time: header.time,
            height: header.height,
            next_validators: &self.next_validators,
            next_validators_hash: header.next_validators_hash,
        }
    }
}

/// A set of validators in the protocol's order. Checked before the library's constructor, which
/// panics where the powers add up to more than the protocol allows.
pub(super) fn validator_set(validators: Vec<Info>) -> Result<Set> {
    let power = validators
        .iter()
        .try_fold(0_u64, |sum, validator| sum.checked_add(validator.power()));
    if validators.is_empty() {
        return Err(Error::proof("no validators"));
    }
    if power.is_none_or(|power| power > Set::MAX_TOTAL_VOTING_POWER) {
        return Err(Error::proof("the validators have too much power together"));
    }
    Ok(Set::without_proposer(validators))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_that_add_up_to_too_much_are_refused_and_do_not_panic() {
        let validator = |power: u64| {
            let key = tendermint::PublicKey::from_raw_ed25519(&[9; 32]).expect("32 bytes");
            Info::new(key, power.try_into().expect("in range"))
        };

        assert!(validator_set(vec![]).is_err());
        assert!(validator_set(vec![validator(i64::MAX as u64); 3]).is_err());
        assert!(validator_set(vec![validator(1), validator(i64::MAX as u64 / 8)]).is_err());
        assert!(validator_set(vec![validator(1), validator(2)]).is_ok());
    }
}
