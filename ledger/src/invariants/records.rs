//! Lists, histories and consumed ids.

use std::collections::{BTreeMap, BTreeSet};

use polity_proto::v1::{
    Account, Asset, Assignment, Auditor, BudgetLine, ConsumedIds, Election, Grant, HistoryEntry,
    Hold, HoldState, ListHead, ListPage, Member, Node, ObjectKind, Objection, OwnerKind, Party,
    Policy, Proposal, Record, Role, SodException, SodRule, Unit, Validator,
};
use sha2::{Digest, Sha256};

use super::{Broken, State, all, ensure, number, rows};
use crate::decisions::stage;
use crate::elections;
use crate::judge::{Now, policies};
use crate::merkle::history::{Frontier, leaf_hash};
use crate::state::keys::{self, List};
use crate::state::{consumed, lists as pages, objects};

/// Numbers by list and owner.
type Lists = BTreeMap<(u64, u64), BTreeSet<u64>>;

/// Every list has what belongs into it, once, and says how much that is.
pub(super) fn lists(state: &State, _: Now) -> Result<(), Broken> {
    let found = found(state)?;
    let mut expected = expected(state);
    // What members joined stands in two lists alone: they agree. Ended exceptions may be gone.
    expected.extend(mirrored(&found));
    for key in found.keys().chain(expected.keys()) {
        let (list, owner) = key;
        let none = BTreeSet::new();
        let (is, should) = (
            found.get(key).unwrap_or(&none),
            expected.get(key).unwrap_or(&none),
        );
        let fits = if *list == List::SodExceptions as u64 {
            is.is_subset(should)
        } else {
            is == should
        };
        ensure(15, fits, || {
            format!("list {list} of {owner} has {is:?} instead of {should:?}")
        })?;
    }
    Ok(())
}

/// The lists as they are, each with its pages and count as they should be.
fn found(state: &State) -> Result<Lists, Broken> {
    let mut found = Lists::new();
    let mut numbers = BTreeMap::<(u64, u64), u64>::new();
    for (key, bytes) in rows(state, keys::LIST_PAGE) {
        let page: ListPage = objects::decode(bytes);
        let list = (number(key, 0), number(key, 1));
        *numbers.entry(list).or_default() += page.numbers.len() as u64;
        found.entry(list).or_default().extend(&page.numbers);
        let head: ListHead = head(state, list);
        let fits = number(key, 2) < head.pages && page.numbers.len() <= pages::PAGE_NUMBERS_MAX;
        ensure(15, fits, || format!("list {list:?} has a strange page"))?;
    }
    for (key, bytes) in rows(state, keys::LIST_HEAD) {
        let list = (number(key, 0), number(key, 1));
        let head: ListHead = objects::decode(bytes);
        let count = numbers.get(&list).copied().unwrap_or_default();
        let once = found.get(&list).map_or(0, |numbers| numbers.len() as u64);
        ensure(15, head.count == count && count == once, || {
            format!("list {list:?} counts {} of {count}", head.count)
        })?;
    }
    Ok(found)
}

fn head(state: &State, (list, owner): (u64, u64)) -> ListHead {
    objects::value(state, &keys::key(keys::LIST_HEAD, &[list, owner])).unwrap_or_default()
}

/// Joined members as the units' lists say it, for the members' lists, and the other way round.
fn mirrored(found: &Lists) -> Lists {
    let mut mirrored = Lists::new();
    let (joined, by) = (List::Joined as u64, List::JoinedBy as u64);
    for ((list, owner), numbers) in found {
        let other = match *list {
            list if list == joined => by,
            list if list == by => joined,
            _ => continue,
        };
        for number in numbers {
            mirrored.entry((other, *number)).or_default().insert(*owner);
        }
    }
    mirrored
}

