//! What people call numbers, read in few questions: a table of a thousand rows asks as often as one of ten.

use std::collections::{BTreeMap, BTreeSet};

use polity_client::Result;
use polity_client::ledger::judge::power::UNIT_DEPTH_MAX;
use polity_client::ledger::state::Object;
use polity_client::session::{View, lettered, visible};
use polity_client::v1::{
    Account, Asset, Assignment, Member, ObjectKind, Owner, OwnerKind, Party, Role, Unit,
};
use serde_json::Value;

/// Names of the objects that were loaded.
pub struct Names<'s> {
    view: &'s View<'s>,
    members: BTreeMap<u64, Member>,
    units: BTreeMap<u64, Unit>,
    roles: BTreeMap<u64, Role>,
    assignments: BTreeMap<u64, Assignment>,
    accounts: BTreeMap<u64, Account>,
    parties: BTreeMap<u64, Party>,
    assets: BTreeMap<u64, Asset>,
}

impl<'s> Names<'s> {
    /// No names yet, of what a view is of.
    #[must_use]
    pub fn new(view: &'s View<'s>) -> Names<'s> {
        Names {
            view,
            members: BTreeMap::new(),
            units: BTreeMap::new(),
            roles: BTreeMap::new(),
            assignments: BTreeMap::new(),
            accounts: BTreeMap::new(),
            parties: BTreeMap::new(),
            assets: BTreeMap::new(),
        }
    }

    /// Reads members.
    pub async fn load_members(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        load(self.view, &mut self.members, numbers).await
    }

    /// Reads units and those above them.
    pub async fn load_units(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let mut wanted: BTreeSet<u64> = numbers.into_iter().collect();
        for _ in 0..UNIT_DEPTH_MAX {
            load(self.view, &mut self.units, wanted.iter().copied()).await?;
            let above: BTreeSet<u64> = wanted
                .iter()
                .filter_map(|number| Some(self.units.get(number)?.parent))
                .filter(|parent| *parent != 0)
                .collect();
            if above.is_empty() {
                break;
            }
            wanted = above;
        }
        Ok(())
    }

    /// Reads roles and their units.
    pub async fn load_roles(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let wanted: BTreeSet<u64> = numbers.into_iter().collect();
        load(self.view, &mut self.roles, wanted.iter().copied()).await?;
        let units: Vec<u64> = wanted
            .iter()
            .filter_map(|number| Some(self.roles.get(number)?.unit))
            .collect();
        self.load_units(units).await
    }

    /// Reads assignments, who holds them and in which roles.
    pub async fn load_assignments(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let wanted: BTreeSet<u64> = numbers.into_iter().collect();
        load(self.view, &mut self.assignments, wanted.iter().copied()).await?;
        let held = wanted
            .iter()
            .filter_map(|number| self.assignments.get(number));
        let (members, roles): (Vec<u64>, Vec<u64>) = held.map(|one| (one.member, one.role)).unzip();
        self.load_members(members).await?;
        self.load_roles(roles).await
    }

    /// Reads external parties and their units.
    pub async fn load_parties(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let wanted: BTreeSet<u64> = numbers.into_iter().collect();
        load(self.view, &mut self.parties, wanted.iter().copied()).await?;
        let units: Vec<u64> = wanted
            .iter()
            .filter_map(|number| Some(self.parties.get(number)?.unit))
            .collect();
        self.load_units(units).await
    }

    /// Reads assets.
    pub async fn load_assets(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        load(self.view, &mut self.assets, numbers).await
    }

    /// Reads accounts, their owners and their assets.
    pub async fn load_accounts(&mut self, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let wanted: BTreeSet<u64> = numbers.into_iter().collect();
        load(self.view, &mut self.accounts, wanted.iter().copied()).await?;
        let accounts: Vec<&Account> = wanted
            .iter()
            .filter_map(|number| self.accounts.get(number))
            .collect();
        let owners: Vec<Owner> = accounts.iter().filter_map(|one| one.owner).collect();
        let assets: Vec<u64> = accounts.iter().map(|one| one.asset).collect();
        self.load_owners(&owners).await?;
        self.load_assets(assets).await
    }

    /// Reads owners of accounts.
    pub async fn load_owners(&mut self, owners: &[Owner]) -> Result<()> {
        let of = |kind: OwnerKind| -> Vec<u64> {
            let owners = owners.iter().filter(|owner| owner.kind() == kind);
            owners.map(|owner| owner.number).collect()
        };
        self.load_units(of(OwnerKind::Unit)).await?;
        self.load_members(of(OwnerKind::Member)).await?;
        self.load_parties(of(OwnerKind::Party)).await
    }

    /// An account that was loaded.
    #[must_use]
    pub fn known_account(&self, number: u64) -> Option<&Account> {
        self.accounts.get(&number)
    }

    /// An asset that was loaded; of 0 and of what is not there, one without a name.
    #[must_use]
    pub fn asset(&self, number: u64) -> Asset {
        self.assets.get(&number).cloned().unwrap_or_default()
    }

    /// The asset of an account that was loaded.
    #[must_use]
    pub fn asset_of(&self, account: u64) -> Asset {
        self.asset(self.accounts.get(&account).map_or(0, |one| one.asset))
    }

    /// A member's handle.
    #[must_use]
    pub fn member(&self, number: u64) -> String {
        let member = self.members.get(&number);
        member.map_or_else(String::new, |one| one.handle.clone())
    }

    /// What another system calls a member; empty: nothing.
    #[must_use]
    pub fn external_id(&self, number: u64) -> &str {
        let member = self.members.get(&number);
        member.map_or("", |one| &one.external_id)
    }

    /// Several members with their numbers.
    #[must_use]
    pub fn members(&self, numbers: &[u64]) -> String {
        let shown = numbers.iter();
        let shown = shown.map(|one| self.shown(ObjectKind::Member, *one));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// A unit's handles from the root.
    #[must_use]
    pub fn unit(&self, number: u64) -> String {
        let mut handles = Vec::new();
        let mut next = self.units.get(&number);
        while let Some(unit) = next.filter(|_| handles.len() < UNIT_DEPTH_MAX) {
            handles.push(unit.handle.as_str());
            next = self.units.get(&unit.parent);
        }
        handles.reverse();
        handles.join("/")
    }

    /// A role's unit and handle.
    #[must_use]
    pub fn role(&self, number: u64) -> String {
        let role = self.roles.get(&number);
        role.map_or_else(String::new, |role| {
            format!("{}#{}", self.unit(role.unit), role.handle)
        })
    }

    /// Several roles by their units and handles.
    #[must_use]
    pub fn roles(&self, numbers: &[u64]) -> String {
        let shown = numbers.iter().map(|one| self.role(*one));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// The member who holds an assignment, and their role; 0 where it was not loaded.
    #[must_use]
    pub fn held_by(&self, assignment: u64) -> (u64, u64) {
        let assignment = self.assignments.get(&assignment);
        assignment.map_or((0, 0), |one| (one.member, one.role))
    }

    /// Who holds an assignment, and in which role.
    #[must_use]
    pub fn assignment(&self, number: u64) -> String {
        let assignment = self.assignments.get(&number);
        assignment.map_or_else(String::new, |one| {
            format!("{} as {}", self.member(one.member), self.role(one.role))
        })
    }

    /// An external party's unit and handle.
    #[must_use]
    pub fn party(&self, number: u64) -> String {
        let party = self.parties.get(&number);
        party.map_or_else(String::new, |party| {
            format!("{}/@{}", self.unit(party.unit), party.handle)
        })
    }

    /// An owner's name.
    #[must_use]
    pub fn owner(&self, owner: Owner) -> String {
        match owner.kind() {
            OwnerKind::Unit => self.unit(owner.number),
            OwnerKind::Member => self.member(owner.number),
            OwnerKind::Party => self.party(owner.number),
            OwnerKind::Issuance => "issuance".to_owned(),
            OwnerKind::Escrow | OwnerKind::None => "escrow".to_owned(),
        }
    }

    /// An account's owner and handle; of what an asset is issued from, its code and handle.
    #[must_use]
    pub fn account(&self, number: u64) -> String {
        let account = self.accounts.get(&number);
        account.map_or_else(String::new, |account| {
            let owner = account.owner.unwrap_or_default();
            let name = if owner.kind() == OwnerKind::Issuance {
                self.asset(owner.number).code
            } else {
                self.owner(owner)
            };
            format!("{name}:{}", account.handle)
        })
    }

    /// A number with its letter and its name: `m12 finn`. 0 is nothing.
    #[must_use]
    pub fn shown(&self, kind: ObjectKind, number: u64) -> String {
        if number == 0 {
            return String::new();
        }
        let name = match kind {
            ObjectKind::Member => self.member(number),
            ObjectKind::Unit => self.unit(number),
            ObjectKind::Role => self.role(number),
            ObjectKind::Assignment => self.assignment(number),
            ObjectKind::Account => self.account(number),
            ObjectKind::Party => self.party(number),
            ObjectKind::Asset => return self.asset(number).code,
            ObjectKind::None
            | ObjectKind::Grant
            | ObjectKind::Policy
            | ObjectKind::Proposal
            | ObjectKind::Transfer
            | ObjectKind::Hold
            | ObjectKind::BudgetLine
            | ObjectKind::SodRule
            | ObjectKind::SodException
            | ObjectKind::Node
            | ObjectKind::Document
            | ObjectKind::Recovery
            | ObjectKind::Auditor
            | ObjectKind::Objection
            | ObjectKind::Election
            | ObjectKind::Organisation => String::new(),
        };
        // Of the past a node may say anything.
        format!("{} {}", lettered(kind, number), visible(&name))
            .trim_end()
            .to_owned()
    }
}

/// A number with its letter for JSON, or null for none.
#[must_use]
pub fn json(kind: ObjectKind, number: u64) -> Value {
    match number {
        0 => Value::Null,
        number => lettered(kind, number).into(),
    }
}

/// A number with its letter for people, or nothing for none.
#[must_use]
pub fn letter(kind: ObjectKind, number: u64) -> String {
    match number {
        0 => String::new(),
        number => lettered(kind, number),
    }
}

/// An owner for JSON: `u4`, `m12`, `x3`, or the word of what has no number.
#[must_use]
pub fn owner_json(owner: Owner) -> Value {
    match owner.kind() {
        OwnerKind::Unit => json(ObjectKind::Unit, owner.number),
        OwnerKind::Member => json(ObjectKind::Member, owner.number),
        OwnerKind::Party => json(ObjectKind::Party, owner.number),
        OwnerKind::Issuance => "issuance".into(),
        OwnerKind::Escrow => "escrow".into(),
        OwnerKind::None => Value::Null,
    }
}

async fn load<T: Object>(
    view: &View<'_>,
    known: &mut BTreeMap<u64, T>,
    numbers: impl IntoIterator<Item = u64>,
) -> Result<()> {
    let missing: BTreeSet<u64> = numbers
        .into_iter()
        .filter(|number| *number != 0 && !known.contains_key(number))
        .collect();
    let missing: Vec<u64> = missing.into_iter().collect();
    let objects = view.existing::<T>(&missing).await?;
    known.extend(objects.into_iter().map(|one| (one.number(), one)));
    Ok(())
}
