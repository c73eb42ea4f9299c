//! Sealed ballots: what hides a nominee is made from the voter's key, so there is no file to lose
//! between sealing and revealing.

use polity_ledger::elections::ballot::Choice;
use polity_proto::v1::{Ballot, Election};
use sha2::{Digest, Sha256};

use super::Session;
use crate::keys::Signer;

/// Domain of the bytes that are signed for a salt: no signature over them is ever sent.
const DOMAIN: &[u8] = b"polity/v1/ballot-salt\0";

impl Session {
    /// The salt of a member's ballot in one round of an election: SHA-256 of an Ed25519 signature,
    /// which is the same each time and which nobody else can make.
    #[must_use]
    pub fn ballot_salt(&self, signer: &Signer, election: &Election) -> [u8; 32] {
        salt(self.founded(), signer, election.number, election.round)
    }

    /// The commitment to a nominee.
    #[must_use]
    pub fn sealed_ballot(
        &self,
        signer: &Signer,
        election: &Election,
        voter: u64,
        nominee: u64,
    ) -> [u8; 32] {
        let choice = Choice {
            organisation: self.founded(),
            election: election.number,
            round: election.round,
            voter,
            nominee,
        };
        choice.commitment(&self.ballot_salt(signer, election))
    }

    /// Whom a sealed ballot of this member names, among `nominees`; none where another key sealed it.
    #[must_use]
    pub fn opened_ballot(
        &self,
        signer: &Signer,
        election: &Election,
        ballot: &Ballot,
        nominees: impl IntoIterator<Item = u64>,
    ) -> Option<u64> {
        nominees.into_iter().find(|nominee| {
            self.sealed_ballot(signer, election, ballot.voter, *nominee)[..] == ballot.commitment
        })
    }
}

fn salt(organisation: &[u8; 32], signer: &Signer, election: u64, round: u32) -> [u8; 32] {
    let mut bytes = DOMAIN.to_vec();
    bytes.extend_from_slice(organisation);
    bytes.extend_from_slice(&election.to_be_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    Sha256::digest(signer.sign(&bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_the_voters_own_for_one_round_of_one_election() {
        let signer = Signer::from_seed(&[3; 32]);
        let first = salt(&[1; 32], &signer, 5, 1);
        assert_eq!(salt(&[1; 32], &signer, 5, 1), first);
        for other in [
            salt(&[2; 32], &signer, 5, 1),
            salt(&[1; 32], &signer, 6, 1),
            salt(&[1; 32], &signer, 5, 2),
            salt(&[1; 32], &Signer::from_seed(&[4; 32]), 5, 1),
        ] {
            assert_ne!(other, first);
        }
    }
}
