//! Phrases about people, their keys and their membership of the organisation.

use polity_proto::v1::{
    AddKey, ImportMember, InviteMember, Join, Leave, MemberKind, ObjectKind, RecoverMember,
    ReinstateMember, RevokeKey, StopRecovery, SuspendMember, WithdrawInvitation,
};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::{hashed, stating};
use crate::Result;

impl Words<'_> {
    pub(super) async fn invite_member(&self, act: &InviteMember) -> Result<Phrase> {
        Ok((
            "invite",
            format!(
                "{}{} into {} with the key {}{}{}",
                act.handle,
                service(act.kind()),
                self.unit_of(&act.unit).await?,
                hash(&act.key),
                hashed("commitment", &act.commitment),
                stating("external id", &act.external_id)
            ),
        ))
    }

    pub(super) async fn join(&self, act: &Join) -> Result<Phrase> {
        Ok((
            "join",
            format!(
                "as {} and agree to the constitution {}",
                self.member_of(&act.member).await?,
                hash(&act.constitution)
            ),
        ))
    }

    pub(super) async fn add_key(&self, act: &AddKey) -> Result<Phrase> {
        Ok((
            "add",
            format!(
                "the key {} for {}",
                hash(&act.key),
                self.member_of(&act.member).await?
            ),
        ))
    }

    pub(super) async fn revoke_key(&self, act: &RevokeKey) -> Result<Phrase> {
        Ok(("revoke", format!("the key {} for good", hash(&act.key))))
    }

    pub(super) async fn recover_member(&self, act: &RecoverMember) -> Result<Phrase> {
        Ok((
            "start",
            format!(
                "the recovery of {}, who will sign with the key {}",
                self.member_of(&act.member).await?,
                hash(&act.key)
            ),
        ))
    }

    pub(super) async fn stop_recovery(&self, act: &StopRecovery) -> Result<Phrase> {
        Ok((
            "stop",
            format!(
                "the recovery {}",
                named(ObjectKind::Recovery, &act.recovery)
            ),
        ))
    }

    pub(super) async fn suspend_member(&self, act: &SuspendMember) -> Result<Phrase> {
        Ok(("suspend", self.member_of(&act.member).await?))
    }

    pub(super) async fn reinstate_member(&self, act: &ReinstateMember) -> Result<Phrase> {
        Ok(("reinstate", self.member_of(&act.member).await?))
    }

    pub(super) async fn leave(&self, _: &Leave) -> Result<Phrase> {
        Ok(("leave", "the organisation".to_owned()))
    }

    pub(super) async fn import_member(&self, act: &ImportMember) -> Result<Phrase> {
        Ok((
            "import",
            format!(
                "{}{} into {}, without keys{}",
                act.handle,
                service(act.kind()),
                self.unit_of(&act.unit).await?,
                stating("external id", &act.external_id)
            ),
        ))
    }

    pub(super) async fn withdraw_invitation(&self, act: &WithdrawInvitation) -> Result<Phrase> {
        Ok((
            "withdraw",
            format!("the invitation of {}", self.member_of(&act.member).await?),
        ))
    }
}

/// That a member is no person: it approves nothing and is in no count.
fn service(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Person => "",
        MemberKind::Service => ", a service,",
    }
}
