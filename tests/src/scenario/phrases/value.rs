//! Assets, accounts, transfers, holds and budgets.

use polity_ledger::merkle::history::{prove_consistency, prove_inclusion};
use polity_ledger::state::{history, keys, objects};
use polity_proto::v1::{
    Account, Allocate, AssetKind, CloseAccount, ConfirmExternal, CorrectTransfer, DefineAsset,
    FreezeAccount, Issue, MoveBudget, ObjectKind, OpenAccount, PlaceHold, PlanBudget, PostHold,
    Record, RecordExternal, RegisterParty, Retire, ReturnAllocation, SetCreditLimit, Transfer,
    TransferKind, VoidHold, action::Kind,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::super::clock;
use super::super::draft::{Draft, Place};
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble, trouble};
use super::document;

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "define" if words.take("asset") => define(draft, words)?,
        "issue" => {
            let (amount, _) = draft.amount(words)?;
            words.need("to")?;
            let account = draft.refer(ObjectKind::Account, words)?;
            draft.push(Kind::Issue(Issue {
                account,
                amount,
                document: Vec::new(),
            }));
        }
        "retire" => {
            let (amount, _) = draft.amount(words)?;
            words.need("from")?;
            let account = draft.refer(ObjectKind::Account, words)?;
            draft.push(Kind::Retire(Retire {
                account,
                amount,
                document: Vec::new(),
            }));
        }
        "open" if words.take("account") => open_account(draft, words)?,
        "close" if words.take("account") => {
            let account = draft.refer(ObjectKind::Account, words)?;
            draft.push(Kind::CloseAccount(CloseAccount { account }));
        }
        "freeze" | "unfreeze" => {
            let account = draft.refer(ObjectKind::Account, words)?;
            let frozen = verb == "freeze";
            draft.push(Kind::FreezeAccount(FreezeAccount { account, frozen }));
        }
        "set" if words.take("the credit limit of") => {
            let account = draft.refer(ObjectKind::Account, words)?;
            words.need("to")?;
            let (limit, _) = draft.amount(words)?;
            draft.push(Kind::SetCreditLimit(SetCreditLimit { account, limit }));
        }
        "register" if words.take("party") => register_party(draft, words)?,
        "allocate" => allocate(draft, words)?,
        "return" => give_back(draft, words)?,
        "plan" => plan(draft, words)?,
        "move" => move_budget(draft, words)?,
        "pay" => {
            let act = transfer(draft, words)?;
            draft.maybe_call(ObjectKind::Transfer, words, Kind::Transfer(act))?;
        }
        "hold" => hold(draft, words)?,
        "post" => {
            let hold = draft.refer(ObjectKind::Hold, words)?;
            let amount = if words.take("for") {
                draft.amount(words)?.0
            } else {
                Vec::new()
            };
            let act = Kind::PostHold(PostHold { hold, amount });
            draft.maybe_call(ObjectKind::Transfer, words, act)?;
        }
        "void" => {
            let hold = draft.refer(ObjectKind::Hold, words)?;
            draft.push(Kind::VoidHold(VoidHold { hold }));
        }
        "correct" => correct(draft, words)?,
        "record" => record(draft, words)?,
        "confirm" => {
            let hold = draft.refer(ObjectKind::Hold, words)?;
            words.need("by statement")?;
            let statement = document(&words.word("statement")?);
            draft.push(Kind::ConfirmExternal(ConfirmExternal { hold, statement }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `defines asset EUR as money with 2 decimals in U`.
fn define(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let code = words.word("asset")?;
    words.need("as")?;
    let name = words.word("kind")?;
    let kind = AssetKind::from_str_name(&format!("ASSET_KIND_{}", name.to_uppercase()))
        .ok_or_else(|| Trouble(format!("`{name}` is no kind of asset")))?;
    words.need("with")?;
    let scale = words.number("number of decimals")?;
    words.need("decimals in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    draft
        .lookup
        .names
        .scales
        .entry(code.clone())
        .or_insert(scale);
    let act = DefineAsset {
        code: code.clone(),
        scale,
        kind: kind as i32,
        unit,
    };
    draft.create(ObjectKind::Asset, &code, Kind::DefineAsset(act));
    Ok(())
}

/// `opens account OWNER:NAME in EUR [known as ID]`.
fn open_account(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("account")?;
    let (owner, handle) = path
        .rsplit_once(':')
        .ok_or_else(|| Trouble(format!("an account is written owner:name, not `{path}`")))?;
    let owner = draft.lookup.owner(owner)?;
    words.need("in")?;
    let asset = draft.refer(ObjectKind::Asset, words)?;
    let external_id = words.after("known as")?.unwrap_or_default();
    let act = OpenAccount {
        owner,
        asset,
        handle: handle.to_owned(),
        external_id,
    };
    draft.create(ObjectKind::Account, &path, Kind::OpenAccount(act));
    Ok(())
}

/// `registers party U/@NAME [known as ID]`.
fn register_party(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("party")?;
    let (unit, handle) = path
        .split_once("/@")
        .ok_or_else(|| Trouble(format!("a party is written unit/@name, not `{path}`")))?;
    let unit = draft.lookup.find(ObjectKind::Unit, unit)?;
    let external_id = words.after("known as")?.unwrap_or_default();
    let act = RegisterParty {
        unit,
        handle: handle.to_owned(),
        external_id,
        commitment: Vec::new(),
    };
    draft.create(ObjectKind::Party, &path, Kind::RegisterParty(act));
    Ok(())
}

/// `AMOUNT from A to B [as KIND] [on line L] [reference WORDS] [dated TIME]`.
fn transfer(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Transfer> {
    let (amount, _) = draft.amount(words)?;
    words.need("from")?;
    let from = draft.refer(ObjectKind::Account, words)?;
    words.need("to")?;
    let to = draft.refer(ObjectKind::Account, words)?;
    let kind = match words.after("as")? {
        None => TransferKind::Payment,
        Some(name) => TransferKind::from_str_name(&format!(
            "TRANSFER_KIND_{}",
            name.to_uppercase().replace('-', "_")
        ))
        .ok_or_else(|| Trouble(format!("`{name}` is no kind of transfer")))?,
    };
    let line = if words.take("on line") {
        draft.refer(ObjectKind::BudgetLine, words)?
    } else {
        None
    };
    let reference = words.after("reference")?.unwrap_or_default();
    let value_date = if words.take("dated") {
        clock::time(words)?
    } else {
        0
    };
    Ok(Transfer {
        from,
        to,
        amount,
        kind: kind as i32,
        line,
        reference,
        document: Vec::new(),
        value_date,
    })
}

/// `allocates AMOUNT from A to B [on line L] [dated TIME] [called NAME]`.
fn allocate(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let told = transfer(draft, words)?;
    let act = Kind::Allocate(Allocate {
        from: told.from,
        to: told.to,
        amount: told.amount,
        line: told.line,
        reference: told.reference,
        document: told.document,
        value_date: told.value_date,
    });
    draft.maybe_call(ObjectKind::Transfer, words, act)
}

/// `returns AMOUNT from A to B`.
fn give_back(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let told = transfer(draft, words)?;
    draft.push(Kind::ReturnAllocation(ReturnAllocation {
        from: told.from,
        to: told.to,
        amount: told.amount,
        reference: told.reference,
        document: told.document,
        value_date: told.value_date,
    }));
    Ok(())
}

/// `plans AMOUNT for CATEGORY in U from DAY until DAY [hard] [carried forward] [called NAME]`.
fn plan(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let (approved, code) = draft.amount(words)?;
    words.need("for")?;
    let category = words.word("category")?;
    words.need("in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    words.need("from")?;
    let from = clock::time(words)?;
    words.need("until")?;
    let until = clock::time(words)?;
    let act = Kind::PlanBudget(PlanBudget {
        unit,
        category,
        from,
        until,
        asset: draft.lookup.find(ObjectKind::Asset, &code)?,
        approved,
        hard: words.take("hard"),
        carry_forward: words.take("carried forward"),
    });
    draft.maybe_call(ObjectKind::BudgetLine, words, act)
}

/// `moves AMOUNT from line L to line L`.
fn move_budget(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let (amount, _) = draft.amount(words)?;
    words.need("from line")?;
    let from = draft.refer(ObjectKind::BudgetLine, words)?;
    words.need("to line")?;
    let to = draft.refer(ObjectKind::BudgetLine, words)?;
    draft.push(Kind::MoveBudget(MoveBudget { from, to, amount }));
    Ok(())
}

/// `holds AMOUNT from A to B … for 3 days | until TIME [called NAME]`.
fn hold(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let transfer = transfer(draft, words)?;
    let expires_at = if words.take("for") {
        draft.now() + clock::duration(words)?
    } else {
        words.need("until")?;
        clock::time(words)?
    };
    let act = Kind::PlaceHold(PlaceHold {
        transfer: Some(transfer),
        expires_at,
    });
    draft.maybe_call(ObjectKind::Hold, words, act)
}

/// `records AMOUNT from A to B by statement S [called NAME]`.
fn record(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let told = transfer(draft, words)?;
    words.need("by statement")?;
    let statement = document(&words.word("statement")?);
    let act = Kind::RecordExternal(RecordExternal {
        from: told.from,
        to: told.to,
        amount: told.amount,
        statement,
        reference: told.reference,
        value_date: told.value_date,
    });
    draft.maybe_call(ObjectKind::Hold, words, act)
}

/// `corrects T by AMOUNT from ACCOUNT [with a false proof]`: the account that was credited shows
/// the transfer in its history and gives back.
fn correct(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("transfer")?;
    let number = draft.lookup.number(ObjectKind::Transfer, &name)?;
    words.need("by")?;
    let (amount, _) = draft.amount(words)?;
    words.need("from")?;
    let path = words.word("account")?;
    let account = draft.lookup.number(ObjectKind::Account, &path)?;
    let mut act = proof(draft, number, account)?;
    act.account = polity_ledger::form::numbered(account);
    act.amount = amount;
    if words.take("with a false proof") {
        act.root = document("another root");
    }
    draft.push(Kind::CorrectTransfer(act));
    Ok(())
}

/// The proof that a transfer is in the history of an account.
fn proof(draft: &Draft<'_>, transfer: u64, account: u64) -> Outcome<CorrectTransfer> {
    let Place::Ledger(memory) = draft.place else {
        return trouble("nothing is corrected at the genesis");
    };
    let state = &memory.state;
    let record: Record = objects::value(state, &objects::object_key(keys::ACCOUNT, account))
        .ok_or_else(|| Trouble("there is no such account".into()))?;
    let entries: Vec<Vec<u8>> = (0..record.history_count)
        .filter_map(|index| state.get(&keys::history_entry(ObjectKind::Account, account, index)))
        .cloned()
        .collect();
    let object = draft
        .lookup
        .names
        .movements
        .get(&(transfer, account))
        .ok_or_else(|| Trouble("the story did not see this transfer in this account".into()))?;
    let hash = Sha256::digest(object).to_vec();
    let index = entries
        .iter()
        .position(|entry| {
            polity_proto::v1::HistoryEntry::decode(entry.as_slice())
                .is_ok_and(|entry| entry.object_hash == hash)
        })
        .ok_or_else(|| Trouble("the account's history does not have the transfer".into()))?;
    let node = |level, index| history::node(state, ObjectKind::Account, account, level, index);
    let count = record.history_count;
    let listed = |hashes: Vec<[u8; 32]>| hashes.iter().map(|hash| hash.to_vec()).collect();
    let missing = || Trouble("a node of the history is missing".into());
    Ok(CorrectTransfer {
        transfer,
        index: index as u64,
        entry: entries[index].clone(),
        object: object.clone(),
        path: listed(prove_inclusion(index as u64, count, node).ok_or_else(missing)?),
        count,
        consistency: listed(prove_consistency(count, count, node).ok_or_else(missing)?),
        root: record.history_root,
        ..CorrectTransfer::default()
    })
}

/// The account as bytes, where its last movement was this transfer: what a correction shows.
pub(in super::super) fn moved_by(object: &[u8]) -> Option<u64> {
    let account = Account::decode(object).ok()?;
    account.last.map(|movement| movement.transfer)
}
