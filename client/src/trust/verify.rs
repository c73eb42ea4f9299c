//! One step of trust over plain data: no network, no file.

use std::time::{Duration, SystemTime};

use tendermint::Time;
use tendermint::trust_threshold::TrustThresholdFraction;
use tendermint_light_client_verifier::errors::VerificationErrorDetail;
use tendermint_light_client_verifier::options::Options;
use tendermint_light_client_verifier::{ProdVerifier, Verdict, Verifier};

use super::Genesis;
use super::block::LightBlock;
use super::header::sha256;
use super::root::{Checkpoint, TrustRoot};
use crate::{Error, Result};

/// On what terms headers are believed.
#[derive(Clone, Debug)]
pub struct TrustOptions {
    /// For how long the validators of a believed header are held to their word; beyond it a newer
    /// root is needed. None is for ever: for reading old evidence, not for acting on the newest.
    pub trusting_period: Option<Duration>,
    /// How far a header's time may be ahead of this machine's clock.
    pub clock_drift: Duration,
    /// The moment of judgement; none is the clock.
    pub at: Option<SystemTime>,
}

impl Default for TrustOptions {
    /// 30 days, 10 seconds of drift, the clock.
    fn default() -> Self {
        Self {
            trusting_period: Some(Duration::from_secs(30 * 24 * 60 * 60)),
            clock_drift: Duration::from_secs(10),
            at: None,
        }
    }
}

/// "For ever", within what the protocol's time can express.
const UNLIMITED: Duration = Duration::from_secs(1_000 * 365 * 24 * 60 * 60);

impl TrustOptions {
    pub(super) fn now(&self) -> Result<Time> {
        let Some(at) = self.at else {
            return Ok(Time::now());
        };

        let unusable = || Error::usage("the moment of judgement is out of range");
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.map_err(|_| unusable())?;
        let seconds = i64::try_from(since.as_secs()).map_err(|_| unusable())?;
        Time::from_unix_timestamp(seconds, since.subsec_nanos()).map_err(|_| unusable())
    }

    /// Whether a header of this time may still vouch for another.
    pub(super) fn vouches(&self, block: &LightBlock, now: Time) -> bool {
        let until = block.signed_header().header.time.checked_add(self.period());
        until.is_none_or(|until| until > now)
    }

    fn period(&self) -> Duration {
        self.trusting_period.unwrap_or(UNLIMITED).min(UNLIMITED)
    }

    fn verifier_options(&self) -> Options {
        Options {
            trust_threshold: TrustThresholdFraction::ONE_THIRD,
            trusting_period: self.period(),
            clock_drift: self.clock_drift.min(UNLIMITED),
        }
    }
}

/// What one step came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The candidate is to be believed.
    Trusted,
    /// Nothing is wrong with it, but too few who are trusted signed it: a step between is needed.
    TooFar,
}

/// Verifies a candidate against a believed block below it.
pub(super) fn step(
    trusted: &LightBlock,
    candidate: &LightBlock,
    options: &TrustOptions,
    now: Time,
) -> Result<Step> {
    if !options.vouches(trusted, now) {
        return Err(expired(trusted));
    }

    let verdict = ProdVerifier::default().verify_update_header(
        candidate.untrusted(),
        trusted.trusted(),
        &options.verifier_options(),
        now,
    );
    match verdict {
        Verdict::Success => {}
        Verdict::NotEnoughTrust(_) => return Ok(Step::TooFar),
        Verdict::Invalid(detail) => return Err(invalid(candidate.height(), &detail)),
    }

    // Neighbours are chained by hash as well: two signed headers that are not are a fork.
    let adjacent = candidate.height() == trusted.height().saturating_add(1);
    if adjacent && !linked(candidate, trusted) {
        return Err(Error::proof(format!(
            "the header of height {} does not follow the believed one below it",
            candidate.height()
        )));
    }
    Ok(Step::Trusted)
}

/// Verifies the block that a root names.
pub(super) fn rooted(
    root: &TrustRoot,
    block: &LightBlock,
    options: &TrustOptions,
    now: Time,
) -> Result<()> {
    let header = &block.signed_header().header;
    if header.chain_id.as_str() != root.chain_id() || block.height() != root.height() {
        return Err(Error::proof(format!(
            "a header of {} at height {} is not the root of trust",
            header.chain_id,
            block.height()
        )));
    }

    match root {
        TrustRoot::Genesis(genesis) => signed_by_genesis(genesis, block)?,
        TrustRoot::Checkpoint(checkpoint) => named_by_checkpoint(checkpoint, block)?,
    }

    let verifier = ProdVerifier::default();
    let untrusted = block.untrusted();
    for verdict in [
        verifier.verify_validator_sets(&untrusted),
        verifier.check_header_is_from_past(&untrusted, &options.verifier_options(), now),
        verifier.verify_commit(&untrusted),
    ] {
        match verdict {
            Verdict::Success => {}
            Verdict::NotEnoughTrust(tally) => {
                return Err(Error::proof(format!("too few signed: {tally}")));
            }
            Verdict::Invalid(detail) => return Err(invalid(block.height(), &detail)),
        }
    }
    Ok(())
}

/// Whether `lower` is the very header that `upper` was built on.
pub(super) fn linked(upper: &LightBlock, lower: &LightBlock) -> bool {
    let previous = upper.signed_header().header.last_block_id;
    let previous = previous.and_then(|id| sha256(id.hash));
    upper.height() == lower.height().saturating_add(1) && previous == Some(header_hash(lower))
}

/// Whether validators and commit are those of the header; says nothing about signatures.
pub(super) fn whole(block: &LightBlock) -> bool {
    ProdVerifier::default().verify_validator_sets(&block.untrusted()) == Verdict::Success
}

pub(super) fn expired(trusted: &LightBlock) -> Error {
    Error::proof(format!(
        "the newest believed header, of height {} at {}, is older than the trusting period",
        trusted.height(),
        trusted.signed_header().header.time.to_rfc3339()
    ))
    .with_way(
        "if this machine's clock is right, give a newer checkpoint, as `polity network verify` shows it to somebody whom you \
         trust: --checkpoint HEIGHT:HASH",
    )
}

fn signed_by_genesis(genesis: &Genesis, block: &LightBlock) -> Result<()> {
    let header = &block.signed_header().header;
    if header.validators_hash != genesis.validators.hash() {
        return Err(Error::proof(
            "the first header is not that of the validators whom the genesis names",
        ));
    }
    if header.time < genesis.time {
        return Err(Error::proof("the first header is older than the genesis"));
    }
    if genesis
        .app_hash
        .is_some_and(|founded| header.app_hash.as_bytes() != founded)
    {
        return Err(Error::proof(
            "the chain began with another state than the genesis file founds",
        ));
    }
    Ok(())
}

fn named_by_checkpoint(checkpoint: &Checkpoint, block: &LightBlock) -> Result<()> {
    if header_hash(block) != checkpoint.header_hash {
        return Err(Error::proof(format!(
            "the header of height {} is not the one that the checkpoint names",
            checkpoint.height
        )));
    }
    Ok(())
}

pub(super) fn header_hash(block: &LightBlock) -> [u8; 32] {
    sha256(block.signed_header().header.hash()).unwrap_or_default()
}

fn invalid(height: u64, detail: &VerificationErrorDetail) -> Error {
    Error::proof(format!("the header of height {height} does not verify"))
        .with_source(detail.to_string())
}

#[cfg(test)]
mod tests;
