//! What happens by time alone, at the end of a block.

use polity_proto::v1::{Basis, BasisSource, Receipt, Timer, TimerKind};
use prost::Message;

use crate::actions::{ending, holding, recover_member};
use crate::context::{Authority, Block, Context};
use crate::decisions::{self, double_signing, settling};
use crate::elections;
use crate::merkle::receipts;
use crate::state::{Overlay, consumed, keys, timers};

/// Most timers of a block; the rest run in the next.
pub const TIMERS_MAX: usize = 1_000;
/// Most actions of adopted proposals that timers of a block execute; looking at an outlook that one is bound to counts, too.
pub const ACTIONS_MAX: usize = 2_000;
/// Most consumed ids that a block forgets: more than a block of 4 MiB consumes, for no transaction has 128 bytes or less.
pub const IDS_MAX: u64 = 32_768;
/// How many timers are taken from their bucket at a time.
const BATCH: usize = 64;

/// Runs what is due, in the order (due, kind, number). Each timer that did something has a receipt;
/// their root is one leaf. `first_position` follows the positions of the block's transactions.
pub(crate) fn run(state: &mut Overlay<'_>, block: Block, first_position: u32) -> Vec<Receipt> {
    let mut done: Vec<Receipt> = Vec::new();
    let mut fired = 0;
    let mut actions = 0;
    let mut ids = 0;
    // No proposal has more actions than `decisions::ACTIONS_MAX`, so whatever comes next fits, but for what its outlook
    // counts.
    let fits = |actions: usize| actions + decisions::ACTIONS_MAX <= ACTIONS_MAX;
    while fired < TIMERS_MAX && fits(actions) {
        let batch = timers::take_due(state, block.now.time, BATCH.min(TIMERS_MAX - fired));
        if batch.is_empty() {
            break;
        }
        for timer in batch {
            if !fits(actions) {
                timers::set(state, timer.due, timer.kind(), timer.number);
                continue;
            }
            fired += 1;
            if timer.kind() == TimerKind::ConsumedIds {
                ids += forget_ids(state, block, timer.number, IDS_MAX - ids);
                continue;
            }
            let position = first_position + done.len() as u32;
            let mut context = Context::new(state, block, position, Authority::Timer);
            context.basis = Basis {
                source: BasisSource::Timer as i32,
                ..Basis::default()
            };
            actions += fire(&mut context, &timer);
            if !context.events.is_empty() {
                done.push(Receipt {
                    code: 0,
                    failed_action: 0,
                    events: context.events,
                });
            }
        }
    }
    if !done.is_empty() {
        let encoded: Vec<Vec<u8>> = done.iter().map(Message::encode_to_vec).collect();
        let root = receipts::root(&encoded);
        state.put(
            keys::key(keys::TIMER_RECEIPTS, &[block.height]),
            root.to_vec(),
        );
        for (index, receipt) in encoded.into_iter().enumerate() {
            let row = keys::key(keys::TIMER_RECEIPT, &[block.height, index as u64]);
            state.put(row, receipt);
        }
    }
    done
}

/// Forgets ids of a minute, and leaves what is too much to a later block, behind whatever else is due; how many.
fn forget_ids(state: &mut Overlay<'_>, block: Block, minute: u64, at_most: u64) -> u64 {
    let forgotten = consumed::forget(state, minute, at_most);
    if consumed::is_kept(state, minute) {
        timers::set(state, block.now.time + 1, TimerKind::ConsumedIds, minute);
    }
    forgotten
}

/// Does what is due; what a proposal that executed cost, in actions.
fn fire(context: &mut Context<'_, '_>, timer: &Timer) -> usize {
    match timer.kind() {
        TimerKind::None | TimerKind::ConsumedIds => {}
        TimerKind::Hold => holding::expire(context, timer.number),
        TimerKind::Assignment => ending::term_over(context, timer.number),
        TimerKind::Recovery => recover_member::wait_over(context, timer.number),
        TimerKind::Proposal => return settling::fall_due(context, timer.number),
        TimerKind::Evidence => double_signing::propose_removal(context, timer.number),
        TimerKind::Election => elections::step_over(context, timer.number),
    }
    0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::judge::Now;
    use crate::state::consumed::Consuming;
    use crate::state::{Changes, Read};

    fn id(number: u64) -> [u8; 32] {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        id
    }

    /// How many ids are forgotten, and whether a timer of the next minute has run.
    fn run_at(state: &mut Overlay<'_>, height: u64, ids: u64) -> (u64, bool) {
        let now = Now {
            time: 240 + height,
            paused: 0,
        };
        run(state, Block { height, now }, 0);
        let forgotten = (0..ids).filter(|number| !consumed::contains(state, &id(*number)));
        let waits = state.get(&keys::key(keys::TIMER_BUCKET, &[2])).is_some();
        (forgotten.count() as u64, !waits)
    }

    fn apply(changes: Changes, state: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(state.insert(key, value)),
                None => assert!(state.remove(&key).is_some(), "{key:?}"),
            }
        }
    }

    #[test]
    fn a_block_forgets_so_many_ids_and_what_else_is_due_does_not_wait_for_the_rest() {
        let (mut committed, base) = (BTreeMap::new(), BTreeMap::new());
        let mut state = Overlay::new(&base);
        let ids = 2 * IDS_MAX + 2;
        // Of several blocks, whose rows end elsewhere than what a block forgets.
        for block in 0..3 {
            let mut consuming = Consuming::default();
            for number in (0..ids).filter(|number| number % 3 == block) {
                // The first are kept a minute longer than the rest.
                let valid_until = if number < 2 { 60 } else { 0 };
                consuming.add(&mut state, &id(number), valid_until);
            }
            consuming.finish(&mut state);
        }
        timers::set(&mut state, 121, TimerKind::Hold, 1);
        apply(state.into_changes(), &mut committed);

        for (height, forgotten) in [(1, IDS_MAX), (2, 2 * IDS_MAX), (3, ids)] {
            let base = committed.clone();
            let mut state = Overlay::new(&base);
            assert_eq!(run_at(&mut state, height, ids), (forgotten, true));
            apply(state.into_changes(), &mut committed);
        }
        assert!(committed.is_empty());
    }
}
