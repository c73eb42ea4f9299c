use bytes::Bytes;

use super::*;
use crate::application::{ConsensusParams, TxResult};
use crate::embedded::sample::{self, Chain, key, update};

/// A chain of some heights, with changes of validators and a decision in a later round.
fn chain() -> Chain {
    let mut chain = Chain::found(&[10, 10, 10, 7]);
    chain.rows.found(&chain.tip).unwrap();
    for height in 1..=6u64 {
        let updates = match height {
            3 => vec![update(&key(4), 20)],
            _ => Vec::new(),
        };
        chain.grow(height as usize % 3, height as u32 % 2, &[1], updates);
    }
    chain
}

/// Judges everything that the chain's rows say.
fn audit(chain: &Chain) -> Result<u64, AuditError> {
    let founding = Chain::found(&[10, 10, 10, 7]).tip;
    let genesis = Genesis {
        block: founding.params.block,
        evidence: founding.params.evidence,
        ..Genesis::new(sample::CHAIN_ID, founding.time, Vec::new(), Vec::new())
    };
    let made = InitChainResult {
        consensus_params: Some(ConsensusParams::default()),
        validators: founding.validators.to_updates(),
        app_hash: founding.app_hash.into(),
    };
    let mut audit = Audit::begin(Arc::clone(&chain.rows.0), &genesis, made)?;
    for height in 1..=6u64 {
        let decided = audit.next_block()?;
        let transactions = decided.block.block().transactions.iter();
        let result = BlockResult {
            transactions: transactions
                .map(|bytes| TxResult {
                    code: 3,
                    data: bytes.clone(),
                    log: String::new(),
                })
                .collect(),
            validator_updates: match height {
                3 => vec![update(&key(4), 20)],
                _ => Vec::new(),
            },
            consensus_param_updates: None,
            app_hash: Bytes::from(vec![height as u8; 32]),
        };
        audit.executed(decided, &result)?;
    }
    for (key, value) in chain.rows.0.scan(&[])? {
        audit.row(&key, &value)?;
    }
    Ok(audit.blocks())
}

fn rewrite(chain: &Chain, key: &[u8], value: Option<Bytes>) {
    let row = EngineRow {
        key: key.to_vec(),
        value,
    };
    chain.rows.0.write(vec![row]).unwrap();
}

fn wrong(chain: &Chain) -> Wrong {
    match audit(chain) {
        Err(AuditError::Wrong(wrong)) => wrong,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_engine_wrote_is_sound() {
    assert_eq!(audit(&chain()).unwrap(), 6);
}

#[test]
fn a_byte_that_changed_in_any_row_is_told_by_its_key() {
    let chain = chain();
    for (key, value) in chain.rows.0.scan(&[]).unwrap() {
        for at in (0..value.len()).step_by(7).chain([value.len() - 1]) {
            let mut changed = value.to_vec();
            changed[at] ^= 0x04;
            rewrite(&chain, &key, Some(changed.into()));
            let told = wrong(&chain);
            assert_eq!(told.key, key, "byte {at}: {told}");
        }
        rewrite(&chain, &key, Some(value));
    }
    assert_eq!(audit(&chain).unwrap(), 6);
}

#[test]
fn a_row_that_is_lost_or_that_nobody_made_is_told_by_its_key() {
    let chain = chain();
    for (key, value) in chain.rows.0.scan(&[]).unwrap() {
        rewrite(&chain, &key, None);
        assert_eq!(wrong(&chain).key, key);
        rewrite(&chain, &key, Some(value));
    }
    for stray in [&b"V1"[..], b"E", b"Bx", b"x", b"U1"] {
        rewrite(&chain, stray, Some(Bytes::new()));
        assert_eq!(wrong(&chain).key, stray);
        rewrite(&chain, stray, None);
    }
}

#[test]
fn rows_of_a_height_that_was_taken_back_are_no_harm() {
    let mut chain = chain();
    chain.grow(1, 0, &[], vec![update(&key(1), 3)]);
    assert_eq!(audit(&chain).unwrap(), 6);
}
