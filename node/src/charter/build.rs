//! From a charter to founding actions, in an order in which each finds what it names.

use std::collections::BTreeMap;

use polity_ledger::form;
use polity_proto::v1::{
    Action, AddValidator, AssignRole, Capability, CreateRole, CreateUnit, DefineAsset, Genesis,
    GiveGrant, InviteMember, Issue, Join, JoinUnit, ObjectKind, OpenAccount, OwnerKind, OwnerRef,
    PeriodKind, PeriodLimit, PlanBudget, Ref, RegisterNode, RoleKind, ScopeKind, ScopeRef,
    SetPolicy, SetSodRule, Who, WhoKind, action::Kind,
};
use polity_proto::v1::{Mode, Parameters, Tier};

use super::{Charter, CharterError, amounts, form as section, words};

/// What a root keeps for itself unless a charter says otherwise.
const KEPT_BY_THE_ROOT: [Capability; 3] = [
    Capability::DefineAssets,
    Capability::Issue,
    Capability::GovernNetwork,
];

pub(super) fn genesis(charter: &Charter, constitution: [u8; 32]) -> Result<Genesis, CharterError> {
    let mut founding = Founding {
        constitution: constitution.to_vec(),
        ..Founding::default()
    };
    each(
        "unit",
        &charter.units,
        |unit| &unit.path,
        |unit| founding.unit(unit),
    )?;
    each(
        "asset",
        &charter.assets,
        |asset| &asset.code,
        |asset| founding.asset(asset),
    )?;
    each(
        "member",
        &charter.members,
        |member| &member.handle,
        |member| founding.member(member),
    )?;
    each(
        "role",
        &charter.roles,
        |role| &role.path,
        |role| founding.role(role),
    )?;
    each(
        "account",
        &charter.accounts,
        |account| &account.path,
        |account| founding.account(account),
    )?;
    each(
        "grant",
        &charter.grants,
        |grant| &grant.role,
        |grant| founding.grant(grant),
    )?;
    each(
        "policy",
        &charter.policies,
        |policy| &policy.unit,
        |policy| founding.policy(policy),
    )?;
    each(
        "duty",
        &charter.duties,
        |duty| &duty.unit,
        |duty| founding.duty(duty),
    )?;
    each(
        "budget",
        &charter.budgets,
        |budget| &budget.unit,
        |budget| founding.budget(budget),
    )?;
    each(
        "unit",
        &charter.units,
        |unit| &unit.path,
        |unit| founding.network(unit),
    )?;

    Ok(Genesis {
        chain_id: charter.chain_id.clone(),
        parameters: Some(parameters(&charter.parameters)?),
        actions: founding.actions,
        constitution: constitution.to_vec(),
    })
}

/// Does something for each entry of a section; an error names the entry.
fn each<T>(
    section: &str,
    entries: &[T],
    name: impl Fn(&T) -> &String,
    mut act: impl FnMut(&T) -> Result<(), CharterError>,
) -> Result<(), CharterError> {
    for entry in entries {
        act(entry).map_err(|error| CharterError(format!("{section} {}: {error}", name(entry))))?;
    }
    Ok(())
}

/// Founding actions so far, and what they created by the name that the charter gives it.
#[derive(Default)]
struct Founding {
    constitution: Vec<u8>,
    actions: Vec<Action>,
    units: Names,
    members: Names,
    roles: Names,
    accounts: Names,
    assets: Names,
    scales: BTreeMap<String, u32>,
    root: String,
}

type Names = BTreeMap<String, Ref>;

impl Founding {
    fn unit(&mut self, unit: &section::Unit) -> Result<(), CharterError> {
        let (parent, handle) = match unit.path.rsplit_once('/') {
            Some((parent, handle)) => (Some(find(&self.units, "unit", parent)?), handle),
            None => (None, unit.path.as_str()),
        };
        if parent.is_none() {
            self.root = unit.path.clone();
        }
        let create = Kind::CreateUnit(CreateUnit {
            parent,
            kind: words::unit_kind(&unit.kind)?,
            handle: handle.into(),
            label: unit.label.clone(),
            purpose: unit.purpose.clone(),
            external_id: unit.external_id.clone(),
            confers: confers(unit)?,
            ceiling: unit.ceiling,
            succeeds: None,
        });
        let created = self.push(create);
        claim(&mut self.units, &unit.path, created)
    }

