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
fn an_approval_by_whoever_prepared_breaks_12() {
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
