//! How a block is proposed: what arrives is looked at at the door, one node chooses, the others judge.

use bytes::Bytes;
use polity_engine::application::{
    Application, Check, CheckKind, Misbehavior, MisbehaviorKind, PrepareProposal, ProcessProposal,
    ProposalVerdict,
};
use polity_ledger::block::Header;
use polity_ledger::{Rejection, check};
use sha2::{Digest, Sha256};

use super::chain::timestamp;
use super::replica::Finding;
use super::run::Simulation;
use super::view::View;

/// Room of a block.
const BLOCK_BYTES_MAX: u64 = 1 << 20;

impl Simulation {
    /// Sometimes somebody signed twice: a validator, or a key that is none any more.
    pub(super) fn misbehaviour(&mut self) -> Vec<Misbehavior> {
        if !self.dice.chance(3) {
            return Vec::new();
        }
        let view = View {
            state: &self.model.state,
            now: self.model.now(),
        };
        let validators = view.validators();
        let key = match self.dice.pick(&validators) {
            Some(validator) if self.dice.chance(80) => validator.key.clone(),
            Some(_) | None => self.dice.bytes(32),
        };
        let piece = Misbehavior {
            kind: MisbehaviorKind::DuplicateVote,
            validator_address: Bytes::copy_from_slice(&Sha256::digest(&key)[..20]),
            validator_power: 10,
            height: self.model.height,
            time: timestamp(self.model.time),
            total_voting_power: 40,
        };
        vec![piece; self.dice.one_of([1, 1, 2])]
    }

    /// What the proposer takes into the block, and whether the others accept it. A faulty proposer
    /// takes everything: then all must say the same of it, and it is decided nevertheless.
    pub(super) fn propose(&mut self, header: Header, pool: Vec<Vec<u8>>) -> Finding<Vec<Vec<u8>>> {
        let running = self.running();
        let proposer = *self.dice.pick(&running).ok_or("no node is running")?;
        let offered: Vec<Bytes> = pool.iter().cloned().map(Bytes::from).collect();
        self.knock(proposer, &offered)?;

        let app = self.replicas[proposer].app()?;
        let prepared = app.prepare_proposal(PrepareProposal {
            max_transaction_bytes: BLOCK_BYTES_MAX,
            transactions: offered.clone(),
            height: header.height,
            time: timestamp(header.time),
            ..PrepareProposal::default()
        });
        let prepared = prepared.map_err(|fault| fault.to_string())?;
        let verdicts = self.verdicts(&running, header, &prepared)?;
        if verdicts
            .iter()
            .any(|verdict| *verdict != ProposalVerdict::Accept)
        {
            return Err("what a correct node prepared is refused".into());
        }
        let is_faulty = self.dice.chance(30);
        if !is_faulty {
            return Ok(prepared.into_iter().map(|bytes| bytes.to_vec()).collect());
        }
        let verdicts = self.verdicts(&running, header, &offered)?;
        if verdicts.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err("nodes differ about a proposal".into());
        }
        Ok(pool)
    }

    /// The door of a node says of bytes what the check says, unless it knows of the signers already.
    fn knock(&self, node: usize, offered: &[Bytes]) -> Finding<()> {
        let checks = offered.iter().map(|transaction| Check {
            transaction: transaction.clone(),
            kind: CheckKind::New,
        });
        let answers = self.replicas[node].app()?.check_batch(checks.collect());
        let answers = answers.map_err(|fault| fault.to_string())?;
        for (bytes, answer) in offered.iter().zip(answers) {
            let checked = check::check(bytes, &self.model.organisation);
            let due = checked.map_or_else(Rejection::code, |_| 0);
            let is_about_signers = answer.result.code / 100 == 2;
            if answer.result.code != due && !is_about_signers {
                return Err(format!(
                    "the door says {} instead of {due}",
                    answer.result.code
                ));
            }
        }
        Ok(())
    }

    fn verdicts(
        &self,
        running: &[usize],
        header: Header,
        transactions: &[Bytes],
    ) -> Finding<Vec<ProposalVerdict>> {
        let request = ProcessProposal {
            transactions: transactions.to_vec(),
            height: header.height,
            time: timestamp(header.time),
            ..ProcessProposal::default()
        };
        let verdict = |node: &usize| {
            let app = self.replicas[*node].app()?;
            app.process_proposal(request.clone())
                .map_err(|fault| fault.to_string())
        };
        running.iter().map(verdict).collect()
    }
}
