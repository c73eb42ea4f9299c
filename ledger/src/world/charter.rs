//! What the test organisation is founded with.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Action, AddValidator, AssetKind, AssignRole, Capability, CreateRole, CreateUnit, DefineAsset,
    Genesis, GiveGrant, InviteMember, Issue, Join, JoinUnit, MemberKind, OpenAccount, OwnerKind,
    OwnerRef, Parameters, PeriodKind, PeriodLimit, Ref, RoleKind, ScopeKind, ScopeRef, UnitKind,
    action::Kind,
};

use super::{CHAIN_ID, constitution, founding_possession, public};
use crate::{Amount, form};

/// Founding actions, and what each created by the name that people write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Charter {
    /// Parameters of the genesis.
    pub(crate) parameters: Parameters,
    actions: Vec<Action>,
    names: BTreeMap<String, Option<Ref>>,
}

/// What the root keeps for itself.
const OF_THE_ROOT: [Capability; 3] = [
    Capability::DefineAssets,
    Capability::Issue,
    Capability::GovernNetwork,
];

/// What a department's lead may do in it.
const OF_A_LEAD: [Capability; 10] = [
    Capability::AdmitMembers,
    Capability::SuspendMembers,
    Capability::RecoverMembers,
    Capability::Govern,
    Capability::AssignRoles,
    Capability::OpenAccounts,
    Capability::PlanBudget,
    Capability::Approve,
    Capability::Anchor,
    Capability::OperateValidator,
];

impl Charter {
    /// Four departments below one root, eight people, euros, and a validator for each department.
    pub(crate) fn acme() -> Charter {
        let mut charter = Charter::people_and_roles();
        charter.grants();
        charter.money();
        for unit in ["dev", "ops", "sales", "finance"] {
            charter.validator(unit, 10);
        }
        charter
    }

    fn people_and_roles() -> Charter {
        let mut charter = Charter {
            parameters: Parameters {
                validators_min: 1,
                ..Parameters::default()
            },
            ..Charter::default()
        };
        charter.unit(None, "acme", UnitKind::Company);
        charter.role("acme", "lead", RoleKind::Lead);
        charter.member("ada", "acme", "acme#lead");
        for (unit, lead) in [
            ("dev", "ben"),
            ("ops", "cleo"),
            ("sales", "dan"),
            ("finance", "eve"),
        ] {
            charter.unit(Some("acme"), unit, UnitKind::Department);
            charter.role(unit, "lead", RoleKind::Lead);
            charter.member(lead, unit, &format!("{unit}#lead"));
        }
        charter.role("dev", "engineer", RoleKind::Ordinary);
        charter.role("ops", "engineer", RoleKind::Ordinary);
        charter.member("finn", "dev", "dev#engineer");
        charter.member("gia", "dev", "dev#engineer");
        charter.member("hal", "ops", "ops#engineer");
        charter
    }

    fn grants(&mut self) {
        for capability in (1..=22).filter_map(|value| Capability::try_from(value).ok()) {
            let below = ScopeKind::UnitAndBelow;
            match capability {
                // The root runs no validator; each department's own lead does.
                Capability::None | Capability::OperateValidator | Capability::Trade => {}
                Capability::Spend => self.spend("acme#lead", "acme", 50_000, 200_000),
                _ => self.grant("acme#lead", capability, below, "acme"),
            }
        }
        for unit in ["dev", "ops", "sales", "finance"] {
            let lead = format!("{unit}#lead");
            for capability in OF_A_LEAD {
                self.grant(&lead, capability, ScopeKind::Unit, unit);
            }
            self.spend(&lead, unit, 5_000, 20_000);
        }
        self.spend("dev#engineer", "dev", 500, 2_000);
        self.spend("ops#engineer", "ops", 500, 2_000);
    }

    fn money(&mut self) {
        let define = Kind::DefineAsset(DefineAsset {
            unit: self.named("acme"),
            code: "EUR".into(),
            scale: 2,
            kind: AssetKind::Money as i32,
        });
        self.push("EUR", define);
        for unit in ["acme", "dev", "ops", "sales", "finance"] {
            self.account(unit, OwnerKind::Unit);
        }
        for member in ["ada", "ben", "cleo", "dan", "eve", "finn", "gia", "hal"] {
            self.account(member, OwnerKind::Member);
        }
        let issue = Kind::Issue(Issue {
            account: self.named("acme:main"),
            amount: euros(1_000_000),
            ..Issue::default()
        });
        self.push("issued", issue);
    }

    /// A unit that holds all that the root does not keep for itself.
    pub(crate) fn unit(&mut self, parent: Option<&str>, handle: &str, kind: UnitKind) {
        let confers = (1..=22)
            .filter_map(|value| Capability::try_from(value).ok())
            .filter(|capability| !OF_THE_ROOT.contains(capability))
            .map(|capability| capability as i32)
            .collect();
        let create = Kind::CreateUnit(CreateUnit {
            parent: parent.and_then(|parent| self.named(parent)),
            kind: kind as i32,
            handle: handle.into(),
            confers,
            ..CreateUnit::default()
        });
        self.push(handle, create);
    }

