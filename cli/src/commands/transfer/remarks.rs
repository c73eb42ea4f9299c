//! What the payer stated beside a transfer: its budget line, reference, document and value date.

use polity_client::Result;
use polity_client::session::{ProvenEvent, Session, proposed_action};
use polity_client::v1::{
    Allocate, BasisSource, CorrectTransfer, Hold, Issue, ObjectKind, Posting, Proposal, Ref,
    Retire, ReturnAllocation, Transfer, TransferKind, action::Kind,
};
use serde_json::{Value, json};

use crate::{digits, names, time};

/// Beside a transfer, as its action says it; 0 and empty: nothing was stated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Remarks {
    line: u64,
    reference: String,
    document: Vec<u8>,
    value_date: u64,
}

impl Remarks {
    /// What was stated with a transfer that was proven: by its action, by the hold that it posted, or by the proposal
    /// that did it. None where a proposal did several things that it may have been.
    pub(super) async fn of(session: &Session, proven: &ProvenEvent) -> Result<Option<Remarks>> {
        let basis = proven.event.basis.unwrap_or_default();
        if basis.source() == BasisSource::Proposal {
            let proposal: Proposal = session.get(basis.number).await?.unwrap_or_default();
            let mut acts = Vec::new();
            for act in &proposal.actions {
                if let Some(kind) = proposed_action(act)?.kind {
                    acts.push((posted_hold(session, &kind).await?, kind));
                }
            }
            let posting = proven.event.posting.clone().unwrap_or_default();
            return Ok(of_proposed(&acts, &posting));
        }
        let Some(kind) = proven.action.as_ref().and_then(|act| act.kind.as_ref()) else {
            return Ok(Some(Remarks::default()));
        };
        let hold = posted_hold(session, kind).await?;
        Ok(Some(stated(kind, hold.as_ref())))
    }

    /// Puts them into the JSON of a transfer.
    pub(super) fn tell(&self, json: &mut Value) {
        json["line"] = names::json(ObjectKind::BudgetLine, self.line);
        json["reference"] = self.reference.clone().into();
        json["document"] = digits::json(&self.document);
        json["value_date"] = time::json(self.value_date);
    }