    fn asset(&mut self, asset: &section::Asset) -> Result<(), CharterError> {
        let define = Kind::DefineAsset(DefineAsset {
            code: asset.code.clone(),
            scale: asset.scale,
            kind: words::asset_kind(&asset.kind)?,
            unit: Some(self.unit_or_root(&asset.unit)?),
        });
        let created = self.push(define);
        self.scales.insert(asset.code.clone(), asset.scale);
        claim(&mut self.assets, &asset.code, created)
    }

    fn member(&mut self, member: &section::Member) -> Result<(), CharterError> {
        let key = words::bytes(&member.key, 32)?;
        let invite = Kind::InviteMember(InviteMember {
            handle: member.handle.clone(),
            key,
            commitment: words::bytes(&member.commitment, 32)?,
            kind: words::member_kind(&member.kind)?,
            unit: Some(self.unit_or_root(&member.admitted_by)?),
            external_id: member.external_id.clone(),
        });
        let created = self.push(invite);
        claim(&mut self.members, &member.handle, created)?;
        self.push(Kind::Join(Join {
            member: Some(created),
            constitution: self.constitution.clone(),
            possession: words::bytes(&member.possession, 64)?,
        }));
        for unit in &member.joins {
            let unit = Some(find(&self.units, "unit", unit)?);
            self.push(Kind::JoinUnit(JoinUnit {
                unit,
                member: Some(created),
            }));
        }
        Ok(())
    }

    fn role(&mut self, role: &section::Role) -> Result<(), CharterError> {
        let (unit, handle) = split(&role.path, '#')?;
        let create = Kind::CreateRole(CreateRole {
            unit: Some(find(&self.units, "unit", unit)?),
            kind: words::role_kind(&role.kind)?,
            handle: handle.into(),
            purpose: role.purpose.clone(),
            domains: role.domains.clone(),
            accountabilities: role.accountabilities.clone(),
            holders_min: role.holders_min,
            holders_max: role.holders_max,
            term: words::seconds(&role.term)?,
            elected: role.elected,
            external_id: role.external_id.clone(),
        });
        let created = self.push(create);
        claim(&mut self.roles, &role.path, created)?;
        for holder in &role.holders {
            let member = find(&self.members, "member", holder)?;
            self.push(Kind::AssignRole(AssignRole {
                role: Some(created),
                member: Some(member),
                ..AssignRole::default()
            }));
        }
        Ok(())
    }

    fn account(&mut self, account: &section::Account) -> Result<(), CharterError> {
        let (owner, handle) = split(&account.path, ':')?;
        let open = Kind::OpenAccount(OpenAccount {
            owner: Some(self.owner(owner)?),
            asset: Some(find(&self.assets, "asset", &account.asset)?),
            handle: handle.into(),
            external_id: account.external_id.clone(),
        });
        let created = self.push(open);
        claim(&mut self.accounts, &account.path, created)?;
        if let Some(amount) = &account.issue {
            let amount = self.amount(amount, Some(&account.asset))?;
            self.push(Kind::Issue(Issue {
                account: Some(created),
                amount,
                ..Issue::default()
            }));
        }
        Ok(())
    }

    fn grant(&mut self, grant: &section::Grant) -> Result<(), CharterError> {
        let (own_unit, _) = split(&grant.role, '#')?;
        let asset = grant.asset.as_ref();
        let give = GiveGrant {
            role: Some(find(&self.roles, "role", &grant.role)?),
            capability: 0,
            scope: Some(self.scope(grant, own_unit)?),
            asset: asset
                .map(|asset| find(&self.assets, "asset", asset))
                .transpose()?,
            per_transfer: self.optional_amount(&grant.per_transfer, asset)?,
            per_period: self.per_period(grant)?,
            counterparties: grant
                .counterparties
                .iter()
                .map(|name| self.owner(name))
                .collect::<Result<_, _>>()?,
            from: 0,
            until: words::time(&grant.until)?,
        };
        for capability in &grant.capabilities {
            let capability = words::capability(capability)?;
            self.push(Kind::GiveGrant(GiveGrant {
                capability,
                ..give.clone()
            }));
        }
        Ok(())
    }

