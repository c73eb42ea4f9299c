//! Trust without a network: a recorded chain of headers, for evidence that is read offline.

use super::block::LightBlock;
use super::header::VerifiedHeader;
use super::root::TrustRoot;
use super::verify::{Step, TrustOptions, rooted, step};
use crate::{Error, Result};

/// Verifies recorded blocks in rising order, the first being the root's own, each from the one
/// before it. [`LightClient::path_to`](super::LightClient::path_to) records such a chain.
///
/// # Errors
/// [`crate::ErrorKind::Usage`] where the root is the genesis of a chain that goes on from another one: that the two belong
/// together is verified with a node alone, so a checkpoint is the root here.
pub fn verify_chain(
    root: &TrustRoot,
    blocks: &[LightBlock],
    options: &TrustOptions,
) -> Result<Vec<VerifiedHeader>> {
    if let TrustRoot::Genesis(genesis) = root
        && genesis.link.is_some()
    {
        return Err(Error::usage(
            "the chain goes on from another one, which these headers do not show: a checkpoint is needed",
        ));
    }
    let now = options.now()?;
    let first = blocks
        .first()
        .ok_or_else(|| Error::proof("no headers were recorded"))?;
    rooted(root, first, options, now)?;

    for pair in blocks.windows(2) {
        match step(&pair[0], &pair[1], options, now)? {
            Step::Trusted => {}
            Step::TooFar => {
                return Err(Error::proof(format!(
                    "headers between {} and {} are missing: too few who are trusted signed both",
                    pair[0].height(),
                    pair[1].height()
                )));
            }
        }
    }

    let believed = blocks.iter();
    Ok(believed
        .map(|b| VerifiedHeader::assume(b.signed_header().header.clone(), b.validators()))
        .collect())
}
