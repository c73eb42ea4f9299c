//! A part of the organisation that says nothing, and what it has: whoever looks twice sees what became other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use polity_ledger::state::keys::{self, List};
use polity_ledger::state::objects::{self, object_key};
use polity_ledger::{Amount, parameters};
use polity_proto::v1::*;

use super::view::View;

/// Units and members that say nothing, by number.
#[derive(Clone, Debug)]
pub(super) struct Silent {
    pub(super) units: BTreeSet<u64>,
    pub(super) members: BTreeSet<u64>,
}

/// What they have, but for the balances of their accounts: words by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Belongings(BTreeMap<String, Fact>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    words: String,
    /// What somebody else holds among them, and may give back.
    may_go: bool,
}

impl Silent {
    /// Their accounts, also those that are closed.
    pub(super) fn accounts(&self, view: View<'_>) -> Vec<Account> {
        let mut accounts = view.all::<Account>();
        accounts.retain(|account| {
            account.owner.is_some_and(|owner| match owner.kind() {
                OwnerKind::Unit => self.units.contains(&owner.number),
                OwnerKind::Member => self.members.contains(&owner.number),
                OwnerKind::None | OwnerKind::Party | OwnerKind::Issuance | OwnerKind::Escrow => {
                    false
                }
            })
        });
        accounts
    }

    /// What others may spend of a silent unit within a period, by the roles that they hold in it.
    pub(super) fn allowance(&self, view: View<'_>, unit: u64) -> u128 {
        let is_theirs = |grant: &Grant| {
            let mut holders = view.assignments().into_iter();
            holders.any(|one| one.role == grant.role && !self.members.contains(&one.member))
        };
        let mut grants = view.grants();
        grants.retain(|grant| {
            let scope = grant.scope.unwrap_or_default();
            grant.capability() == Capability::Spend && scope.unit == unit && is_theirs(grant)
        });
        let limits = grants.iter().filter_map(|grant| grant.per_period.as_ref());
        limits
            .map(|limit| Amount::from_state(&limit.amount).0)
            .sum()
    }

    fn has_role(&self, view: View<'_>, role: u64) -> bool {
        let role = view.get::<Role>(role);
        role.is_some_and(|role| self.units.contains(&role.unit))
    }
}

impl Belongings {
    /// What they have now.
    pub(super) fn of(silent: &Silent, view: View<'_>) -> Belongings {
        let mut all = Belongings::default();
        all.structure(silent, view);
        all.authority(silent, view);
        all.people(silent, view);
        all.value(silent, view);
        all.network(silent, view);
        all
    }

    /// What is other than before, in words.
    pub(super) fn change(&self, later: &Belongings) -> Option<String> {
        for (name, fact) in &self.0 {
            match later.0.get(name) {
                Some(now) if now.words == fact.words => {}
                None if fact.may_go => {}
                Some(now) => {
                    return Some(format!("{name} was {} and is {}", fact.words, now.words));
                }
                None => return Some(format!("{name} is gone: {}", fact.words)),
            }
        }
        let new = later.0.iter().find(|(name, _)| !self.0.contains_key(*name));
        new.map(|(name, fact)| format!("{name} is new: {}", fact.words))
    }

    fn note(&mut self, name: String, what: &impl Debug) {
        self.add(name, what, false);
    }

    fn add(&mut self, name: String, what: &impl Debug, may_go: bool) {
        let words = format!("{what:?}");
        self.0.insert(name, Fact { words, may_go });
    }

    fn structure(&mut self, silent: &Silent, view: View<'_>) {
        for number in &silent.units {
            let unit = view.get::<Unit>(*number).unwrap_or_default();
            // Whom others sent out of their own units into these.
            let unit = Unit {
                sent_out: Vec::new(),
                ..unit
            };
            self.note(format!("unit {number}"), &unit);
            for member in view.list(List::Joined, *number) {
                let is_others = !silent.members.contains(&member);
                self.add(format!("member {member} in unit {number}"), &(), is_others);
            }
        }
        for role in view.roles() {
            if silent.units.contains(&role.unit) {
                // What somebody else resigned from.
                let role = Role { vacated: 0, ..role };
                self.note(format!("role {}", role.number), &role);
            }
        }
        for assignment in view.assignments() {
            if silent.has_role(view, assignment.role) {
                let who = (assignment.role, assignment.member, assignment.until);
                let is_others = !silent.members.contains(&assignment.member);
                self.add(format!("assignment {}", assignment.number), &who, is_others);
            }
        }
    }