    fn scope(&self, grant: &section::Grant, own_unit: &str) -> Result<ScopeRef, CharterError> {
        if let Some(account) = &grant.account {
            return Ok(ScopeRef {
                kind: ScopeKind::Object as i32,
                unit: None,
                object_kind: ObjectKind::Account as i32,
                object: Some(find(&self.accounts, "account", account)?),
            });
        }
        let kind = if grant.below {
            ScopeKind::UnitAndBelow
        } else {
            ScopeKind::Unit
        };
        let unit = grant.unit.as_deref().unwrap_or(own_unit);
        Ok(ScopeRef {
            kind: kind as i32,
            unit: Some(find(&self.units, "unit", unit)?),
            ..ScopeRef::default()
        })
    }

    fn per_period(&self, grant: &section::Grant) -> Result<Option<PeriodLimit>, CharterError> {
        let asset = grant.asset.as_ref();
        match (&grant.per_month, &grant.per_days) {
            (None, None) => Ok(None),
            (Some(amount), None) => Ok(Some(PeriodLimit {
                kind: PeriodKind::CalendarMonth as i32,
                days: 0,
                amount: self.amount(amount, asset)?,
            })),
            (None, Some(limit)) => Ok(Some(PeriodLimit {
                kind: PeriodKind::RollingDays as i32,
                days: limit.days,
                amount: self.amount(&limit.amount, asset)?,
            })),
            (Some(_), Some(_)) => Err(CharterError(
                "per_month and per_days exclude each other".into(),
            )),
        }
    }

    fn policy(&mut self, policy: &section::Policy) -> Result<(), CharterError> {
        let asset = policy.asset.as_ref();
        let tiers = policy.tiers.iter().map(|tier| {
            Ok(Tier {
                up_to: self.optional_amount(&tier.up_to, asset)?,
                by: Some(self.who(&tier.by)?),
                mode: Some(self.mode(&tier.mode)?),
            })
        });
        let tiers = tiers.collect::<Result<Vec<_>, CharterError>>()?;
        let set = Kind::SetPolicy(SetPolicy {
            unit: Some(find(&self.units, "unit", &policy.unit)?),
            capability: words::capability(&policy.capability)?,
            asset: asset
                .map(|asset| find(&self.assets, "asset", asset))
                .transpose()?,
            tiers,
            recursive: policy.recursive,
            words: policy.words.clone(),
        });
        self.push(set);
        Ok(())
    }

    fn mode(&self, mode: &section::Mode) -> Result<Mode, CharterError> {
        Ok(Mode {
            kind: words::mode_kind(&mode.kind)?,
            wait: words::seconds(&mode.wait)?,
            approver: mode
                .approver
                .as_ref()
                .map(|who| self.who(who))
                .transpose()?,
            count: mode.count,
            escalates_to: mode
                .escalates_to
                .as_ref()
                .map(|mode| self.mode(mode).map(Box::new))
                .transpose()?,
            deadline: words::seconds(&mode.deadline)?,
            silence_is_consent: mode.silence_is_consent,
            quorum: mode.quorum,
            pass: mode.pass,
        })
    }

    /// `joined-members`, `role-holders`, `role acme/dev#lead`, `role-kind lead`, `capability approve`.
    fn who(&self, text: &str) -> Result<Who, CharterError> {
        let (sort, name) = text.split_once(' ').unwrap_or((text, ""));
        let of = |kind: WhoKind| Who {
            kind: kind as i32,
            ..Who::default()
        };
        match (sort, name) {
            ("joined-members", "") => Ok(of(WhoKind::JoinedMembers)),
            ("role-holders", "") => Ok(of(WhoKind::RoleHolders)),
            ("role", name) => {
                let role = Some(find(&self.roles, "role", name)?);
                Ok(Who {
                    role,
                    ..of(WhoKind::Role)
                })
            }
            ("role-kind", name) => {
                let role_kind = words::role_kind(name)?;
                if role_kind == RoleKind::Ordinary as i32 {
                    return Err(CharterError(
                        "ordinary roles are named one by one: role PATH".into(),
                    ));
                }
                Ok(Who {
                    role_kind,
                    ..of(WhoKind::RoleKind)
                })
            }
            ("capability", name) => Ok(Who {
                capability: words::capability(name)?,
                ..of(WhoKind::Capability)
            }),
            (_, _) => Err(CharterError(format!(
                "{text:?} is none of: joined-members, role-holders, role PATH, role-kind KIND, capability NAME"
            ))),
        }
    }

