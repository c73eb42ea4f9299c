use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_app_channel::app::types::core::{
    Context, NilOrVal, Round, SignedVote, Timeout, TimeoutKind, Validity,
};
use tempfile::TempDir;

use super::*;
use crate::embedded::canonical::{BlockId, Signature};
use crate::embedded::consensus::context::Height;

const OWN: Address = Address([1; 20]);
const OTHER: Address = Address([2; 20]);

fn open(home: &TempDir) -> Journal {
    Journal::open(&home.path().join("wal"), OWN, Box::new(|_, _| Ok(true))).unwrap()
}

fn vote(height: u64, speaker: Address) -> Input<EmbeddedContext> {
    let vote = EmbeddedContext.new_prevote(Height(height), Round::new(0), NilOrVal::Nil, speaker);
    Input::Vote(SignedVote::new(vote, Signature([7; 64])))
}

fn value(height: u64, origin: ValueOrigin) -> Input<EmbeddedContext> {
    let value = ProposedValue {
        height: Height(height),
        round: Round::new(0),
        valid_round: Round::Nil,
        proposer: OTHER,
        value: BlockId {
            parts: 1,
            ..BlockId::default()
        },
        validity: Validity::Valid,
    };
    Input::ProposedValue(value, origin)
}

/// What a restart at this height finds.
fn found(home: &TempDir, height: u64) -> Vec<String> {
    let entries = open(home).start(height).unwrap();
    let entries = entries.into_iter().map(|entry| format!("{entry:?}"));
    entries.collect()
}

#[test]
fn a_height_that_starts_again_finds_everything_in_its_order() {
    let home = tempfile::tempdir().unwrap();
    let timeout = Input::TimeoutElapsed(Timeout::new(Round::new(0), TimeoutKind::Propose));
    let said = || {
        [
            value(5, ValueOrigin::Consensus),
            vote(5, OTHER),
            timeout.clone(),
            vote(5, OWN),
        ]
    };
    let mut journal = open(&home);
    assert!(journal.start(5).unwrap().is_empty());
    for entry in said() {
        journal.append(5, entry).unwrap();
    }
    drop(journal);

    let expected = said().map(|entry| format!("{:?}", Entry::Ok(entry)));
    assert_eq!(found(&home, 5), expected);
    assert!(found(&home, 6).is_empty(), "another height");
    assert_eq!(found(&home, 5), expected, "looking takes nothing away");
}

#[test]
fn a_log_that_speaks_of_a_block_which_the_store_has_lost_is_left_out() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    journal.start(5).unwrap();
    let value = value(5, ValueOrigin::Consensus);
    for entry in [value, vote(5, OTHER)] {
        journal.append(5, entry).unwrap();
    }
    drop(journal);
    assert_eq!(found(&home, 5).len(), 2, "the store has the block");

    let mut journal =
        Journal::open(&home.path().join("wal"), OWN, Box::new(|_, _| Ok(false))).unwrap();
    assert!(journal.start(5).unwrap().is_empty());
    journal.append(5, vote(5, OTHER)).unwrap();
    drop(journal);
    assert_eq!(found(&home, 5).len(), 1, "what follows takes its place");
}

#[test]
fn the_first_entry_of_a_height_takes_the_place_of_the_one_before() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    for height in [5, 6] {
        journal.start(height).unwrap();
        journal.append(height, vote(height, OTHER)).unwrap();
        journal.append(height - 1, vote(height - 1, OTHER)).unwrap();
    }
    drop(journal);
    assert_eq!(found(&home, 6).len(), 1);
}

#[test]
fn a_block_that_somebody_sends_again_and_again_is_noted_once_for_each_height() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    for height in [5, 6] {
        journal.start(height).unwrap();
        for _ in 0..3 {
            journal
                .append(height, value(height, ValueOrigin::Consensus))
                .unwrap();
            journal.append(height, vote(height, OWN)).unwrap();
        }
    }
    drop(journal);
    let expected = [
        value(6, ValueOrigin::Consensus),
        vote(6, OWN),
        vote(6, OWN),
        vote(6, OWN),
    ];
    let expected = expected.map(|entry| format!("{:?}", Entry::Ok(entry)));
    assert_eq!(found(&home, 6), expected);
}

#[test]
fn a_height_that_comes_with_its_decision_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    journal.start(5).unwrap();
    journal.append(5, vote(5, OWN)).unwrap();
    let before = std::fs::read(home.path().join("wal")).unwrap();
    for height in 6..9 {
        journal.start(height).unwrap();
        let value = value(height, ValueOrigin::Sync);
        journal.append(height, value).unwrap();
    }
    assert_eq!(std::fs::read(home.path().join("wal")).unwrap(), before);
    drop(journal);
    assert!(found(&home, 8).is_empty());
}

#[tokio::test]
async fn only_a_word_of_our_own_waits_for_the_disk() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    journal.start(5).unwrap();
    for (entry, waits) in [
        (value(5, ValueOrigin::Consensus), false),
        (vote(5, OTHER), false),
        (vote(5, OWN), true),
        (vote(5, OTHER), true),
    ] {
        journal.append(5, entry).unwrap();
        assert_eq!(journal.is_owed, waits);
    }
    journal.flush().await.unwrap();
    assert!(!journal.is_owed);
}

#[test]
fn a_log_whose_making_was_broken_off_is_made() {
    for bytes in [&[][..], &[0, 0, 0, 1], &[0, 0, 0, 1, 0, 0]] {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("wal"), bytes).unwrap();
        let mut journal = open(&home);
        journal.start(5).unwrap();
        journal.append(5, vote(5, OWN)).unwrap();
        drop(journal);
        assert_eq!(found(&home, 5).len(), 1, "{bytes:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_after_it() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    journal.start(5).unwrap();
    let mut ends = Vec::new();
    for _ in 0..3 {
        journal.append(5, vote(5, OTHER)).unwrap();
        ends.push(journal.log.size_bytes().unwrap() as usize);
    }
    drop(journal);
    let mut bytes = std::fs::read(home.path().join("wal")).unwrap();
    bytes[ends[1] - 1] ^= 1;
    std::fs::write(home.path().join("wal"), bytes).unwrap();

    let entries = open(&home).start(5).unwrap();
    let are_good: Vec<bool> = entries.iter().map(Result::is_ok).collect();
    assert_eq!(are_good, [true, false]);
}

#[tokio::test]
async fn what_cannot_be_brought_to_the_disk_is_told_with_the_file() {
    let home = tempfile::tempdir().unwrap();
    let mut journal = open(&home);
    // What is no file has no place on the disk.
    journal.disk = Arc::new(File::open("/dev/null").unwrap());
    journal.is_owed = true;
    let (trouble, mut told) = Trouble::new();
    let path = home.path().join("wal");
    let writer = Writer {
        path: path.clone(),
        trouble,
    };
    let (writer, _) = Actor::spawn(None, writer, journal).await.unwrap();

    for _ in 0..2 {
        let flushed = ractor::call!(writer, Msg::Flush).unwrap();
        assert!(flushed.is_err());
    }
    let (file, error) = told.recv().await.unwrap();
    assert_eq!((file, error.kind()), (path, io::ErrorKind::InvalidInput));
}
