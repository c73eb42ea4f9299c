use std::fs;
use std::path::PathBuf;

use super::*;
use crate::embedded::canonical::BlockId;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("consensus.guard")
    }
}

fn word(height: u64, round: u32, step: Step, said: u8) -> Word {
    Word {
        height,
        round,
        step,
        said: [said; BlockId::BYTES],
        pol_round: None,
    }
}

fn founded(place: &Place) -> Guard {
    Guard::create(&place.file()).unwrap();
    Guard::open(&place.file()).unwrap()
}

#[test]
fn what_was_said_is_repeated_and_never_contradicted() {
    let place = Place::new();
    let guard = founded(&place);
    let said = word(5, 1, Step::Prevote, 1);
    assert!(guard.permit(&said).unwrap());
    assert!(guard.permit(&said).unwrap());
    for other in [
        word(5, 1, Step::Prevote, 2),
        word(5, 1, Step::Proposal, 1),
        word(5, 0, Step::Precommit, 1),
        word(4, 9, Step::Precommit, 1),
    ] {
        assert!(!guard.permit(&other).unwrap(), "{other:?}");
    }
    assert_eq!(guard.state().refusals, 4);
    for later in [
        word(5, 1, Step::Precommit, 2),
        word(5, 2, Step::Proposal, 2),
        word(6, 0, Step::Proposal, 3),
    ] {
        assert!(guard.permit(&later).unwrap(), "{later:?}");
    }
}

#[test]
fn reading_makes_no_guard_and_tells_of_none_that_is_in_use() {
    let place = Place::new();
    let missing = Guard::read(&place.file());
    assert!(matches!(missing, Err(GuardError::Io(_, _))));
    assert!(!place.file().exists());

    let guard = founded(&place);
    assert!(guard.permit(&word(5, 1, Step::Prevote, 1)).unwrap());
    let used = Guard::read(&place.file());
    assert!(matches!(used, Err(GuardError::InUse(_))));
    let state = guard.state();
    drop(guard);
    assert_eq!(Guard::read(&place.file()).unwrap(), state);
}

#[test]
fn a_restart_forgets_nothing() {
    let place = Place::new();
    let said = word(7, 0, Step::Precommit, 1);
    assert!(founded(&place).permit(&said).unwrap());

    let guard = Guard::open(&place.file()).unwrap();
    assert!(guard.is_trusted());
    assert!(!guard.permit(&word(7, 0, Step::Precommit, 2)).unwrap());
    assert!(guard.permit(&said).unwrap());
}

#[test]
fn what_was_said_of_an_ended_chain_binds_nobody_on_the_one_that_goes_on() {
    let place = Place::new();
    let guard = founded(&place);
    assert!(guard.permit(&word(8, 3, Step::Precommit, 1)).unwrap());
    // What is so far above the end was said of the new chain.
    guard.forget_ended(&(5..=7)).unwrap();
    assert_eq!(guard.state().height, 8);
    guard.forget_ended(&(7..=9)).unwrap();
    drop(guard);

    let guard = Guard::open(&place.file()).unwrap();
    assert!(!guard.permit(&word(6, 9, Step::Precommit, 2)).unwrap());
    let first = word(7, 0, Step::Proposal, 2);
    assert!(guard.permit(&first).unwrap());
    drop(guard);
    let guard = Guard::open(&place.file()).unwrap();
    assert!(!guard.permit(&word(7, 0, Step::Proposal, 3)).unwrap());

    let copy = Place::new();
    fs::copy(place.file(), copy.file()).unwrap();
    let guard = Guard::open(&copy.file()).unwrap();
    guard.forget_ended(&(7..=9)).unwrap();
    assert!(!guard.is_trusted());
    assert!(!guard.permit(&word(7, 1, Step::Proposal, 2)).unwrap());
}

#[test]
fn a_copied_file_signs_only_above_what_it_saw_decided() {
    let (place, other) = (Place::new(), Place::new());
    assert!(
        founded(&place)
            .permit(&word(7, 0, Step::Precommit, 1))
            .unwrap()
    );
    fs::copy(place.file(), other.file()).unwrap();

    let guard = Guard::open(&other.file()).unwrap();
    assert!(!guard.is_trusted());
    assert!(!guard.permit(&word(9, 0, Step::Prevote, 1)).unwrap());
    guard.watched(20).unwrap();
    assert!(!guard.permit(&word(20, 5, Step::Prevote, 1)).unwrap());
    assert!(guard.permit(&word(21, 0, Step::Prevote, 1)).unwrap());

    drop(guard);
    let guard = Guard::open(&other.file()).unwrap();
    assert!(guard.is_trusted(), "once trusted, the copy is the guard");
    assert!(!guard.permit(&word(20, 6, Step::Prevote, 1)).unwrap());
}

