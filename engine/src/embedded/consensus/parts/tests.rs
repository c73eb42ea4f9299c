use super::*;
use crate::embedded::sample::{Chain, address_of};

const ANN: Option<NodeId> = Some(NodeId([1; 20]));
const BEN: Option<NodeId> = Some(NodeId([2; 20]));

fn announced(chain: &Chain, block: &SealedBlock, round: u32) -> Announcement {
    let height = block.header().height;
    let proposer = chain.tip.validators.proposer(height, round).address;
    let key = chain.keys.iter().find(|key| address_of(key) == proposer);
    Announcement::new(block, round, proposer, &chain.tip.chain_id, key.unwrap())
}

fn large_block(chain: &Chain) -> SealedBlock {
    let transactions = (0..5).map(|number| vec![number; 90_000].into()).collect();
    chain.next_block(transactions)
}

#[test]
fn a_block_is_put_together_in_whatever_order_its_pieces_come() {
    let chain = Chain::found(&[10; 4]);
    let block = large_block(&chain);
    let messages = cut(&announced(&chain, &block, 0), block.bytes(), 1);
    assert_eq!(messages.len(), 6, "announcement, four chunks, end");

    for turn in 0..messages.len() {
        let mut streams = Streams::default();
        let mut order = messages.clone();
        order.rotate_left(turn);
        let last = order.pop().unwrap();
        for message in order {
            assert!(streams.take(ANN, message, &chain.tip).is_none());
        }
        let arrived = streams.take(ANN, last, &chain.tip).unwrap();
        assert_eq!(&arrived.bytes, block.bytes());
        assert_eq!(arrived.announcement.id, block.id());
    }
}

#[test]
fn only_the_proposer_of_a_round_to_come_is_listened_to() {
    let chain = Chain::found(&[10; 4]);
    let block = large_block(&chain);
    let good = announced(&chain, &block, 0);
    assert!(good.is_due(&chain.tip));
    type Change = fn(&mut Announcement);
    let changes: [(&str, Change); 6] = [
        ("round", |announcement| announcement.round = 1),
        ("height", |announcement| announcement.height = 2),
        ("height", |announcement| announcement.height = 99),
        ("block", |announcement| announcement.id.parts += 1),
        ("bytes", |announcement| announcement.bytes = 1 << 40),
        ("signature", |announcement| announcement.signature.0[0] ^= 1),
    ];
    for (name, change) in changes {
        let mut changed = good.clone();
        change(&mut changed);
        assert!(!changed.is_due(&chain.tip), "{name}");
    }
    let mut decided = Chain::found(&[10; 4]);
    decided.grow(0, 0, &[], Vec::new());
    assert!(!good.is_due(&decided.tip), "late");
}

#[test]
fn a_node_that_is_behind_listens_to_the_proposers_of_later_heights_too() {
    let chain = Chain::found(&[10; 4]);
    let announced_at = |height| {
        let mut block = chain.next_block(Vec::new()).block().clone();
        block.header.height = height;
        announced(&chain, &block.seal(), 0)
    };
    for (height, expected) in [
        (0, false),
        (1, true),
        (2, true),
        (3, true),
        (HEIGHTS_AHEAD_MAX, true),
        (HEIGHTS_AHEAD_MAX + 1, false),
    ] {
        let due = announced_at(height).is_due(&chain.tip);
        assert_eq!(due, expected, "height {height}");
    }
}

#[test]
fn a_publisher_fills_no_more_than_its_own_few_streams() {
    let chain = Chain::found(&[10; 4]);
    let block = large_block(&chain);
    let announcement = announced(&chain, &block, 0);
    let mut streams = Streams::default();
    for number in 0..100 {
        let mut messages = cut(&announcement, block.bytes(), number);
        messages.truncate(2);
        for message in messages {
            assert!(streams.take(ANN, message, &chain.tip).is_none());
        }
        assert!(streams.publishers[&ANN].len() <= STREAMS_PER_PUBLISHER_MAX);
    }
    // Another one is not disturbed.
    let whole = cut(&announcement, block.bytes(), 7);
    let arrived = whole
        .into_iter()
        .find_map(|message| streams.take(BEN, message, &chain.tip));
    assert!(arrived.is_some());
    streams.decided(1);
    assert!(streams.publishers.is_empty());
}

#[test]
fn pieces_without_end_are_given_up() {
    let chain = Chain::found(&[10; 4]);
    let id = StreamId::new([1u64.to_be_bytes(), 1u64.to_be_bytes()].concat().into());
    let mut streams = Streams::default();
    for sequence in 1..1_000 {
        let chunk = StreamContent::Data(Part::Chunk(vec![0; CHUNK_BYTES].into()));
        let message = StreamMessage::new(id.clone(), sequence, chunk);
        assert!(streams.take(ANN, message, &chain.tip).is_none());
        let held: u64 = streams.publishers[&ANN].iter().map(|open| open.bytes).sum();
        assert!(held <= chain.tip.params.block_bytes_max() + SLACK_BYTES);
    }
}

#[test]
fn strangers_share_the_places_of_one_publisher() {
    let chain = Chain::found(&[10; 4]);
    let block = large_block(&chain);
    let announcement = announced(&chain, &block, 0);
    let mut streams = Streams::default();
    for number in 0..100 {
        let begun = cut(&announcement, block.bytes(), number).remove(0);
        assert!(streams.take(None, begun, &chain.tip).is_none());
    }
    let open: usize = streams.publishers.values().map(Vec::len).sum();
    assert_eq!(open, STREAMS_PER_PUBLISHER_MAX);
}
