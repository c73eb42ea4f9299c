//! Whoever signs is told each term: actions that differ in one field are told differently.

mod policies;

use std::collections::BTreeMap;

use polity_proto::v1::{
    Allocate, AmendProposal, AmendRole, AmendUnit, AssetKind, AssignRole, CallElection, Capability,
    ChangeSquad, ConfirmExternal, CorrectTransfer, CreateRole, CreateUnit, DefineAsset, Delegate,
    GiveGrant, GrantAuditor, ImportMember, InviteMember, Issue, Manner, MemberKind, ModeKind,
    OpenProposal, PeriodKind, PeriodLimit, PlanBudget, Profile, RecordExternal, Ref, RegisterNode,
    RenewAssignment, Retire, ReturnAllocation, RoleKind, Transfer, TransferKind, UnitKind,
};

use super::*;
use crate::recorded::session_at;
use crate::session::action;

/// What a step creates: its name needs no node to be read.
const NEW: Option<Ref> = Some(Ref { number: 0, new: 1 });

/// The phrase of an action that speaks of nothing that is there already.
async fn told(kind: Kind) -> String {
    let nobody = session_at(["http://127.0.0.1:1".into()]);
    let action = action(kind, 0);
    let phrase = nobody.words().phrase(&action, true).await;
    phrase.expect("nothing has to be read")
}

/// The empty action, and one more for each change to it.
fn each<T: Default>(kind: fn(T) -> Kind, changes: &[fn(&mut T)]) -> Vec<Kind> {
    let changed = changes.iter().map(|change| {
        let mut act = T::default();
        change(&mut act);
        act
    });
    std::iter::once(T::default())
        .chain(changed)
        .map(kind)
        .collect()
}

async fn are_told_apart(kinds: Vec<Kind>) {
    let mut seen: BTreeMap<String, Kind> = BTreeMap::new();
    for kind in kinds {
        let text = told(kind.clone()).await;
        if let Some(other) = seen.insert(text.clone(), kind.clone()) {
            panic!("{text:?} tells two actions: {other:?} and {kind:?}");
        }
    }
}

#[tokio::test]
async fn every_term_of_units_roles_and_people_is_told() {
    let tables = [
        each::<InviteMember>(
            Kind::InviteMember,
            &[
                |act| act.kind = MemberKind::Service as i32,
                |act| act.commitment = vec![1; 32],
                |act| act.external_id = "4711".into(),
            ],
        ),
        each::<ImportMember>(
            Kind::ImportMember,
            &[
                |act| act.kind = MemberKind::Service as i32,
                |act| act.external_id = "4711".into(),
            ],
        ),
        each::<CreateUnit>(
            Kind::CreateUnit,
            &[
                |act| act.kind = UnitKind::Squad as i32,
                |act| act.label = "office".into(),
                |act| act.purpose = "office".into(),
                |act| act.external_id = "office".into(),
                |act| act.confers = vec![Capability::Spend as i32],
                |act| act.ceiling = 7,
                |act| act.succeeds = NEW,
                |act| act.profile = Profile::Holacracy as i32,
            ],
        ),
        each::<AmendUnit>(
            Kind::AmendUnit,
            &[
                |act| act.kind = UnitKind::Squad as i32,
                |act| act.label = "office".into(),
                |act| act.purpose = "office".into(),
                |act| act.confers = vec![Capability::Spend as i32],
                |act| act.ceiling = 7,
            ],
        ),
        each::<ChangeSquad>(
            Kind::ChangeSquad,
            &[|act| act.chapter_from = NEW, |act| act.chapter_to = NEW],
        ),
        each::<CreateRole>(
            Kind::CreateRole,
            &[
                |act| act.kind = RoleKind::Lead as i32,
                |act| act.purpose = "office".into(),
                |act| act.external_id = "office".into(),
                |act| act.holders_min = 1,
                |act| act.holders_max = 1,
                |act| act.term = 86_400,
                |act| act.elected = true,
            ],
        ),
        each::<AmendRole>(
            Kind::AmendRole,
            &[
                |act| act.holders_min = 1,
                |act| act.holders_max = 1,
                |act| act.term = 86_400,
            ],
        ),
        each::<AssignRole>(
            Kind::AssignRole,
            &[
                |act| act.until = 86_400,
                |act| act.manner = Manner::Surrogate as i32,
                |act| act.manner = Manner::Imported as i32,
                |act| act.focus = "office".into(),
                |act| act.percentage = 50,
            ],
        ),
        each::<RenewAssignment>(
            Kind::RenewAssignment,
            &[
                |act| act.until = 86_400,
                |act| act.focus = "office".into(),
                |act| act.percentage = 50,
            ],
        ),
        each::<CallElection>(Kind::CallElection, &[|act| act.term = 86_400]),
    ];
    for kinds in tables {
        are_told_apart(kinds).await;
    }
}