    /// A role; its name is `unit#handle`.
    pub(crate) fn role(&mut self, unit: &str, handle: &str, kind: RoleKind) {
        let create = Kind::CreateRole(CreateRole {
            unit: self.named(unit),
            kind: kind as i32,
            handle: handle.into(),
            ..CreateRole::default()
        });
        self.push(&format!("{unit}#{handle}"), create);
    }

    /// A member who joined a unit and holds a role.
    pub(crate) fn member(&mut self, name: &str, unit: &str, role: &str) {
        let invite = Kind::InviteMember(InviteMember {
            handle: name.into(),
            key: public(name),
            kind: MemberKind::Person as i32,
            unit: self.named(unit),
            ..InviteMember::default()
        });
        self.push(name, invite);
        let join = Kind::Join(Join {
            member: self.named(name),
            constitution: constitution(),
            possession: founding_possession(name),
        });
        self.push(&format!("{name} joins"), join);
        let join_unit = Kind::JoinUnit(JoinUnit {
            unit: self.named(unit),
            member: self.named(name),
        });
        self.push(&format!("{name} joins {unit}"), join_unit);
        self.assign(name, role);
    }

    /// A member holds a role without end.
    pub(crate) fn assign(&mut self, member: &str, role: &str) {
        let assign = Kind::AssignRole(AssignRole {
            role: self.named(role),
            member: self.named(member),
            ..AssignRole::default()
        });
        self.push(&format!("{member} {role}"), assign);
    }

    /// A grant without limits.
    pub(crate) fn grant(
        &mut self,
        role: &str,
        capability: Capability,
        scope: ScopeKind,
        unit: &str,
    ) {
        let give = GiveGrant {
            role: self.named(role),
            capability: capability as i32,
            scope: Some(ScopeRef {
                kind: scope as i32,
                unit: self.named(unit),
                ..ScopeRef::default()
            }),
            ..GiveGrant::default()
        };
        self.give(give);
    }

    /// A grant of `spend` in a unit, in whole euros a transfer and a rolling period of 30 days.
    pub(crate) fn spend(&mut self, role: &str, unit: &str, per_transfer: u128, per_period: u128) {
        let give = GiveGrant {
            role: self.named(role),
            capability: Capability::Spend as i32,
            scope: Some(ScopeRef {
                kind: ScopeKind::Unit as i32,
                unit: self.named(unit),
                ..ScopeRef::default()
            }),
            per_transfer: euros(per_transfer),
            per_period: Some(PeriodLimit {
                kind: PeriodKind::RollingDays as i32,
                days: 30,
                amount: euros(per_period),
            }),
            ..GiveGrant::default()
        };
        self.give(give);
    }

    fn give(&mut self, give: GiveGrant) {
        let name = format!("grant {}", self.actions.len());
        self.push(&name, Kind::GiveGrant(give));
    }

    /// The account `main` of an owner.
    pub(crate) fn account(&mut self, owner: &str, kind: OwnerKind) {
        let open = Kind::OpenAccount(OpenAccount {
            owner: Some(OwnerRef {
                kind: kind as i32,
                number: self.named(owner),
            }),
            asset: self.named("EUR"),
            handle: "main".into(),
            ..OpenAccount::default()
        });
        self.push(&format!("{owner}:main"), open);
    }

    /// A unit runs a validator, whose consensus key is called `UNIT validator`.
    pub(crate) fn validator(&mut self, unit: &str, power: u64) {
        let name = format!("{unit} validator");
        let add = Kind::AddValidator(AddValidator {
            unit: self.named(unit),
            key: public(&name),
            possession: founding_possession(&name),
            power,
        });
        self.push(&name, add);
    }

    /// A founding action; what it creates is called `name`.
    pub(crate) fn push(&mut self, name: &str, kind: Kind) {
        self.names
            .insert(name.into(), form::created_by(self.actions.len() as u32));
        self.actions.push(Action {
            kind: Some(kind),
            ..Action::default()
        });
    }

    /// What an earlier action created.
    #[track_caller]
    pub(crate) fn named(&self, name: &str) -> Option<Ref> {
        *self.names.get(name).expect("the charter names it before")
    }

    pub(super) fn genesis(&self) -> Genesis {
        Genesis {
            chain_id: CHAIN_ID.into(),
            parameters: Some(self.parameters),
            actions: self.actions.clone(),
            constitution: constitution(),
        }
    }
}

/// Whole euros in the wire form of an amount.
pub(crate) fn euros(euros: u128) -> Vec<u8> {
    Amount(euros * 100).to_bytes()
}
