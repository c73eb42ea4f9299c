use polity_proto::v1::{Body, Receipt};

use super::*;
use crate::made::{Made, Signed, paid_by};
use crate::recorded::Node;

/// An account that was paid by transfers of odd numbers, with two events of holds after each.
fn paid(count: u64) -> Signed {
    let mut chain = Made::founded();
    let account = Account {
        number: 1,
        ..Account::default()
    };
    for index in 0..count {
        let moved = paid_by(2 * index + 1);
        let receipt = Receipt {
            events: vec![moved, Event::default(), Event::default()],
            ..Receipt::default()
        };
        chain.block().transaction(&Body::default(), receipt);
        for event in 0..3 {
            chain.tell(&account, 0, event);
        }
    }
    chain.block().block();
    chain.signed()
}

#[tokio::test]
async fn a_transfer_is_found_and_missed_whatever_the_node_tells_beside_its_entries() {
    for count in [1, 2, 5] {
        let chain = paid(count);
        let silent = chain.clone();
        let node =
            Node::start(move |method, params| silent.answer(method, params).to_string().into());
        let node = node.await;
        let session = chain.session([node.url.clone()]);
        for transfer in 0..2 * count + 3 {
            let found = session.transfer_in(1, transfer).await.expect("proven");
            let height = found.map(|found| found.item.entry.height);
            let is_there = transfer % 2 == 1 && transfer < 2 * count;
            let expected = is_there.then_some(transfer.div_ceil(2));
            assert_eq!(height, expected, "{transfer} of {count}");
        }
    }
}
