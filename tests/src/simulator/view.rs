//! A state as the workload looks at it.

use std::collections::BTreeSet;

use polity_ledger::judge::{Now, power};
use polity_ledger::state::keys::{self, List};
use polity_ledger::state::{Object, lists, objects};
use polity_proto::v1::{
    Account, Assignment, Basis, BasisSource, BudgetLine, Grant, Hold, HoldState, Member,
    MemberState, OwnerKind, Proposal, ProposalState, Role, Unit, Validator,
};

use crate::memory::State;

/// A committed state at the time of the block that follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The state.
    pub(crate) state: &'a State,
    /// When it is looked at.
    pub(crate) now: Now,
}

impl View<'_> {
    /// The object with a number.
    pub(crate) fn get<T: Object>(&self, number: u64) -> Option<T> {
        objects::get(self.state, number)
    }

    /// Every object of a kind, the ended ones too.
    pub(crate) fn all<T: Object>(&self) -> Vec<T> {
        let rows = self.state.range(vec![T::PREFIX]..vec![T::PREFIX + 1]);
        let numbers =
            rows.filter_map(|(key, _)| Some(u64::from_be_bytes(key[1..].try_into().ok()?)));
        numbers.filter_map(|number| self.get(number)).collect()
    }

    /// Numbers of a list.
    pub(crate) fn list(&self, list: List, owner: u64) -> Vec<u64> {
        lists::all(self.state, list, owner)
    }

    /// Members in a state.
    pub(crate) fn members(&self, state: MemberState) -> Vec<Member> {
        let mut members = self.all::<Member>();
        members.retain(|member| member.state() == state);
        members
    }

    /// Living units.
    pub(crate) fn units(&self) -> Vec<Unit> {
        let mut units = self.all::<Unit>();
        units.retain(|unit| unit.dissolved_at == 0);
        units
    }

    /// Roles that are not removed.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let mut roles = self.all::<Role>();
        roles.retain(|role| role.removed_at == 0);
        roles
    }

    /// Assignments that have not ended.
    pub(crate) fn assignments(&self) -> Vec<Assignment> {
        let mut assignments = self.all::<Assignment>();
        assignments.retain(|assignment| assignment.ended_at == 0);
        assignments
    }

    /// Grants that have not ended.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        let mut grants = self.all::<Grant>();
        grants.retain(|grant| grant.ended_at == 0);
        grants
    }

    /// Open accounts of some sorts of owners.
    pub(crate) fn accounts(&self, kinds: &[OwnerKind]) -> Vec<Account> {
        let mut accounts = self.all::<Account>();
        accounts.retain(|account| {
            account.closed_at == 0
                && account
                    .owner
                    .is_some_and(|owner| kinds.contains(&owner.kind()))
        });
        accounts
    }

    /// Open holds.
    pub(crate) fn holds(&self) -> Vec<Hold> {
        let mut holds = self.all::<Hold>();
        holds.retain(|hold| hold.state() == HoldState::Open);
        holds
    }

    /// Budget lines whose period is not closed.
    pub(crate) fn lines(&self) -> Vec<BudgetLine> {
        let mut lines = self.all::<BudgetLine>();
        lines.retain(|line| !line.closed);
        lines
    }

    /// Proposals in a state.
    pub(crate) fn proposals(&self, state: ProposalState) -> Vec<Proposal> {
        let mut proposals = self.all::<Proposal>();
        proposals.retain(|proposal| proposal.state() == state);
        proposals
    }

    /// Units that run a validator, with its key.
    pub(crate) fn validators(&self) -> Vec<Validator> {
        let units = self.list(List::Validators, 0);
        let validator = |unit| objects::value(self.state, &keys::key(keys::VALIDATOR, &[unit]));
        units.into_iter().filter_map(validator).collect()
    }

    /// Roles that a member holds now.
    pub(crate) fn roles_of(&self, member: u64) -> Vec<u64> {
        let held = power::roles_of(self.state, member, self.now.time);
        let numbers: BTreeSet<u64> = held.into_iter().map(|(role, _)| role.number).collect();
        numbers.into_iter().collect()
    }

    /// Active keys of a member.
    pub(crate) fn keys_of(&self, member: u64) -> Vec<Vec<u8>> {
        let member: Member = self.get(member).unwrap_or_default();
        let active = member.keys.into_iter().filter(|key| key.revoked_at == 0);
        active.map(|key| key.public).collect()
    }
}

/// Whether something came after the genesis: what the founders hold, the workload spares, so that
/// somebody can act until the end.
pub(crate) fn is_later(basis: Option<Basis>) -> bool {
    basis.is_some_and(|basis| basis.source() != BasisSource::Genesis)
}
