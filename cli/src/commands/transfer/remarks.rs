//! What the payer stated beside a transfer: its budget line, reference, document and value date.

use polity_client::Result;
use polity_client::session::{ProvenEvent, Session, proposed_action};
use polity_client::v1::{
    Action, Allocate, BasisSource, CorrectTransfer, Hold, Issue, ObjectKind, Posting, Proposal,
    Ref, Retire, ReturnAllocation, Transfer, action::Kind,
};
use serde_json::{Value, json};

use crate::{names, time};

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
    /// that did it.
    pub(super) async fn of(session: &Session, proven: &ProvenEvent) -> Result<Remarks> {
        let basis = proven.event.basis.unwrap_or_default();
        if basis.source() == BasisSource::Proposal {
            let proposal: Proposal = session.get(basis.number).await?.unwrap_or_default();
            let acts = proposal.actions.iter();
            let acts: Vec<Action> = acts
                .map(|act| proposed_action(act))
                .collect::<Result<_>>()?;
            let posting = proven.event.posting.clone().unwrap_or_default();
            return Ok(of_proposed(&acts, &posting));
        }
        match proven.action.as_ref().and_then(|act| act.kind.as_ref()) {
            Some(Kind::PostHold(act)) => of_hold(session, act.hold).await,
            Some(Kind::ConfirmExternal(act)) => of_hold(session, act.hold).await,
            Some(kind) => Ok(stated(kind)),
            None => Ok(Remarks::default()),
        }
    }

    /// Puts them into the JSON of a transfer.
    pub(super) fn tell(&self, json: &mut Value) {
        json["line"] = names::json(ObjectKind::BudgetLine, self.line);
        json["reference"] = self.reference.clone().into();
        json["document"] = match self.document.is_empty() {
            true => Value::Null,
            false => json!(hex::encode(&self.document)),
        };
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

/// What an action states.
fn stated(kind: &Kind) -> Remarks {
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

async fn of_hold(session: &Session, hold: Option<Ref>) -> Result<Remarks> {
    let number = hold.map_or(0, |hold| hold.number);
    let hold: Hold = session.get(number).await?.unwrap_or_default();
    Ok(Remarks {
        line: hold.line,
        reference: hold.reference,
        document: hold.document,
        value_date: hold.value_date,
    })
}

/// What a proposal states of a transfer that it did. Where several of its transfers differ in nothing but this, nothing
/// says which of them it was.
fn of_proposed(acts: &[Action], posting: &Posting) -> Remarks {
    let is = |reference: &Option<Ref>, number| {
        reference.is_some_and(|reference| reference.number == number)
    };
    let moves = |from, to, amount: &[u8]| {
        is(from, posting.from) && is(to, posting.to) && amount == posting.amount
    };
    let mut found = acts
        .iter()
        .filter_map(|act| act.kind.as_ref())
        .filter(|kind| match kind {
            Kind::Transfer(act) => moves(&act.from, &act.to, &act.amount),
            Kind::Allocate(act) => moves(&act.from, &act.to, &act.amount),
            Kind::ReturnAllocation(act) => moves(&act.from, &act.to, &act.amount),
            _ => false,
        });
    let first = found.next().map(stated).unwrap_or_default();
    match found.all(|other| stated(other) == first) {
        true => first,
        false => Remarks::default(),
    }
}

#[cfg(test)]
mod tests {
    use polity_client::ledger::form;
    use polity_client::session::action;

    use super::*;

    fn paid(amount: u8, reference: &str) -> Action {
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
        action(Kind::Transfer(act), 0)
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
        let remarks = stated(&paid(3, "INV-9").kind.expect("a kind"));
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
        assert_eq!(of_proposed(&acts, &moved(3)).reference, "first");
        assert_eq!(of_proposed(&acts, &moved(5)), Remarks::default());
        assert_eq!(of_proposed(&acts, &moved(9)), Remarks::default());
        assert_eq!(of_proposed(&acts[..2], &moved(5)).reference, "second");
    }
}
