//! Evidence of double signing: recorded, and answered by taking the validator's power.

use polity_proto::v1::{Counter, Misbehaviour, TimerKind, Validator};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::block::Evidence;
use crate::context::Block;
use crate::judge::departments;
use crate::parameters;
use crate::state::keys::{self, List};
use crate::state::{Overlay, Read, lists, timers};

/// Records each piece of evidence once. The validator loses its power if enough others remain;
/// else its removal is proposed to the departments.
pub(crate) fn record(state: &mut Overlay<'_>, block: Block, evidence: &[Evidence]) {
    for piece in evidence {
        let key = keys::key_with(keys::MISBEHAVIOUR, &[piece.height], &piece.address);
        if state.get(&key).is_some() {
            continue;
        }
        let validators = departments::validators(state);
        let guilty = validators
            .iter()
            .find(|validator| Sha256::digest(&validator.key)[..20] == piece.address[..]);
        let enough = validators.len() > parameters::get(state).validators_min as usize;
        let power_taken = guilty.is_some() && enough;
        let record = Misbehaviour {
            address: piece.address.clone(),
            height: piece.height,
            time: piece.time,
            unit: guilty.map_or(0, |validator| validator.unit),
            power_taken,
        };

        state.put(key, record.encode_to_vec());
        match guilty {
            Some(guilty) if power_taken => take_power(state, block, guilty),
            // Too few would remain: the departments decide, at the end of this block.
            Some(guilty) => timers::set(state, block.now.time, TimerKind::Evidence, guilty.unit),
            None => {}
        }
    }
}

fn take_power(state: &mut Overlay<'_>, block: Block, validator: &Validator) {
    lists::remove(state, List::Validators, 0, validator.unit);
    state.delete(keys::key(keys::VALIDATOR, &[validator.unit]));
    state.delete(keys::key_with(keys::CONSENSUS_KEY, &[], &validator.key));
    mark_changed(state, block);
}

/// Notes the height at which validators changed: at most one change a block.
pub(crate) fn mark_changed(state: &mut Overlay<'_>, block: Block) {
    let counter = Counter { last: block.height };
    state.put(
        keys::key(keys::VALIDATORS_CHANGED, &[]),
        counter.encode_to_vec(),
    );
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{ModeKind, Proposal, ProposalState};

    use super::*;
    use crate::Rejection;
    use crate::block::{BlockOutcome, Header, execute_block};
    use crate::check::CheckedTransaction;
    use crate::state::history::Appending;
    use crate::state::objects;
    use crate::world::{Charter, World, public};

    /// What a block with evidence against dev's validator does.
    fn evidence_in(world: &mut World) -> BlockOutcome {
        let key = public("dev validator");
        let evidence = Evidence {
            address: Sha256::digest(&key)[..20].to_vec(),
            height: world.height,
            time: world.time,
        };
        let header = Header {
            height: world.height + 1,
            time: world.time + 1,
            parent_time: Some(world.time),
        };
        let outcome = execute_block(
            &world.state,
            &world.organisation,
            header,
            &[evidence.clone(), evidence],
            std::iter::empty::<Result<CheckedTransaction, Rejection>>(),
            Appending::run_all,
        );
        for (key, value) in &outcome.changes {
            match value {
                Some(value) => world.state.insert(key.clone(), value.clone()),
                None => world.state.remove(key),
            };
        }
        outcome
    }

    #[test]
    fn whoever_signs_twice_loses_its_power_where_enough_others_remain() {
        let mut world = World::new();
        let outcome = evidence_in(&mut world);
        assert_eq!(outcome.validator_updates.len(), 1);
        assert_eq!(outcome.validator_updates[0].power, 0);
        assert_eq!(departments::validators(&world.state).len(), 3);
        assert!(evidence_in(&mut world).validator_updates.is_empty());
    }

    #[test]
    fn where_too_few_would_remain_the_departments_are_asked() {
        let mut charter = Charter::acme();
        charter.parameters.validators_min = 4;
        let mut world = World::founded(&charter);
        let outcome = evidence_in(&mut world);
        assert!(outcome.validator_updates.is_empty());
        assert_eq!(outcome.timer_receipts.len(), 1);
        let number = outcome.timer_receipts[0].events[0].number;
        let proposal: Proposal = objects::get(&world.state, number).expect("it is opened");
        let mode = proposal.mode.expect("it has a mode");
        assert_eq!(mode.kind(), ModeKind::Departments);
        assert_eq!(proposal.seats.len(), 4);

        for (member, role) in [
            ("ben", "dev#lead"),
            ("cleo", "ops#lead"),
            ("dan", "sales#lead"),
        ] {
            world.time += 2;
            world.height += 1;
            let yes = world.answer(number, polity_proto::v1::Answer::Yes);
            world.check(member, Some(role), yes, "accepted");
        }
        // Decided, but a validator must be added first.
        assert_eq!(world.proposal_state(number), ProposalState::Failed);
        let failed = world.get::<Proposal>(number).failed_code;
        assert_eq!(failed, crate::Rejection::ValidatorsMin.code());
    }
}
