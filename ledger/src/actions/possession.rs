//! Proof that whoever enrols a key has its secret.

use polity_proto::v1::Organisation;

use crate::context::Context;
use crate::{Rejection, check};

/// Refuses a key that did not sign what `bytes` makes of the organisation's digest. In a genesis it signs
/// the chain id, because the organisation has no digest yet.
pub(crate) fn require(
    context: &Context<'_, '_>,
    key: &[u8],
    possession: &[u8],
    bytes: impl FnOnce(&[u8; 32]) -> Vec<u8>,
) -> Result<(), Rejection> {
    let organisation: Organisation = context.get(0)?;
    let message = if context.is_genesis() {
        check::founding_possession_bytes(&organisation.chain_id, key)
    } else {
        let digest = organisation.digest.as_slice().try_into();
        bytes(digest.map_err(|_| Rejection::WrongOrganisation)?)
    };

    let proven = <&[u8; 64]>::try_from(possession)
        .is_ok_and(|signature| check::signature_is_valid(key, signature, &message));
    Rejection::PossessionUnproven.unless(proven)
}
