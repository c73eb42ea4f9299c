use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::ErrorKind;

fn store(home: &tempfile::TempDir) -> KeyStore {
    KeyStore::in_home(home.path()).with_work_factor(2)
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.into())
}

fn readable(store: &KeyStore) -> Vec<StoredKey> {
    let keys = store.list().expect("lists").into_iter();
    keys.filter_map(|(_, key)| key.ok()).collect()
}

#[test]
fn a_new_key_is_listed_and_opens_under_its_passphrase_only() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);

    assert!(store.list().expect("empty").is_empty());
    let key = store.create("finn", &passphrase("p")).expect("made");

    assert_eq!(readable(&store), std::slice::from_ref(&key));
    let signer = store.open("finn", &passphrase("p")).expect("opens");
    assert_eq!(signer.public_key(), key.public_key);
    let refused = store.open("finn", &passphrase("q")).expect_err("wrong");
    assert_eq!(refused.kind(), ErrorKind::Key);
}

#[test]
fn a_key_file_is_for_its_owner_only_and_holds_no_seed() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    let seed = "5a".repeat(32);
    let form = ImportForm::Plain(seed.as_bytes());
    store
        .import("svc", form, &passphrase("p"))
        .expect("imports");

    let path = home.path().join("keys/svc.key");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("keys")), 0o700);
    let bytes = fs::read(&path).expect("reads");
    assert!(!bytes.windows(16).any(|w| w == [0x5a; 16]));
    assert!(!String::from_utf8_lossy(&bytes).contains(&seed));
}

#[test]
fn an_exported_key_imports_as_the_same_key_in_both_forms() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    let key = store.create("one", &passphrase("p")).expect("made");

    let plain = store.export("one", &passphrase("p"), None).expect("plain");
    let other = passphrase("other");
    let sealed = store
        .export("one", &passphrase("p"), Some(&other))
        .expect("sealed");

    assert!(!ImportForm::is_encrypted(&plain) && ImportForm::is_encrypted(&sealed));
    let forms = [
        ("two", ImportForm::Plain(&plain)),
        ("three", ImportForm::Encrypted(&sealed, &other)),
    ];
    for (name, form) in forms {
        let copy = store.import(name, form, &passphrase("n")).expect(name);
        assert_eq!(copy.public_key, key.public_key, "{name}");
    }
}

#[test]
fn a_taken_name_and_a_name_with_a_path_in_it_are_refused() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    store.check_free("finn").expect("free");
    store.create("finn", &passphrase("p")).expect("made");

    assert!(store.create("finn", &passphrase("p")).is_err());
    let taken = store.check_free("finn").expect_err("taken");
    assert_eq!(taken.kind(), ErrorKind::Key);
    for name in ["", "../finn", "a/b", "Finn", "a.b", &"a".repeat(65)] {
        let refused = store.create(name, &passphrase("p")).expect_err(name);
        assert_eq!(refused.kind(), ErrorKind::Usage, "{name}");
        assert!(store.check_free(name).is_err(), "{name}");
    }
}

#[test]
fn a_swapped_public_part_is_noticed_when_the_key_is_opened() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    store.create("one", &passphrase("p")).expect("made");
    store.create("two", &passphrase("p")).expect("made");
    let keys = home.path().join("keys");

    fs::copy(keys.join("two.pub"), keys.join("one.pub")).expect("swapped");

    assert!(store.open("one", &passphrase("p")).is_err());
}

#[test]
fn a_key_that_never_got_its_file_leaves_its_name_free() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    store.create("finn", &passphrase("p")).expect("made");
    fs::remove_file(home.path().join("keys/finn.key")).expect("removed");
    fs::write(home.path().join("keys/finn.new"), "half").expect("left over");

    assert!(store.public("finn").is_err());
    assert!(store.list().expect("lists").is_empty());
    let key = store.create("finn", &passphrase("p")).expect("made anew");
    assert_eq!(store.public("finn").expect("readable"), key);
    assert!(store.open("finn", &passphrase("p")).is_ok());
    assert!(!home.path().join("keys/finn.new").exists());
}

#[test]
fn a_key_without_its_public_part_is_named_hides_no_other_and_gets_it_back() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    let lost = store.create("ada", &passphrase("p")).expect("made");
    let other = store.create("finn", &passphrase("p")).expect("made");
    fs::remove_file(home.path().join("keys/ada.pub")).expect("removed");

    assert_eq!(readable(&store), std::slice::from_ref(&other));
    let all = store.list().expect("lists");
    let [(name, broken), (_, Ok(_))] = &all[..] else {
        panic!("{all:?}");
    };
    let told = broken.as_ref().expect_err("broken").to_string();
    assert!(name == "ada" && told.contains("`ada` is missing"), "{told}");

    store
        .export("ada", &passphrase("p"), None)
        .expect("exported");
    assert_eq!(readable(&store), [lost, other]);
}

#[test]
fn a_disk_that_takes_no_key_is_no_fault_of_the_key_and_nothing_is_left() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);
    let keys = home.path().join("keys");
    fs::create_dir_all(keys.join("finn.pub")).expect("in the way");

    let error = store.create("finn", &passphrase("p")).expect_err("no room");

    assert_eq!(error.kind(), ErrorKind::Trouble);
    assert!(!keys.join("finn.new").exists());
    store.check_free("finn").expect("free");
}

#[test]
fn of_several_who_take_one_name_at_once_one_gets_it_whole() {
    let home = tempfile::tempdir().expect("a directory");
    let store = store(&home);

    let made = std::thread::scope(|scope| {
        let taking = || store.create("finn", &passphrase("p")).ok();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(taking)).collect();
        let ended = threads
            .into_iter()
            .filter_map(|one| one.join().expect("no panic"));
        ended.collect::<Vec<_>>()
    });

    assert_eq!(made.len(), 1);
    let signer = store.open("finn", &passphrase("p")).expect("opens");
    assert_eq!(signer.public_key(), made[0].public_key);
}
