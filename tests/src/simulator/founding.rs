//! The organisation that a simulation begins with: four departments with validators, one of each
//! kind of unit, a dozen people with powers of every sort, a bank, three assets.

use std::collections::BTreeMap;

use polity_ledger::{Amount, check, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::*;
use sha2::{Digest, Sha256};

use super::keyring::Keyring;

/// Names the chain.
pub const CHAIN_ID: &str = "simulation";
/// Genesis time: 2026-01-05 00:00 UTC.
pub const START: u64 = 1_767_571_200;
/// The first members lead: one the root, one each department.
pub(crate) const LEADS: u64 = 5;
/// The departments, each with its lead; each runs a validator.
const DEPARTMENTS: [(&str, &str); 4] = [
    ("dev", "ben"),
    ("ops", "cleo"),
    ("sales", "dan"),
    ("finance", "eve"),
];

/// The hash of the constitution.
pub fn constitution() -> Vec<u8> {
    Sha256::digest("we decide together").to_vec()
}

/// The genesis; the keys of its members and validators are in the ring afterwards.
pub(crate) fn genesis(keyring: &mut Keyring) -> Genesis {
    let mut draft = Draft {
        keyring,
        actions: Vec::new(),
        names: BTreeMap::new(),
    };
    draft.structure();
    draft.people();
    draft.powers();
    draft.policies();
    draft.value();
    draft.network();
    Genesis {
        chain_id: CHAIN_ID.into(),
        parameters: Some(Parameters {
            validators_min: 3,
            // Hours pass between two blocks here: only days are an outage.
            outage_gap: 86_400,
            ..Parameters::default()
        }),
        actions: draft.actions,
        constitution: constitution(),
    }
}

struct Draft<'k> {
    keyring: &'k mut Keyring,
    actions: Vec<Action>,
    names: BTreeMap<String, Option<Ref>>,
}

