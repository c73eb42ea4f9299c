use polity_proto::v1::{
    Basis, BasisSource, Grant, ReinstateMember, Seat, SuspendMember, action::Kind,
};

use super::*;
use crate::invariants::check_step;
use crate::state::objects;
use crate::world::{World, by, euros};

/// A block in which somebody paid by a grant, with the states around it.
struct Block {
    world: World,
    before: State,
    receipts: Vec<Receipt>,
}

fn payment() -> Block {
    let mut world = World::with_treasury();
    let before = world.state.clone();
    let pay = world.payment("dev:main", "ops:main", 30);
    let deed = by("ben").acting_as("dev#lead").does(pay);
    let receipt = world.submit(&[deed]).expect("the lead may spend");
    Block {
        world,
        before,
        receipts: vec![receipt],
    }
}

impl Block {
    fn check(&self) -> Result<(), u32> {
        let step = Step {
            before: &self.before,
            after: &self.world.state,
            now: Now {
                time: self.world.time,
                paused: 0,
            },
            receipts: &self.receipts,
            timer_receipts: &[],
        };
        check_step(&step).map_err(|broken| broken.number)
    }

    fn event(&mut self) -> &mut Event {
        &mut self.receipts[0].events[0]
    }
}

#[test]
fn whoever_was_reinstated_acted_and_was_suspended_again_in_one_block_breaks_nothing() {
    let mut world = World::new();
    let member = world.member_ref("finn");
    let two = by("ada").acting_as("acme#lead").seconded("ben", "dev#lead");
    let suspend = two.does(Kind::SuspendMember(SuspendMember { member }));
    world.check_deed(suspend.clone(), "accepted");
    let before = world.state.clone();
    let reinstate = Kind::ReinstateMember(ReinstateMember { member });
    let deeds = [
        by("ada").acting_as("acme#lead").does(reinstate),
        by("finn").does(Kind::AddKey(world.add_key("finn", "finn-2"))),
        suspend,
    ];
    let receipts: Vec<Receipt> = deeds
        .iter()
        .map(|deed| world.submit(std::slice::from_ref(deed)).expect("accepted"))
        .collect();
    let mut block = Block {
        world,
        before,
        receipts,
    };
    assert_eq!(block.check(), Ok(()));
    block.receipts.remove(0);
    assert_eq!(block.check(), Err(9));
}

#[test]
fn an_event_without_authority_breaks_9() {
    assert_eq!(payment().check(), Ok(()));
    for change in [
        |event: &mut Event| event.basis = None,
        |event: &mut Event| basis(event).source = BasisSource::Timer as i32,
        |event: &mut Event| basis(event).source = BasisSource::Genesis as i32,
        |event: &mut Event| basis(event).source = BasisSource::Proposal as i32,
        |event: &mut Event| basis(event).source = BasisSource::Policy as i32,
        |event: &mut Event| basis(event).number = 9_999,
        |event: &mut Event| basis(event).member = 6,
    ] {
        let mut block = payment();
        change(block.event());
        assert_eq!(block.check(), Err(9));
    }
    let mut refused = payment();
    refused.receipts[0].code = 302;
    assert_eq!(refused.check(), Err(9));
}

fn basis(event: &mut Event) -> &mut Basis {
    event.basis.as_mut().expect("an event has a basis")
}

#[test]
fn a_grant_that_had_ended_breaks_9() {
    let mut block = payment();
    let number = basis(block.event()).number;
    let grant: Grant = block.world.get(number);
    let ended_at = block.world.time - 1;
    block.world.put_for_test(&Grant { ended_at, ..grant });
    assert_eq!(block.check(), Err(9));
}

#[test]
fn value_that_no_receipt_tells_of_breaks_16() {
    let mut block = payment();
    posting(block.event()).amount = euros(31);
    assert_eq!(block.check(), Err(16));
    let mut silent = payment();
    silent.event().posting = None;
    assert_eq!(silent.check(), Err(16));
    let mut internal = payment();
    posting(internal.event()).kind = TransferKind::Internal as i32;
    assert_eq!(internal.check(), Err(16));
}

fn posting(event: &mut Event) -> &mut Posting {
    event.posting.as_mut().expect("value moved")
}

#[test]
fn a_proposal_under_another_policy_breaks_13() {
    for change in [
        |proposal: &mut Proposal| proposal.policy += 1,
        |proposal: &mut Proposal| proposal.electorate.push(1),
        |proposal: &mut Proposal| proposal.seats.push(Seat::default()),
        |proposal: &mut Proposal| proposal.mode = None,
    ] {
        let mut block = payment();
        let mut proposal = Proposal {
            number: 1,
            unit: 2,
            proposer: 3,
            state: polity_proto::v1::ProposalState::Open as i32,
            mode: Some(Mode::default()),
            ..Proposal::default()
        };
        block.world.put_for_test(&proposal);
        let key = objects::object_key(keys::PROPOSAL, 1);
        let opened = block.world.state[&key].clone();
        block.before.insert(key, opened);
        assert_eq!(block.check(), Ok(()));
        change(&mut proposal);
        block.world.put_for_test(&proposal);
        assert_eq!(block.check(), Err(13));
    }
}

#[test]
fn an_id_that_is_forgotten_too_early_breaks_18() {
    let mut block = payment();
    let (key, id) = rows(&block.world.state, keys::CONSUMED_AT)
        .next()
        .map(|(key, id)| (key.clone(), id.clone()))
        .expect("the transaction's id is consumed");
    block.world.state.remove(&key);
    assert_eq!(block.check(), Ok(()));
    block.before.insert(key, id);
    assert_eq!(block.check(), Err(18));
}
