//! What many validators said: certificates that a block has its votes, or that a round is over.

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::{
    CommitCertificate, CommitSignature, ExtendedCommitCertificate, ExtendedCommitSignature,
    PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType,
    RoundSignature,
};
use prost::Message;

use super::{Decoded, copy, defined, kind, kind_number, value, value_bytes};
use crate::embedded::canonical::{Address, BlockId, Commit, Malformed, Signature};
use crate::embedded::consensus::context::{EmbeddedContext, Height};

#[derive(Clone, PartialEq, Message)]
pub(in crate::embedded::consensus) struct CertificateMessage {
    #[prost(uint64, tag = "1")]
    pub(in crate::embedded::consensus) height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(bytes = "bytes", tag = "3")]
    value: Bytes,
    #[prost(message, repeated, tag = "4")]
    signatures: Vec<SignatureMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SignatureMessage {
    #[prost(bytes = "bytes", tag = "1")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::embedded::consensus) struct RoundCertificateMessage {
    #[prost(uint64, tag = "1")]
    height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(bool, tag = "3")]
    is_skip: bool,
    #[prost(message, repeated, tag = "4")]
    votes: Vec<RoundSignatureMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RoundSignatureMessage {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "bytes", optional, tag = "2")]
    value: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "3")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    signature: Bytes,
}

/// Signatures of one certificate: more than consensus among departments ever has validators. Malachite writes a certificate
/// that does not hold into its log, whole.
pub(in crate::embedded::consensus) const SIGNATURES_MAX: usize = 512;

fn few<T>(signatures: &[T]) -> Decoded<()> {
    if signatures.len() <= SIGNATURES_MAX {
        Ok(())
    } else {
        Err(Malformed)
    }
}

impl CertificateMessage {
    fn new<'a>(
        height: Height,
        round: Round,
        value: &BlockId,
        signatures: impl Iterator<Item = (&'a Address, &'a Signature)>,
    ) -> Self {
        Self {
            height: height.0,
            round: round.as_i64(),
            value: copy(&value.to_bytes()),
            signatures: signatures
                .map(|(address, signature)| SignatureMessage {
                    address: copy(&address.0),
                    signature: copy(&signature.0),
                })
                .collect(),
        }
    }

    /// Of what it is, and the signatures as its kind of certificate holds them.
    fn read<S>(
        self,
        signed: impl Fn(Address, Signature) -> S,
    ) -> Decoded<(Height, Round, BlockId, Vec<S>)> {
        few(&self.signatures)?;
        let signatures = self.signatures.into_iter().map(|entry| {
            let address = Address::from_slice(&entry.address)?;
            Ok(signed(address, Signature::from_slice(&entry.signature)?))
        });
        Ok((
            Height(self.height),
            defined(self.round)?,
            BlockId::from_bytes(&self.value)?,
            signatures.collect::<Decoded<_>>()?,
        ))
    }
}

impl From<&PolkaCertificate<EmbeddedContext>> for CertificateMessage {
    fn from(certificate: &PolkaCertificate<EmbeddedContext>) -> Self {
        let signatures = certificate.polka_signatures.iter();
        Self::new(
            certificate.height,
            certificate.round,
            &certificate.value_id,
            signatures.map(|entry| (&entry.address, &entry.signature)),
        )
    }
}

impl TryFrom<CertificateMessage> for PolkaCertificate<EmbeddedContext> {
    type Error = Malformed;

    fn try_from(message: CertificateMessage) -> Decoded<Self> {
        let (height, round, value_id, polka_signatures) = message.read(PolkaSignature::new)?;
        Ok(Self {
            height,
            round,
            value_id,
            polka_signatures,
        })
    }
}

impl From<&ExtendedCommitCertificate<EmbeddedContext>> for CertificateMessage {
    fn from(certificate: &ExtendedCommitCertificate<EmbeddedContext>) -> Self {
        let signatures = certificate.commit_signatures.iter();
        Self::new(
            certificate.height,
            certificate.round,
            &certificate.value_id,
            signatures.map(|entry| (&entry.address, &entry.signature)),
        )
    }
}

impl TryFrom<CertificateMessage> for ExtendedCommitCertificate<EmbeddedContext> {
    type Error = Malformed;

    fn try_from(message: CertificateMessage) -> Decoded<Self> {
        let (height, round, value_id, commit_signatures) = message
            .read(|address, signature| ExtendedCommitSignature::new(address, signature, None))?;
        Ok(Self {
            height,
            round,
            value_id,
            commit_signatures,
        })
    }
}

/// A stored decision, as others ask for it.
pub(in crate::embedded::consensus) fn certificate(
    commit: &Commit,
) -> CommitCertificate<EmbeddedContext> {
    CommitCertificate {
        height: Height(commit.height),
        round: Round::new(commit.round),
        value_id: commit.block_id,
        commit_signatures: commit
            .signers()
            .map(|(address, signature)| CommitSignature::new(address, signature))
            .collect(),
    }
}

impl From<&RoundCertificate<EmbeddedContext>> for RoundCertificateMessage {
    fn from(certificate: &RoundCertificate<EmbeddedContext>) -> Self {
        Self {
            height: certificate.height.0,
            round: certificate.round.as_i64(),
            is_skip: certificate.cert_type == RoundCertificateType::Skip,
            votes: certificate
                .round_signatures
                .iter()
                .map(|entry| RoundSignatureMessage {
                    kind: kind_number(entry.vote_type),
                    value: value_bytes(&entry.value_id),
                    address: copy(&entry.address.0),
                    signature: copy(&entry.signature.0),
                })
                .collect(),
        }
    }
}

impl TryFrom<RoundCertificateMessage> for RoundCertificate<EmbeddedContext> {
    type Error = Malformed;

    fn try_from(message: RoundCertificateMessage) -> Decoded<Self> {
        few(&message.votes)?;
        let votes = message.votes.into_iter();
        Ok(Self {
            height: Height(message.height),
            round: defined(message.round)?,
            cert_type: if message.is_skip {
                RoundCertificateType::Skip
            } else {
                RoundCertificateType::Precommit
            },
            round_signatures: votes
                .map(|entry| {
                    Ok(RoundSignature::new(
                        kind(entry.kind)?,
                        value(entry.value)?,
                        Address::from_slice(&entry.address)?,
                        Signature::from_slice(&entry.signature)?,
                    ))
                })
                .collect::<Decoded<_>>()?,
        })
    }
}