impl Draft<'_> {
    fn push(&mut self, name: &str, kind: Kind) {
        let reference = form::created_by(self.actions.len() as u32);
        self.names.insert(name.into(), reference);
        self.actions.push(Action {
            kind: Some(kind),
            ..Action::default()
        });
    }

    fn named(&self, name: &str) -> Option<Ref> {
        let reference = self.names.get(name);
        *reference.unwrap_or_else(|| panic!("the founding names {name} before it is there"))
    }

    fn structure(&mut self) {
        self.unit("", "acme", UnitKind::Company);
        for (department, _) in DEPARTMENTS {
            self.unit("acme", department, UnitKind::Department);
            self.role(department, "lead", RoleKind::Lead);
        }
        self.unit("acme", "craft", UnitKind::Guild);
        self.unit("dev", "platform", UnitKind::Tribe);
        self.unit("platform", "api", UnitKind::Squad);
        self.unit("platform", "web", UnitKind::Squad);
        self.unit("platform", "rust", UnitKind::Chapter);
        self.unit("ops", "learning", UnitKind::Circle);
        self.unit("finance", "payroll", UnitKind::Team);
        for squad in ["api", "web"] {
            self.role(squad, "owner", RoleKind::ProductOwner);
        }
        self.role("learning", "lead", RoleKind::Lead);
        self.role("learning", "facilitator", RoleKind::Facilitator);
        self.role("learning", "host", RoleKind::Ordinary);
        self.role("acme", "lead", RoleKind::Lead);
        for unit in ["dev", "ops", "sales", "finance"] {
            self.role(unit, "engineer", RoleKind::Ordinary);
        }
        self.role("finance", "clerk", RoleKind::Ordinary);
    }

    fn people(&mut self) {
        self.member("ada", "acme", &["acme#lead"]);
        for (department, lead) in DEPARTMENTS {
            self.member(lead, department, &[&format!("{department}#lead")]);
        }
        self.member("finn", "dev", &["dev#engineer"]);
        self.member("gia", "dev", &["dev#engineer"]);
        self.member("hal", "ops", &["ops#engineer", "learning#lead"]);
        self.member("ivy", "sales", &["sales#engineer", "learning#host"]);
        self.member("jon", "finance", &["finance#clerk", "learning#host"]);
        self.member("kim", "api", &["api#owner"]);
        self.member("lee", "web", &["web#owner"]);
        self.join("finn", "api");
        self.join("gia", "web");
        self.join("kim", "rust");
    }

    fn powers(&mut self) {
        let everything = || (1..=22).filter_map(|value| Capability::try_from(value).ok());
        for capability in everything() {
            match capability {
                Capability::None | Capability::Trade | Capability::OperateValidator => {}
                Capability::Spend => self.spend("acme#lead", "acme", 500_000),
                _ => self.grant("acme#lead", capability, ScopeKind::UnitAndBelow, "acme"),
            }
        }
        for (department, _) in DEPARTMENTS {
            let lead = format!("{department}#lead");
            for capability in everything().filter(|capability| is_of_a_department(*capability)) {
                self.grant(&lead, capability, ScopeKind::Unit, department);
            }
            self.spend(&lead, department, 50_000);
            self.spend(&format!("{department}#engineer"), department, 5_000);
        }
        for capability in [
            Capability::RecordExternal,
            Capability::PlanBudget,
            Capability::Approve,
        ] {
            self.grant("finance#clerk", capability, ScopeKind::Unit, "finance");
        }
    }

    fn policies(&mut self) {
        let by_approval = |wait| Mode {
            kind: ModeKind::Approve as i32,
            count: 1,
            wait,
            approver: Some(Who {
                kind: WhoKind::JoinedMembers as i32,
                ..Who::default()
            }),
            ..Mode::default()
        };
        self.policy("dev", Capability::Spend, by_approval(0));
        self.policy("ops", Capability::Spend, by_approval(3_600));
        self.policy("sales", Capability::Anchor, by_approval(60));
        self.policy("finance", Capability::OpenAccounts, by_approval(0));
        self.policy("dev", Capability::AssignRoles, by_approval(0));
        let announced = Mode {
            kind: ModeKind::Announce as i32,
            wait: 7_200,
            escalates_to: Some(Box::new(by_approval(0))),
            ..Mode::default()
        };
        self.policy("ops", Capability::Anchor, announced);
        let by_consent = Mode {
            kind: ModeKind::Consent as i32,
            deadline: 86_400,
            silence_is_consent: true,
            ..Mode::default()
        };
        self.policy("dev", Capability::PlanBudget, by_consent.clone());
        self.policy("dev", Capability::Anchor, by_consent.clone());
        self.policy("finance", Capability::AdmitMembers, by_consent);
        let by_vote = Mode {
            kind: ModeKind::Vote as i32,
            deadline: 43_200,
            quorum: 30,
            pass: 51,
            ..Mode::default()
        };
        self.policy("finance", Capability::Anchor, by_vote);
    }

    fn value(&mut self) {
        for (code, kind) in [
            ("EUR", AssetKind::Money),
            ("HOURS", AssetKind::Hours),
            ("CHAIRS", AssetKind::Goods),
        ] {
            let define = DefineAsset {
                unit: self.named("acme"),
                code: code.into(),
                scale: 2,
                kind: kind as i32,
            };
            self.push(code, Kind::DefineAsset(define));
        }
        let register = RegisterParty {
            unit: self.named("finance"),
            handle: "bank".into(),
            ..RegisterParty::default()
        };
        self.push("bank", Kind::RegisterParty(register));
        self.account("bank", OwnerKind::Party, "EUR");
        for unit in [
            "acme", "dev", "ops", "sales", "finance", "platform", "learning",
        ] {
            self.account(unit, OwnerKind::Unit, "EUR");
            self.account(unit, OwnerKind::Unit, "CHAIRS");
            self.issue(unit, "EUR", 1_000_000);
            self.issue(unit, "CHAIRS", 10_000);
        }
        for member in ["ada", "ben", "cleo", "dan", "eve", "finn", "gia", "hal"] {
            self.account(member, OwnerKind::Member, "EUR");
            self.account(member, OwnerKind::Member, "HOURS");
            self.issue(member, "EUR", 50_000);
            self.issue(member, "HOURS", 5_000);
        }
    }

    fn network(&mut self) {
        for (department, _) in DEPARTMENTS {
            let key = self.keyring.make();
            let add = AddValidator {
                unit: self.named(department),
                possession: self.possession(&key),
                key,
                power: 10,
            };
            self.push(&format!("{department} validator"), Kind::AddValidator(add));
        }
    }

    fn unit(&mut self, parent: &str, handle: &str, kind: UnitKind) {
        let of_the_root = [Capability::DefineAssets, Capability::GovernNetwork];
        let create = CreateUnit {
            parent: (!parent.is_empty()).then(|| self.named(parent)).flatten(),
            kind: kind as i32,
            handle: handle.into(),
            confers: (1..=22)
                .filter(|value| !of_the_root.iter().any(|own| *own as i32 == *value))
                .collect(),
            ..CreateUnit::default()
        };
        self.push(handle, Kind::CreateUnit(create));
    }

    fn role(&mut self, unit: &str, handle: &str, kind: RoleKind) {
        let create = CreateRole {
            unit: self.named(unit),
            kind: kind as i32,
            handle: handle.into(),
            // A squad has one product owner.
            holders_max: u32::from(kind == RoleKind::ProductOwner),
            elected: kind == RoleKind::Facilitator,
            ..CreateRole::default()
        };
        self.push(&format!("{unit}#{handle}"), Kind::CreateRole(create));
    }

    fn member(&mut self, name: &str, unit: &str, roles: &[&str]) {
        let key = self.keyring.make();
        let invite = InviteMember {
            handle: name.into(),
            key: key.clone(),
            unit: self.named(unit),
            ..InviteMember::default()
        };
        self.push(name, Kind::InviteMember(invite));
        let join = Join {
            member: self.named(name),
            constitution: constitution(),
            possession: self.possession(&key),
        };
        self.push(&format!("{name} joins"), Kind::Join(join));
        self.join(name, unit);
        for role in roles {
            let assign = AssignRole {
                role: self.named(role),
                member: self.named(name),
                ..AssignRole::default()
            };
            self.push(&format!("{name} {role}"), Kind::AssignRole(assign));
        }
    }

    fn join(&mut self, member: &str, unit: &str) {
        let join = JoinUnit {
            unit: self.named(unit),
            member: self.named(member),
        };
        self.push(&format!("{member} in {unit}"), Kind::JoinUnit(join));
    }

    fn grant(&mut self, role: &str, capability: Capability, kind: ScopeKind, unit: &str) {
        let give = GiveGrant {
            role: self.named(role),
            capability: capability as i32,
            scope: Some(ScopeRef {
                kind: kind as i32,
                unit: self.named(unit),
                ..ScopeRef::default()
            }),
            ..GiveGrant::default()
        };
        self.push(&format!("{role} {capability:?}"), Kind::GiveGrant(give));
    }

    fn spend(&mut self, role: &str, unit: &str, per_transfer: u128) {
        let give = GiveGrant {
            role: self.named(role),
            capability: Capability::Spend as i32,
            scope: Some(ScopeRef {
                kind: ScopeKind::Unit as i32,
                unit: self.named(unit),
                ..ScopeRef::default()
            }),
            per_transfer: Amount(per_transfer).to_bytes(),
            per_period: Some(PeriodLimit {
                kind: PeriodKind::RollingDays as i32,
                days: 30,
                amount: Amount(20 * per_transfer).to_bytes(),
            }),
            ..GiveGrant::default()
        };
        self.push(&format!("{role} spends"), Kind::GiveGrant(give));
    }

    fn policy(&mut self, unit: &str, capability: Capability, mode: Mode) {
        let set = SetPolicy {
            unit: self.named(unit),
            capability: capability as i32,
            tiers: vec![Tier {
                by: Some(Who {
                    kind: WhoKind::JoinedMembers as i32,
                    ..Who::default()
                }),
                mode: Some(mode),
                ..Tier::default()
            }],
            ..SetPolicy::default()
        };
        self.push(
            &format!("{unit} decides {capability:?}"),
            Kind::SetPolicy(set),
        );
    }

    fn account(&mut self, owner: &str, kind: OwnerKind, asset: &str) {
        let open = OpenAccount {
            owner: Some(OwnerRef {
                kind: kind as i32,
                number: self.named(owner),
            }),
            asset: self.named(asset),
            handle: asset.to_lowercase(),
            ..OpenAccount::default()
        };
        self.push(&format!("{owner}:{asset}"), Kind::OpenAccount(open));
    }

    fn issue(&mut self, owner: &str, asset: &str, amount: u128) {
        let issue = Issue {
            account: self.named(&format!("{owner}:{asset}")),
            amount: Amount(amount).to_bytes(),
            ..Issue::default()
        };
        self.push(&format!("{owner} gets {asset}"), Kind::Issue(issue));
    }

    fn possession(&self, key: &[u8]) -> Vec<u8> {
        let message = check::founding_possession_bytes(CHAIN_ID, key);
        self.keyring.sign(key, &message)
    }
}

/// What a department's lead may do in it, beside spending.
fn is_of_a_department(capability: Capability) -> bool {
    match capability {
        Capability::AdmitMembers
        | Capability::SuspendMembers
        | Capability::RecoverMembers
        | Capability::Govern
        | Capability::AssignRoles
        | Capability::OpenAccounts
        | Capability::RegisterParties
        | Capability::Freeze
        | Capability::SetCredit
        | Capability::PlanBudget
        | Capability::Allocate
        | Capability::Approve
        | Capability::RecordExternal
        | Capability::Anchor
        | Capability::Audit
        | Capability::OperateValidator => true,
        Capability::None
        | Capability::DefineAssets
        | Capability::Issue
        | Capability::Spend
        | Capability::Trade
        | Capability::Arbitrate
        | Capability::GovernNetwork => false,
    }
}
