//! Assets, accounts, budgets and movements.

use polity_ledger::merkle::history::{prove_inclusion, root_of};
use polity_ledger::state::{Read, history, keys, objects};
use polity_ledger::time::DAY;
use polity_ledger::{Amount, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Account, Allocate, Asset, AssetKind, CloseAccount, ConfirmExternal, CorrectTransfer,
    DefineAsset, FreezeAccount, Hold, Issue, MoveBudget, ObjectKind, OpenAccount, OwnerKind,
    OwnerRef, Party, PlaceHold, PlanBudget, PostHold, Record, RecordExternal, RegisterParty,
    Retire, ReturnAllocation, SetCreditLimit, Transfer, TransferKind, VoidHold,
};
use prost::Message;

use super::{Deed, Scene};

const UNIT: [OwnerKind; 1] = [OwnerKind::Unit];
const PEERS: [OwnerKind; 2] = [OwnerKind::Unit, OwnerKind::Member];

pub(crate) fn define_asset(scene: &mut Scene<'_>) -> Option<Deed> {
    let define = DefineAsset {
        code: format!("A{}", scene.dice.below(500)),
        scale: scene.dice.below(6) as u32,
        kind: scene.dice.one_of([AssetKind::Money, AssetKind::Points]) as i32,
        unit: form::numbered(1),
    };
    Some(Kind::DefineAsset(define).into())
}

pub(crate) fn issue(scene: &mut Scene<'_>) -> Option<Deed> {
    let issue = Issue {
        account: account(scene, &PEERS)?,
        amount: scene.amount(20_000),
        ..Issue::default()
    };
    Some(Kind::Issue(issue).into())
}

pub(crate) fn retire(scene: &mut Scene<'_>) -> Option<Deed> {
    let retire = Retire {
        account: account(scene, &UNIT)?,
        amount: scene.amount(500),
        ..Retire::default()
    };
    Some(Kind::Retire(retire).into())
}

pub(crate) fn open_account(scene: &mut Scene<'_>) -> Option<Deed> {
    let kind = scene
        .dice
        .one_of([OwnerKind::Unit, OwnerKind::Member, OwnerKind::Party]);
    let number = match kind {
        OwnerKind::Member => scene.member(),
        OwnerKind::Party => {
            let parties = scene.view.all::<Party>();
            scene.reference(parties)
        }
        OwnerKind::None | OwnerKind::Unit | OwnerKind::Issuance | OwnerKind::Escrow => scene.unit(),
    };
    let open = OpenAccount {
        owner: Some(OwnerRef {
            kind: kind as i32,
            number,
        }),
        asset: scene.reference::<Asset>(scene.view.all()),
        handle: scene.handle(),
        external_id: scene.external_id(),
    };
    Some(Kind::OpenAccount(open).into())
}

pub(crate) fn close_account(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut accounts = scene.view.accounts(&PEERS);
    accounts.retain(|account| account.credits_posted == account.debits_posted);
    let close = CloseAccount {
        account: scene.reference(accounts),
    };
    Some(Kind::CloseAccount(close).into())
}

pub(crate) fn freeze_account(scene: &mut Scene<'_>) -> Option<Deed> {
    let accounts = scene.view.accounts(&UNIT);
    let account = scene.one(accounts)?;
    let frozen: Vec<Account> = scene
        .view
        .all::<Account>()
        .into_iter()
        .filter(|account| account.frozen)
        .collect();
    // Thawed sooner than frozen: otherwise nobody could pay any more.
    let (account, freeze) = match frozen.first() {
        Some(frozen) if scene.dice.chance(70) => (frozen.number, false),
        Some(_) | None => (account.number, true),
    };
    let freeze = FreezeAccount {
        account: form::numbered(account),
        frozen: freeze,
    };
    Some(Kind::FreezeAccount(freeze).into())
}

pub(crate) fn set_credit_limit(scene: &mut Scene<'_>) -> Option<Deed> {
    let set = SetCreditLimit {
        account: account(scene, &UNIT)?,
        limit: scene.amount(5_000),
    };
    Some(Kind::SetCreditLimit(set).into())
}

