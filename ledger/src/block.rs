//! Executing a block: the only verdict.

use std::borrow::Borrow;
use std::rc::Rc;

use polity_proto::v1::{
    Action, Body, Member, MemberState, ObjectKind, Paused, Receipt, Validator, action::Kind,
};

use crate::check::CheckedTransaction;
use crate::context::{Block, Context};
use crate::judge::{Now, departments};
use crate::merkle::jellyfish::{content_hash, leaf_of};
use crate::merkle::subtree::Update;
use crate::state::consumed::{self, Consuming};
use crate::state::history::{self, Appending};
use crate::state::{Changes, Overlay, Read, keys, objects};
use crate::validity::Validity;
use crate::{Rejection, actions, parameters, timer};

/// What the chain says of a block, beside its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Height.
    pub height: u64,
    /// Block time in Unix seconds.
    pub time: u64,
    /// The parent block's time; `None` for the first block.
    pub parent_time: Option<u64>,
}

/// A validator's power after the block: zero removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorUpdate {
    /// Ed25519 consensus key, 32 bytes.
    pub key: Vec<u8>,
    /// Power.
    pub power: u64,
}

/// Evidence that a validator signed twice, as the engine gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// First 20 bytes of the SHA-256 of the consensus key.
    pub address: Vec<u8>,
    /// Height of the double signature.
    pub height: u64,
    /// Its time in Unix seconds.
    pub time: u64,
}

/// What a block did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockOutcome {
    /// One receipt for each transaction, in order.
    pub receipts: Vec<Receipt>,
    /// What timers did, in order; no transaction carries these.
    pub timer_receipts: Vec<Receipt>,
    /// Changed keys, leaves of the tree and rows beside it.
    pub changes: Changes,
    /// Changed validators.
    pub validator_updates: Vec<ValidatorUpdate>,
}

/// About how many keys of the state a transaction touches that others of its block do not.
const KEYS_OF_A_TRANSACTION: usize = 8;

/// Executes a block over its parent's state. Transactions are taken one by one: a caller may still check the later ones.
/// `append` runs what is appended to each history, in any order, on as many cores as it likes.
pub fn execute_block<T: Borrow<CheckedTransaction>>(
    parent: &dyn Read,
    organisation: &[u8; 32],
    header: Header,
    evidence: &[Evidence],
    transactions: impl IntoIterator<Item = Result<T, Rejection>>,
    append: impl FnOnce(&mut [Appending]),
) -> BlockOutcome {
    let transactions = transactions.into_iter();
    let keys = KEYS_OF_A_TRANSACTION * transactions.size_hint().0;
    let mut state = Overlay::with_room(parent, keys);
    let block = begin(&mut state, header);
    crate::evidence::record(&mut state, block, evidence);
    state.keep();

    let mut receipts = Vec::new();
    let mut consuming = Consuming::default();
    for (position, transaction) in (0..).zip(transactions) {
        let admitted = transaction.and_then(|checked| {
            admit(
                &mut state,
                &mut consuming,
                organisation,
                block,
                checked.borrow(),
            )?;
            Ok(checked)
        });
        let receipt = match admitted {
            Ok(checked) => apply(&mut state, block, position, checked.borrow().body()),
            Err(rejection) => refused(rejection, 0),
        };
        receipts.push(receipt);
        state.keep();
    }
    consuming.finish(&mut state);
    let timer_receipts = timer::run(&mut state, block, receipts.len() as u32);

    let validator_updates = validator_updates(parent, &state);
    BlockOutcome {
        receipts,
        timer_receipts,
        changes: state.into_changes_with(append),
        validator_updates,
    }
}

/// What a block begins with: outages are added to the pauses before anything is judged.
fn begin(state: &mut Overlay<'_>, header: Header) -> Block {
    let key = keys::key(keys::PAUSED, &[]);
    let mut paused: Paused = objects::value(state, &key).unwrap_or_default();
    let gap = header
        .parent_time
        .map_or(0, |parent| header.time.saturating_sub(parent));
    if gap > parameters::get(state).outage_gap {
        paused.seconds += gap;
        state.put(key, prost::Message::encode_to_vec(&paused));
    }
    let now = Now {
        time: header.time,
        paused: paused.seconds,
    };
    Block {
        height: header.height,
        now,
    }
}

/// Judges one transaction on the newest committed state; changes nothing. The rejection comes
/// with the index of the action that failed.
pub fn simulate(parent: &dyn Read, block: Block, body: &Body) -> Receipt {
    let mut state = Overlay::new(parent);
    apply(&mut state, block, 0, body)
}

/// Reads what a transaction will read: its id, and the accounts that it moves value between, with the right edges of
/// their histories. Whoever has a core to spare before the transaction's turn comes thus lets a store have the answers
/// at hand. Nothing depends on it.
pub fn read_ahead(state: &dyn Read, checked: &CheckedTransaction) {
    consumed::read_ahead(state, checked.id());
    for action in &checked.body().actions {
        let Some(Kind::Transfer(transfer)) = &action.kind else {
            continue;
        };
        for account in [&transfer.from, &transfer.to].into_iter().flatten() {
            history::read_ahead(state, ObjectKind::Account, account.number);
        }
    }
}

