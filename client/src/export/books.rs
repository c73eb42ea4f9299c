//! The books of accounts, from their proven histories.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use polity_ledger::Amount;
use polity_proto::v1::{Account, Asset, ObjectKind, OwnerKind, TransferKind, Unit};

use crate::session::{AsOf, ProvenEvent, Remarks, Session, Source};
use crate::{Error, Result};

/// Accounts and what moved in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Books {
    /// The chain's name.
    pub chain_id: String,
    /// The height up to which they go; of the newest, that whose state proves the last account's history. Of a height whose
    /// state no header proves yet, the highest below it.
    pub height: u64,
    /// Time of that height's or the newest header, Unix seconds: not before any movement.
    pub time: u64,
    /// The accounts, ascending by number.
    pub accounts: Vec<BookAccount>,
    /// What moved, in the order of the chain, each transfer once.
    pub entries: Vec<Entry>,
    /// What every account that occurs is called.
    pub names: BTreeMap<u64, AccountName>,
}

/// An account whose books these are.
#[derive(Clone, Debug, PartialEq)]
pub struct BookAccount {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub asset: Asset,
    /// Everything that was credited.
    pub credits: Amount,
    /// Everything that was debited.
    pub debits: Amount,
}

/// How an account is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName {
    /// Who owns it.
    pub owner: OwnerKind,
    /// As at the terminal: `acme/dev:main`.
    pub path: String,
}

/// One transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub transfer: u64,
    /// Block time, Unix seconds.
    pub time: u64,
    /// The block.
    pub height: u64,
    /// The account that paid.
    pub from: u64,
    /// The account that was paid.
    pub to: u64,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub kind: TransferKind,
    /// What the payer wrote; empty too where a proposal did several things that it may have been.
    pub reference: String,
    /// The day that it belongs to, Unix seconds; 0: block time.
    pub value_date: u64,
    /// When it really happened, Unix seconds, where it is a record of the past; else 0.
    pub effective_at: u64,
    /// The transaction; none where the genesis or a timer acted.
    pub transaction: Option<[u8; 32]>,
}

