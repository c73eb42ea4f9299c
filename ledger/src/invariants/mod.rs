//! What holds after every block, whatever the transactions were: each invariant is a check over a
//! whole state, for simulation, scenarios and audits. Nothing here is a rule of its own; a broken
//! invariant is a mistake of the rules.
//!
//! Some invariants speak of a state and the next one: the basis of every event (9), what stays
//! frozen (13), the consolidated result (16), ids that live (18). They look at a [`Step`], one
//! block with the states around it. Only equal hashes (17) need several nodes: the simulator and
//! the suites with real nodes compare them.

mod authority;
mod bases;
mod decisions;
mod people;
mod records;
mod steps;
mod value;
#[cfg(test)]
mod workload;

use std::collections::BTreeMap;
use std::fmt;

use polity_proto::v1::{TimerBucket, TimerKind};

pub use steps::{Step, StepCheck};

use crate::judge::Now;
use crate::state::{Object, Read, keys, objects, timers};

/// A whole state: every key with its value, rows beside the tree too.
pub type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invariant {number}: {words}")]
pub struct Broken {
    /// Its number in the specification of the ledger.
    pub number: u32,
    /// What was found.
    pub words: String,
}

/// One check over a whole state at a block's time.
pub type Check = fn(&State, Now) -> Result<(), Broken>;

/// Every check with its number and name, cheap ones first.
pub const ALL: &[(u32, &str, Check)] = &[
    (1, "the sum of each asset is zero", value::sums),
    (2, "no account is below its credit limit", value::limits),
    (3, "posted + released = held", value::holds),
    (4, "hard lines are never negative", value::lines),
    (5, "units are a tree", people::tree),
    (6, "rules of kinds hold", people::kinds),
    (
        7,
        "no assignment outlives its time, member, role or unit",
        people::assignments,
    ),
    (8, "elected roles are filled by election", people::elected),
    (
        10,
        "nobody granted themselves anything, and nothing exceeds its source",
        authority::grants,
    ),
    (
        11,
        "nobody breaks a static duty rule without exception",
        authority::duties,
    ),
    (12, "who prepared did not approve", decisions::approvals),
    (
        13,
        "policy and electorate are those of the opening",
        decisions::frozen,
    ),
    (
        13,
        "nothing is adopted over an objection",
        decisions::objections,
    ),
    (
        14,
        "one response for each member and version",
        decisions::responses,
    ),
    (15, "lists are whole", records::lists),
    (15, "histories are whole", records::histories),
    (18, "no id is consumed twice", records::consumed),
];

/// Every check over a block and the states around it, with its number and name.
pub const STEPS: &[(u32, &str, StepCheck)] = &[
    (9, "every event has a basis that held then", bases::bases),
    (
        13,
        "electorate and policy are those of the opening",
        steps::frozen,
    ),
    (
        16,
        "what units gained together came from outside",
        steps::results,
    ),
    (18, "an id that lives is not forgotten", steps::remembered),
];

/// Checks a block with the states around it: the first invariant that is broken.
pub fn check_step(step: &Step<'_>) -> Result<(), Broken> {
    for (_, _, check) in STEPS {
        check(step)?;
    }
    Ok(())
}

/// Checks all of it: the first that is broken.
pub fn check(state: &State, now: Now) -> Result<(), Broken> {
    for (_, _, check) in ALL {
        check(state, now)?;
    }
    Ok(())
}

/// Breaks an invariant unless `holds`; the words are only made where it does not.
fn ensure<W: fmt::Display>(
    number: u32,
    holds: bool,
    words: impl FnOnce() -> W,
) -> Result<(), Broken> {
    if holds {
        return Ok(());
    }
    Err(Broken {
        number,
        words: words().to_string(),
    })
}

/// Every object of a kind, by number.
fn all<T: Object>(state: &State) -> impl Iterator<Item = T> + '_ {
    rows(state, T::PREFIX).filter_map(|(key, _)| objects::get(state, number(key, 0)))
}

/// Every row under a prefix.
fn rows(state: &State, prefix: u8) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> + '_ {
    state.range(vec![prefix]..vec![prefix + 1])
}