/// The lists as the objects say that they should be.
fn expected(state: &State) -> Lists {
    let mut lists = Lists::new();
    let mut put = |list: List, owner: u64, number: u64| {
        let entry = lists.entry((list as u64, owner)).or_default();
        entry.insert(number);
    };
    for unit in all::<Unit>(state) {
        if unit.dissolved_at == 0 && unit.parent != 0 {
            put(List::Children, unit.parent, unit.number);
        }
    }
    for member in all::<Member>(state) {
        put(List::Members, 0, member.number);
    }
    for role in all::<Role>(state).filter(|role| role.removed_at == 0) {
        put(List::Roles, role.unit, role.number);
    }
    for assignment in all::<Assignment>(state).filter(|assignment| assignment.ended_at == 0) {
        put(List::Holders, assignment.role, assignment.number);
        put(List::Assignments, assignment.member, assignment.number);
    }
    for grant in all::<Grant>(state).filter(|grant| grant.ended_at == 0) {
        let over = grant.scope.map_or(0, |scope| scope.unit);
        put(List::GrantsOver, over, grant.number);
        if grant.source == 0 {
            put(List::Grants, grant.role, grant.number);
        } else {
            put(List::Delegations, grant.member, grant.number);
            put(List::DelegationsOf, grant.source, grant.number);
        }
    }
    for policy in all::<Policy>(state).filter(|policy| policy.ended_at == 0) {
        put(List::Policies, policy.unit, policy.number);
        for role in policies::named_roles(&policy) {
            put(List::NamedBy, role, policy.number);
        }
    }
    for rule in all::<SodRule>(state).filter(|rule| rule.removed_at == 0) {
        put(List::SodRules, 0, rule.number);
    }
    for exception in all::<SodException>(state) {
        put(List::SodExceptions, exception.rule, exception.number);
    }
    for proposal in all::<Proposal>(state).filter(stage::is_pending) {
        put(List::Proposals, proposal.unit, proposal.number);
        put(List::ProposalsBy, proposal.proposer, proposal.number);
    }
    for objection in all::<Objection>(state) {
        put(List::Objections, objection.proposal, objection.number);
    }
    for election in all::<Election>(state).filter(elections::is_open) {
        put(List::Elections, election.unit, election.number);
    }
    for account in all::<Account>(state).filter(|account| account.closed_at == 0) {
        let owner = account.owner.unwrap_or_default();
        // An asset names its issuance account itself.
        if owner.kind() != OwnerKind::Issuance {
            let owner = keys::owner_number(owner.kind(), owner.number);
            put(List::Accounts, owner, account.number);
        }
    }
    for hold in all::<Hold>(state).filter(|hold| hold.state() == HoldState::Open) {
        put(List::Holds, hold.from, hold.number);
        put(List::Holds, hold.to, hold.number);
    }
    for asset in all::<Asset>(state) {
        put(List::Assets, 0, asset.number);
    }
    for party in all::<Party>(state) {
        put(List::Parties, party.unit, party.number);
    }
    for line in all::<BudgetLine>(state) {
        put(List::BudgetLines, line.unit, line.number);
        if !line.closed {
            put(List::OpenLines, line.unit, line.number);
        }
    }
    for node in all::<Node>(state).filter(|node| node.removed_at == 0) {
        put(List::Nodes, node.unit, node.number);
    }
    for auditor in all::<Auditor>(state) {
        put(List::Auditors, 0, auditor.number);
    }
    for (key, bytes) in rows(state, keys::VALIDATOR) {
        let validator: Validator = objects::decode(bytes);
        put(List::Validators, 0, validator.unit.max(number(key, 0)));
    }
    lists
}

