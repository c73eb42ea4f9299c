//! What the payer stated beside a transfer: its budget line, reference, document and value date.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Allocate, BasisSource, CorrectTransfer, Hold, Issue, Posting, Proposal, Ref, Retire,
    ReturnAllocation, Transfer, TransferKind, action::Kind,
};

use super::{ProvenEvent, Session, proposed_action};
use crate::Result;

/// Beside a transfer, as its action says it; 0 and empty: nothing was stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Number of the budget line.
    pub line: u64,
    /// The payer's reference.
    pub reference: String,
    /// SHA-256 of a document.
    pub document: Vec<u8>,
    /// The day that it belongs to, Unix seconds.
    pub value_date: u64,
}

/// What stands behind transfers whose own action states nothing: the holds that were posted, and the proposals that did it.
pub struct Behind {
    holds: BTreeMap<u64, Hold>,
    proposals: BTreeMap<u64, Vec<Kind>>,
}

impl Session {
    /// Reads what stands behind proven events, all of it together.
    pub async fn behind(&self, events: &[ProvenEvent]) -> Result<Behind> {
        let mut proposals: Vec<u64> = events.iter().filter_map(by_proposal).collect();
        proposals.sort_unstable();
        proposals.dedup();
        let found = self.get_all::<Proposal>(&proposals).await?;
        let mut acts = BTreeMap::new();
        for proposal in found.into_iter().flatten() {
            let mut kinds = Vec::new();
            for act in &proposal.actions {
                kinds.extend(proposed_action(act)?.kind);
            }
            acts.insert(proposal.number, kinds);
        }

        let own = events.iter().filter_map(kind_of);
        let mut holds: Vec<u64> = own
            .chain(acts.values().flatten())
            .filter_map(posted)
            .collect();
        holds.sort_unstable();
        holds.dedup();
        let found = self.get_all::<Hold>(&holds).await?;
        let holds = found.into_iter().flatten();
        Ok(Behind {
            holds: holds.map(|hold| (hold.number, hold)).collect(),
            proposals: acts,
        })
    }
}

impl Behind {
    /// What was stated with a transfer that was proven: by its action, by the hold that it posted, or by the proposal
    /// that did it. None where a proposal did several things that it may have been.
    #[must_use]
    pub fn remarks(&self, proven: &ProvenEvent) -> Option<Remarks> {
        let Some(proposal) = by_proposal(proven) else {
            let kind = kind_of(proven);
            return Some(kind.map_or_else(Remarks::default, |kind| stated(kind, self.hold(kind))));
        };
        let acts = self.proposals.get(&proposal).into_iter().flatten();
        let acts: Vec<_> = acts.map(|kind| (self.hold(kind), kind)).collect();
        let posting = proven.event.posting.clone().unwrap_or_default();
        of_proposed(&acts, &posting)
    }

    fn hold(&self, kind: &Kind) -> Option<&Hold> {
        self.holds.get(&posted(kind)?)
    }
}

fn by_proposal(proven: &ProvenEvent) -> Option<u64> {
    let basis = proven.event.basis.unwrap_or_default();
    (basis.source() == BasisSource::Proposal).then_some(basis.number)
}

fn kind_of(proven: &ProvenEvent) -> Option<&Kind> {
    proven.action.as_ref()?.kind.as_ref()
}

/// The number of the hold that an action posts.
fn posted(kind: &Kind) -> Option<u64> {
    let hold = match kind {
        Kind::PostHold(act) => act.hold,
        Kind::ConfirmExternal(act) => act.hold,
        _ => None,
    };
    hold.map(|hold| hold.number)
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
fn of_proposed(acts: &[(Option<&Hold>, &Kind)], posting: &Posting) -> Option<Remarks> {
    let mut found = acts
        .iter()
        .filter(|(hold, kind)| may_be(kind, *hold, posting))
        .map(|(hold, kind)| stated(kind, *hold));
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
    use polity_ledger::form;
    use polity_proto::v1::PostHold;

    use super::*;

    fn paid(amount: u8, reference: &str) -> Kind {
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
        Kind::Transfer(act)
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
    fn a_proposal_states_it_of_the_transfer_that_it_did_and_of_none_that_could_be_another() {
        let acts = [paid(3, "first"), paid(5, "second"), paid(5, "third")];
        let told = |acts: &[Kind], amount| {
            let acts: Vec<_> = acts.iter().map(|act| (None, act)).collect();
            of_proposed(&acts, &moved(amount)).map(|remarks| remarks.reference)
        };
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
            let told = of_proposed(&[(None, &act)], &posting);
            assert_eq!(told.map(|remarks| remarks.document), Some(document.clone()));
            // What it pays beside that is another transfer.
            assert_eq!(of_proposed(&[(None, &act)], &moved(3)), None);
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
            let remarks = of_proposed(&[(Some(&hold), &act)], &moved(3)).expect("it was posted");
            assert_eq!(remarks.reference, "INV-9");
            remarks.value_date
        };
        assert_eq!(told(false), 0);
        assert_eq!(told(true), 86_400);
    }
}