#[tokio::test]
async fn every_term_of_grants_and_proposals_is_told() {
    let tables = [
        each::<GiveGrant>(
            Kind::GiveGrant,
            &[
                |act| act.asset = NEW,
                |act| act.per_transfer = vec![1],
                |act| act.per_period = Some(monthly()),
                |act| act.from = 86_400,
                |act| act.until = 86_400,
            ],
        ),
        each::<Delegate>(
            Kind::Delegate,
            &[
                |act| act.per_transfer = vec![1],
                |act| act.per_period = Some(monthly()),
                |act| act.from = 86_400,
                |act| act.until = 86_400,
            ],
        ),
        each::<OpenProposal>(
            Kind::OpenProposal,
            &[
                |act| act.expected = ModeKind::Announce as i32,
                |act| act.expected = ModeKind::Approve as i32,
                |act| act.expected_count = 2,
                |act| act.beneficiaries = NEW.into_iter().collect(),
                |act| act.document = vec![1; 32],
                |act| act.outlook = vec![1; 32],
            ],
        ),
        each::<AmendProposal>(
            Kind::AmendProposal,
            &[
                |act| act.document = vec![1; 32],
                |act| act.outlook = vec![1; 32],
            ],
        ),
        each::<RegisterNode>(
            Kind::RegisterNode,
            &[
                |act| act.address = "node.example:26656".into(),
                |act| act.key = vec![1; 32],
            ],
        ),
        each::<GrantAuditor>(
            Kind::GrantAuditor,
            &[
                |act| act.window_from = 86_400,
                |act| act.window_until = 86_400,
                |act| act.until = 86_400,
            ],
        ),
    ];
    for kinds in tables {
        are_told_apart(kinds).await;
    }
}

#[tokio::test]
async fn every_term_of_money_is_told() {
    let tables = [
        each::<DefineAsset>(
            Kind::DefineAsset,
            &[|act| act.kind = AssetKind::Hours as i32],
        ),
        each::<Issue>(Kind::Issue, &[|act| act.document = vec![1; 32]]),
        each::<Retire>(Kind::Retire, &[|act| act.document = vec![1; 32]]),
        each::<Allocate>(
            Kind::Allocate,
            &[
                |act| act.line = NEW,
                |act| act.reference = "R-1".into(),
                |act| act.document = vec![1; 32],
                |act| act.value_date = 86_400,
            ],
        ),
        each::<ReturnAllocation>(
            Kind::ReturnAllocation,
            &[
                |act| act.reference = "R-1".into(),
                |act| act.document = vec![1; 32],
                |act| act.value_date = 86_400,
            ],
        ),
        each::<PlanBudget>(
            Kind::PlanBudget,
            &[|act| act.hard = true, |act| act.carry_forward = true],
        ),
        each::<Transfer>(
            Kind::Transfer,
            &[
                |act| act.kind = TransferKind::Gift as i32,
                |act| act.kind = TransferKind::Compensation as i32,
                |act| act.line = NEW,
                |act| act.reference = "R-1".into(),
                |act| act.document = vec![1; 32],
                |act| act.value_date = 86_400,
            ],
        ),
        each::<CorrectTransfer>(Kind::CorrectTransfer, &[|act| act.document = vec![1; 32]]),
        each::<RecordExternal>(
            Kind::RecordExternal,
            &[
                |act| act.statement = vec![1; 32],
                |act| act.reference = "R-1".into(),
                |act| act.value_date = 86_400,
            ],
        ),
        each::<ConfirmExternal>(Kind::ConfirmExternal, &[|act| act.statement = vec![1; 32]]),
    ];
    for kinds in tables {
        are_told_apart(kinds).await;
    }
}

fn monthly() -> PeriodLimit {
    PeriodLimit {
        kind: PeriodKind::CalendarMonth as i32,
        days: 0,
        amount: vec![1],
    }
}
