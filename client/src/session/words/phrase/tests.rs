//! Whoever signs is told each term: actions that differ in one field are told differently.

mod policies;
mod schema;

use std::collections::BTreeMap;

use polity_ledger::{Amount, form};
use polity_proto::v1::{
    AnchorDocument, Asset, Basis, BasisSource, Grant, JoinUnit, Leave, LeaveUnit, OpenProposal,
    PeriodKind, PeriodLimit, RaiseObjection, Ref, Verdict, VerdictKind,
};
use prost::Message;

use self::schema::{Field, Schema};
use super::*;
use crate::made::Made;
use crate::recorded::{Node, session_at};
use crate::session::action;

/// What a step creates: its name needs no node to be read.
const NEW: Option<Ref> = Some(Ref { number: 0, new: 1 });

/// Fields that prove, and say nothing that the act does not say without them.
const PROOFS: [(&str, &[&str]); 7] = [
    ("Join", &["possession"]),
    ("AddKey", &["possession"]),
    ("RecoverMember", &["possession"]),
    ("AddValidator", &["possession"]),
    ("RotateValidatorKey", &["possession"]),
    ("RevealBallot", &["salt"]),
    (
        "CorrectTransfer",
        &[
            "index",
            "entry",
            "object",
            "path",
            "count",
            "consistency",
            "root",
        ],
    ),
];

/// Told beside what holds now, which takes a node; they have a test of their own.
const PARAMETERS: &str = "SetParameters";

/// The phrase of an action that speaks of nothing that is there already.
async fn told(kind: Kind) -> String {
    let nobody = session_at(["http://127.0.0.1:1".into()]);
    let action = action(kind, 0);
    let phrase = nobody.words().phrase(&action, 0, true).await;
    phrase.expect("nothing has to be read")
}

async fn are_told_apart(kinds: Vec<Kind>) {
    let mut seen: BTreeMap<String, Kind> = BTreeMap::new();
    for kind in kinds {
        let text = told(kind.clone()).await;
        if let Some(other) = seen.insert(text.clone(), kind.clone()) {
            panic!("{text:?} tells two actions: {other:?} and {kind:?}");
        }
    }
}

/// The phrase of an action of this kind with these fields.
async fn told_of(kind: &Field, fields: &[u8]) -> String {
    let action = Action::decode(&kind.bytes(fields)[..]).expect("an action");
    told(action.kind.expect("it is of a kind")).await
}

#[tokio::test]
async fn every_field_of_every_action_is_told() {
    let schema = Schema::read();
    let kinds = schema.messages["Action"].iter();
    let kinds =
        kinds.filter(|field| !["uint32", "uint64", "Ref", "Second"].contains(&&*field.form));
    let (mut count, mut untold) = (0, Vec::new());
    for kind in kinds.filter(|kind| kind.form != PARAMETERS) {
        let proofs = PROOFS.iter().find(|(message, _)| *message == kind.form);
        let proofs = proofs.map_or(&[][..], |(_, fields)| *fields);
        let fields: Vec<&Field> = schema.messages[&kind.form]
            .iter()
            .filter(|field| !proofs.contains(&&*field.name))
            .collect();
        let nothing = told_of(kind, &[]).await;
        let whole = told_of(kind, &schema.all(&fields)).await;
        let mut seen = BTreeMap::new();
        for field in &fields {
            count += 1;
            let place = format!("{}.{}", kind.form, field.name);
            let others: Vec<&Field> = fields
                .iter()
                .filter(|f| f.name != field.name)
                .copied()
                .collect();
            let without = told_of(kind, &schema.all(&others)).await;
            // Some terms are told beside others alone, and some in their stead.
            let mut is_told = without != whole;
            for value in schema.values(field) {
                let text = told_of(kind, &value).await;
                if text != nothing {
                    is_told = true;
                    let other = seen.insert(text.clone(), place.clone());
                    assert_eq!(other, None, "{text:?} tells {place} as well");
                }
            }
            if !is_told {
                untold.push(place);
            }
        }
    }
    assert_eq!(untold, Vec::<String>::new());
    assert!(count > 250, "{count} fields were looked at");
}

#[tokio::test]
async fn whoever_joins_or_leaves_by_their_own_act_is_named_once() {
    let nobody = session_at(["http://127.0.0.1:1".into()]);
    let member = form::numbered(5);
    for (kind, phrase) in [
        (
            Kind::JoinUnit(JoinUnit { unit: NEW, member }),
            "join the unit that step 1 creates",
        ),
        (
            Kind::LeaveUnit(LeaveUnit { unit: NEW, member }),
            "leave the unit that step 1 creates",
        ),
    ] {
        let told = nobody.words().phrase(&action(kind, 0), 5, true).await;
        assert_eq!(told.expect("nothing has to be read"), phrase);
    }
}

