//! Phrases about roles and who holds them.

use polity_proto::v1::{
    AcceptAssignment, AmendRole, AssignRole, CreateRole, MoveRole, ObjectKind, RemoveRole,
    RenewAssignment, ResignRole, RevokeAssignment,
};

use super::super::Words;
use super::super::names::named;
use super::Phrase;
use super::clauses::{stating, until};
use crate::Result;

impl Words<'_> {
    pub(super) async fn create_role(&self, act: &CreateRole) -> Result<Phrase> {
        Ok((
            "create",
            format!(
                "the role {} in {}{}",
                act.handle,
                self.unit_of(&act.unit).await?,
                stating("purpose", &act.purpose)
            ),
        ))
    }

    pub(super) async fn amend_role(&self, act: &AmendRole) -> Result<Phrase> {
        Ok((
            "amend",
            format!(
                "the role {}: it is then called {}{}",
                self.role_ref(&act.role).await?,
                act.handle,
                stating("purpose", &act.purpose)
            ),
        ))
    }

    pub(super) async fn remove_role(&self, act: &RemoveRole) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the role {}", self.role_ref(&act.role).await?),
        ))
    }

    pub(super) async fn move_role(&self, act: &MoveRole) -> Result<Phrase> {
        Ok((
            "move",
            format!(
                "the role {} into {}",
                self.role_ref(&act.role).await?,
                self.unit_of(&act.unit).await?
            ),
        ))
    }

    pub(super) async fn assign_role(&self, act: &AssignRole) -> Result<Phrase> {
        Ok((
            "assign",
            format!(
                "the role {} to {}{}",
                self.role_ref(&act.role).await?,
                self.member_of(&act.member).await?,
                until(act.until)
            ),
        ))
    }

    pub(super) async fn accept_assignment(&self, act: &AcceptAssignment) -> Result<Phrase> {
        Ok((
            "accept",
            format!(
                "the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn resign_role(&self, act: &ResignRole) -> Result<Phrase> {
        Ok((
            "resign",
            format!(
                "from the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn revoke_assignment(&self, act: &RevokeAssignment) -> Result<Phrase> {
        Ok((
            "revoke",
            format!(
                "the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn renew_assignment(&self, act: &RenewAssignment) -> Result<Phrase> {
        Ok((
            "renew",
            format!(
                "the assignment {}{}",
                named(ObjectKind::Assignment, &act.assignment),
                until(act.until)
            ),
        ))
    }
}
