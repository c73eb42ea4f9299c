//! Sealing: a ballot is a hash until its voter opens it.

use sha2::{Digest, Sha256};

/// Domain of sealed ballots.
pub const DOMAIN: &[u8] = b"polity/v1/ballot\0";
/// Bytes of the salt that hides a nominee.
pub const SALT_BYTES: usize = 32;

/// One choice of one voter, as it is sealed. Every field is bound, so that a ballot is worth
/// nothing in another organisation, election or round, nor in anybody else's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The organisation digest.
    pub organisation: &'a [u8],
    /// Number of the election.
    pub election: u64,
    /// Its round, from 1.
    pub round: u32,
    /// Number of the voter.
    pub voter: u64,
    /// Number of the nominee.
    pub nominee: u64,
}

impl Choice<'_> {
    /// The commitment to this choice under a salt of 32 random bytes.
    pub fn commitment(&self, salt: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(self.organisation)
            .chain_update(self.election.to_be_bytes())
            .chain_update(self.round.to_be_bytes())
            .chain_update(self.voter.to_be_bytes())
            .chain_update(self.nominee.to_be_bytes())
            .chain_update(salt)
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_choice_is_bound() {
        let choice = Choice {
            organisation: &[1; 32],
            election: 2,
            round: 1,
            voter: 3,
            nominee: 4,
        };
        let sealed = choice.commitment(&[5; 32]);
        let others = [
            Choice {
                organisation: &[2; 32],
                ..choice
            },
            Choice {
                election: 3,
                ..choice
            },
            Choice { round: 2, ..choice },
            Choice { voter: 4, ..choice },
            Choice {
                nominee: 3,
                ..choice
            },
        ];
        for other in others {
            assert_ne!(other.commitment(&[5; 32]), sealed, "{other:?}");
        }
        assert_ne!(choice.commitment(&[6; 32]), sealed);
    }
}
