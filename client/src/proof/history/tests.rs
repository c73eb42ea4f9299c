use polity_ledger::merkle::history::{prove_consistency, prove_inclusion};
use proptest::prelude::*;

use super::*;
use crate::made::{Log, vectors};

/// A history of so many entries.
fn log_of(count: u64) -> Log {
    let entries = (0..count).map(|number| number.to_be_bytes().to_vec());
    Log::of(entries.collect())
}

#[test]
fn a_head_is_read_out_of_a_state_value() {
    let record = |root: &[u8]| {
        Record {
            object: vec![1],
            history_count: 5,
            history_root: root.to_vec(),
        }
        .encode_to_vec()
    };

    let head = HistoryHead::from_state_value(&record(&[7; 32])).expect("a head");

    assert_eq!((head.count, head.root), (5, [7; 32]));
    assert!(HistoryHead::from_state_value(&record(&[7; 31])).is_err());
    assert!(HistoryHead::from_state_value(&[0xff]).is_err());
}

#[test]
fn an_entry_is_proven_at_its_place_only() {
    let log = log_of(13);
    let head = log.head(13);
    for index in 0..13 {
        let path = vectors(prove_inclusion(index, 13, log.node()));
        let entry = &log.entries[index as usize];
        let answer = InclusionAnswer {
            height: 7,
            count: 13,
            entry: entry.clone(),
            path: path.clone(),
        };

        assert!(head.verify_inclusion_answer(&answer, index).is_ok());
        assert!(head.verify_entry(entry, (index + 1) % 13, &path).is_err());
        assert!(head.verify_entry(b"another", index, &path).is_err());
        assert!(
            log.head(12)
                .verify_inclusion_answer(&answer, index)
                .is_err()
        );
    }
}

#[test]
fn a_history_grew_from_each_of_its_beginnings_and_from_no_other() {
    let log = log_of(13);
    let head = log.head(13);
    for old in 0..=13 {
        let answer = ConsistencyAnswer {
            height: 7,
            count: 13,
            root: head.root.to_vec(),
            path: vectors(prove_consistency(old, 13, log.node())),
        };
        let mut other = log.head(old);

        assert!(
            head.verify_consistency_answer(&other, &answer).is_ok(),
            "{old}"
        );
        other.root[0] ^= 1;
        assert!(
            head.verify_consistency_answer(&other, &answer).is_err(),
            "{old}"
        );
    }
}

#[test]
fn pages_chain_to_the_whole_history_from_wherever_they_begin() {
    let log = log_of(23);
    let head = log.head(23);
    for first in [0, 1, 5, 16, 22, 23] {
        let mut part = log.head(first);
        while part.count < 23 {
            let page = log.page(part.count, 4);
            let next = head.verify_next_page(&page, &part, 4).expect("a page");
            assert_eq!(next, log.head(next.count));
            let other = HistoryHead {
                root: [7; 32],
                ..part
            };
            assert!(head.verify_next_page(&page, &other, 4).is_err());
            part = next;
        }
        assert_eq!(part, head);
        let end = head.verify_page(&log.page(23, 4), 23, 4);
        assert_eq!(end.expect("the end"), head);
    }
}

#[test]
fn an_empty_history_has_an_empty_page() {
    let log = log_of(0);
    let head = log.head(0);

    let empty = head.verify_page(&log.page(0, 4), 0, 4);
    assert_eq!(empty.expect("empty"), head);
    assert!(head.verify_whole::<Vec<u8>>(&[]).is_ok());
}

#[test]
fn a_page_holds_all_that_was_asked_for_and_is_there() {
    let log = log_of(1_000);
    let head = log.head(1_000);
    let verified = |from: u64, given: usize, limit: u32| {
        head.verify_page(&log.page(from, given), from, limit)
            .is_ok()
    };
    for (from, limit, all) in [
        (0, 4, 4),
        (990, 10, 10),
        (990, 11, 10),
        (990, 500, 10),
        (300, 500, 500),
        // A node gives no more at once, and no less than one.
        (300, 700, 500),
        (300, 0, 1),
    ] {
        for given in [0, all - 1, all, all + 1] {
            let is_there = from + (given as u64) <= 1_000;
            let is_all = given == all || (given > all && !is_there);
            assert_eq!(
                verified(from, given, limit),
                is_all,
                "{from} {limit} {given}"
            );
        }
    }
    // The end of a history, for somebody who asked for its newest entries.
    assert!(head.verify_page(&log.page(1_000, 4), 996, 4).is_err());
    assert!(head.verify_page(&log.page(1_000, 4), 1_001, 4).is_err());
}

#[test]
fn a_page_with_anything_altered_is_refused() {
    type Change = fn(&mut HistoryAnswer);
    let changes: [(&str, Change); 13] = [
        ("from", |page| page.from = 7),
        ("count", |page| page.count += 1),
        ("root", |page| page.root[0] ^= 1),
        ("an entry", |page| page.entries[1].push(0)),
        ("an entry left out", |page| drop(page.entries.remove(1))),
        ("the last entry left out", |page| drop(page.entries.pop())),
        ("an entry added", |page| page.entries.push(vec![1])),
        ("entries swapped", |page| page.entries.swap(0, 1)),
        ("entries beyond the end", |page| {
            page.entries = vec![vec![1]; 500]
        }),
        ("too many entries", |page| page.entries = vec![vec![1]; 501]),
        ("a peak", |page| page.peaks[0][0] ^= 1),
        ("a peak left out", |page| drop(page.peaks.pop())),
        ("a step", |page| page.consistency[0][0] ^= 1),
    ];
    let log = log_of(23);
    for (name, change) in changes {
        let mut page = log.page(6, 4);
        change(&mut page);
        assert!(log.head(23).verify_page(&page, 6, 4).is_err(), "{name}");
    }
}

#[test]
fn the_whole_history_is_all_of_its_entries_in_order() {
    let log = log_of(9);
    let head = log.head(9);

    assert!(head.verify_whole(&log.entries).is_ok());
    assert!(head.verify_whole(&log.entries[1..]).is_err());
    assert!(log.head(8).verify_whole(&log.entries).is_err());
    let swapped: Vec<_> = log.entries.iter().rev().collect();
    assert!(head.verify_whole(&swapped).is_err());
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        count in any::<u64>(),
        from in any::<u64>(),
        path in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 31..34), 0..70),
        entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3), 1..4),
    ) {
        let head = HistoryHead { count, root: [7; 32] };
        let page = HistoryAnswer {
            from,
            count,
            root: vec![7; 32],
            peaks: path.clone(),
            entries,
            consistency: path.clone(),
            ..HistoryAnswer::default()
        };
        prop_assert!(head.verify_page(&page, from, 4).is_err());
        prop_assert!(head.verify_entry(b"entry", from, &path).is_err());
        let old = HistoryHead { count: from, root: [8; 32] };
        prop_assert!(head.verify_grown_from(&old, &path).is_err());
    }
}
