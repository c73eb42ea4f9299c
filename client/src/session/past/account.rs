//! The past of an account. Its movements stand in its own history; what it may do (a freeze, the limit of credit, the
//! closing) stands in its owner's, and is held to that one.

use polity_ledger::state::objects::{Object, object_key, prefix_with_history};
use polity_proto::v1::{
    Account, Asset, HistoryEntry, ObjectKind, OwnerKind, Party, Record, Unit, action::Kind,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::super::read::{decode, decode_object, is_object};
use super::super::{ProvenEvent, Session};
use super::another;
use crate::{Error, Result};

/// So many entries of an owner's history are looked through; each is a receipt that is proven.
const ENTRIES_MAX: u64 = 64;

/// What an account may do.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Standing {
    credit_limit: Vec<u8>,
    frozen: bool,
    closed_at: u64,
}

impl Session {
    /// Whether histories prove an account as a node remembers it of a height; `last` is the last entry of its own history
    /// that is not above that. `false` where too much happened to its owner since, where it was changed by something else
    /// than an act about it, such as the adoption of a proposal, or where the unit that keeps it is dissolved.
    ///
    /// # Errors
    /// [`crate::ErrorKind::ProofFailed`] where histories say something else.
    pub(super) async fn is_past_account(
        &self,
        account: &Account,
        last: &HistoryEntry,
        height: u64,
    ) -> Result<bool> {
        let mut standing = self.standing_at(account, last, height).await?;
        let Some(since) = self.owner_since(account, last, height).await? else {
            return Ok(false);
        };
        let mut evidence = self.evidence();
        for entry in &since {
            let proven = evidence.event_of(entry).await?;
            let event = &proven.event;
            let is_its = event.object() == ObjectKind::Account && event.number == account.number;
            if is_its && !standing.follow(&proven) {
                return Ok(false);
            }
        }

        if standing == Standing::of(account) {
            Ok(true)
        } else {
            Err(another(height))
        }
    }

    /// What the account might do when its last entry was made: that with which it has the entry's hash.
    async fn standing_at(
        &self,
        account: &Account,
        last: &HistoryEntry,
        height: u64,
    ) -> Result<Standing> {
        let mut then = vec![Standing::of(account), Standing::default()];
        for height in [last.height, last.height.saturating_sub(1)] {
            let keys = [object_key(Account::PREFIX, account.number)];
            let (values, _) = self
                .remembered(&keys, height.max(1), is_object::<Account>)
                .await?;
            for value in values.into_iter().flatten() {
                then.push(Standing::of(&decode_object(&value)?));
            }
        }
        let fits = |standing: &Standing| {
            let bytes = standing.clone().with(account.clone()).encode_to_vec();
            last.object_hash == Sha256::digest(bytes)[..]
        };
        then.into_iter().find(fits).ok_or_else(|| another(height))
    }

    /// The entries of the owner's history after an entry of the account's and until a height; none where they are too
    /// many, or in several histories: nothing says here from when on which of them has them. The node says where they begin
    /// and end, and the entries around them show whether that is so.
    async fn owner_since(
        &self,
        account: &Account,
        last: &HistoryEntry,
        height: u64,
    ) -> Result<Option<Vec<HistoryEntry>>> {
        let holders = self.holders(account).await?;
        let [(kind, number)] = holders[..] else {
            return Ok(None);
        };
        // Entries of the same block may come after it.
        let before = self
            .said_count(kind, number, last.height.saturating_sub(1))
            .await?;
        let until = self.said_count(kind, number, height).await?;
        if until.saturating_sub(before) > ENTRIES_MAX {
            return Ok(None);
        }
        let first = before.saturating_sub(1);
        let limit = until.saturating_sub(first) + 1;
        let limit = u32::try_from(limit).map_err(|_| another(height))?;
        let (entries, head) = self.history_part(kind, number, first, limit).await?;
        let begins_early = before == 0
            || entries
                .first()
                .is_some_and(|entry| entry.height < last.height.max(1));
        let ends_late = match entries.last() {
            Some(entry) if entry.height > height => true,
            Some(_) | None => first + entries.len() as u64 == head.count,
        };
        if !begins_early || !ends_late {
            return Err(another(height));
        }

        let place = |entry: &HistoryEntry| (entry.height, entry.position, entry.event);
        let since = entries
            .into_iter()
            .filter(|entry| place(entry) > place(last) && entry.height <= height);
        Ok(Some(since.collect()))
    }

    /// How many entries a history had at a height, as a node remembers it.
    async fn said_count(&self, kind: ObjectKind, number: u64, height: u64) -> Result<u64> {
        let prefix = prefix_with_history(kind)
            .ok_or_else(|| Error::proof("an account's owner has no history"))?;
        if height == 0 {
            return Ok(0);
        }
        let keys = [object_key(prefix, number)];
        let is_record = |value: &[u8]| decode::<Record>(value).map(|_| ());
        let (mut values, _) = self.remembered(&keys, height, is_record).await?;
        let record: Record = decode(&values.pop().flatten().unwrap_or_default())?;
        Ok(record.history_count)
    }

    /// Whose histories hold the acts on an account that move nothing: its member's, or that of the unit that keeps it. Of
    /// a dissolved unit also those above it, to the nearest that lives, in which they go on.
    pub async fn holders(&self, account: &Account) -> Result<Vec<(ObjectKind, u64)>> {
        let owner = account.owner.unwrap_or_default();
        let unit = match owner.kind() {
            OwnerKind::Member => return Ok(vec![(ObjectKind::Member, owner.number)]),
            OwnerKind::Party => {
                let party: Option<Party> = self.get(owner.number).await?;
                party.map(|party| party.unit)
            }
            OwnerKind::Issuance => {
                let asset: Option<Asset> = self.get(owner.number).await?;
                asset.map(|asset| asset.unit)
            }
            OwnerKind::Unit | OwnerKind::Escrow | OwnerKind::None => Some(owner.number),
        };
        let mut holders = Vec::new();
        let mut next = unit.unwrap_or_default();
        loop {
            let unit: Option<Unit> = self.get(next).await?;
            let unit = unit.ok_or_else(|| Error::proof("an account's owner is not there"))?;
            holders.push((ObjectKind::Unit, unit.number));
            if unit.dissolved_at == 0 {
                return Ok(holders);
            }
            next = unit.parent;
        }
    }
}

impl Standing {
    fn of(account: &Account) -> Standing {
        Standing {
            credit_limit: account.credit_limit.clone(),
            frozen: account.frozen,
            closed_at: account.closed_at,
        }
    }

    fn with(self, account: Account) -> Account {
        Account {
            credit_limit: self.credit_limit,
            frozen: self.frozen,
            closed_at: self.closed_at,
            ..account
        }
    }

    /// Follows an act on the account; `false` where the act is about something else, so that it does not say what it did.
    fn follow(&mut self, proven: &ProvenEvent) -> bool {
        let act = proven
            .action
            .as_ref()
            .and_then(|action| action.kind.as_ref());
        match act {
            Some(Kind::FreezeAccount(act)) => self.frozen = act.frozen,
            Some(Kind::SetCreditLimit(act)) => self.credit_limit.clone_from(&act.limit),
            Some(Kind::CloseAccount(_)) => self.closed_at = proven.time,
            Some(_) | None => return false,
        }
        true
    }
}