    fn duty(&mut self, duty: &section::Duty) -> Result<(), CharterError> {
        let set = Kind::SetSodRule(SetSodRule {
            unit: Some(find(&self.units, "unit", &duty.unit)?),
            first: words::capability(&duty.apart[0])?,
            second: words::capability(&duty.apart[1])?,
        });
        self.push(set);
        Ok(())
    }

    fn budget(&mut self, budget: &section::Budget) -> Result<(), CharterError> {
        let plan = Kind::PlanBudget(PlanBudget {
            unit: Some(find(&self.units, "unit", &budget.unit)?),
            category: budget.category.clone(),
            from: words::time(&Some(budget.from.clone()))?,
            until: words::time(&Some(budget.until.clone()))?,
            asset: Some(find(&self.assets, "asset", &budget.asset)?),
            approved: self.amount(&budget.approved, Some(&budget.asset))?,
            hard: budget.hard,
            carry_forward: budget.carry_forward,
        });
        self.push(plan);
        Ok(())
    }

    fn network(&mut self, unit: &section::Unit) -> Result<(), CharterError> {
        let reference = find(&self.units, "unit", &unit.path)?;
        if let Some(validator) = &unit.validator {
            self.push(Kind::AddValidator(AddValidator {
                unit: Some(reference),
                key: words::bytes(&validator.key, 32)?,
                possession: words::bytes(&validator.possession, 64)?,
                power: validator.power,
            }));
        }
        for node in &unit.nodes {
            self.push(Kind::RegisterNode(RegisterNode {
                unit: Some(reference),
                id: words::bytes(&node.id, 20)?,
                address: node.address.clone(),
            }));
        }
        Ok(())
    }

    /// Adds an action; answers how later ones name what it creates.
    fn push(&mut self, kind: Kind) -> Ref {
        let index = self.actions.len() as u32;
        self.actions.push(Action {
            kind: Some(kind),
            ..Action::default()
        });
        form::created_by(index).unwrap_or_default()
    }

    fn unit_or_root(&self, unit: &Option<String>) -> Result<Ref, CharterError> {
        find(&self.units, "unit", unit.as_deref().unwrap_or(&self.root))
    }