#[test]
fn a_restored_file_is_a_copy() {
    let place = Place::new();
    let backup = place.directory.path().join("backup");
    assert!(
        founded(&place)
            .permit(&word(7, 0, Step::Precommit, 1))
            .unwrap()
    );
    fs::copy(place.file(), &backup).unwrap();
    let guard = Guard::open(&place.file()).unwrap();
    assert!(guard.permit(&word(8, 0, Step::Precommit, 1)).unwrap());
    drop(guard);

    fs::remove_file(place.file()).unwrap();
    fs::copy(&backup, place.file()).unwrap();
    assert!(!Guard::open(&place.file()).unwrap().is_trusted());
}

#[test]
fn a_missing_file_is_not_taken_for_a_new_key() {
    let place = Place::new();
    let guard = Guard::open(&place.file()).unwrap();
    assert!(!guard.permit(&word(1, 0, Step::Prevote, 1)).unwrap());
    drop(guard);
    // Nor is it when it is opened again: nothing was ever written.
    assert!(!Guard::open(&place.file()).unwrap().is_trusted());
}

#[test]
fn a_torn_record_leaves_the_one_before_it() {
    let place = Place::new();
    let guard = founded(&place);
    assert!(guard.permit(&word(1, 0, Step::Prevote, 1)).unwrap());
    assert!(guard.permit(&word(1, 0, Step::Precommit, 1)).unwrap());
    drop(guard);
    let bytes = fs::read(place.file()).unwrap();
    // Founding wrote record 1, the votes 2 and 3: the newest lies in the second slot.
    let mut torn = bytes.clone();
    torn[4_096 + 60] ^= 1;
    overwrite(&place, &torn);

    let guard = Guard::open(&place.file()).unwrap();
    assert!(!guard.permit(&word(1, 0, Step::Prevote, 2)).unwrap());
    assert!(guard.permit(&word(1, 0, Step::Precommit, 2)).unwrap());
    drop(guard);

    overwrite(&place, &vec![0; bytes.len()]);
    assert!(matches!(
        Guard::open(&place.file()),
        Err(GuardError::Damaged(_))
    ));
}

#[test]
fn two_processes_never_share_a_guard() {
    let place = Place::new();
    let _guard = founded(&place);
    assert!(matches!(
        Guard::open(&place.file()),
        Err(GuardError::InUse(_))
    ));
}

/// In place: the inode stays.
fn overwrite(place: &Place, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(place.file())
        .unwrap();
    file.write_all_at(bytes, 0).unwrap();
}

#[test]
fn heights_at_which_nothing_can_be_signed_are_known_before() {
    let place = Place::new();
    let guard = founded(&place);
    assert!(guard.may_sign_at(1));
    assert!(guard.permit(&word(5, 0, Step::Prevote, 1)).unwrap());
    for (height, expected) in [(4, false), (5, true), (6, true)] {
        assert_eq!(guard.may_sign_at(height), expected, "height {height}");
    }
    drop(guard);

    fs::remove_file(place.file()).unwrap();
    let lost = Guard::open(&place.file()).unwrap();
    assert!(!lost.may_sign_at(9));
    lost.watched(9).unwrap();
    assert!(!lost.may_sign_at(9) && lost.may_sign_at(10));
}

#[test]
fn a_copied_file_that_somebody_vouches_for_goes_on_where_it_was() {
    let (place, other) = (Place::new(), Place::new());
    let said = word(7, 1, Step::Prevote, 1);
    assert!(founded(&place).permit(&said).unwrap());
    fs::copy(place.file(), other.file()).unwrap();

    let copy = Guard::open(&other.file()).unwrap();
    assert!(!copy.permit(&word(8, 0, Step::Prevote, 1)).unwrap());
    copy.vouch(0).unwrap();
    drop(copy);
    let copy = Guard::open(&other.file()).unwrap();
    assert!(!copy.permit(&word(7, 1, Step::Prevote, 2)).unwrap());
    assert!(copy.permit(&word(7, 1, Step::Precommit, 2)).unwrap());

    // A lost file tells nothing: the height is what somebody knows.
    let lost = Place::new();
    let guard = Guard::open(&lost.file()).unwrap();
    guard.vouch(9).unwrap();
    drop(guard);
    let guard = Guard::open(&lost.file()).unwrap();
    assert!(!guard.permit(&word(9, 5, Step::Precommit, 1)).unwrap());
    assert!(guard.permit(&word(10, 0, Step::Proposal, 1)).unwrap());
}
