//! Small books for tests of their forms.

use std::collections::BTreeMap;

use polity_ledger::Amount;
use polity_proto::v1::{Asset, OwnerKind, TransferKind};

use super::books::{AccountName, BookAccount, Books, Entry};

/// Two accounts of different assets, one of them below zero, and two transfers.
pub(super) fn books() -> Books {
    let asset = |code: &str, scale| Asset {
        code: code.into(),
        scale,
        ..Asset::default()
    };
    let name = |owner, path: &str| AccountName {
        owner,
        path: path.into(),
    };
    Books {
        chain_id: "acme".into(),
        height: 9,
        time: 1_795_428_000,
        accounts: vec![
            BookAccount {
                number: 6,
                asset: asset("EUR", 2),
                credits: Amount::ZERO,
                debits: Amount(1_250),
            },
            BookAccount {
                number: 7,
                asset: asset("R2", 0),
                credits: Amount(7),
                debits: Amount::ZERO,
            },
        ],
        entries: vec![
            Entry {
                transfer: 1,
                time: 1_795_341_600,
                height: 2,
                from: 6,
                to: 16,
                amount: Amount(1_250),
                kind: TransferKind::Payment,
                reference: "40 baskets, =1+1".into(),
                value_date: 1_793_491_200,
                effective_at: 1_793_577_600,
                transaction: Some([1; 32]),
            },
            Entry {
                transfer: 2,
                time: 1_795_428_000,
                height: 3,
                from: 20,
                to: 7,
                amount: Amount(7),
                kind: TransferKind::Issue,
                reference: String::new(),
                value_date: 0,
                effective_at: 0,
                transaction: None,
            },
        ],
        names: BTreeMap::from([
            (6, name(OwnerKind::Unit, "acme/dev:main")),
            (7, name(OwnerKind::Unit, "acme/dev:hours")),
            (16, name(OwnerKind::Member, "finn:main")),
            (20, name(OwnerKind::Party, "acme/dev/@shop:main")),
        ]),
    }
}