    fn owner(&self, name: &str) -> Result<OwnerRef, CharterError> {
        let (kind, number) = match (self.units.get(name), self.members.get(name)) {
            (Some(unit), None) => (OwnerKind::Unit, unit),
            (None, Some(member)) => (OwnerKind::Member, member),
            (None, None) => {
                return Err(CharterError(format!(
                    "there is no unit or member {name:?} above"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(CharterError(format!(
                    "{name:?} is both a unit and a member"
                )));
            }
        };
        Ok(OwnerRef {
            kind: kind as i32,
            number: Some(*number),
        })
    }

    fn amount(&self, text: &str, asset: Option<&String>) -> Result<Vec<u8>, CharterError> {
        let asset =
            asset.ok_or_else(|| CharterError(format!("the amount {text:?} needs an asset")))?;
        let scale = self.scales.get(asset);
        let scale =
            scale.ok_or_else(|| CharterError(format!("there is no asset {asset:?} above")))?;
        amounts::parse(text, *scale)
    }

    fn optional_amount(
        &self,
        text: &Option<String>,
        asset: Option<&String>,
    ) -> Result<Vec<u8>, CharterError> {
        text.as_ref()
            .map_or(Ok(Vec::new()), |text| self.amount(text, asset))
    }
}

fn confers(unit: &section::Unit) -> Result<Vec<i32>, CharterError> {
    match &unit.confers {
        Some(words) => words.iter().map(|word| words::capability(word)).collect(),
        None => Ok((1..)
            .map_while(|value| Capability::try_from(value).ok())
            .filter(|capability| !KEPT_BY_THE_ROOT.contains(capability))
            .map(|capability| capability as i32)
            .collect()),
    }
}

fn parameters(given: &section::Parameters) -> Result<Parameters, CharterError> {
    Ok(Parameters {
        validity_max: words::seconds(&given.validity_max)?,
        validators_min: given.validators_min.unwrap_or(0),
        key_protection: words::seconds(&given.key_protection)?,
        recovery_wait: words::seconds(&given.recovery_wait)?,
        recovery_window: words::seconds(&given.recovery_window)?,
        recovery_sleep: words::seconds(&given.recovery_sleep)?,
        admission_distance: words::seconds(&given.admission_distance)?,
        proposal_ttl: words::seconds(&given.proposal_ttl)?,
        exception_max: words::seconds(&given.exception_max)?,
        auditor_max: words::seconds(&given.auditor_max)?,
        outage_gap: words::seconds(&given.outage_gap)?,
        hold_max: words::seconds(&given.hold_max)?,
        transaction_bytes_max: given.transaction_bytes_max.unwrap_or(0),
    })
}

fn find(names: &Names, what: &str, name: &str) -> Result<Ref, CharterError> {
    names
        .get(name)
        .copied()
        .ok_or_else(|| CharterError(format!("there is no {what} {name:?} above")))
}

fn claim(names: &mut Names, name: &str, created: Ref) -> Result<(), CharterError> {
    match names.insert(name.to_owned(), created) {
        None => Ok(()),
        Some(_) => Err(CharterError("stands there twice".into())),
    }
}

fn split(path: &str, separator: char) -> Result<(&str, &str), CharterError> {
    path.rsplit_once(separator)
        .ok_or_else(|| CharterError(format!("{path:?} has no {separator:?}")))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use polity_ledger::check;

    use super::*;
    use crate::charter::parse;
    use crate::genesis_file::GenesisFile;

    /// A key and its proof, as a charter has them.
    fn proven(seed: u8) -> String {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = key.verifying_key().to_bytes();
        let proof = key
            .sign(&check::founding_possession_bytes("acme", &public))
            .to_bytes();
        format!(
            "key = '{}', possession = '{}'",
            hex::encode(public),
            hex::encode(proof)
        )
    }

    fn lines(fields: String) -> String {
        fields.replace(", ", "\n")
    }

    fn acme() -> String {
        format!(
            "chain_id = 'acme'\n\
             [parameters]\nvalidators_min = 1\n\
             [[unit]]\npath = 'acme'\nkind = 'company'\n\
             [[unit]]\npath = 'acme/dev'\nkind = 'department'\nvalidator = {{ {}, power = 10 }}\n\
             [[asset]]\ncode = 'EUR'\nscale = 2\nkind = 'money'\n\
             [[member]]\nhandle = 'ada'\njoins = ['acme/dev']\n{}\n\
             [[role]]\npath = 'acme/dev#lead'\nkind = 'lead'\nholders = ['ada']\n\
             [[account]]\npath = 'acme/dev:main'\nasset = 'EUR'\nissue = '1000.00'\n\
             [[account]]\npath = 'ada:main'\nasset = 'EUR'\n\
             [[grant]]\nrole = 'acme/dev#lead'\ncapabilities = ['govern', 'operate_validator']\n\
             [[grant]]\nrole = 'acme/dev#lead'\ncapabilities = ['spend']\nasset = 'EUR'\n\
             per_transfer = '500.00'\nper_days = {{ days = 30, amount = '2000.00' }}\n\
             counterparties = ['ada']\n",
            proven(1),
            lines(proven(2)),
        )
    }

    fn build(text: &str) -> Result<Genesis, String> {
        let charter = parse(text).map_err(|error| error.to_string())?;
        genesis(&charter, [0; 32]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_charter_founds_an_organisation_by_the_ledgers_own_rules() {
        let file = GenesisFile::new(&build(&acme()).unwrap(), 1_767_571_200);
        let (founded, _) = file.found().unwrap();
        assert_eq!(founded.validators.len(), 1);
    }

    #[test]
    fn what_a_charter_names_must_stand_above_it() {
        for (replaced, by, words) in [
            (
                "joins = ['acme/dev']",
                "joins = ['acme/ops']",
                "member ada: there is no unit \"acme/ops\"",
            ),
            (
                "holders = ['ada']",
                "holders = ['bob']",
                "role acme/dev#lead: there is no member \"bob\"",
            ),
            (
                "issue = '1000.00'",
                "issue = '1000.001'",
                "account acme/dev:main: \"1000.001\"",
            ),
            (
                "asset = 'EUR'\nper_transfer",
                "per_transfer",
                "needs an asset",
            ),
            ("['govern'", "['rule'", "\"rule\" is not a capability"),
            (
                "kind = 'company'",
                "kind = 'planet'",
                "\"planet\" is not a kind of unit",
            ),
            ("handle = 'ada'", "handle = 'ada'\ncolour = 'red'", "colour"),
        ] {
            let error = build(&acme().replace(replaced, by)).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
