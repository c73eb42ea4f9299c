//! Acts that people might do now, one of each kind: sensible as far as the state tells, so that many
//! are accepted; who may do them, the author finds out.
//!
//! The match in [`think`] has no wildcard: a new action is an arm here and a function beside it.

mod audit;
mod authority;
mod decisions;
mod elections;
mod network;
mod objections;
mod people;
mod scene;
mod structure;
mod value;
mod waiting;

use polity_proto::v1::action::Kind;

pub(crate) use scene::Scene;
pub(crate) use waiting::waiting;

/// What somebody might do.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// What is done: the first that is accepted of several.
    pub(crate) kinds: Vec<Kind>,
    /// Who does it.
    pub(crate) by: By,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Whoever may.
    Anyone,
    /// This member alone.
    Member(u64),
    /// This member, with somebody behind them in a role.
    MemberWith(u64, (u64, u64)),
}

impl From<Kind> for Deed {
    fn from(kind: Kind) -> Deed {
        Deed {
            kinds: vec![kind],
            by: By::Anyone,
        }
    }
}

impl Deed {
    fn of(member: u64, kind: Kind) -> Deed {
        Deed {
            kinds: vec![kind],
            by: By::Member(member),
        }
    }
}

/// Thinks of an act of the kind; none where the state has nothing for it. The kind's content is
/// not looked at.
pub(crate) fn think(kind: &Kind, scene: &mut Scene<'_>) -> Option<Deed> {
    match kind {
        Kind::InviteMember(_) => people::invite_member(scene),
        Kind::Join(_) => people::join(scene),
        Kind::AddKey(_) => people::add_key(scene),
        Kind::RevokeKey(_) => people::revoke_key(scene),
        Kind::RecoverMember(_) => people::recover_member(scene),
        Kind::StopRecovery(_) => people::stop_recovery(scene),
        Kind::SuspendMember(_) => people::suspend_member(scene),
        Kind::ReinstateMember(_) => people::reinstate_member(scene),
        Kind::Leave(_) => people::leave(scene),
        Kind::ImportMember(_) => people::import_member(scene),
        Kind::WithdrawInvitation(_) => people::withdraw_invitation(scene),

        Kind::CreateUnit(_) => structure::create_unit(scene),
        Kind::AmendUnit(_) => structure::amend_unit(scene),
        Kind::MoveUnit(_) => structure::move_unit(scene),
        Kind::DissolveUnit(_) => structure::dissolve_unit(scene),
        Kind::JoinUnit(_) => structure::join_unit(scene),
        Kind::LeaveUnit(_) => structure::leave_unit(scene),
        Kind::ChangeSquad(_) => structure::change_squad(scene),
        Kind::CreateRole(_) => structure::create_role(scene),
        Kind::AmendRole(_) => structure::amend_role(scene),
        Kind::RemoveRole(_) => structure::remove_role(scene),
        Kind::AssignRole(_) => structure::assign_role(scene),
        Kind::AcceptAssignment(_) => structure::accept_assignment(scene),
        Kind::ResignRole(_) => structure::resign_role(scene),
        Kind::RevokeAssignment(_) => structure::revoke_assignment(scene),
        Kind::RenewAssignment(_) => structure::renew_assignment(scene),
        Kind::MoveRole(_) => structure::move_role(scene),

        Kind::GiveGrant(_) => authority::give_grant(scene),
        Kind::RevokeGrant(_) => authority::revoke_grant(scene),
        Kind::Delegate(_) => authority::delegate(scene),
        Kind::SetPolicy(_) => authority::set_policy(scene),
        Kind::RemovePolicy(_) => authority::remove_policy(scene),
        Kind::SetSodRule(_) => authority::set_sod_rule(scene),
        Kind::RemoveSodRule(_) => authority::remove_sod_rule(scene),
        Kind::GiveSodException(_) => authority::give_sod_exception(scene),

        Kind::OpenProposal(_) => decisions::open_proposal(scene),
        Kind::AmendProposal(_) => decisions::amend_proposal(scene),
        Kind::WithdrawProposal(_) => decisions::withdraw_proposal(scene),
        Kind::Respond(_) => decisions::respond(scene),
        Kind::ExecuteProposal(_) => decisions::execute_proposal(scene),
        Kind::RaiseObjection(_) => objections::raise_objection(scene),
        Kind::TestObjection(_) => objections::test_objection(scene),
        Kind::ResolveObjection(_) => objections::resolve_objection(scene),
        Kind::Escalate(_) => objections::escalate(scene),
        Kind::ReverseEscalation(_) => objections::reverse_escalation(scene),
        Kind::CallElection(_) => elections::call_election(scene),
        Kind::CommitBallot(_) => elections::commit_ballot(scene),
        Kind::RevealBallot(_) => elections::reveal_ballot(scene),
        Kind::ChangeBallot(_) => elections::change_ballot(scene),
        Kind::ApplyProfile(_) => structure::apply_profile(scene),

        Kind::DefineAsset(_) => value::define_asset(scene),
        Kind::Issue(_) => value::issue(scene),
        Kind::Retire(_) => value::retire(scene),
        Kind::OpenAccount(_) => value::open_account(scene),
        Kind::CloseAccount(_) => value::close_account(scene),
        Kind::FreezeAccount(_) => value::freeze_account(scene),
        Kind::SetCreditLimit(_) => value::set_credit_limit(scene),
        Kind::RegisterParty(_) => value::register_party(scene),
        Kind::Allocate(_) => value::allocate(scene),
        Kind::ReturnAllocation(_) => value::return_allocation(scene),
        Kind::PlanBudget(_) => value::plan_budget(scene),
        Kind::MoveBudget(_) => value::move_budget(scene),
        Kind::Transfer(_) => value::transfer(scene),
        Kind::PlaceHold(_) => value::place_hold(scene),
        Kind::PostHold(_) => value::post_hold(scene),
        Kind::VoidHold(_) => value::void_hold(scene),
        Kind::CorrectTransfer(_) => value::correct_transfer(scene),
        Kind::RecordExternal(_) => value::record_external(scene),
        Kind::ConfirmExternal(_) => value::confirm_external(scene),

        Kind::AddValidator(_) => network::add_validator(scene),
        Kind::RemoveValidator(_) => network::remove_validator(scene),
        Kind::RotateValidatorKey(_) => network::rotate_validator_key(scene),
        Kind::RegisterNode(_) => network::register_node(scene),
        Kind::RemoveNode(_) => network::remove_node(scene),
        Kind::SetParameters(_) => network::set_parameters(scene),

        Kind::AnchorDocument(_) => audit::anchor_document(scene),
        Kind::SupersedeDocument(_) => audit::supersede_document(scene),
        Kind::GrantAuditor(_) => audit::grant_auditor(scene),
        Kind::ClosePeriod(_) => audit::close_period(scene),
    }
}