pub(crate) fn register_party(scene: &mut Scene<'_>) -> Option<Deed> {
    let register = RegisterParty {
        unit: scene.unit(),
        handle: scene.handle(),
        external_id: scene.external_id(),
        ..RegisterParty::default()
    };
    Some(Kind::RegisterParty(register).into())
}

pub(crate) fn allocate(scene: &mut Scene<'_>) -> Option<Deed> {
    let (from, to) = pair(scene, &UNIT, &UNIT)?;
    let allocate = Allocate {
        from: form::numbered(from.number),
        to: form::numbered(to.number),
        amount: scene.amount(10_000),
        line: line_of(scene, &from),
        ..Allocate::default()
    };
    Some(Kind::Allocate(allocate).into())
}

pub(crate) fn return_allocation(scene: &mut Scene<'_>) -> Option<Deed> {
    let (from, to) = pair(scene, &UNIT, &UNIT)?;
    let give_back = ReturnAllocation {
        from: form::numbered(from.number),
        to: form::numbered(to.number),
        amount: scene.amount(1_000),
        ..ReturnAllocation::default()
    };
    Some(Kind::ReturnAllocation(give_back).into())
}

pub(crate) fn plan_budget(scene: &mut Scene<'_>) -> Option<Deed> {
    let accounts = scene.view.accounts(&UNIT);
    let account = scene.one(accounts)?;
    // Months of thirty days, so that lines follow each other.
    let month = scene.time() / (30 * DAY) + scene.dice.below(3);
    let plan = PlanBudget {
        unit: form::numbered(account.owner?.number),
        category: scene.dice.one_of(["tools", "travel"]).into(),
        from: month * 30 * DAY,
        until: (month + 1) * 30 * DAY,
        asset: form::numbered(account.asset),
        approved: scene.amount(50_000),
        hard: scene.dice.chance(60),
        carry_forward: scene.dice.chance(70),
    };
    Some(Kind::PlanBudget(plan).into())
}

pub(crate) fn move_budget(scene: &mut Scene<'_>) -> Option<Deed> {
    let lines = scene.view.lines();
    let from = scene.one(lines.clone())?;
    let others = lines
        .into_iter()
        .filter(|line| line.unit == from.unit && line.number != from.number);
    // Sometimes more than most lines have.
    let most = scene.dice.one_of([1_000, 1_000, 200_000]);
    let moved = MoveBudget {
        from: form::numbered(from.number),
        to: scene.reference(others.collect()),
        amount: scene.amount(most),
    };
    Some(Kind::MoveBudget(moved).into())
}

pub(crate) fn transfer(scene: &mut Scene<'_>) -> Option<Deed> {
    Some(Kind::Transfer(payment(scene)?).into())
}

pub(crate) fn place_hold(scene: &mut Scene<'_>) -> Option<Deed> {
    let place = PlaceHold {
        transfer: Some(payment(scene)?),
        expires_at: scene.soon(20),
    };
    Some(Kind::PlaceHold(place).into())
}

pub(crate) fn post_hold(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut holds = scene.view.holds();
    holds.retain(|hold| !hold.external);
    let hold = scene.one(holds)?;
    let part = Amount::from_state(&hold.amount).0 / 2;
    let post = PostHold {
        hold: form::numbered(hold.number),
        amount: if scene.dice.chance(50) {
            Amount(part).to_bytes()
        } else {
            Vec::new()
        },
    };
    Some(Kind::PostHold(post).into())
}

pub(crate) fn void_hold(scene: &mut Scene<'_>) -> Option<Deed> {
    let holds = scene.view.holds();
    let void = VoidHold {
        hold: scene.reference(holds),
    };
    Some(Kind::VoidHold(void).into())
}

