//! Versions of a proposal: what another one replaced stays readable, with what was answered to it.

use polity_proto::v1::{Proposal, ProposalVersion};

use crate::Rejection;
use crate::context::Context;
use crate::state::{Read, keys, objects};

/// Most versions of a proposal.
const VERSIONS_MAX: u32 = 64;

/// Keeps the present version and begins the next, which nobody has answered.
pub(crate) fn next(
    context: &mut Context<'_, '_>,
    proposal: &mut Proposal,
) -> Result<(), Rejection> {
    if proposal.version >= VERSIONS_MAX {
        return Err(Rejection::TooManyVersions);
    }
    let replaced = ProposalVersion {
        version: proposal.version,
        opened_at: proposal.version_at,
        actions: std::mem::take(&mut proposal.actions),
        explanation: proposal.explanation.clone(),
        document: proposal.document.clone(),
        responses: std::mem::take(&mut proposal.responses),
    };
    context.put_value(key(proposal.number, proposal.version), &replaced);
    proposal.version += 1;
    Ok(())
}

/// A version that another one replaced.
pub fn replaced(state: &dyn Read, proposal: u64, version: u32) -> Option<ProposalVersion> {
    objects::value(state, &key(proposal, version))
}

/// Key of a version that another one replaced.
pub fn key(proposal: u64, version: u32) -> Vec<u8> {
    keys::key(keys::PROPOSAL_VERSION, &[proposal, u64::from(version)])
}
