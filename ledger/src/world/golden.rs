//! Frozen numbers and hashes: files under `tests/golden`, compared byte for byte.
//!
//! `POLITY_GOLDEN=write cargo test -p polity-ledger golden` writes them anew. A change there changes
//! results: the commit says so, and the change log lists it.

// Frozen bytes are files: the one place of this crate that reads and writes some, and only in tests.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::path::PathBuf;

use polity_proto::v1::{Capability, ObjectKind, Transfer, TransferKind, action::Kind};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{Charter, World, by, euros};
use crate::merkle::tree::StateTree;
use crate::state::{Changes, keys};
use crate::{Rejection, actions, block, check};

fn compare(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden")
        .join(name);
    if std::env::var_os("POLITY_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, found).expect("the golden file can be written");
    }
    let frozen = std::fs::read_to_string(&path).expect("the golden file is there");
    assert_eq!(found, frozen, "{name}: a frozen number or hash changed");
}

#[test]
fn golden_numbers_never_change() {
    let mut text = String::new();
    for (prefix, name) in keys::ALL {
        writeln!(text, "key prefix {prefix:#04x} {name}").unwrap();
    }
    for (tag, name, capability) in actions::ALL {
        writeln!(text, "action {tag} {name} {}", capability.as_str_name()).unwrap();
    }
    for rejection in Rejection::ALL {
        writeln!(text, "rejection {} {}", rejection.code(), rejection.name()).unwrap();
    }
    for number in 1..64 {
        if let Ok(capability) = Capability::try_from(number) {
            writeln!(text, "capability {number} {}", capability.as_str_name()).unwrap();
        }
        if let Ok(kind) = ObjectKind::try_from(number) {
            writeln!(text, "object {number} {}", kind.as_str_name()).unwrap();
        }
        if let Ok(kind) = TransferKind::try_from(number) {
            writeln!(text, "transfer {number} {}", kind.as_str_name()).unwrap();
        }
    }
    for domain in [
        check::DOMAIN_TRANSACTION,
        check::DOMAIN_POSSESSION,
        check::DOMAIN_FOUNDING_POSSESSION,
        check::DOMAIN_FOUNDING,
        check::DOMAIN_CONTINUATION,
    ] {
        writeln!(text, "domain {:?}", String::from_utf8_lossy(domain)).unwrap();
    }
    compare("numbers.txt", &text);
}

#[test]
fn golden_actions_have_their_number_on_the_wire() {
    for (tag, name, _) in actions::ALL {
        // A field begins with a varint of tag * 8 + 2; unknown bytes of a message decode to its default.
        let mut bytes = Vec::new();
        prost::encoding::encode_key(*tag, prost::encoding::WireType::LengthDelimited, &mut bytes);
        bytes.push(0);
        let action = polity_proto::v1::Action::decode(&bytes[..]).unwrap();
        assert_eq!(actions::tag(&action), *tag, "{name}");
        assert!(action.kind.is_some(), "{name}");
    }
}

/// What every node of every build must compute of the same blocks.
#[test]
fn golden_chain_gives_the_same_hashes_in_debug_and_release() {
    let mut world = World::founded(&Charter::acme());
    let mut text = String::new();
    writeln!(text, "organisation {}", hex(&world.organisation)).unwrap();
    writeln!(text, "genesis app_hash {}", hex(&root(&world))).unwrap();
    for name in ["finn:main", "gia:main", "hal:main"] {
        let kind = Kind::Transfer(Transfer {
            from: world.account_ref("acme:main"),
            to: world.account_ref(name),
            amount: euros(1_000),
            kind: TransferKind::Compensation as i32,
            ..Transfer::default()
        });
        let outcome = world.submit(&[by("ada").acting_as("acme#lead").does(kind)]);
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    for step in 0..24_u64 {
        let kind = Kind::Transfer(Transfer {
            from: world.account_ref(if step % 2 == 0 {
                "finn:main"
            } else {
                "gia:main"
            }),
            to: world.account_ref(if step % 3 == 0 {
                "gia:main"
            } else {
                "hal:main"
            }),
            amount: euros(1 + u128::from(step)),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        });
        let actor = ["finn", "gia", "finn", "hal"][(step % 4) as usize];
        let outcome = world.submit(&[by(actor).does(kind)]);
        let receipt = match &outcome {
            Ok(receipt) => hex(&Sha256::digest(receipt.encode_to_vec())),
            Err(rejection) => rejection.name().into(),
        };
        if step % 8 == 7 {
            world.advance(40 * super::DAY);
        }
        writeln!(
            text,
            "height {} app_hash {} receipt {receipt}",
            world.height,
            hex(&root(&world))
        )
        .unwrap();
    }
    compare("chain.txt", &text);
}

fn root(world: &World) -> [u8; 32] {
    let changes: Changes = world
        .state
        .iter()
        .map(|(key, value)| (key.clone(), Some(value.clone())))
        .collect();
    StateTree::new().apply(&block::tree_updates(&changes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
