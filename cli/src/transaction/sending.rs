//! Signed bytes on their way: whether they are in time, what came of them, and what the home keeps of that.

use polity_client::ledger::Rejection;
use polity_client::session::{Draft, Outcome, Session, Simulated};
use polity_client::v1::{Fact, Receipt};
use polity_client::{ErrorKind, Result};

use crate::context::Context;
use crate::failure::with_causes;
use crate::refusal::{self, fact, would_be_refused};
use crate::{draft_file, event, receipt, time, unrecorded};

impl Context {
    /// Refuses to send what is over by this machine's clock. The last block of a network at rest may lie before that end, so
    /// its doors would take it, and no block would.
    pub fn check_time(&self, draft: &Draft) -> Result<()> {
        // What was sent before may be in a block, so that sending it again is how to know.
        if self.options.send_anyway || draft_file::is_kept(&self.home, draft) || !is_over(draft)? {
            return Ok(());
        }
        let until = fact("valid_until", time::shown(draft.body()?.valid_until));
        let clock = fact(
            "clock",
            format!("{} on this machine", time::shown(time::now()?)),
        );
        let unsent = fact("sent", "nothing; --send-anyway sends it all the same");
        Err(would_be_refused(
            Rejection::Expired.code(),
            &[until, clock, unsent],
        ))
    }

    /// Sends a draft that everybody signed; `foreseen` is what a dry run said of it. Where its outcome is open, its bytes
    /// are kept: whoever repeats the command instead would do it twice.
    pub async fn submit(&self, draft: &Draft, foreseen: Option<&Simulated>) -> Result<()> {
        self.check_meant()?;
        let session = self.session().await?;
        let id = draft.id();
        self.output.note(format!("transaction {}", hex::encode(id)));
        let sent = session.submit(draft).await;
        let is_open = matches!(&sent, Err(error) if error.kind() != ErrorKind::Refused);
        // A refusal by the newest state says nothing of earlier blocks: what was sent before stays kept.
        let was_sent = draft_file::is_kept(&self.home, draft);
        if sent.is_ok() || is_open {
            unrecorded::forget(&self.home, &id);
        }
        if sent.is_ok()
            && let Some(path) = draft_file::settle(&self.home, draft)
        {
            let path = path.display();
            self.output
                .note(format!("Its outcome is proven: {path} is removed."));
        }
        match sent {
            Ok(outcome) => self
                .show_outcome(session, draft, &outcome, foreseen)
                .await
                .map_err(|error| error.with_transaction_id(id)),
            Err(error) if !is_open => {
                if let Some(refusal) = error.refusal().filter(|_| !was_sent) {
                    unrecorded::remember(&self.home, &id, refusal);
                }
                Err(error)
            }
            Err(error) => {
                self.output.note(match draft_file::keep(&self.home, draft) {
                    Ok(kept) => format!(
                        "The signed transaction is kept: polity tx submit {} sends the same bytes again, which is safe.",
                        kept.display()
                    ),
                    Err(error) => format!(
                        "The signed transaction could not be kept to be sent again: {}",
                        with_causes(&error)
                    ),
                });
                Err(error)
            }
        }
    }

    async fn show_outcome(
        &self,
        session: &Session,
        draft: &Draft,
        outcome: &Outcome,
        foreseen: Option<&Simulated>,
    ) -> Result<()> {
        if outcome.code != 0 {
            let body = draft.body()?;
            let failed = body.actions.get(outcome.receipt.failed_action as usize);
            let mut facts = Vec::new();
            if let Some(action) = failed {
                facts.extend(refusal::of_action(session, &body.signers, action, 0).await);
            }
            facts.push(fact("height", outcome.height.to_string()));
            facts.push(fact("recorded", "the refusal is proven in the block"));
            facts.extend(told_of(&outcome.receipt, foreseen));
            if let Some(action) = failed {
                facts.extend(refusal::of_state(session, outcome.code, action).await);
            }
            return Err(would_be_refused(outcome.code, &facts));
        }
        let value = receipt::json(session, &draft.id(), outcome).await?;
        let green = anstyle::AnsiColor::Green.on_default();
        let mut text = format!(
            "{green}accepted{green:#} in block {}, proven\n",
            outcome.height
        );
        text.push_str(&event::lines(session, &outcome.receipt, &draft.body()?).await?);
        self.output.show(&value, || text);
        Ok(())
    }
}

