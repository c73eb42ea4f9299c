//! The signer, which asks the guard first, and the verifier.

use std::sync::Arc;

use async_trait::async_trait;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use malachitebft_app_channel::app::types::core::{
    NilOrVal, Round, SignedExtension, SignedProposal, SignedVote, SigningScheme, ValidatorProof,
    VoteExtensionScope, VoteType,
};
use malachitebft_signing::{Error, Signer, VerificationResult, Verifier};

use super::context::{Ed25519, EmbeddedContext, Proposal, Vote, countable};
use super::trouble::Trouble;
use crate::embedded::canonical::{BlockId, Signature};
use crate::embedded::guard::{Guard, GuardError, Step, Word};

/// Stands in the place of a signature that the guard refused. No key makes it, so this node's own consensus drops the
/// message, and the codec does not let it out. An error instead would end Malachite, and with it the catching up
/// that makes the guard content again.
pub(super) const REFUSED: Signature = Signature([0; 64]);

/// Signs what the guard permits.
pub(super) struct Keeper {
    pub(super) key: SigningKey,
    pub(super) chain_id: Arc<str>,
    pub(super) guard: Arc<Guard>,
    pub(super) trouble: Trouble,
}

impl Keeper {
    /// The guard's record is on the disk before the signature exists.
    async fn sign(&self, word: Word, bytes: Vec<u8>) -> Result<Signature, Error> {
        let guard = Arc::clone(&self.guard);
        let permitted = tokio::task::spawn_blocking(move || guard.permit(&word))
            .await
            .map_err(Error::from_source)?
            .inspect_err(|error| self.tell(error))
            .map_err(Error::from_source)?;
        Ok(if permitted {
            Signature(self.key.sign(&bytes).to_bytes())
        } else {
            REFUSED
        })
    }

    fn tell(&self, error: &GuardError) {
        if let GuardError::Io(file, error) = error {
            self.trouble.tell(file, error);
        }
    }
}

#[async_trait]
impl Signer<EmbeddedContext> for Keeper {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedVote<EmbeddedContext>, Error> {
        let signature = match vote.canonical() {
            None => REFUSED,
            Some(canonical) => {
                let word = Word {
                    height: canonical.height,
                    round: canonical.round,
                    step: match vote.kind {
                        VoteType::Prevote => Step::Prevote,
                        VoteType::Precommit => Step::Precommit,
                    },
                    said: match vote.value {
                        NilOrVal::Nil => [0; BlockId::BYTES],
                        NilOrVal::Val(id) => id.to_bytes(),
                    },
                    pol_round: None,
                };
                self.sign(word, canonical.sign_bytes(&self.chain_id))
                    .await?
            }
        };
        Ok(SignedVote::new(vote, signature))
    }

    async fn sign_proposal(
        &self,
        proposal: Proposal,
    ) -> Result<SignedProposal<EmbeddedContext>, Error> {
        let signature = match countable(proposal.round) {
            None => REFUSED,
            Some(round) => {
                let word = Word {
                    height: proposal.height.0,
                    round,
                    step: Step::Proposal,
                    said: proposal.value.to_bytes(),
                    pol_round: proposal.pol_round.as_u32(),
                };
                self.sign(word, proposal.sign_bytes(&self.chain_id)).await?
            }
        };
        Ok(SignedProposal::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _scope: VoteExtensionScope<EmbeddedContext>,
        _extension: (),
    ) -> Result<SignedExtension<EmbeddedContext>, Error> {
        Err(Error::from_source("vote extensions are disabled"))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<EmbeddedContext>, Error> {
        let bytes = ValidatorProof::<EmbeddedContext>::signing_bytes(&public_key, &peer_id);
        let signature = Signature(self.key.sign(&bytes).to_bytes());
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}

/// Verifies what others signed.
pub(super) struct Examiner {
    pub(super) chain_id: Arc<str>,
}

#[async_trait]
impl Verifier<EmbeddedContext> for Examiner {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &VerifyingKey,
    ) -> Result<VerificationResult, Error> {
        let valid = vote
            .canonical()
            .is_some_and(|vote| signature.is_by(key, &vote.sign_bytes(&self.chain_id)));
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &VerifyingKey,
    ) -> Result<VerificationResult, Error> {
        let valid = countable(proposal.round).is_some()
            && (proposal.pol_round == Round::Nil || countable(proposal.pol_round).is_some())
            && signature.is_by(key, &proposal.sign_bytes(&self.chain_id));
        Ok(VerificationResult::from_bool(valid))
    }

    async fn verify_signed_vote_extension(
        &self,
        _scope: &VoteExtensionScope<EmbeddedContext>,
        _extension: &(),
        _signature: &Signature,
        _key: &VerifyingKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<EmbeddedContext>,
    ) -> Result<VerificationResult, Error> {
        let valid = Ed25519::decode_public_key(&proof.public_key)
            .is_ok_and(|key| proof.signature.is_by(&key, &proof.preimage()));
        Ok(VerificationResult::from_bool(valid))
    }
}