impl Session {
    /// The books of accounts. Those of the past are a part of the newest, which are proven whole. `progress` is told how many
    /// of how many accounts are read.
    pub async fn books(
        &self,
        accounts: &BTreeSet<u64>,
        at: AsOf,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Books> {
        let at = match at {
            AsOf::Newest => AsOf::Newest,
            // From here on no state is believed that is older than the one below this header.
            AsOf::Height(height) => {
                let newest = self.light().newest().await?.height();
                AsOf::Height(height.min(newest.saturating_sub(1)))
            }
        };
        let mut books = Books {
            chain_id: self.founding().chain_id.clone(),
            height: 0,
            time: 0,
            accounts: Vec::new(),
            entries: Vec::new(),
            names: BTreeMap::new(),
        };
        let mut entries: BTreeMap<u64, Entry> = BTreeMap::new();
        for number in accounts {
            let (account, height, moved) = self.account_book(*number, at).await?;
            books.height = height;
            books.accounts.push(account);
            entries.extend(moved.into_iter().map(|entry| (entry.transfer, entry)));
            progress(books.accounts.len() as u64, accounts.len() as u64);
        }
        // Transfers are numbered in the order of the chain.
        books.entries = entries.into_values().collect();
        books.names = self.account_names(&books).await?;
        let header = match at {
            AsOf::Newest => self.light().newest().await?,
            // The founding has no header; the first block's is the next.
            AsOf::Height(height) => self.light().verified_header(height.max(1)).await?,
        };
        books.time = header
            .time()
            .duration_since(UNIX_EPOCH)
            .map_err(|error| Error::proof("a block is before 1970").with_source(error))?
            .as_secs();
        Ok(books)
    }

    /// The books of all accounts that a unit ever had: its history names each. Where it names none, they go as far as that
    /// history is proven.
    pub async fn books_of_unit(
        &self,
        unit: u64,
        at: AsOf,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Books> {
        let (accounts, proven) = self.accounts_of_unit(unit).await?;
        let mut books = self.books(&accounts, at, progress).await?;
        if accounts.is_empty() {
            books.height = match at {
                AsOf::Newest => proven,
                AsOf::Height(height) => height.min(proven),
            };
        }
        Ok(books)
    }

    async fn accounts_of_unit(&self, unit: u64) -> Result<(BTreeSet<u64>, u64)> {
        let (_, history) = self.with_history::<Unit>(unit).await?;
        let events = self.proven_events(&history, &mut |_, _| {}).await?;
        let accounts: Vec<u64> = events
            .iter()
            .filter(|proven| proven.event.object() == ObjectKind::Account)
            .map(|proven| proven.event.number)
            .collect();
        let accounts = self.get_all::<Account>(&accounts).await?;
        // Acts about accounts of a unit's external parties stand in its history too.
        let is_own = |account: &&Account| {
            account
                .owner
                .is_some_and(|owner| owner.kind() == OwnerKind::Unit && owner.number == unit)
        };
        let own = accounts.iter().flatten().filter(is_own);
        let own = own.map(|account| account.number).collect();
        Ok((own, history.moment.height))
    }

    async fn account_book(&self, number: u64, at: AsOf) -> Result<(BookAccount, u64, Vec<Entry>)> {
        let (account, history) = self.with_history::<Account>(number).await?;
        let events = self.proven_events(&history, &mut |_, _| {}).await?;
        let behind = self.behind(&events).await?;
        let mut entries = Vec::new();
        for (proven, item) in events.iter().zip(&history.items) {
            let remarks = behind.remarks(proven).unwrap_or_default();
            entries.extend(entry(proven, item.entry.height, remarks)?);
        }
        let mut book = BookAccount::of(number, &entries)?;
        book.asset = self.get(account.asset).await?.unwrap_or_default();
        let (credits, debits) = (book.credits.to_bytes(), book.debits.to_bytes());
        if credits != account.credits_posted || debits != account.debits_posted {
            return Err(Error::proof(format!(
                "the movements of a{number} do not sum to its balance"
            )));
        }
        let AsOf::Height(height) = at else {
            return Ok((book, history.moment.height, entries));
        };
        entries.retain(|entry| entry.height <= height);
        let then = BookAccount::of(number, &entries)?;
        let asset = book.asset;
        Ok((BookAccount { asset, ..then }, height, entries))
    }

    async fn account_names(&self, books: &Books) -> Result<BTreeMap<u64, AccountName>> {
        let mut numbers: BTreeSet<u64> = books.accounts.iter().map(|one| one.number).collect();
        for entry in &books.entries {
            numbers.extend([entry.from, entry.to]);
        }
        let numbers: Vec<u64> = numbers.into_iter().collect();
        let mut names = BTreeMap::new();
        let accounts = self.get_all::<Account>(&numbers).await?;
        for account in accounts.into_iter().flatten() {
            let name = AccountName {
                owner: account.owner.unwrap_or_default().kind(),
                path: self.account_path(&account).await?,
            };
            names.insert(account.number, name);
        }
        Ok(names)
    }
}

impl BookAccount {
    /// An account by its movements.
    fn of(number: u64, entries: &[Entry]) -> Result<BookAccount> {
        let mut book = BookAccount {
            number,
            asset: Asset::default(),
            credits: Amount::ZERO,
            debits: Amount::ZERO,
        };
        for entry in entries {
            if entry.to == number {
                book.credits = plus(book.credits, entry.amount)?;
            }
            if entry.from == number {
                book.debits = plus(book.debits, entry.amount)?;
            }
        }
        Ok(book)
    }
}

impl Books {
    /// What an account is called: path, or number where it has none.
    #[must_use]
    pub fn name(&self, account: u64) -> String {
        self.names
            .get(&account)
            .map_or_else(|| format!("a{account}"), |name| name.path.clone())
    }

    /// The asset of an entry: that of whichever of the accounts it moved.
    #[must_use]
    pub fn asset_of(&self, entry: &Entry) -> Asset {
        self.accounts
            .iter()
            .find(|account| account.number == entry.from || account.number == entry.to)
            .map(|account| account.asset.clone())
            .unwrap_or_default()
    }
}

/// The word for why value moved.
#[must_use]
pub fn kind_word(kind: TransferKind) -> String {
    let name = kind.as_str_name();
    name.strip_prefix("TRANSFER_KIND_")
        .unwrap_or(name)
        .to_ascii_lowercase()
}

fn entry(proven: &ProvenEvent, height: u64, remarks: Remarks) -> Result<Option<Entry>> {
    let Some(posting) = &proven.event.posting else {
        return Ok(None);
    };
    let amount =
        Amount::from_bytes(&posting.amount).map_err(|_| Error::proof("an amount is malformed"))?;
    Ok(Some(Entry {
        transfer: posting.transfer,
        time: proven.time,
        height,
        from: posting.from,
        to: posting.to,
        amount,
        kind: posting.kind(),
        reference: remarks.reference,
        value_date: remarks.value_date,
        effective_at: proven.event.effective_at,
        transaction: match proven.source {
            Source::Transaction(id) => Some(id),
            Source::Genesis | Source::Timer => None,
        },
    }))
}

fn plus(sum: Amount, amount: Amount) -> Result<Amount> {
    sum.plus(amount)
        .map_err(|_| Error::proof("the movements sum to more than can be counted"))
}

#[cfg(test)]
mod tests;
