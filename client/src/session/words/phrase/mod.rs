//! What each action does, in a phrase that follows its actor: one file a noun.

mod accounts;
mod authority;
mod budgets;
mod clauses;
mod decisions;
mod elections;
mod network;
mod payments;
mod people;
mod records;
mod roles;
mod units;

#[cfg(test)]
mod tests;

use polity_proto::v1::Action;
use polity_proto::v1::action::Kind;

use super::Words;
use crate::Result;

/// The verb of an action, and what follows it.
type Phrase = (&'static str, String);

impl Words<'_> {
    /// The verb and what follows: "pay 480.00 EUR from …"; in the third person unless the reader acts. The actor is 0 where
    /// nobody is told before it.
    pub(super) async fn phrase(
        &self,
        action: &Action,
        actor: u64,
        second_person: bool,
    ) -> Result<String> {
        let Some(kind) = &action.kind else {
            return Ok("do nothing".to_owned());
        };
        let (verb, rest) = self.verb(kind, actor).await?;
        let verb = if second_person {
            verb.to_owned()
        } else {
            third_person(verb)
        };
        Ok(format!("{verb} {rest}").trim_end().to_owned())
    }

    async fn verb(&self, kind: &Kind, actor: u64) -> Result<Phrase> {
        match kind {
            Kind::InviteMember(act) => self.invite_member(act).await,
            Kind::Join(act) => self.join(act).await,
            Kind::AddKey(act) => self.add_key(act).await,
            Kind::RevokeKey(act) => self.revoke_key(act).await,
            Kind::RecoverMember(act) => self.recover_member(act).await,
            Kind::StopRecovery(act) => self.stop_recovery(act).await,
            Kind::SuspendMember(act) => self.suspend_member(act).await,
            Kind::ReinstateMember(act) => self.reinstate_member(act).await,
            Kind::Leave(act) => self.leave(act).await,
            Kind::ImportMember(act) => self.import_member(act).await,
            Kind::WithdrawInvitation(act) => self.withdraw_invitation(act).await,

            Kind::CreateUnit(act) => self.create_unit(act).await,
            Kind::AmendUnit(act) => self.amend_unit(act).await,
            Kind::MoveUnit(act) => self.move_unit(act).await,
            Kind::DissolveUnit(act) => self.dissolve_unit(act).await,
            Kind::JoinUnit(act) => self.join_unit(act, actor).await,
            Kind::LeaveUnit(act) => self.leave_unit(act, actor).await,
            Kind::ChangeSquad(act) => self.change_squad(act).await,
            Kind::ApplyProfile(act) => self.apply_profile(act).await,

            Kind::CreateRole(act) => self.create_role(act).await,
            Kind::AmendRole(act) => self.amend_role(act).await,
            Kind::RemoveRole(act) => self.remove_role(act).await,
            Kind::MoveRole(act) => self.move_role(act).await,
            Kind::AssignRole(act) => self.assign_role(act).await,
            Kind::AcceptAssignment(act) => self.accept_assignment(act).await,
            Kind::ResignRole(act) => self.resign_role(act).await,
            Kind::RevokeAssignment(act) => self.revoke_assignment(act).await,
            Kind::RenewAssignment(act) => self.renew_assignment(act).await,

            Kind::GiveGrant(act) => self.give_grant(act).await,
            Kind::RevokeGrant(act) => self.revoke_grant(act).await,
            Kind::Delegate(act) => self.delegate(act).await,
            Kind::SetPolicy(act) => self.set_policy(act).await,
            Kind::RemovePolicy(act) => self.remove_policy(act).await,
            Kind::SetSodRule(act) => self.set_sod_rule(act).await,
            Kind::RemoveSodRule(act) => self.remove_sod_rule(act).await,
            Kind::GiveSodException(act) => self.give_sod_exception(act).await,

            Kind::OpenProposal(act) => self.open_proposal(act).await,
            Kind::AmendProposal(act) => self.amend_proposal(act).await,
            Kind::WithdrawProposal(act) => self.withdraw_proposal(act).await,
            Kind::Respond(act) => self.respond(act).await,
            Kind::ExecuteProposal(act) => self.execute_proposal(act).await,
            Kind::RaiseObjection(act) => self.raise_objection(act).await,
            Kind::TestObjection(act) => self.test_objection(act).await,
            Kind::ResolveObjection(act) => self.resolve_objection(act).await,
            Kind::Escalate(act) => self.escalate(act).await,
            Kind::ReverseEscalation(act) => self.reverse_escalation(act).await,

            Kind::CallElection(act) => self.call_election(act).await,
            Kind::CommitBallot(act) => self.commit_ballot(act).await,
            Kind::RevealBallot(act) => self.reveal_ballot(act).await,
            Kind::ChangeBallot(act) => self.change_ballot(act).await,

            Kind::DefineAsset(act) => self.define_asset(act).await,
            Kind::Issue(act) => self.issue(act).await,
            Kind::Retire(act) => self.retire(act).await,
            Kind::OpenAccount(act) => self.open_account(act).await,
            Kind::CloseAccount(act) => self.close_account(act).await,
            Kind::FreezeAccount(act) => self.freeze_account(act).await,
            Kind::SetCreditLimit(act) => self.set_credit_limit(act).await,
            Kind::RegisterParty(act) => self.register_party(act).await,

            Kind::Transfer(act) => self.transfer(act).await,
            Kind::PlaceHold(act) => self.place_hold(act).await,
            Kind::PostHold(act) => self.post_hold(act).await,
            Kind::VoidHold(act) => self.void_hold(act).await,
            Kind::CorrectTransfer(act) => self.correct_transfer(act).await,
            Kind::RecordExternal(act) => self.record_external(act).await,
            Kind::ConfirmExternal(act) => self.confirm_external(act).await,

            Kind::Allocate(act) => self.allocate(act).await,
            Kind::ReturnAllocation(act) => self.return_allocation(act).await,
            Kind::PlanBudget(act) => self.plan_budget(act).await,
            Kind::MoveBudget(act) => self.move_budget(act).await,
            Kind::ClosePeriod(act) => self.close_period(act).await,

            Kind::AddValidator(act) => self.add_validator(act).await,
            Kind::RemoveValidator(act) => self.remove_validator(act).await,
            Kind::RotateValidatorKey(act) => self.rotate_validator_key(act).await,
            Kind::RegisterNode(act) => self.register_node(act).await,
            Kind::RemoveNode(act) => self.remove_node(act).await,
            Kind::SetParameters(act) => self.set_parameters(act).await,

            Kind::AnchorDocument(act) => self.anchor_document(act).await,
            Kind::SupersedeDocument(act) => self.supersede_document(act).await,
            Kind::GrantAuditor(act) => self.grant_auditor(act).await,
        }
    }
}

/// A verb of somebody else: "pays", "applies".
fn third_person(verb: &str) -> String {
    match verb.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        Some(_) | None => format!("{verb}s"),
    }
}
