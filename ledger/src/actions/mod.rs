//! What a transaction can do: one file an action.
//!
//! Each action says what it needs, in `Act::needs`, and what it does, in `Act::apply`. The
//! access policy of the whole ledger reads in [`capability`].

mod accept_assignment;
mod add_key;
mod add_validator;
mod allocate;
mod amend_proposal;
mod amend_role;
mod amend_unit;
mod anchor_document;
mod apply_profile;
mod assign_role;
pub(crate) mod budget;
mod call_election;
mod change_ballot;
mod change_squad;
mod close_account;
mod close_period;
mod commit_ballot;
mod confirm_external;
mod correct_transfer;
pub(crate) mod create_role;
mod create_unit;
mod define_asset;
mod delegate;
mod departure;
mod dissolve_unit;
pub(crate) mod ending;
mod enrolment;
mod escalate;
mod execute_proposal;
mod freeze_account;
mod give_grant;
mod give_sod_exception;
mod giving;
mod grant_auditor;
pub(crate) mod holding;
mod import_member;
mod invite_member;
mod issue;
mod join;
mod join_unit;
mod leave;
mod leave_unit;
mod membership;
mod move_budget;
mod move_role;
mod move_unit;
mod open_account;
mod open_proposal;
mod ownership;
mod place_hold;
mod plan_budget;
mod possession;
mod post_hold;
pub(crate) mod posting;
mod raise_objection;
mod record_external;
pub(crate) mod recover_member;
mod register_node;
mod register_party;
mod reinstate_member;
mod remove_node;
mod remove_policy;
mod remove_role;
mod remove_sod_rule;
mod remove_validator;
mod renew_assignment;
mod resign_role;
mod resolve_objection;
mod respond;
mod retire;
mod return_allocation;
mod reveal_ballot;
mod reverse_escalation;
mod revoke_assignment;
mod revoke_grant;
pub(crate) mod revoke_key;
mod rotate_validator_key;
mod set_credit_limit;
mod set_parameters;
pub(crate) mod set_policy;
mod set_sod_rule;
mod spending;
mod stop_recovery;
mod supersede_document;
mod suspend_member;
mod test_objection;
mod transfer;
pub(crate) mod validators;
mod void_hold;
mod withdraw_invitation;
mod withdraw_proposal;

pub use budget::line_available;
pub use give_grant::GRANTS_OF_A_ROLE_MAX;
pub use posting::available;

use polity_proto::v1::{Action, Capability, action::Kind};

use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

/// Most people who stand behind an action beside its actor.
const SECONDS_MAX: usize = 8;

/// One action: form, authority, rules.
pub(crate) trait Act {
    /// What the bytes alone can tell.
    fn check(&self) -> Result<(), Rejection>;

    /// Finds the objects that are named, and says which authority they ask for.
    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection>;

    /// Judges duties, the object's state and value; then applies.
    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection>;

    /// How many actions it proposes, which are judged one by one as if they were carried out, and what is looked at of
    /// their outcome, in actions.
    fn proposed(&self) -> usize {
        0
    }
}

/// What sort of decision an action can be part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A person's own act: never in a proposal.
    Own,
    /// A part of deciding by proposal: never in a proposal, not even as bytes.
    Deciding,
    /// A part of electing: the same.
    Electing,
    /// Roles, units, policies, grants: governance of a unit.
    Governance,
    /// Who belongs to a unit and holds its roles: decided like governance, but none of a circle's.
    People,
    /// Value and records: operation of a unit.
    Operation,
    /// Validators, nodes and parameters: decided by the departments.
    Network,
}

impl Topic {
    /// Whether it can be a part of a proposal.
    #[must_use]
    pub fn is_proposable(self) -> bool {
        match self {
            Topic::Own | Topic::Deciding | Topic::Electing => false,
            Topic::Governance | Topic::People | Topic::Operation | Topic::Network => true,
        }
    }
}

macro_rules! actions {
    ($($tag:literal $name:ident $topic:ident $capability:ident;)*) => {
        /// The action behind its message.
        fn act(kind: &Kind) -> &dyn Act {
            match kind { $(Kind::$name(act) => act,)* }
        }

        /// The action's number on the wire, which events carry; 0: none.
        pub fn tag(action: &Action) -> u32 {
            match &action.kind { None => 0, $(Some(Kind::$name(_)) => $tag,)* }
        }

        /// What sort of decision the action can be part of.
        pub fn topic(kind: &Kind) -> Topic {
            match kind { $(Kind::$name(_) => Topic::$topic,)* }
        }

        /// The capability that the action uses; `Capability::None`: acts on what is one's own, or
        /// by a rule that the action's file explains.
        pub fn capability(kind: &Kind) -> Capability {
            match kind { $(Kind::$name(_) => Capability::$capability,)* }
        }

        /// What sort of decision the action of a number on the wire can be part of; none where there is no such action.
        pub fn topic_of_tag(tag: u32) -> Option<Topic> {
            match tag { $($tag => Some(Topic::$topic),)* _ => None }
        }

        /// Every action: number on the wire, name, capability.
        pub const ALL: &[(u32, &str, Capability)] =
            &[$(($tag, stringify!($name), Capability::$capability)),*];
    };
}

