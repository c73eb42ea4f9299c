//! Grants, delegations, policies and separation of duties.

use polity_ledger::time::{DAY, HOUR};
use polity_ledger::{Amount, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Capability, Delegate, GiveGrant, GiveSodException, Grant, Mode, ModeKind, PeriodKind,
    PeriodLimit, Policy, RemovePolicy, RemoveSodRule, RevokeGrant, Role, RoleKind, ScopeKind,
    ScopeRef, SetPolicy, SetSodRule, SodRule, Tier, Who, WhoKind,
};

use super::{Deed, Scene};
use crate::simulator::view::is_later;

pub(crate) fn give_grant(scene: &mut Scene<'_>) -> Option<Deed> {
    let roles = scene.view.roles();
    let role = scene.one(roles)?;
    let capability = scene.capability();
    let spends = matches!(capability, Capability::Spend | Capability::Trade);
    let unit = if scene.dice.chance(60) {
        form::numbered(role.unit)
    } else {
        scene.unit()
    };
    let give = GiveGrant {
        role: form::numbered(role.number),
        capability: capability as i32,
        scope: Some(ScopeRef {
            kind: scene
                .dice
                .one_of([ScopeKind::Unit, ScopeKind::UnitAndBelow]) as i32,
            unit,
            ..ScopeRef::default()
        }),
        per_transfer: if spends {
            scene.amount(20_000)
        } else {
            Vec::new()
        },
        per_period: spends.then(|| period(scene)),
        until: scene.maybe_until(),
        ..GiveGrant::default()
    };
    Some(Kind::GiveGrant(give).into())
}

pub(crate) fn revoke_grant(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut grants = scene.view.grants();
    grants.retain(|grant| is_later(grant.basis));
    let revoke = RevokeGrant {
        grant: scene.reference(grants),
    };
    Some(Kind::RevokeGrant(revoke).into())
}

pub(crate) fn delegate(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut grants = scene.view.grants();
    grants.retain(|grant| grant.source == 0 && grant.capability() != Capability::OperateValidator);
    let grant: Grant = scene.one(grants)?;
    let holders =
        polity_ledger::judge::power::holders_of(scene.view.state, grant.role, scene.time());
    let holder = *scene.dice.pick(&holders)?;
    let delegate = Delegate {
        grant: form::numbered(grant.number),
        member: scene.member(),
        per_transfer: if grant.per_transfer.is_empty() || scene.dice.chance(50) {
            Vec::new()
        } else {
            Amount(Amount::from_state(&grant.per_transfer).0 / 2).to_bytes()
        },
        until: scene.soon(10),
        ..Delegate::default()
    };
    Some(Deed::of(holder, Kind::Delegate(delegate)))
}

pub(crate) fn set_policy(scene: &mut Scene<'_>) -> Option<Deed> {
    // What the root decides stays as it was founded: the whole organisation hangs from it.
    let mut units = scene.view.units();
    units.retain(|unit| unit.parent != 0);
    let unit = scene.reference(units);
    let capability = scene.dice.one_of([
        Capability::Spend,
        Capability::Allocate,
        Capability::Anchor,
        Capability::OpenAccounts,
        Capability::PlanBudget,
        Capability::RegisterParties,
        Capability::AdmitMembers,
        Capability::Freeze,
    ]);
    let tiers = if scene.dice.chance(40) {
        vec![
            Tier {
                up_to: scene.amount(10_000),
                by: Some(who(scene)),
                mode: Some(alone()),
            },
            last_tier(scene),
        ]
    } else {
        vec![last_tier(scene)]
    };
    let set = SetPolicy {
        unit,
        capability: capability as i32,
        tiers,
        recursive: scene.dice.chance(20),
        words: "as we agreed".into(),
        ..SetPolicy::default()
    };
    Some(Kind::SetPolicy(set).into())
}

pub(crate) fn remove_policy(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut policies = scene.view.all::<Policy>();
    policies.retain(|policy| policy.ended_at == 0 && is_later(policy.basis));
    let remove = RemovePolicy {
        policy: scene.reference(policies),
    };
    Some(Kind::RemovePolicy(remove).into())
}