/// Whose word the facts of a recorded refusal are.
const FORESEEN: &str = "the rest is the dry run's, as the node said; not proven";

/// What a dry run told of the refusal that came, and that this is a node's word: receipts carry no facts.
fn told_of(receipt: &Receipt, foreseen: Option<&Simulated>) -> Vec<Fact> {
    let place = |of: &Receipt| (of.code, of.failed_action);
    let foreseen = foreseen.filter(|simulated| place(&simulated.receipt) == place(receipt));
    let facts = foreseen.map_or(&[][..], |simulated| &simulated.facts);
    if facts.is_empty() {
        return Vec::new();
    }
    let whose = fact("foreseen", FORESEEN);
    [&[whose], facts].concat()
}

/// Whether a draft is over by this machine's clock.
pub fn is_over(draft: &Draft) -> Result<bool> {
    Ok(draft.body()?.valid_until < time::now()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use polity_client::session::{action, signed_by};
    use polity_client::v1::{Leave, action::Kind};

    use super::*;
    use crate::cli::Options;

    fn valid_until(seconds: u64) -> Draft {
        let leave = action(Kind::Leave(Leave {}), 0);
        let signers = vec![signed_by(3, &[7; 32])];
        let draft = Draft::new(&[1; 32], signers, vec![leave], Duration::from_secs(60));
        let body = draft.and_then(|draft| draft.body()).expect("a body");
        Draft::of_body(&polity_client::v1::Body {
            valid_until: seconds,
            ..body
        })
        .expect("a draft")
    }

    fn context(home: &std::path::Path, send_anyway: bool) -> Context {
        Context::new(Options {
            home: Some(home.to_owned()),
            send_anyway,
            ..Options::default()
        })
        .expect("a context")
    }

    #[test]
    fn a_recorded_refusal_has_the_facts_of_the_dry_run_that_foresaw_it() {
        let receipt = |rejection: Rejection, failed_action| Receipt {
            code: rejection.code(),
            failed_action,
            ..Receipt::default()
        };
        let came = receipt(Rejection::LimitPerTransfer, 1);
        let foreseen = Simulated {
            height: 7,
            receipt: came.clone(),
            facts: vec![fact("per_transfer", "25000.00 EUR")],
            verdicts: Vec::new(),
        };
        let expected = [fact("foreseen", FORESEEN), foreseen.facts[0].clone()];
        assert_eq!(told_of(&came, Some(&foreseen)), expected);
        for other in [
            receipt(Rejection::AccountFrozen, 1),
            receipt(Rejection::LimitPerTransfer, 0),
        ] {
            assert!(told_of(&other, Some(&foreseen)).is_empty());
        }
        assert!(told_of(&came, None).is_empty());
    }

    #[test]
    fn what_is_over_by_this_machines_clock_is_not_sent_for_the_first_time() {
        let now = time::now().expect("a clock");
        let over = valid_until(now - 60);
        let home = std::env::temp_dir().join(hex::encode(over.id()));
        let context_of = |send_anyway| context(&home, send_anyway);

        let refused = context_of(false).check_time(&over).expect_err("over");
        assert_eq!(refused.kind(), ErrorKind::Refused);
        let code = refused.refusal().map(|refusal| refusal.code);
        assert_eq!(code, Some(Rejection::Expired.code()));
        assert!(context_of(false).check_time(&valid_until(now + 60)).is_ok());
        assert!(context_of(true).check_time(&over).is_ok());
        draft_file::keep(&home, &over).expect("kept");
        assert!(
            context_of(false).check_time(&over).is_ok(),
            "it was sent before"
        );
        std::fs::remove_dir_all(home).expect("removed");
    }
}