pub(crate) fn correct_transfer(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut accounts = scene.view.accounts(&PEERS);
    accounts.retain(|account| {
        let last = account.last.as_ref();
        last.is_some_and(|last| last.credited && last.transfer != 0)
    });
    let account = scene.one(accounts)?;
    let last = account.last.clone()?;
    let number = account.number;
    let record: Record = objects::value(
        scene.view.state,
        &objects::object_key(keys::ACCOUNT, number),
    )?;
    let count = record.history_count;
    let state = scene.view.state;
    let node = |level, index| history::node(state, ObjectKind::Account, number, level, index);
    let index = count.checked_sub(1)?;
    let correct = CorrectTransfer {
        transfer: last.transfer,
        account: form::numbered(number),
        amount: Amount(Amount::from_state(&last.amount).0.div_ceil(2)).to_bytes(),
        index,
        entry: Read::get(
            state,
            &keys::history_entry(ObjectKind::Account, number, index),
        )?
        .to_vec(),
        object: account.encode_to_vec(),
        path: prove_inclusion(index, count, node)?
            .iter()
            .map(|hash| hash.to_vec())
            .collect(),
        count,
        root: root_of(count, node)?.to_vec(),
        ..CorrectTransfer::default()
    };
    Some(Kind::CorrectTransfer(correct).into())
}

pub(crate) fn record_external(scene: &mut Scene<'_>) -> Option<Deed> {
    let kinds = [UNIT, [OwnerKind::Party]];
    let (from, to) = if scene.dice.chance(70) {
        (1, 0)
    } else {
        (0, 1)
    };
    let (from, to) = pair(scene, &kinds[from], &kinds[to])?;
    let record = RecordExternal {
        from: form::numbered(from.number),
        to: form::numbered(to.number),
        amount: scene.amount(5_000),
        statement: vec![9; 32],
        ..RecordExternal::default()
    };
    Some(Kind::RecordExternal(record).into())
}

pub(crate) fn confirm_external(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut holds = scene.view.holds();
    holds.retain(|hold| hold.external);
    let hold: Hold = scene.one(holds)?;
    let confirm = ConfirmExternal {
        hold: form::numbered(hold.number),
        statement: hold.statement,
    };
    Some(Kind::ConfirmExternal(confirm).into())
}

fn account(scene: &mut Scene<'_>, kinds: &[OwnerKind]) -> Option<Option<polity_proto::v1::Ref>> {
    let accounts = scene.view.accounts(kinds);
    Some(form::numbered(scene.one(accounts)?.number))
}

/// Two accounts of one asset, of two owners where there are.
fn pair(scene: &mut Scene<'_>, from: &[OwnerKind], to: &[OwnerKind]) -> Option<(Account, Account)> {
    let accounts = scene.view.accounts(from);
    let from = scene.one(accounts)?;
    let mut accounts = scene.view.accounts(to);
    accounts.retain(|account| account.asset == from.asset && account.number != from.number);
    if scene.dice.chance(90) {
        accounts.retain(|account| account.owner != from.owner);
    }
    let to = scene.one(accounts)?;
    Some((from, to))
}

fn payment(scene: &mut Scene<'_>) -> Option<Transfer> {
    let (from, to) = pair(scene, &PEERS, &PEERS)?;
    let kind = if from.owner == to.owner {
        TransferKind::Internal
    } else {
        scene.dice.one_of([
            TransferKind::Payment,
            TransferKind::Reimbursement,
            TransferKind::Compensation,
            TransferKind::Refund,
            TransferKind::Gift,
        ])
    };
    Some(Transfer {
        from: form::numbered(from.number),
        to: form::numbered(to.number),
        amount: scene.amount(3_000),
        kind: kind as i32,
        line: line_of(scene, &from),
        reference: "RF18".into(),
        value_date: if scene.dice.chance(10) {
            scene.time().saturating_sub(scene.dice.below(5 * DAY))
        } else {
            0
        },
        ..Transfer::default()
    })
}

/// Sometimes a budget line of the account's unit.
fn line_of(scene: &mut Scene<'_>, account: &Account) -> Option<polity_proto::v1::Ref> {
    let owner = account.owner?;
    if owner.kind() != OwnerKind::Unit || scene.dice.chance(50) {
        return None;
    }
    let mut lines = scene.view.lines();
    lines.retain(|line| line.unit == owner.number && line.asset == account.asset);
    scene.reference(lines)
}