pub(crate) fn set_sod_rule(scene: &mut Scene<'_>) -> Option<Deed> {
    let set = SetSodRule {
        unit: form::numbered(scene.small_unit()?.number),
        first: scene.capability() as i32,
        second: scene.capability() as i32,
    };
    Some(Kind::SetSodRule(set).into())
}

pub(crate) fn remove_sod_rule(scene: &mut Scene<'_>) -> Option<Deed> {
    let remove = RemoveSodRule { rule: rule(scene) };
    Some(Kind::RemoveSodRule(remove).into())
}

pub(crate) fn give_sod_exception(scene: &mut Scene<'_>) -> Option<Deed> {
    let give = GiveSodException {
        rule: rule(scene),
        member: scene.member(),
        until: scene.soon(25),
        control: "the auditor looks at each act".into(),
    };
    Some(Kind::GiveSodException(give).into())
}

fn rule(scene: &mut Scene<'_>) -> Option<polity_proto::v1::Ref> {
    let mut rules = scene.view.all::<SodRule>();
    rules.retain(|rule| rule.removed_at == 0);
    scene.reference(rules)
}

fn period(scene: &mut Scene<'_>) -> PeriodLimit {
    let rolling = scene.dice.chance(50);
    PeriodLimit {
        kind: if rolling {
            PeriodKind::RollingDays as i32
        } else {
            PeriodKind::CalendarMonth as i32
        },
        days: if rolling {
            1 + scene.dice.below(60) as u32
        } else {
            0
        },
        amount: scene.amount(100_000),
    }
}

fn last_tier(scene: &mut Scene<'_>) -> Tier {
    let kind = scene.dice.one_of([
        ModeKind::Alone,
        ModeKind::Announce,
        ModeKind::Approve,
        ModeKind::Approve,
        ModeKind::Consent,
        ModeKind::Vote,
        ModeKind::Departments,
    ]);
    Tier {
        up_to: Vec::new(),
        by: Some(who(scene)),
        mode: Some(mode(scene, kind)),
    }
}

/// A mode of a kind: those that the ledger does not know as a way of deciding, it refuses.
fn mode(scene: &mut Scene<'_>, kind: ModeKind) -> Mode {
    let plain = Mode {
        kind: kind as i32,
        ..Mode::default()
    };
    match kind {
        ModeKind::None | ModeKind::Alone | ModeKind::Departments => plain,
        ModeKind::Announce => Mode {
            wait: 1 + scene.dice.below(DAY),
            escalates_to: Some(Box::new(mode(scene, ModeKind::Approve))),
            ..plain
        },
        ModeKind::Approve => Mode {
            count: 1 + scene.dice.below(2) as u32,
            wait: scene.dice.one_of([0, 0, HOUR]),
            approver: Some(who(scene)),
            ..plain
        },
        ModeKind::Consent => Mode {
            deadline: HOUR + scene.dice.below(3 * DAY),
            silence_is_consent: scene.dice.chance(50),
            ..plain
        },
        ModeKind::Vote => Mode {
            deadline: HOUR + scene.dice.below(3 * DAY),
            quorum: 1 + scene.dice.below(100) as u32,
            pass: 50 + scene.dice.below(50) as u32,
            ..plain
        },
    }
}

fn alone() -> Mode {
    Mode {
        kind: ModeKind::Alone as i32,
        ..Mode::default()
    }
}

fn who(scene: &mut Scene<'_>) -> Who {
    let kind = scene.dice.one_of([
        WhoKind::JoinedMembers,
        WhoKind::JoinedMembers,
        WhoKind::RoleHolders,
        WhoKind::Role,
        WhoKind::RoleKind,
        WhoKind::Capability,
    ]);
    let plain = Who {
        kind: kind as i32,
        ..Who::default()
    };
    match kind {
        WhoKind::None | WhoKind::JoinedMembers | WhoKind::RoleHolders => plain,
        WhoKind::Role => Who {
            role: scene.reference::<Role>(scene.view.roles()),
            ..plain
        },
        WhoKind::RoleKind => Who {
            role_kind: RoleKind::Lead as i32,
            ..plain
        },
        WhoKind::Capability => Who {
            capability: Capability::Approve as i32,
            ..plain
        },
    }
}
