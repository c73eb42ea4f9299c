//! The proof that a correction carries: the original's entry in the history of the account that it credited, and the
//! account as it was right after it.

use polity_ledger::Amount;
use polity_proto::v1::{
    Account, Asset, CorrectTransfer, Event, InclusionAnswer, InclusionRequest, Movement,
    ObjectKind, Ref,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::evidence::{Evidence, ProvenEvent};
use super::{AsOf, History, HistoryItem, Session, decode, lettered};
use crate::proof::HistoryHead;
use crate::{Error, Result};

/// How often a history that grows while it is read is read again.
const ATTEMPTS_MAX: u32 = 10;

/// A transfer that was found in an account's history.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTransfer {
    /// Its entry.
    pub item: HistoryItem,
    /// Its event, proven.
    pub proven: ProvenEvent,
    /// The asset that moved.
    pub asset: Asset,
}

impl Session {
    /// Finds a transfer in the history of an account that it moved, and proves it; none where it is proven not to be there.
    pub async fn transfer_in(&self, account: u64, transfer: u64) -> Result<Option<FoundTransfer>> {
        let history = self.history(ObjectKind::Account, account).await?;
        let is_it = |event: &Event| is_transfer(event, transfer);
        let is_told = |item: &HistoryItem| item.context.event.as_ref().is_some_and(is_it);
        let mut evidence = self.evidence();
        let place = match history.items.iter().position(is_told) {
            Some(place) => Some(place),
            None => place_of(&mut evidence, &history.items, transfer).await?,
        };
        let Some(item) = place.and_then(|place| history.items.get(place).cloned()) else {
            return Ok(None);
        };
        let proven = evidence.event(&item).await?;
        if !is_it(&proven.event) {
            return Err(Error::proof(
                "the receipt shows another event than the node told",
            ));
        }
        let account: Account = self.get(account).await?.unwrap_or_default();
        let asset = self.get(account.asset).await?.unwrap_or_default();
        Ok(Some(FoundTransfer {
            item,
            proven,
            asset,
        }))
    }

    /// A correction of a transfer with its proof; of no amount: all of it.
    pub async fn correction(
        &self,
        found: &FoundTransfer,
        amount: Option<Amount>,
    ) -> Result<CorrectTransfer> {
        let posting = found
            .proven
            .event
            .posting
            .clone()
            .ok_or_else(|| Error::usage("the event moved no value"))?;
        let account = posting.to;
        for _ in 0..ATTEMPTS_MAX {
            let history = self.history(ObjectKind::Account, account).await?;
            let item = history
                .items
                .iter()
                .find(|item| {
                    (item.entry.height, item.entry.position, item.entry.event)
                        == (
                            found.item.entry.height,
                            found.item.entry.position,
                            found.item.entry.event,
                        )
                })
                .ok_or_else(|| Error::proof("the credited account's history lacks the transfer"))?;
            let Some(inclusion) = self.inclusion(account, item.index, &history).await? else {
                continue;
            };
            let object = self.object_after(account, &history, item).await?;
            return Ok(CorrectTransfer {
                transfer: posting.transfer,
                account: Some(Ref {
                    number: account,
                    new: 0,
                }),
                amount: match amount {
                    Some(amount) => amount.to_bytes(),
                    None => posting.amount.clone(),
                },
                index: item.index,
                entry: inclusion.entry,
                object,
                path: inclusion.path,
                count: history.count,
                consistency: Vec::new(),
                document: Vec::new(),
                root: history.root,
            });
        }
        Err(Error::trouble(
            "the account moved again and again while it was read",
        ))
    }

    /// The inclusion proof of an entry, where the history did not grow meanwhile.
    async fn inclusion(
        &self,
        account: u64,
        index: u64,
        history: &History,
    ) -> Result<Option<InclusionAnswer>> {
        let request = InclusionRequest {
            kind: ObjectKind::Account as i32,
            number: account,
            index,
        };
        let answer: InclusionAnswer = self
            .rpc()
            .query("/inclusion", &request.encode_to_vec(), 0, false, decode)
            .await?;
        if answer.count != history.count {
            return Ok(None);
        }
        let head = HistoryHead {
            count: history.count,
            root: history.root[..]
                .try_into()
                .map_err(|_| Error::proof("the history has no root"))?,
        };
        head.verify_inclusion_answer(&answer, index)?;
        Ok(Some(answer))
    }

    /// The account's bytes right after an entry. A node remembers it after each block: where the account moved several
    /// times in one, the movements are repeated, and the entry's hash says whether the result is right.
    async fn object_after(
        &self,
        account: u64,
        history: &History,
        item: &HistoryItem,
    ) -> Result<Vec<u8>> {
        let fits = |account: &Account| {
            let bytes = account.encode_to_vec();
            (Sha256::digest(&bytes)[..] == item.entry.object_hash[..]).then_some(bytes)
        };
        let height = item.entry.height;
        let at = |height| self.view(AsOf::Height(height));
        let after = at(height).get::<Account>(account).await?;
        if let Some(bytes) = after.as_ref().and_then(fits) {
            return Ok(bytes);
        }

        let before = match height {
            0 | 1 => None,
            height => at(height - 1).get::<Account>(account).await?,
        };
        let mut state = before.or(after).unwrap_or_default();
        let of_block = history
            .items
            .iter()
            .filter(|one| one.entry.height == height && one.index <= item.index);
        for one in of_block {
            let event = one.context.event.clone().unwrap_or_default();
            apply(&mut state, account, &event)?;
        }
        // Where the payer named a budget line, only the account tells it and no event, so what is repeated does not
        // fit.
        fits(&state).ok_or_else(|| {
            Error::usage(format!(
                "{} moved several times in block {height}: its state in between cannot be shown",
                lettered(ObjectKind::Account, account)
            ))
        })
    }
}

/// Where a transfer stands in an account's history. Transfers are numbered in the order of the chain, so that few of the
/// events tell, each proven. Those of holds, between them, move nothing.
async fn place_of(
    evidence: &mut Evidence<'_>,
    items: &[HistoryItem],
    transfer: u64,
) -> Result<Option<usize>> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        let mut at = middle;
        let mut found = None;
        while found.is_none() && at < high {
            let proven = evidence.event(&items[at]).await?;
            found = proven.event.posting.map(|posting| posting.transfer);
            at += 1;
        }
        match found {
            Some(number) if number == transfer => return Ok(Some(at - 1)),
            Some(number) if number < transfer => low = at,
            Some(_) | None => high = middle,
        }
    }
    Ok(None)
}

fn is_transfer(event: &Event, transfer: u64) -> bool {
    event
        .posting
        .as_ref()
        .is_some_and(|posting| posting.transfer == transfer)
}

/// Repeats a plain posting on an account.
fn apply(state: &mut Account, account: u64, event: &Event) -> Result<()> {
    let Some(posting) = &event.posting else {
        return Ok(());
    };
    let malformed = |_| Error::proof("an amount is malformed");
    let amount = Amount::from_bytes(&posting.amount).map_err(malformed)?;
    let credited = posting.to == account;
    let counter = if credited {
        &mut state.credits_posted
    } else {
        &mut state.debits_posted
    };
    let sum = Amount::from_bytes(counter)
        .and_then(|sum| sum.plus(amount))
        .map_err(malformed)?;
    *counter = sum.to_bytes();
    state.last = Some(Movement {
        transfer: posting.transfer,
        hold: 0,
        other: if credited { posting.from } else { posting.to },
        credited,
        amount: posting.amount.clone(),
        kind: posting.kind,
        line: 0,
    });
    Ok(())
}

#[cfg(test)]
mod tests;
