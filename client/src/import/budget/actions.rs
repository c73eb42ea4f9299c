//! The actions of a unit and of a row.

use polity_ledger::form::{REFERENCE_BYTES_MAX, created_by, numbered};
use polity_proto::v1::{
    Action, Allocate, Capability, CreateUnit, GiveGrant, OpenAccount, OwnerKind, OwnerRef,
    PlanBudget, Ref, ScopeKind, ScopeRef, UnitKind, action::Kind,
};

use super::mapping::Mapping;
use super::table::Row;
use crate::session::action;

/// Actions of one unit.
pub(super) const UNIT_ACTIONS: usize = 5;
/// Most actions of one row.
pub(super) const ROW_ACTIONS_MAX: usize = 3;

/// What a unit of a table can be given: to order itself and fill its roles, and to keep, plan, pass on and spend its
/// money. All else, such as to issue money or to run a validator, stays with the units above it.
pub const CONFERRED: [Capability; 6] = [
    Capability::Govern,
    Capability::AssignRoles,
    Capability::OpenAccounts,
    Capability::PlanBudget,
    Capability::Allocate,
    Capability::Spend,
];

/// What the importer's role may do with the money of a unit that it creates.
pub(super) const OVER_MONEY: [Capability; 3] = [
    Capability::OpenAccounts,
    Capability::PlanBudget,
    Capability::Allocate,
];

/// The roles of the two people who sign: the importer is the first signer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    /// The importer's.
    pub(super) importer: u64,
    /// The second person's.
    pub(super) second: u64,
}

/// A unit as the action at `index`; then the second person's say over it; then, given by them, the importer's over its
/// money.
pub(super) fn of_unit(
    name: &str,
    handle: String,
    kind: UnitKind,
    parent: Option<Ref>,
    index: u32,
    roles: Roles,
) -> Vec<Action> {
    let create = CreateUnit {
        parent,
        kind: kind as i32,
        handle,
        external_id: name.to_owned(),
        confers: CONFERRED.map(|capability| capability as i32).to_vec(),
        ..CreateUnit::default()
    };
    let give = |role: u64, capability: Capability| {
        Kind::GiveGrant(GiveGrant {
            role: numbered(role),
            capability: capability as i32,
            scope: Some(ScopeRef {
                kind: ScopeKind::Unit as i32,
                unit: created_by(index),
                ..ScopeRef::default()
            }),
            ..GiveGrant::default()
        })
    };
    let mut actions = vec![
        action(Kind::CreateUnit(create), roles.importer),
        action(give(roles.second, Capability::Govern), roles.importer),
    ];
    actions.extend(OVER_MONEY.map(|capability| Action {
        actor: 1,
        ..action(give(roles.importer, capability), roles.second)
    }));
    actions
}

/// What a row's money comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Funding {
    /// The account.
    pub(super) from: Option<Ref>,
    /// The budget line of its unit; none outside of the table.
    pub(super) line: Option<Ref>,
}

/// A row's account as the action at `index`, its line, and the money; nothing is allocated where the amount is zero.
pub(super) fn of_row(
    row: &Row,
    mapping: &Mapping,
    unit: Option<Ref>,
    asset: u64,
    index: u32,
    funding: Funding,
    role: u64,
) -> Vec<Action> {
    let open = OpenAccount {
        owner: Some(OwnerRef {
            kind: OwnerKind::Unit as i32,
            number: unit,
        }),
        asset: numbered(asset),
        handle: row.account(mapping),
        ..OpenAccount::default()
    };
    let plan = PlanBudget {
        unit,
        category: row.category.clone(),
        from: row.period.from,
        until: row.period.until,
        asset: numbered(asset),
        approved: row.amount.to_bytes(),
        hard: mapping.hard,
        carry_forward: false,
    };
    let mut kinds = vec![Kind::OpenAccount(open), Kind::PlanBudget(plan)];
    if !row.amount.is_zero() {
        let reference = format!("{} {}", row.period_name, row.category);
        kinds.push(Kind::Allocate(Allocate {
            from: funding.from,
            to: created_by(index),
            amount: row.amount.to_bytes(),
            line: funding.line,
            // Periods and categories are plain ASCII.
            reference: reference.chars().take(REFERENCE_BYTES_MAX).collect(),
            value_date: row.period.from,
            ..Allocate::default()
        }));
    }
    kinds.into_iter().map(|kind| action(kind, role)).collect()
}