// The access policy on one screen.
#[rustfmt::skip]
actions! {
    100 InviteMember       People     AdmitMembers;
    101 Join               Own        None;
    102 AddKey             Own        None;
    103 RevokeKey          Own        None;
    104 RecoverMember      Own        RecoverMembers;
    105 StopRecovery       Own        None;
    106 SuspendMember      Own        SuspendMembers;
    107 ReinstateMember    People     SuspendMembers;
    108 Leave              Own        None;
    109 ImportMember       People     AdmitMembers;
    110 WithdrawInvitation People     AdmitMembers;
    120 CreateUnit         Governance Govern;
    121 AmendUnit          Governance Govern;
    122 MoveUnit           Governance Govern;
    123 DissolveUnit       Governance Govern;
    124 JoinUnit           People     AdmitMembers;
    125 LeaveUnit          People     AdmitMembers;
    126 ChangeSquad        Own        None;
    127 CreateRole         Governance Govern;
    128 AmendRole          Governance Govern;
    129 RemoveRole         Governance Govern;
    130 AssignRole         People     AssignRoles;
    131 AcceptAssignment   Own        None;
    132 ResignRole         Own        None;
    133 RevokeAssignment   People     AssignRoles;
    134 RenewAssignment    People     AssignRoles;
    135 MoveRole           Governance Govern;
    140 GiveGrant          Governance Govern;
    141 RevokeGrant        Governance Govern;
    142 Delegate           Own        None;
    143 SetPolicy          Governance Govern;
    144 RemovePolicy       Governance Govern;
    145 SetSodRule         Governance Govern;
    146 RemoveSodRule      Governance Govern;
    147 GiveSodException   People     Govern;
    160 OpenProposal       Deciding   None;
    161 AmendProposal      Deciding   None;
    162 WithdrawProposal   Deciding   None;
    163 Respond            Deciding   None;
    164 ExecuteProposal    Deciding   None;
    165 RaiseObjection     Deciding   None;
    166 TestObjection      Deciding   None;
    167 ResolveObjection   Deciding   None;
    168 Escalate           Deciding   None;
    169 ReverseEscalation  Deciding   None;
    170 CallElection       Electing   None;
    171 CommitBallot       Electing   None;
    172 RevealBallot       Electing   None;
    173 ChangeBallot       Electing   None;
    174 ApplyProfile       Governance Govern;
    180 DefineAsset        Operation  DefineAssets;
    181 Issue              Operation  Issue;
    182 Retire             Operation  Issue;
    183 OpenAccount        Operation  OpenAccounts;
    184 CloseAccount       Operation  OpenAccounts;
    185 FreezeAccount      Operation  Freeze;
    186 SetCreditLimit     Operation  SetCredit;
    187 RegisterParty      Operation  RegisterParties;
    188 Allocate           Operation  Allocate;
    189 ReturnAllocation   Operation  Allocate;
    190 PlanBudget         Operation  PlanBudget;
    191 MoveBudget         Operation  PlanBudget;
    192 Transfer           Operation  Spend;
    193 PlaceHold          Operation  Spend;
    194 PostHold           Operation  Spend;
    195 VoidHold           Operation  Spend;
    196 CorrectTransfer    Operation  Spend;
    197 RecordExternal     Operation  RecordExternal;
    198 ConfirmExternal    Operation  RecordExternal;
    240 AddValidator       Network    GovernNetwork;
    241 RemoveValidator    Network    GovernNetwork;
    242 RotateValidatorKey Network    GovernNetwork;
    243 RegisterNode       Operation  OperateValidator;
    244 RemoveNode         Operation  OperateValidator;
    245 SetParameters      Network    GovernNetwork;
    260 AnchorDocument     Operation  Anchor;
    261 SupersedeDocument  Operation  Anchor;
    262 GrantAuditor       People     Audit;
    263 ClosePeriod        Operation  PlanBudget;
}

/// Checks what the bytes of an action alone can tell.
pub fn check_form(action: &Action, signers: usize) -> Result<(), Rejection> {
    let kind = action.kind.as_ref().ok_or(Rejection::ActionMissing)?;
    let indexes = action
        .seconds
        .iter()
        .map(|second| second.signer)
        .chain([action.actor]);
    for index in indexes {
        if index as usize >= signers {
            return Err(Rejection::SignerIndex);
        }
    }
    form::optional_reference(&action.acting_role)?;
    for second in &action.seconds {
        form::optional_reference(&second.acting_role)?;
    }
    form::list(
        &action
            .seconds
            .iter()
            .map(|second| second.signer)
            .collect::<Vec<_>>(),
        SECONDS_MAX,
    )?;
    act(kind).check()
}

/// What an action costs everybody who executes it, in actions: itself and those that it proposes.
pub fn work(action: &Action) -> usize {
    1 + action.kind.as_ref().map_or(0, |kind| act(kind).proposed())
}

/// What an action needs, on the state that earlier actions of the run left.
pub fn needs(context: &Context<'_, '_>, action: &Action) -> Result<Vec<Need>, Rejection> {
    let kind = action.kind.as_ref().ok_or(Rejection::ActionMissing)?;
    act(kind).needs(context)
}

/// Judges the object's state and value of an action whose authority is settled, and applies it.
pub(crate) fn apply(context: &mut Context<'_, '_>, action: &Action) -> Result<(), Rejection> {
    let kind = action.kind.as_ref().ok_or(Rejection::ActionMissing)?;
    act(kind).apply(context)
}

/// Judges and applies one action.
pub fn run(context: &mut Context<'_, '_>, index: u32, action: &Action) -> Result<(), Rejection> {
    let kind = action.kind.as_ref().ok_or(Rejection::ActionMissing)?;
    context.begin(index, action)?;
    let act = act(kind);
    let needs = act.needs(context)?;
    context.authorise(&needs)?;
    act.apply(context)
}