    /// The lines that tell them; what was not stated is empty.
    pub(super) fn lines(&self) -> [(&'static str, String); 4] {
        [
            ("line", names::letter(ObjectKind::BudgetLine, self.line)),
            ("reference", self.reference.clone()),
            ("document", hex::encode(&self.document)),
            ("value date", time::shown(self.value_date)),
        ]
    }
}

/// What an action states, or the hold that it posts.
fn stated(kind: &Kind, hold: Option<&Hold>) -> Remarks {
    if let Some(hold) = hold {
        return of_hold(hold);
    }
    let number = |line: &Option<Ref>| line.map_or(0, |line| line.number);
    match kind.clone() {
        Kind::Transfer(Transfer {
            line,
            reference,
            document,
            value_date,
            ..
        })
        | Kind::Allocate(Allocate {
            line,
            reference,
            document,
            value_date,
            ..
        }) => Remarks {
            line: number(&line),
            reference,
            document,
            value_date,
        },
        Kind::ReturnAllocation(ReturnAllocation {
            reference,
            document,
            value_date,
            ..
        }) => Remarks {
            line: 0,
            reference,
            document,
            value_date,
        },
        Kind::Issue(Issue { document, .. })
        | Kind::Retire(Retire { document, .. })
        | Kind::CorrectTransfer(CorrectTransfer { document, .. }) => Remarks {
            document,
            ..Remarks::default()
        },
        _ => Remarks::default(),
    }
}

/// The hold that an action posts.
async fn posted_hold(session: &Session, kind: &Kind) -> Result<Option<Hold>> {
    let hold = match kind {
        Kind::PostHold(act) => act.hold,
        Kind::ConfirmExternal(act) => act.hold,
        _ => None,
    };
    match hold {
        Some(hold) => session.get(hold.number).await,
        None => Ok(None),
    }
}

fn of_hold(hold: &Hold) -> Remarks {
    Remarks {
        line: hold.line,
        reference: hold.reference.clone(),
        document: hold.document.clone(),
        // Only a bank's day stays: all else counts from when it is posted.
        value_date: if hold.external { hold.value_date } else { 0 },
    }
}

/// What a proposal states of a transfer that it did. Where several of its acts differ in nothing but this, nothing says
/// which of them it was; nor where an act names an account that the proposal itself opens.
fn of_proposed(acts: &[(Option<Hold>, Kind)], posting: &Posting) -> Option<Remarks> {
    let mut found = acts
        .iter()
        .filter(|(hold, kind)| may_be(kind, hold.as_ref(), posting))
        .map(|(hold, kind)| stated(kind, hold.as_ref()));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// Whether an act moves what was moved.
fn may_be(kind: &Kind, hold: Option<&Hold>, posting: &Posting) -> bool {
    let is = |reference: &Option<Ref>, number| {
        reference.is_some_and(|reference| reference.number == number)
    };
    let moves = |from, to, amount: &[u8]| {
        is(from, posting.from) && is(to, posting.to) && amount == posting.amount
    };
    let holds = hold.is_some_and(|hold| (hold.from, hold.to) == (posting.from, posting.to));
    match kind {
        Kind::Transfer(act) => moves(&act.from, &act.to, &act.amount),
        Kind::Allocate(act) => moves(&act.from, &act.to, &act.amount),
        Kind::ReturnAllocation(act) => moves(&act.from, &act.to, &act.amount),
        Kind::Issue(act) => {
            posting.kind() == TransferKind::Issue
                && is(&act.account, posting.to)
                && act.amount == posting.amount
        }
        Kind::Retire(act) => {
            posting.kind() == TransferKind::Retire
                && is(&act.account, posting.from)
                && act.amount == posting.amount
        }
        Kind::CorrectTransfer(act) => {
            posting.kind() == TransferKind::Correction
                && is(&act.account, posting.from)
                && act.amount == posting.amount
        }
        // Without an amount, all of it is posted.
        Kind::PostHold(act) => holds && (act.amount.is_empty() || act.amount == posting.amount),
        Kind::ConfirmExternal(_) => holds,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use polity_client::ledger::form;
    use polity_client::v1::PostHold;

    use super::*;

    fn paid(amount: u8, reference: &str) -> (Option<Hold>, Kind) {
        let act = Transfer {
            from: form::numbered(6),
            to: form::numbered(4),
            amount: vec![amount],
            line: form::numbered(2),
            reference: reference.into(),
            document: vec![7; 32],
            value_date: 86_400,
            ..Transfer::default()
        };
        (None, Kind::Transfer(act))
    }

    fn moved(amount: u8) -> Posting {
        Posting {
            from: 6,
            to: 4,
            amount: vec![amount],
            ..Posting::default()
        }
    }

    #[test]
    fn what_the_payer_stated_is_told_whole() {
        let remarks = stated(&paid(3, "INV-9").1, None);
        let mut json = json!({});
        remarks.tell(&mut json);
        let expected = json!({
            "line": "b2",
            "reference": "INV-9",
            "document": "07".repeat(32),
            "value_date": "1970-01-02T00:00:00Z",
        });
        assert_eq!(json, expected);
        let lines = remarks.lines().map(|(_, value)| value);
        assert!(lines.contains(&"07".repeat(32)), "{lines:?}");
    }

    #[test]
    fn a_proposal_states_it_of_the_transfer_that_it_did_and_of_none_that_could_be_another() {
        let acts = [paid(3, "first"), paid(5, "second"), paid(5, "third")];
        let told =
            |acts: &[_], amount| of_proposed(acts, &moved(amount)).map(|remarks| remarks.reference);
        assert_eq!(told(&acts, 3), Some("first".into()));
        assert_eq!(told(&acts, 5), None);
        assert_eq!(told(&acts, 9), None);
        assert_eq!(told(&acts[..2], 5), Some("second".into()));
    }

    #[test]
    fn a_proposal_states_the_document_of_what_it_issues_retires_and_gives_back() {
        let (account, amount, document) = (form::numbered(6), vec![3], vec![7; 32]);
        let issue = Kind::Issue(Issue {
            account: form::numbered(4),
            amount: amount.clone(),
            document: document.clone(),
        });
        let retire = Kind::Retire(Retire {
            account,
            amount: amount.clone(),
            document: document.clone(),
        });
        let correct = Kind::CorrectTransfer(CorrectTransfer {
            account,
            amount,
            document: document.clone(),
            ..CorrectTransfer::default()
        });
        for (act, kind) in [
            (issue, TransferKind::Issue),
            (retire, TransferKind::Retire),
            (correct, TransferKind::Correction),
        ] {
            let posting = Posting {
                kind: kind as i32,
                ..moved(3)
            };
            let told = of_proposed(&[(None, act.clone())], &posting);
            assert_eq!(told.map(|remarks| remarks.document), Some(document.clone()));
            // What it pays beside that is another transfer.
            assert_eq!(of_proposed(&[(None, act)], &moved(3)), None);
        }
    }

    #[test]
    fn a_day_that_was_stated_with_a_hold_counts_of_what_a_bank_recorded_alone() {
        let told = |external| {
            let hold = Hold {
                from: 6,
                to: 4,
                reference: "INV-9".into(),
                value_date: 86_400,
                external,
                ..Hold::default()
            };
            let act = Kind::PostHold(PostHold::default());
            let remarks = of_proposed(&[(Some(hold), act)], &moved(3)).expect("it was posted");
            assert_eq!(remarks.reference, "INV-9");
            remarks.value_date
        };
        assert_eq!(told(false), 0);
        assert_eq!(told(true), 86_400);
    }
}
