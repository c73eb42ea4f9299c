//! Assets, parties, accounts and what is issued into them.

use polity_proto::v1::{DefineAsset, Issue, OpenAccount, RegisterParty, action::Kind};

use super::draft::{Draft, Entry, Sort};
use super::{CharterError, form, words};

pub(super) fn add(draft: &mut Draft, charter: &form::Charter) -> Result<(), CharterError> {
    for asset in &charter.assets {
        add_asset(draft, asset)?;
    }
    for party in &charter.parties {
        add_party(draft, party)?;
    }
    for account in &charter.accounts {
        add_account(draft, account)?;
    }
    Ok(())
}

fn add_asset(draft: &mut Draft, asset: &form::Asset) -> Result<(), CharterError> {
    let entry = Entry {
        table: "assets",
        name: &asset.code,
    };
    let define = DefineAsset {
        code: asset.code.clone(),
        scale: asset.decimals,
        kind: words::asset_kind(&asset.kind).map_err(|words| entry.error(words))? as i32,
        unit: draft.find(entry, Sort::Unit, &asset.unit)?,
    };
    draft.set_decimals(&asset.code, asset.decimals);
    draft.create(entry, Sort::Asset, Kind::DefineAsset(define))
}

fn add_party(draft: &mut Draft, party: &form::Party) -> Result<(), CharterError> {
    let entry = Entry {
        table: "parties",
        name: &party.party,
    };
    let Some((unit, handle)) = party.party.split_once("/@") else {
        return Err(entry.error("is not of the form unit/@handle"));
    };
    let commitment = match &party.commitment {
        Some(text) => words::hex_bytes(text, 32).map_err(|words| entry.error(words))?,
        None => Vec::new(),
    };
    let register = RegisterParty {
        unit: draft.find(entry, Sort::Unit, unit)?,
        handle: handle.to_owned(),
        external_id: party.external_id.clone(),
        commitment,
    };
    draft.create(entry, Sort::Party, Kind::RegisterParty(register))
}

fn add_account(draft: &mut Draft, account: &form::Account) -> Result<(), CharterError> {
    let entry = Entry {
        table: "accounts",
        name: &account.account,
    };
    let Some((owner, handle)) = account.account.split_once(':') else {
        return Err(entry.error("is not of the form owner:handle"));
    };
    let open = OpenAccount {
        owner: Some(draft.owner(entry, owner)?),
        asset: draft.find(entry, Sort::Asset, &account.asset)?,
        handle: handle.to_owned(),
        external_id: account.external_id.clone(),
    };
    draft.create(entry, Sort::Account, Kind::OpenAccount(open))?;

    if let Some(text) = &account.issue {
        let (amount, code) = draft.amount(entry, text)?;
        if code != account.asset {
            return Err(entry.error(format!("holds {}, not {code}", account.asset)));
        }
        let issue = Issue {
            account: draft.find(entry, Sort::Account, &account.account)?,
            amount,
            document: Vec::new(),
        };
        draft.push(entry, "issue", Kind::Issue(issue));
    }
    Ok(())
}