/// Every history has all its entries and no more, and they give its root.
pub(super) fn histories(state: &State, _: Now) -> Result<(), Broken> {
    let mut entries: BTreeMap<(u8, u64), u64> = BTreeMap::new();
    for (key, _) in rows(state, keys::HISTORY_ENTRY) {
        // The kind is one byte; then come the object's number and the index.
        let kind = key.get(1).copied().unwrap_or_default();
        let object = number(&key[1..], 0);
        *entries.entry((kind, object)).or_default() += 1;
    }
    for kind in (1..=u8::MAX).filter_map(|kind| ObjectKind::try_from(i32::from(kind)).ok()) {
        let Some(prefix) = objects::prefix_with_history(kind) else {
            continue;
        };
        for (key, bytes) in rows(state, prefix) {
            let object = number(key, 0);
            let record: Record = objects::decode(bytes);
            let count = entries.remove(&(kind as u8, object)).unwrap_or_default();
            let whole = count == record.history_count
                && root(state, kind, object, count).as_deref() == Some(&record.history_root[..]);
            ensure(15, whole, || {
                format!(
                    "the history of {} {object} is not whole",
                    kind.as_str_name()
                )
            })?;
            ensure(15, newest_speaks_of(state, kind, object, &record), || {
                format!(
                    "the newest entry in the history of {} {object} speaks of another state of it",
                    kind.as_str_name()
                )
            })?;
        }
    }
    let stray = entries.keys().next();
    ensure(15, stray.is_none(), || {
        format!("a history of nothing: {stray:?}")
    })
}

/// Whether the newest entry has the hash of the object as it is: whoever reads the past holds a node to it.
fn newest_speaks_of(state: &State, kind: ObjectKind, object: u64, record: &Record) -> bool {
    // What an account may do is told in its owner's history: its own has movements alone.
    if kind == ObjectKind::Account {
        return true;
    }
    let Some(newest) = record.history_count.checked_sub(1) else {
        return true;
    };
    let entry = state.get(&keys::history_entry(kind, object, newest));
    let entry: HistoryEntry = objects::decode(entry.map_or(&[][..], |entry| &entry[..]));
    entry.object_hash == Sha256::digest(&record.object)[..]
}

fn root(state: &State, kind: ObjectKind, object: u64, count: u64) -> Option<Vec<u8>> {
    let mut frontier = Frontier::default();
    for index in 0..count {
        let entry = state.get(&keys::history_entry(kind, object, index))?;
        frontier.append(leaf_hash(entry));
    }
    let remembered = state.get(&keys::history_edge(kind, object));
    remembered
        .is_none_or(|edge| *edge == frontier.encode())
        .then(|| frontier.root().to_vec())
}

/// Each id that lives is consumed in one minute, and each minute's chain is made of its ids.
pub(super) fn consumed(state: &State, _: Now) -> Result<(), Broken> {
    let mut seen = BTreeSet::new();
    let mut chains: BTreeMap<u64, ConsumedIds> = BTreeMap::new();
    for (key, row) in rows(state, keys::CONSUMED_AT) {
        let minute = chains.entry(number(key, 0)).or_default();
        *minute = consumed::chained(std::mem::take(minute), row);
        let mut ids = row.chunks(consumed::ID_BYTES);
        let all_new = ids.all(|id| seen.insert(id.to_vec()));
        ensure(18, minute.count == number(key, 1) && all_new, || {
            "an id is consumed twice".to_owned()
        })?;
    }
    let mut kept: BTreeMap<u64, ConsumedIds> = rows(state, keys::CONSUMED)
        .map(|(key, bytes)| (number(key, 0), objects::decode(bytes)))
        .collect();
    // A minute that is being forgotten has no chain any more.
    for (minute, ids) in &mut kept {
        if ids.chain.is_empty() {
            ids.chain = chains
                .get(minute)
                .map_or(Vec::new(), |made| made.chain.clone());
        }
    }
    ensure(
        18,
        kept == chains,
        || "consumed ids and their minutes differ",
    )?;
    let ids: BTreeSet<Vec<u8>> = rows(state, keys::CONSUMED_ID)
        .map(|(key, _)| key[1..].to_vec())
        .collect();
    ensure(18, ids == seen, || "consumed ids and their rows differ")
}
