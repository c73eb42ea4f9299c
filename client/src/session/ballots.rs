//! Sealed ballots: what hides a nominee is made from the voter's key, so there is no file to lose
//! between sealing and revealing.

use polity_ledger::elections::ballot::Choice;
use polity_proto::v1::{Ballot, Election, Member, ObjectKind};
use sha2::{Digest, Sha256};

use super::{Named, Session, number_of};
use crate::keys::Signer;
use crate::{Error, Result};

/// Domain of the bytes that are signed for a salt: no signature over them is ever sent.
const DOMAIN: &[u8] = b"polity/v1/ballot-salt\0";

impl Session {
    /// The salt of a member's ballot in one round of an election: SHA-256 of an Ed25519 signature,
    /// which is the same each time and which nobody else can make.
    #[must_use]
    pub fn ballot_salt(&self, signer: &Signer, election: &Election) -> [u8; 32] {
        salt(self.founded(), signer, election.number, election.round)
    }

    /// Whom a voter names, `m12` or a handle. All who can be elected are read, because a node that is asked about one of
    /// them would know whom the ballot names.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Usage`] where nobody among them is called so.
    pub async fn nominee(&self, election: &Election, text: &str) -> Result<Named> {
        let number = number_of(ObjectKind::Member, text);
        let people = self.get_all::<Member>(&election.electorate).await?;
        let named = people.into_iter().flatten().find(|one| match number {
            Some(number) => one.number == number,
            None => one.handle == text,
        });
        let words = || Error::usage(format!("{text} is not among those who can be elected"));
        let named = named.ok_or_else(words)?;
        Ok(Named {
            number: named.number,
            shown: format!("m{} {}", named.number, named.handle),
        })
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
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;
    use crate::ErrorKind;
    use crate::made::Made;
    use crate::recorded::Node;

    #[tokio::test]
    async fn no_question_to_a_node_tells_whom_a_ballot_names() {
        let mut chain = Made::founded();
        for (number, handle) in [(3, "finn"), (5, "lea"), (7, "gia")] {
            chain.put(&Member {
                number,
                handle: handle.into(),
                ..Member::default()
            });
        }
        let chain = chain.block().block().clone().signed();
        let (asked, answering) = (Arc::new(Mutex::new(Vec::new())), chain.clone());
        let heard = asked.clone();
        let node = Node::start(move |method, params| {
            if method == "abci_query" {
                heard.lock().expect("whole").push(params["data"].clone());
            }
            answering.answer(method, params).to_string().into()
        })
        .await;
        let session = chain.session([node.url.clone()]);
        let election = Election {
            electorate: vec![3, 5],
            ..Election::default()
        };
        let questions = || std::mem::take(&mut *asked.lock().expect("whole"));

        let mut told: Vec<Vec<Value>> = Vec::new();
        for (text, shown) in [("lea", "m5 lea"), ("finn", "m3 finn"), ("m5", "m5 lea")] {
            let named = session.nominee(&election, text).await.expect(text);
            assert_eq!(named.shown, shown);
            told.push(questions());
        }
        for text in ["gia", "m7", "nobody"] {
            let refused = session.nominee(&election, text).await.expect_err(text);
            assert_eq!(refused.kind(), ErrorKind::Usage);
            told.push(questions());
        }

        assert!(!told[0].is_empty());
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    }

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