/// Consumes the id of a transaction that a block at that time may hold.
fn admit(
    state: &mut Overlay<'_>,
    consuming: &mut Consuming,
    organisation: &[u8; 32],
    block: Block,
    checked: &CheckedTransaction,
) -> Result<(), Rejection> {
    let body = checked.body();
    if body.organisation != organisation {
        return Err(Rejection::WrongOrganisation);
    }
    Validity::at(state, block.now.time).check(checked)?;
    consuming.add(state, checked.id(), body.valid_until);
    Ok(())
}

fn apply(state: &mut Overlay<'_>, block: Block, position: u32, body: &Body) -> Receipt {
    if let Err(rejection) = check_signers(state, body) {
        return refused(rejection, 0);
    }
    let point = state.savepoint();
    let mut context = Context::signed(state, block, position, &body.signers);
    // An action tells of one thing as a rule.
    context.events.reserve_exact(body.actions.len());
    for (index, action) in body.actions.iter().enumerate() {
        if let Err(rejection) = actions::run(&mut context, index as u32, action) {
            state.roll_back(point);
            return refused(rejection, index as u32);
        }
    }
    Receipt {
        code: 0,
        failed_action: 0,
        events: context.events,
    }
}

/// Whether every signer is a member with this active key: also asked at the door.
pub fn check_signers(state: &dyn Read, body: &Body) -> Result<(), Rejection> {
    for (index, signer) in body.signers.iter().enumerate() {
        let member: Rc<Member> =
            objects::look(state, signer.member).ok_or(Rejection::MemberUnknown)?;
        let active = member
            .keys
            .iter()
            .any(|key| key.public == signer.key && key.revoked_at == 0);
        if !active {
            return Err(Rejection::KeyUnknown);
        }
        check_body(body, index, member.state())?;
    }
    Ok(())
}

/// Whether a signer in this state may have signed the body: one who is not active does only what is left to them, and
/// stands behind nothing else.
fn check_body(body: &Body, signer: usize, state: MemberState) -> Result<(), Rejection> {
    let does = |action: &&Action| action.actor as usize == signer;
    for action in body.actions.iter().filter(does) {
        check_act(state, action.kind.as_ref())?;
    }
    let mut seconds = body.actions.iter().flat_map(|action| &action.seconds);
    let acts = body.actions.iter().any(|action| does(&action));
    if !acts || seconds.any(|second| second.signer as usize == signer) {
        check_act(state, None)?;
    }
    Ok(())
}

/// Whether somebody in this state may do this; without a kind: stand behind what somebody else does.
pub(crate) fn check_act(state: MemberState, kind: Option<&Kind>) -> Result<(), Rejection> {
    match state {
        MemberState::Active => Ok(()),
        MemberState::Invited => {
            Rejection::InvitedOnlyJoins.unless(matches!(kind, Some(Kind::Join(_))))
        }
        // The one act that a suspension leaves: whoever may suspend and recover does not take the
        // owner's stop away with it.
        MemberState::Suspended => {
            Rejection::MemberInactive.unless(matches!(kind, Some(Kind::StopRecovery(_))))
        }
        MemberState::None | MemberState::Departed | MemberState::Imported => {
            Err(Rejection::MemberInactive)
        }
    }
}

fn refused(rejection: Rejection, failed_action: u32) -> Receipt {
    Receipt {
        code: rejection.code(),
        failed_action,
        events: Vec::new(),
    }
}

/// What changed among the validators since the parent.
fn validator_updates(parent: &dyn Read, state: &Overlay<'_>) -> Vec<ValidatorUpdate> {
    let changed = keys::key(keys::VALIDATORS_CHANGED, &[]);
    if parent.get(&changed) == state.get(&changed) {
        return Vec::new();
    }
    let before = departments::validators(parent);
    let after = departments::validators(state);
    let holds = |list: &[Validator], key: &[u8], power: u64| {
        list.iter()
            .any(|validator| validator.key == key && validator.power == power)
    };
    let removed = before
        .iter()
        .filter(|validator| !after.iter().any(|other| other.key == validator.key))
        .map(|validator| ValidatorUpdate {
            key: validator.key.clone(),
            power: 0,
        });
    let set = after
        .iter()
        .filter(|validator| !holds(&before, &validator.key, validator.power))
        .map(|validator| ValidatorUpdate {
            key: validator.key.clone(),
            power: validator.power,
        });
    removed.chain(set).collect()
}

/// The updates of the state tree that changes amount to: sorted by key hash, rows beside left out.
pub fn tree_updates(changes: &Changes) -> Vec<Update> {
    let mut updates: Vec<_> = changes
        .iter()
        .filter(|(key, _)| keys::is_leaf(key))
        .map(|(key, value)| {
            let key_hash = content_hash(key);
            let leaf = value.as_ref().map(|value| leaf_of(&key_hash, value));
            (key_hash, leaf)
        })
        .collect();
    updates.sort_unstable();
    updates
}
