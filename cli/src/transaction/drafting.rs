//! Transactions before anybody signs: who signs beside the actor, until when they may, and the file that people pass
//! around.

use std::path::Path;
use std::time::Duration;

use polity_client::Result;
use polity_client::ledger::{Rejection, form};
use polity_client::session::{
    Draft, Session, Simulated, VALIDITY_ONE_SIGNER, VALIDITY_SEVERAL_SIGNERS, signed_by,
};
use polity_client::v1::{Action, Member, Parameters, Receipt, Ref, Signer};
use serde_json::json;

use crate::context::{Actor, Context};
use crate::failure::usage;
use crate::refusal::fact;
use crate::{draft_file, time};

/// Another signer, and the role in which they stand behind the actions; 0: none.
pub(super) struct CoSigner {
    signer: Signer,
    role: u64,
}

impl CoSigner {
    pub(super) fn role(&self) -> Option<Ref> {
        form::optional_number(self.role)
    }
}

/// How long people have to sign one after the other: our default, where the organisation allows as much. Blocks count
/// from their own time, which may be behind ours by what the network rests.
fn several_signers_validity(parameters: &Parameters) -> Duration {
    let rest = parameters.idle_interval.saturating_mul(2);
    let allowed = parameters.validity_max.saturating_sub(rest);
    VALIDITY_SEVERAL_SIGNERS.min(Duration::from_secs(allowed))
}

impl Context {
    pub(super) async fn draft(
        &self,
        session: &Session,
        who: &Actor,
        actions: Vec<Action>,
        seconds: &[CoSigner],
    ) -> Result<Draft> {
        let mut signers = vec![signed_by(who.member.number, &who.key.public_key)];
        signers.extend(seconds.iter().map(|second| second.signer.clone()));
        let several = signers.len() > 1 || self.options.draft.is_some();
        let validity = match &self.options.valid_for {
            Some(text) => time::parse_validity(text)?,
            None if several => several_signers_validity(&session.parameters().await?),
            None => VALIDITY_ONE_SIGNER,
        };
        Draft::new(session.organisation(), signers, actions, validity)
    }

    /// Refuses what is valid for longer than the organisation allows. A dry run alone is told before the ledger refuses it:
    /// the node judges neither size nor validity of what it simulates.
    pub(super) async fn judge_validity(
        &self,
        session: &Session,
        simulated: &mut Simulated,
    ) -> Result<()> {
        let Some(text) = &self.options.valid_for else {
            return Ok(());
        };
        let longest = session.parameters().await?.validity_max;
        if time::parse_validity(text)?.as_secs() > longest {
            simulated.receipt = Receipt {
                code: Rejection::ValidTooLong.code(),
                ..Receipt::default()
            };
            simulated.facts = vec![fact("validity_max", time::length(longest))];
        }
        Ok(())
    }

    /// The draft of a file with further actions. Signatures are over the whole, so there must be none yet.
    pub(super) fn appended(&self, there: Draft, more: &Draft) -> Result<Draft> {
        if there
            .signatures
            .iter()
            .any(|signature| !signature.is_empty())
        {
            return Err(usage(
                "the draft is signed already: further actions need a new one",
            ));
        }
        let (mut body, more) = (there.body()?, more.body()?);
        let mut place = Vec::new();
        for signer in &more.signers {
            let found = body
                .signers
                .iter()
                .position(|one| one.member == signer.member);
            place.push(found.unwrap_or(body.signers.len()));
            if found.is_none() {
                body.signers.push(signer.clone());
            }
        }
        let placed = |signer: u32| {
            let index = place.get(signer as usize).copied().unwrap_or_default();
            u32::try_from(index).unwrap_or(u32::MAX)
        };
        for mut action in more.actions {
            action.actor = placed(action.actor);
            for second in &mut action.seconds {
                second.signer = placed(second.signer);
            }
            body.actions.push(action);
        }
        Draft::of_body(&body)
    }

    pub(super) async fn keep_draft(&self, path: &Path, draft: &Draft, who: &Actor) -> Result<()> {
        for sentence in self.sentences(draft, &[], who.member.number).await? {
            self.output.note(format!("{sentence}."));
        }
        draft_file::write(path, draft)?;
        let value = json!({"id": hex::encode(draft.id()), "file": path.display().to_string()});
        self.output.show(&value, || {
            format!(
                "Written to {0}; nobody has signed yet.\nSign it with: polity tx sign {0}",
                path.display()
            )
        });
        Ok(())
    }

    pub(super) async fn seconds(&self, session: &Session) -> Result<Vec<CoSigner>> {
        let mut seconds = Vec::new();
        for text in &self.options.seconds {
            let (member, role) = text.split_once('=').unwrap_or((text, ""));
            let number = session.member(member).await?.number;
            let role = match role {
                "" => 0,
                role => session.role(role).await?.number,
            };
            let keys = session
                .get::<Member>(number)
                .await?
                .unwrap_or_default()
                .keys;
            let key = keys
                .into_iter()
                .find(|key| key.revoked_at == 0)
                .ok_or_else(|| usage(format!("{member} has no key to sign with")))?;
            let signer = Signer {
                member: number,
                key: key.public,
            };
            seconds.push(CoSigner { signer, role });
        }
        Ok(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_as_long_as_the_organisation_allows() {
        let of = |validity_max| {
            several_signers_validity(&Parameters {
                validity_max,
                idle_interval: 60,
                ..Parameters::default()
            })
        };
        assert_eq!(of(7 * 86_400), VALIDITY_SEVERAL_SIGNERS);
        assert_eq!(of(3_600), Duration::from_secs(3_480));
    }
}