/// The number at a place of a key that is a prefix and numbers.
fn number(key: &[u8], place: usize) -> u64 {
    let bytes = key.iter().skip(1 + 8 * place).take(8);
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether this timer is set, or waits behind others that are due.
fn has_timer(state: &State, due: u64, kind: TimerKind, number: u64) -> bool {
    let key = keys::key(keys::TIMER_BUCKET, &[timers::bucket_of(due)]);
    let bucket: TimerBucket = objects::value(state, &key).unwrap_or_default();
    bucket
        .timers
        .iter()
        .any(|timer| timer.due == due && timer.kind() == kind && timer.number == number)
}

/// An object that the state must hold.
fn find<T: Object>(state: &dyn Read, number: u64) -> Option<T> {
    objects::get(state, number)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{
        Account, Assignment, BudgetLine, Grant, Hold, Member, MemberState, Proposal, ProposalState,
        Response, Role, SodRule, Unit, *,
    };

    use super::*;
    use crate::state::keys::List;
    use crate::world::{World, euros};

    /// A world that went through most of what there is.
    fn lived() -> World {
        let mut world = World::with_treasury();
        let plan = action::Kind::PlanBudget(world.line("tools", 100));
        world.check("ben", Some("dev#lead"), plan, "accepted");
        let hold = action::Kind::PlaceHold(world.hold("dev:main", "ops:main", 40));
        world.check("ben", Some("dev#lead"), hold, "accepted");
        world.check_invariants();
        world
    }

    #[track_caller]
    fn broken(world: &World, number: u32) {
        let now = Now {
            time: world.time,
            paused: 0,
        };
        let found = check(&world.state, now).map_err(|broken| broken.number);
        assert_eq!(found, Err(number));
    }

    #[track_caller]
    fn breaks<T: Object>(number: u32, object: u64, change: impl FnOnce(&World, &mut T)) {
        let mut world = lived();
        let mut found: T = world.get(object);
        change(&world, &mut found);
        world.put_for_test(&found);
        broken(&world, number);
    }

    #[test]
    fn money_from_nowhere_breaks_1() {
        let dev = lived().account("dev:main").number;
        breaks::<Account>(1, dev, |_, account| account.credits_posted = euros(2_000));
    }

    #[test]
    fn an_account_below_its_limit_breaks_2() {
        let finn = lived().account("finn:main").number;
        breaks::<Account>(2, finn, |_, account| account.debits_pending = euros(101));
    }

    #[test]
    fn a_hold_that_loses_value_breaks_3() {
        breaks::<Hold>(3, 1, |_, hold| hold.posted = euros(1));
        breaks::<Hold>(3, 1, |_, hold| hold.state = HoldState::Posted as i32);
        breaks::<Hold>(3, 1, |_, hold| hold.expires_at += 1);
        let dev = lived().account("dev:main").number;
        breaks::<Account>(3, dev, |_, account| account.debits_pending = euros(41));
    }

    #[test]
    fn a_line_below_zero_breaks_4() {
        breaks::<BudgetLine>(4, 1, |_, line| line.spent = euros(101));
        breaks::<BudgetLine>(4, 1, |_, line| line.committed = euros(1));
    }

    #[test]
    fn a_cycle_of_units_breaks_5() {
        breaks::<Unit>(5, 2, |_, unit| unit.parent = 2);
        breaks::<Unit>(5, 2, |_, unit| unit.parent = 0);
        breaks::<Unit>(5, 1, |_, unit| unit.dissolved_at = 1);
    }

    #[test]
    fn a_squad_outside_of_a_tribe_breaks_6() {
        breaks::<Unit>(6, 2, |_, unit| unit.kind = UnitKind::Squad as i32);
        breaks::<Member>(6, 2, |_, member| member.home_squad = 2);
        breaks::<Role>(6, 2, |_, role| role.kind = RoleKind::Facilitator as i32);
    }

    #[test]
    fn an_assignment_without_role_or_member_breaks_7() {
        breaks::<Role>(7, 2, |_, role| role.removed_at = 1);
        breaks::<Member>(7, 2, |_, member| {
            member.state = MemberState::Departed as i32
        });
        breaks::<Assignment>(7, 2, |world, assignment| assignment.until = world.time + 5);
    }

    #[test]
    fn an_elected_role_that_was_assigned_breaks_8() {
        breaks::<Role>(8, 2, |_, role| role.elected = true);
    }

    #[test]
    fn a_wider_delegation_breaks_10() {
        let mut world = lived();
        let source: Grant = all(&world.state)
            .find(|grant: &Grant| grant.capability() == Capability::Spend)
            .expect("somebody spends");
        let number = world
            .value::<Counter>(&keys::key(keys::COUNTER, &[ObjectKind::Grant as u64]))
            .map_or(1, |counter| counter.last + 1);
        let holder = world.list(List::Holders, source.role)[0];
        world.put_for_test(&Grant {
            number,
            member: 1,
            source: source.number,
            source_assignment: holder,
            per_transfer: euros(999_999),
            ..source
        });
        broken(&world, 10);
        breaks::<Grant>(10, source.number, |_, grant| grant.per_period = None);
    }

    #[test]
    fn a_member_with_both_capabilities_breaks_11() {
        let mut world = lived();
        let unit = world.unit("dev").number;
        let mut assignment = world.assignment("ben", "dev#lead");
        if let Some(basis) = &mut assignment.basis {
            basis.source = BasisSource::Grant as i32;
        }
        world.put_for_test(&assignment);
        world.put_for_test(&SodRule {
            number: 1,
            unit,
            first: Capability::Spend as i32,
            second: Capability::Approve as i32,
            removed_at: 0,
        });
        broken(&world, 11);
    }

    fn proposal() -> Proposal {
        let response = |member| Response {
            member,
            version: 1,
            answer: Answer::Approve as i32,
            ..Response::default()
        };
        Proposal {
            number: 1,
            unit: 2,
            proposer: 3,
            version: 1,
            mode: Some(Mode {
                kind: ModeKind::Approve as i32,
                count: 1,
                ..Mode::default()
            }),
            state: ProposalState::Adopted as i32,
            responses: vec![response(4)],
            ..Proposal::default()
        }
    }

    #[test]
    fn an_approval_by_who_prepared_breaks_12() {
        for change in [
            |proposal: &mut Proposal| proposal.proposer = 4,
            |proposal: &mut Proposal| proposal.beneficiaries = vec![4],
            |proposal: &mut Proposal| proposal.responses.clear(),
        ] {
            let mut world = lived();
            let mut proposal = proposal();
            world.put_for_test(&proposal);
            world.check_invariants();
            change(&mut proposal);
            world.put_for_test(&proposal);
            broken(&world, 12);
        }
    }

    #[test]
    fn two_responses_of_one_member_break_14() {
        let mut world = lived();
        let mut proposal = proposal();
        proposal.responses.push(Response {
            answer: Answer::Refuse as i32,
            ..proposal.responses[0].clone()
        });
        world.put_for_test(&proposal);
        broken(&world, 14);
    }

    #[test]
    fn a_list_that_misses_or_repeats_breaks_15() {
        let world = lived();
        let page = keys::list_page(List::Children, 1, 0);
        let mut missing = lived();
        missing.state.remove(&page);
        broken(&missing, 15);
        let mut repeated = lived();
        let numbers = ListPage {
            numbers: vec![2, 3, 4, 4],
        };
        repeated
            .state
            .insert(page, prost::Message::encode_to_vec(&numbers));
        broken(&repeated, 15);
        let mut unlisted = world;
        let asset: Asset = unlisted.get(1);
        unlisted.put_for_test(&Asset { number: 9, ..asset });
        broken(&unlisted, 15);
    }

    #[test]
    fn a_history_that_was_cut_or_changed_breaks_15() {
        let dev = lived().account("dev:main").number;
        let entry = keys::history_entry(ObjectKind::Account, dev, 0);
        let mut changed = lived();
        changed.state.insert(entry.clone(), vec![1]);
        broken(&changed, 15);
        let mut cut = lived();
        cut.state.remove(&entry);
        broken(&cut, 15);
        let mut strange = lived();
        let beyond = keys::history_entry(ObjectKind::Account, dev, 99);
        strange.state.insert(beyond, vec![1]);
        broken(&strange, 15);
    }

    #[test]
    fn an_id_that_is_consumed_twice_breaks_18() {
        let mut world = lived();
        let (key, id) = rows(&world.state, keys::CONSUMED_AT)
            .next()
            .map(|(key, id)| (key.clone(), id.clone()))
            .expect("ids are consumed");
        let next = keys::key(keys::CONSUMED_AT, &[number(&key, 0), 99]);
        world.state.insert(next, id);
        broken(&world, 18);
    }
}
