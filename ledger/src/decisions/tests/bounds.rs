//! How much time does at once.

use std::collections::BTreeMap;

use polity_proto::v1::{Capability, ModeKind, ProposalKind, TimerKind, action::Kind};

use crate::context::Block;
use crate::judge::Now;
use crate::state::{Changes, Overlay, timers};
use crate::timer;
use crate::world::{HOUR, World, by, consent, role_holders, tier};

const DEADLINE: u64 = 72 * HOUR;

#[test]
fn timers_of_a_block_adopt_at_most_2000_actions_and_the_rest_in_the_next() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), consent(DEADLINE))];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let deeds: Vec<_> = (0..43)
        .map(|proposal| {
            let acts = (0..50).map(|role| {
                let handle = format!("r{proposal}-{role}");
                Kind::CreateRole(world.create_role("dev", &handle))
            });
            let governance = ProposalKind::Governance;
            let open = world.proposal("dev", governance, ModeKind::Consent, acts.collect());
            by("finn")
                .acting_as("dev#engineer")
                .does(Kind::OpenProposal(open))
        })
        .collect();
    world.submit(&deeds).expect("the proposals are opened");
    assert_eq!(world.advance(DEADLINE).len(), 40);
    assert_eq!(world.advance(1).len(), 3);
    assert!(world.advance(1).is_empty());
}

#[test]
fn a_thousand_timers_run_in_a_block_whatever_else_is_due() {
    let mut base = BTreeMap::new();
    let mut left = 2_500;
    let mut keep = |changes: Changes| {
        for (key, value) in changes {
            match value {
                Some(value) => base.insert(key, value),
                None => base.remove(&key),
            };
        }
        base.clone()
    };
    let mut state = BTreeMap::new();
    {
        let mut overlay = Overlay::new(&state);
        for number in 0..left {
            timers::set(&mut overlay, 60, TimerKind::Proposal, number);
        }
        state = keep(overlay.into_changes());
    }
    for height in 1..=3 {
        let mut overlay = Overlay::new(&state);
        let now = Now {
            time: 90,
            paused: 0,
        };
        timer::run(&mut overlay, Block { height, now }, 0);
        left = left.saturating_sub(timer::TIMERS_MAX as u64);
        let next = timers::first_due(&overlay, 90).map(|timer| timer.number);
        assert_eq!(next, (left > 0).then_some(2_500 - left));
        state = keep(overlay.into_changes());
    }
}
