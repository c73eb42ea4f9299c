//! The door: what a transaction must show before the pool takes it. Cheapest first; a courtesy, never the verdict.

use bytes::Bytes;
use polity_engine::application::{Check, CheckKind, CheckResult, TxResult};
use polity_ledger::check::{self, CheckedTransaction};
use polity_ledger::state::Read;
use polity_ledger::validity::Validity;
use polity_ledger::{Family, Rejection, block};
use polity_proto::v1::Body;

use super::verification::Seen;
use super::{App, lanes, result_of};
use crate::fault::{Fault, FaultKind};

/// Code of a refusal that only this node makes: the member has used their fair share.
const CODE_QUOTA: u32 = 1;

impl App {
    /// Checks transactions that arrived together.
    pub(super) fn check_at_door(&self, requests: Vec<Check>) -> Result<Vec<CheckResult>, Fault> {
        let organisation = self.organisation();
        let snapshot = self.snapshot();
        // The next block's time is not known; the newest one's is its lower bound.
        let now = App::block_time(&snapshot, snapshot.height())?;
        let validity = Validity::at(&*snapshot, now);
        let mut welcome = Vec::with_capacity(requests.len());
        let outcomes: Vec<Result<(), CheckResult>> = requests
            .iter()
            .map(|request| {
                // Before it is decoded: small parts in large numbers take ten times their bytes.
                let fits = validity.fits(request.transaction.len());
                fits.map_err(turned_away)?;
                let seen = self.verifier.look_at(&organisation, &request.transaction);
                self.before_signatures(&*snapshot, &validity, request.kind, &seen)?;
                welcome.push(seen);
                Ok(())
            })
            .collect();
        let mut verified = self.verifier.settle(welcome).into_iter();

        let mut results = Vec::with_capacity(requests.len());
        for (request, outcome) in requests.iter().zip(outcomes) {
            let result = match outcome {
                Err(refused) => refused,
                Ok(()) => match verified.next().ok_or_else(unanswered)? {
                    Ok(checked) => self.after_signatures(request, &checked),
                    Err(rejection) => turned_away(rejection),
                },
            };
            self.metrics.count_door(result.result.code);
            results.push(result);
        }
        Ok(results)
    }

    fn before_signatures(
        &self,
        snapshot: &dyn Read,
        validity: &Validity<'_>,
        kind: CheckKind,
        seen: &Seen,
    ) -> Result<(), CheckResult> {
        // First, because anybody can send again what is public, at no cost of those who signed it.
        seen.check(validity).map_err(turned_away)?;
        let body = seen.body().map_err(turned_away)?;
        block::check_signers(snapshot, body).map_err(turned_away)?;
        self.within_share(kind, body)
    }

    fn within_share(&self, kind: CheckKind, body: &Body) -> Result<(), CheckResult> {
        match kind {
            // Its share was asked for when it came.
            CheckKind::Recheck => return Ok(()),
            CheckKind::New | CheckKind::Look => {}
        }
        let signers = body.signers.iter().map(|signer| signer.member);
        match self.quotas.exhausted(signers) {
            None => Ok(()),
            Some(member) => Err(CheckResult::from(TxResult {
                code: CODE_QUOTA,
                data: Bytes::new(),
                log: format!("fair_share: member m{member} sends too much; try again later"),
            })),
        }
    }

    fn after_signatures(&self, request: &Check, checked: &CheckedTransaction) -> CheckResult {
        // Asked again: what arrived together was looked at before anything of it was charged.
        if let Err(refused) = self.within_share(request.kind, checked.body()) {
            return refused;
        }
        if request.kind == CheckKind::New {
            for signer in &checked.body().signers {
                self.quotas.charge(signer.member, cost(checked.body()));
            }
        }
        CheckResult {
            lane: lanes::lane(checked.body()),
            valid_until: i64::try_from(checked.body().valid_until).ok(),
            ..CheckResult::default()
        }
    }
}

/// What a transaction costs those whose fair share it uses: as much as it costs everybody who executes it.
pub(super) fn cost(body: &Body) -> f64 {
    check::work(body) as f64
}

fn unanswered() -> Fault {
    Fault::new(FaultKind::Internal, "the verifier left an envelope out")
}

/// A refusal at the door. What the bytes alone tell, every correct node refuses alike, and a peer is cut off for it.
fn turned_away(rejection: Rejection) -> CheckResult {
    CheckResult {
        blames_sender: is_of_the_bytes(rejection),
        ..CheckResult::from(result_of(rejection.code(), Bytes::new()))
    }
}

/// Whether the bytes alone tell it, on every node and in every state. What is too large here may be so by a parameter that
/// changed a block ago.
pub(crate) fn is_of_the_bytes(rejection: Rejection) -> bool {
    let is_of_form = rejection.family() == Family::Bytes && rejection != Rejection::TooLarge;
    is_of_form || rejection == Rejection::BadSignature
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use polity_proto::v1::Signer;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::app::{AppOptions, Quota};
    use crate::metrics::Metrics;
    use crate::store::{Store, StoreOptions};

    #[test]
    fn a_look_ahead_asks_for_the_share_before_signatures_and_a_recheck_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            free_bytes_min: 0,
            ..StoreOptions::default()
        };
        let store = Arc::new(Store::open(directory.path(), options).unwrap());
        let options = AppOptions {
            quota: Quota {
                burst: 1.0,
                per_second: 0.000_001,
                refused_cost: 1.0,
            },
            ..AppOptions::default()
        };
        let metrics = Arc::new(Metrics::register(&mut Registry::default(), "cometbft"));
        let app = App::open(store, options, metrics).unwrap();
        let body = Body {
            signers: vec![Signer {
                member: 1,
                ..Signer::default()
            }],
            ..Body::default()
        };
        let is_let_in = |kind| app.within_share(kind, &body).is_ok();

        assert!(is_let_in(CheckKind::Look));
        app.quotas.charge(1, 1.0);
        assert!(!is_let_in(CheckKind::Look));
        assert!(!is_let_in(CheckKind::New));
        assert!(is_let_in(CheckKind::Recheck));
    }
}
