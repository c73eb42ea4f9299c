//! Signed bytes on their way: whether they are in time, what came of them, and what the home keeps of that.

use polity_client::ledger::Rejection;
use polity_client::session::{Draft, Outcome, Session, Simulated};
use polity_client::v1::{Fact, Receipt};
use polity_client::{Error, ErrorKind, Result};

use crate::context::Context;
use crate::failure::with_causes;
use crate::refusal::{self, fact, would_be_refused};
use crate::{draft_file, event, output, receipt, time, unrecorded};

impl Context {
    /// Refuses to send what is over by this machine's clock. The last block of a network at rest may lie before that end, so
    /// its doors would take it, and no block would.
    pub fn check_time(&self, draft: &Draft) -> Result<()> {
        if self.options.send_anyway || !is_over(draft)? {
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

    /// Sends a draft that everybody signed; `foreseen` is what a dry run said of it. Its bytes are kept before they leave,
    /// until their outcome is proven, or a verified header says that their time is over, so that no block takes them any
    /// more: whoever repeats the command instead would do it twice.
    pub async fn submit(&self, draft: &Draft, foreseen: Option<&Simulated>) -> Result<()> {
        self.check_meant()?;
        let session = self.session().await?;
        let id = draft.id();
        self.output.note(format!("transaction {}", hex::encode(id)));
        let was_sent = draft_file::is_kept(&self.home, &id);
        let kept = draft_file::keep(&self.home, draft);
        let sent = session.submit(draft).await;
        let is_open = matches!(&sent, Err(error) if error.kind() != ErrorKind::Refused);
        if sent.is_ok() || is_open {
            unrecorded::forget(&self.home, &id);
        }
        // A refusal by the newest state says nothing of earlier blocks, so what was sent before stays kept. Once its time is
        // over its bytes are of no use: no later block takes them, and an earlier one is found by the id.
        let refusal = sent.as_ref().err().and_then(Error::refusal);
        let ended = refusal.filter(|one| !was_sent || one.code == Rejection::Expired.code());
        if let Some(refusal) = ended {
            unrecorded::remember(&self.home, &id, refusal, was_sent);
        }
        if (sent.is_ok() || ended.is_some())
            && let Some(path) = draft_file::settle(&self.home, &id)
            && was_sent
        {
            let why = match sent {
                Ok(_) => "Its outcome is proven",
                Err(_) => "That its time is over is proven",
            };
            self.output
                .note(format!("{why}: {} is removed.", path.display()));
        }
        match sent {
            Ok(outcome) => self
                .show_outcome(session, draft, &outcome, foreseen)
                .await
                .map_err(|error| error.with_transaction_id(id)),
            Err(error) if !is_open => Err(error),
            Err(error) => {
                self.output.note(match kept {
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
        let told = self.tell_accepted(session, draft, outcome).await;
        // Whatever kept it from being told: whoever repeats the command would do it twice.
        told.and_then(|()| output::written()).map_err(|error| {
            let height = outcome.height;
            let words =
                format!("accepted in block {height}, proven; what came of it could not be told");
            Error::trouble(words).with_source(error)
        })
    }

    async fn tell_accepted(
        &self,
        session: &Session,
        draft: &Draft,
        outcome: &Outcome,
    ) -> Result<()> {
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
    }
}