#[tokio::test]
async fn when_what_is_proposed_happened_is_told_to_whoever_signs_the_proposal() {
    let of = |inside: u64, outside: u64| {
        let anchor = Kind::AnchorDocument(AnchorDocument {
            unit: NEW,
            hash: vec![7; 32],
            label: "contract".into(),
        });
        let anchor = Action {
            effective_at: inside,
            ..action(anchor, 0)
        };
        let open = Kind::OpenProposal(OpenProposal {
            unit: NEW,
            actions: vec![anchor.encode_to_vec()],
            ..OpenProposal::default()
        });
        Action {
            effective_at: outside,
            ..action(open, 0)
        }
    };
    let nobody = session_at(["http://127.0.0.1:1".into()]);
    let mut told = Vec::new();
    for (inside, outside) in [(0, 0), (86_400, 0), (172_800, 0), (0, 86_400)] {
        let (words, action) = (nobody.words(), of(inside, outside));
        let sentence = words.sentence(&[], &action, None, 0).await;
        told.push(sentence.expect("nothing has to be read"));
    }
    assert!(told[1].contains("1970-01-02T00:00:00Z"), "{told:?}");
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 4, "{told:?}");
}

#[tokio::test]
async fn by_which_authority_is_told_as_a_nodes_word_with_limits_as_they_are_set() {
    let amount = |minor| Amount(minor).to_bytes();
    let monthly = |number, per_transfer| Grant {
        number,
        asset: 2,
        per_transfer,
        per_period: Some(PeriodLimit {
            kind: PeriodKind::CalendarMonth as i32,
            amount: amount(500_000),
            ..PeriodLimit::default()
        }),
        ..Grant::default()
    };
    let mut chain = Made::founded();
    chain.put(&Asset {
        number: 2,
        code: "EUR".into(),
        scale: 2,
        ..Asset::default()
    });
    chain.put(&monthly(41, amount(50_000)));
    chain.put(&monthly(42, Vec::new()));
    let chain = chain.block().block().clone().signed();
    let answering = chain.clone();
    let node =
        Node::start(move |method, params| answering.answer(method, params).to_string().into());
    let session = chain.session([node.await.url.clone()]);
    let leave = action(Kind::Leave(Leave {}), 0);

    for (source, number, authority) in [
        (BasisSource::None, 0, ""),
        (
            BasisSource::Own,
            0,
            ", which is theirs to do, as the node says",
        ),
        (
            BasisSource::Grant,
            41,
            ", allowed by grant g41 up to 500.00 EUR and 5000.00 EUR per month, as the node says",
        ),
        (
            BasisSource::Grant,
            42,
            ", allowed by grant g42 up to 5000.00 EUR per month, as the node says",
        ),
    ] {
        let verdict = Verdict {
            kind: VerdictKind::Allowed as i32,
            basis: Some(Basis {
                source: source as i32,
                number,
                ..Basis::default()
            }),
            ..Verdict::default()
        };
        let words = session.words();
        let told = words.sentence(&[], &leave, Some(&verdict), 0).await;
        let told = told.expect("a sentence");
        let expected = format!("The ledger leaves the organisation{authority}");
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn hashes_that_differ_in_their_last_byte_are_told_apart() {
    let anchor = |last: u8| {
        let hash = [&[7; 31][..], &[last]].concat();
        let label = String::new();
        Kind::AnchorDocument(AnchorDocument {
            unit: NEW,
            hash,
            label,
        })
    };
    are_told_apart(vec![anchor(1), anchor(2)]).await;
}

#[tokio::test]
async fn a_label_passes_for_no_hash_and_no_unit() {
    let label = format!("document {} in u1 acme", "00".repeat(32));
    let anchor = Kind::AnchorDocument(AnchorDocument {
        unit: NEW,
        hash: vec![7; 32],
        label: label.clone(),
    });
    let expected = format!(
        "anchor the document {} in the unit that step 1 creates, label \"{label}\"",
        "07".repeat(32)
    );
    assert_eq!(told(anchor).await, expected);
}

#[tokio::test]
async fn whose_words_are_whose_is_plain_whatever_they_are() {
    let objection = |harms: &str, breaks_a_rule: &str| {
        Kind::RaiseObjection(RaiseObjection {
            version: 1,
            harms: harms.into(),
            breaks_a_rule: breaks_a_rule.into(),
            ..RaiseObjection::default()
        })
    };
    let two = told(objection("slow", "unfair")).await;
    assert_eq!(
        two,
        "object to version 1 of the proposal no proposal, it harms: \"slow\", it breaks a rule: \"unfair\""
    );
    are_told_apart(vec![
        objection("slow", "unfair"),
        objection("slow\", it breaks a rule: \"unfair", ""),
        objection("slow\\\", it breaks a rule: \\\"unfair", ""),
        objection("slow\\", "unfair"),
    ])
    .await;
}
