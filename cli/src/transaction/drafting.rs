//! Transactions before anybody signs: who signs beside the actor, until when they may, and the file that people pass
//! around.

use std::path::Path;
use std::time::Duration;

use polity_client::ledger::Rejection;
use polity_client::session::{
    Draft, Session, Simulated, VALIDITY_ONE_SIGNER, VALIDITY_SEVERAL_SIGNERS,
};
use polity_client::v1::{Action, Member, Parameters, Receipt, Signer, action::Kind};
use polity_client::{ErrorKind, Result};
use serde_json::json;

use super::cosigner::CoSigner;
use crate::context::{Actor, Context};
use crate::failure::usage;
use crate::refusal::fact;
use crate::{draft_file, time};

/// A key with which a member may sign now.
async fn enrolled(session: &Session, member: u64, name: &str) -> Result<Signer> {
    let keys = session
        .get::<Member>(member)
        .await?
        .unwrap_or_default()
        .keys;
    let key = keys.into_iter().find(|key| key.revoked_at == 0);
    let key = key.ok_or_else(|| usage(format!("{name} has no key to sign with")))?;
    Ok(Signer {
        member,
        key: key.public,
    })
}

/// How long people have to sign one after the other: our default, where the organisation allows as much.
fn several_signers_validity(parameters: &Parameters) -> Duration {
    VALIDITY_SEVERAL_SIGNERS.min(longest_validity(parameters))
}

/// What is asked for. The longest that the organisation allows is a little less by our clock; more than that is refused by
/// its name.
fn asked_validity(asked: Duration, parameters: &Parameters) -> Duration {
    if asked.as_secs() > parameters.validity_max {
        asked
    } else {
        asked.min(longest_validity(parameters))
    }
}

/// The longest that is accepted now: blocks count from their own time, which may be behind ours by what the network rests.
fn longest_validity(parameters: &Parameters) -> Duration {
    let rest = parameters.idle_interval.saturating_mul(2);
    Duration::from_secs(parameters.validity_max.saturating_sub(rest))
}

impl Context {
    pub(super) async fn draft(
        &self,
        session: &Session,
        signer: &Signer,
        actions: Vec<Action>,
        cosigners: &[CoSigner],
    ) -> Result<Draft> {
        let mut signers = vec![signer.clone()];
        signers.extend(cosigners.iter().map(|one| one.signer.clone()));
        let several = signers.len() > 1 || self.options.draft.is_some();
        let validity = match &self.options.valid_for {
            Some(text) => match time::parse_validity(text)? {
                asked if asked <= VALIDITY_ONE_SIGNER => asked,
                asked => asked_validity(asked, &session.parameters().await?),
            },
            None if several => several_signers_validity(&session.parameters().await?),
            None => VALIDITY_ONE_SIGNER,
        };
        Draft::new(session.organisation(), signers, actions, validity)
    }

    /// What would become of a draft now. The node judges neither size nor validity of what it simulates: what is valid for
    /// longer than the organisation allows is refused here.
    pub async fn simulate(&self, session: &Session, draft: &Draft) -> Result<Simulated> {
        let mut simulated = session.simulate(draft).await?;
        let left = draft.body()?.valid_until.saturating_sub(time::now()?);
        if left <= VALIDITY_ONE_SIGNER.as_secs() {
            return Ok(simulated);
        }
        let longest = session.parameters().await?.validity_max;
        if left > longest {
            simulated.receipt = Receipt {
                code: Rejection::ValidTooLong.code(),
                ..Receipt::default()
            };
            simulated.facts = vec![fact("validity_max", time::length(longest))];
        }
        Ok(simulated)
    }

    /// The draft of a file with further actions. Signatures are over the whole, so there must be none yet; and it ends
    /// when whoever began it said.
    pub(super) fn appended(&self, there: Draft, more: &Draft) -> Result<Draft> {
        if self.options.valid_for.is_some() {
            let until = time::shown(there.body()?.valid_until);
            return Err(usage(format!(
                "the draft is valid until {until} already: --valid-for is said when a draft is begun"
            )));
        }
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

    pub(super) async fn cosigners(&self, session: &Session) -> Result<Vec<CoSigner>> {
        let mut cosigners = Vec::new();
        for text in &self.options.cosigners {
            let (member, role) = text.split_once('=').unwrap_or((text, ""));
            let named = session.member(member).await?;
            let role = match role {
                "" => None,
                role => Some(session.role(role).await?.number),
            };
            let here = match self.enrolled_key(session, named.number).await {
                Ok(key) => Some(Actor {
                    member: named.clone(),
                    key,
                }),
                Err(error) if error.kind() == ErrorKind::Key => None,
                Err(error) => return Err(error),
            };
            let signer = match &here {
                Some(here) => here.signer(),
                None => enrolled(session, named.number, member).await?,
            };
            cosigners.push(CoSigner {
                signer,
                role,
                here,
                name: member.to_owned(),
            });
        }
        Ok(cosigners)
    }

    /// What would come of actions of the member, done together with those who are named beside them.
    pub(crate) async fn done_together(&self, kinds: Vec<Kind>) -> Result<(Draft, Simulated)> {
        let session = self.session().await?;
        let member = self.member().await?;
        let signer = enrolled(session, member.number, &member.shown).await?;
        let cosigners = self.cosigners(session).await?;
        let actions = self.in_roles(session, &signer, kinds, &cosigners).await?;
        let draft = self.draft(session, &signer, actions, &cosigners).await?;
        let simulated = session.simulate(&draft).await?;
        Ok((draft, simulated))
    }
}

#[cfg(test)]
mod tests {
    use polity_client::session::{action, signed_by};
    use polity_client::v1::Leave;

    use super::*;
    use crate::cli::Options;

    #[test]
    fn a_draft_that_is_begun_takes_further_actions_and_no_other_end() {
        let draft = || {
            let leave = action(Kind::Leave(Leave {}), 0);
            let signers = vec![signed_by(3, &[7; 32])];
            Draft::new(&[1; 32], signers, vec![leave], Duration::from_secs(60)).expect("a draft")
        };
        let appended = |valid_for: Option<&str>| {
            let options = Options {
                home: Some(std::env::temp_dir()),
                valid_for: valid_for.map(str::to_owned),
                ..Options::default()
            };
            let context = Context::new(options).expect("a context");
            context.appended(draft(), &draft())
        };
        let longer = appended(None).and_then(|draft| draft.body());
        assert_eq!(longer.expect("both").actions.len(), 2);
        let refused = appended(Some("7d")).expect_err("it has an end");
        assert_eq!(refused.kind(), ErrorKind::Usage);
        assert!(refused.to_string().contains("valid until"), "{refused}");
    }

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

    #[test]
    fn the_longest_that_is_allowed_can_be_asked_for_also_while_the_network_rests() {
        let parameters = Parameters {
            validity_max: 3_600,
            idle_interval: 60,
            ..Parameters::default()
        };
        for (asked, given) in [(1_800, 1_800), (3_600, 3_480), (3_601, 3_601)] {
            let validity = asked_validity(Duration::from_secs(asked), &parameters);
            assert_eq!(validity.as_secs(), given);
        }
    }
}