    fn authority(&mut self, silent: &Silent, view: View<'_>) {
        for grant in view.grants() {
            let scope = grant.scope.unwrap_or_default();
            // What somebody lends of their own stays within its limits: see the allowance.
            let is_lent = grant.member != 0;
            if silent.units.contains(&scope.unit) && !is_lent {
                self.note(format!("grant {}", grant.number), &grant);
            }
        }
        for policy in view.all::<Policy>() {
            if policy.ended_at == 0 && silent.units.contains(&policy.unit) {
                self.note(format!("policy {}", policy.number), &policy);
            }
        }
        for rule in view.all::<SodRule>() {
            if silent.units.contains(&rule.unit) {
                self.note(format!("duty rule {}", rule.number), &rule);
            }
        }
        for proposal in view.all::<Proposal>() {
            let is_decided = matches!(
                proposal.state(),
                ProposalState::Decided | ProposalState::Adopted
            );
            if is_decided && silent.units.contains(&proposal.unit) {
                let name = format!("adopted proposal {}", proposal.number);
                self.note(name, &proposal.title);
            }
        }
        for election in view.all::<Election>() {
            if silent.has_role(view, election.role) {
                self.note(format!("election {}", election.number), &election);
            }
        }
    }

    fn people(&mut self, silent: &Silent, view: View<'_>) {
        for number in &silent.members {
            let member = view.get::<Member>(*number).unwrap_or_default();
            let own = (
                member.state(),
                member.keys,
                member.unit,
                member.home_squad,
                member.recovery,
                member.sleeps_until,
            );
            self.note(format!("member {number}"), &own);
        }
        for auditor in view.all::<Auditor>() {
            if auditor.units.iter().any(|unit| silent.units.contains(unit)) {
                self.note(format!("auditor {}", auditor.number), &auditor);
            }
        }
    }

    fn value(&mut self, silent: &Silent, view: View<'_>) {
        for account in silent.accounts(view) {
            let terms = (
                account.owner,
                account.asset,
                account.credit_limit,
                account.frozen,
                account.closed_at,
            );
            self.note(format!("account {}", account.number), &terms);
        }
        for line in view.all::<BudgetLine>() {
            if silent.units.contains(&line.unit) {
                let name = format!("budget line {}", line.number);
                self.note(name, &(line.approved, line.hard, line.closed));
            }
        }
        for asset in view.all::<Asset>() {
            let issuance: Account = view.get(asset.issuance).unwrap_or_default();
            let issued = Amount::from_state(&issuance.debits_posted);
            self.note(format!("asset {}", asset.number), &(asset, issued));
        }
        for party in view.all::<Party>() {
            if silent.units.contains(&party.unit) {
                self.note(format!("party {}", party.number), &party);
            }
        }
        for document in view.all::<Document>() {
            if silent.units.contains(&document.unit) {
                self.note(format!("document {}", document.number), &document);
            }
        }
        for unit in &silent.units {
            let key = object_key(keys::CLOSED_PERIOD, *unit);
            let closed: Option<ClosedPeriod> = objects::value(view.state, &key);
            self.note(format!("closed period of unit {unit}"), &closed);
        }
    }

    fn network(&mut self, silent: &Silent, view: View<'_>) {
        for validator in view.validators() {
            if silent.units.contains(&validator.unit) {
                let name = format!("validator of unit {}", validator.unit);
                self.note(name, &validator);
            }
        }
        for node in view.all::<Node>() {
            if silent.units.contains(&node.unit) {
                self.note(format!("node {}", node.number), &node);
            }
        }
        self.note("parameters".into(), &parameters::get(view.state));
    }
}
