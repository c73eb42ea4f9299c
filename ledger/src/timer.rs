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
/// Most actions of adopted proposals that timers of a block execute.
pub const ACTIONS_MAX: usize = 2_000;
/// How many timers are taken from their bucket at a time.
const BATCH: usize = 64;

/// Runs what is due, in the order (due, kind, number). Each timer that did something has a receipt;
/// their root is one leaf. `first_position` follows the positions of the block's transactions.
pub(crate) fn run(state: &mut Overlay<'_>, block: Block, first_position: u32) -> Vec<Receipt> {
    let mut done: Vec<Receipt> = Vec::new();
    let mut fired = 0;
    let mut actions = 0;
    // Whatever comes next fits: no proposal has more actions than these.
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

/// Does what is due; how many actions of a proposal that executed.
fn fire(context: &mut Context<'_, '_>, timer: &Timer) -> usize {
    match timer.kind() {
        TimerKind::None | TimerKind::BudgetLine => {}
        TimerKind::ConsumedIds => consumed::expire(context.state, timer.number),
        TimerKind::Hold => holding::expire(context, timer.number),
        TimerKind::Assignment => ending::term_over(context, timer.number),
        TimerKind::Recovery => recover_member::wait_over(context, timer.number),
        TimerKind::Proposal => return settling::fall_due(context, timer.number),
        TimerKind::Evidence => double_signing::propose_removal(context, timer.number),
        TimerKind::Election => elections::step_over(context, timer.number),
    }
    0
}
