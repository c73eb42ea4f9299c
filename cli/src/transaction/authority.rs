//! In which role each action is allowed: the one that gets furthest is found.

use polity_client::ledger::{Rejection, form};
use polity_client::session::{AsOf, Session, can_be_approved, lettered};
use polity_client::v1::{Action, ObjectKind, Second, Signer, Verdict, VerdictKind, action::Kind};
use polity_client::{Error, Result};

use super::cosigner::CoSigner;
use crate::context::Context;
use crate::refusal::{self, fact, refused};

impl Context {
    /// Chooses for each action the role in which it is allowed, or reports why it is in none.
    pub(super) async fn in_roles(
        &self,
        session: &Session,
        signer: &Signer,
        kinds: Vec<Kind>,
        cosigners: &[CoSigner],
    ) -> Result<Vec<Action>> {
        let given = self.acting_role().await?;
        let mut role = given;
        let mut actions = Vec::new();
        for (index, kind) in kinds.into_iter().enumerate() {
            let mut action = self.action(kind, role)?;
            let mut beside = Vec::new();
            for (signer, cosigner) in (1..).zip(cosigners) {
                let acting_role = cosigner.role(session, &action).await?;
                beside.push(Second {
                    signer,
                    acting_role: form::optional_number(acting_role),
                });
            }
            action.seconds = beside;
            if given == 0 {
                // Signers are placed later: the judge is asked about the actor alone.
                let verdict = session
                    .can(signer.member, &action, true, AsOf::Newest)
                    .await?;
                // Also where it is refused: the record names the role in which it came closest.
                let closest = verdict.acting_role;
                match verdict.kind() {
                    VerdictKind::Allowed => role = closest,
                    // The judge was asked about the actor alone; with those who sign beside them, the dry run judges.
                    VerdictKind::None | VerdictKind::Refused | VerdictKind::NeedsDecision
                        if !cosigners.is_empty() =>
                    {
                        role = closest;
                    }
                    // A later action may name what an earlier one creates: the dry run judges it.
                    VerdictKind::Refused if index > 0 => {}
                    VerdictKind::None | VerdictKind::Refused => {
                        if !self.options.send_anyway && self.options.draft.is_none() {
                            let (code, told) = (verdict.code, &verdict.facts);
                            let acted = (std::slice::from_ref(signer), &action);
                            let facts =
                                refusal::facts(session, code, told, acted, signer.member).await;
                            return Err(refused(code, &facts));
                        }
                        role = closest;
                    }
                    VerdictKind::NeedsDecision => {
                        if !self.options.send_anyway {
                            return Err(self.needs_decision(session, &verdict).await?);
                        }
                        role = closest;
                    }
                }
                action.acting_role = form::optional_number(role);
            }
            actions.push(action);
        }
        Ok(actions)
    }

    async fn needs_decision(&self, session: &Session, verdict: &Verdict) -> Result<Error> {
        let words = session.words().authority(verdict).await?;
        let mut facts = verdict.facts.clone();
        let command = if can_be_approved(verdict) {
            format!(
                ": polity proposal open {} -- and the same words",
                lettered(ObjectKind::Unit, verdict.unit)
            )
        } else {
            String::new()
        };
        facts.push(fact("instead", words + &command));
        let code = match verdict.code {
            0 => Rejection::NeedsDecision.code(),
            code => code,
        };
        Ok(refused(code, &facts))
    }
}
