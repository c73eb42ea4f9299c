//! What is found again, and what is forgotten.

use super::super::sample::{Chain, key, update};

#[test]
fn a_chain_is_found_again_from_its_height_alone() {
    let mut chain = Chain::found(&[10, 10, 10, 7]);
    for height in 1..=6u64 {
        let updates = match height {
            3 => vec![update(&key(4), 20)],
            _ => Vec::new(),
        };
        chain.grow(height as usize % 3, 0, &[], updates);
        let found = chain.rows.tip(&chain.tip.chain_id, height).unwrap();
        assert_eq!(format!("{found:?}"), format!("{:?}", chain.tip));
    }
    assert!(chain.rows.tip(&chain.tip.chain_id, 7).is_err());
    let hash = chain.blocks[2].id().hash;
    assert_eq!(chain.rows.height_of(&hash), Ok(Some(3)));
}

#[test]
fn a_kept_block_stays_until_its_height_is_decided() {
    let mut chain = Chain::found(&[10; 4]);
    let block = chain.next_block(Vec::new());
    chain
        .rows
        .keep(&block, Some(b"announced"[..].into()))
        .unwrap();

    let kept = chain.rows.kept(1).unwrap();
    assert_eq!(kept[0].block.id(), block.id());
    assert_eq!(kept[0].announcement.as_deref(), Some(&b"announced"[..]));
    assert!(chain.rows.kept(2).unwrap().is_empty());
    chain.grow(0, 0, &[], Vec::new());
    let rows = super::decided(&block, &chain.tip, &[block.id()]);
    chain.rows.0.write(rows).unwrap();
    assert!(chain.rows.kept(1).unwrap().is_empty());
}
