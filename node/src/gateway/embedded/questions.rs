//! What is asked about the chain itself, under CometBFT's rules and in its words.

use std::ops::{Range, RangeInclusive};

use polity_engine::Fault;
use polity_engine::embedded::Chain;
use polity_engine::embedded::canonical::{Outline, SealedBlock, ValidatorSet};
use serde_json::{Value, json};

use super::{About, Trouble, fault};

/// Headers in one answer of `blockchain`.
const HEADERS_MAX: u64 = 20;
/// Bytes of the blocks that are read for it, after which no further one is: a header is read with its block.
const BLOCKS_BYTES: usize = 4 << 20;
/// Things on a page where nothing is said, and at most.
pub(super) const PAGE_DEFAULT: usize = 30;
const PAGE_MAX: usize = 100;

pub(super) fn status(chain: &Chain, about: &About) -> Result<Value, Trouble> {
    let progress = chain.progress();
    let own = chain.own();
    let first = chain.outline(chain.first_height()).map_err(fault)?;
    let newest = chain.outline(progress.height).map_err(fault)?;
    let validators = chain.validators(progress.height + 1).map_err(fault)?;
    let mut validators = validators.iter().flat_map(ValidatorSet::iter);
    let power = validators
        .find(|one| one.address == own.address)
        .map_or(0, |validator| validator.power);
    let mut status = super::json::status(chain, about, first.as_ref(), newest.as_ref(), power);
    let guard = chain.guard();
    let pool = chain.pool().status();
    status["consensus_info"] = json!({
        "height": progress.working_height.to_string(),
        "round": progress.round,
        "proposer": progress.proposer.map(|address| address.to_string()),
        "missed_rounds": progress.missed_rounds.to_string(),
        "is_validator": progress.is_validator,
        "signed": {
            "blocks": progress.presence.signed().to_string(),
            "of": progress.presence.blocks().to_string(),
        },
        "peers": chain.gossip().connected().to_string(),
        "waiting": pool.transactions.to_string(),
        "dropped": {
            "full": pool.dropped_full.to_string(),
            "expired": pool.dropped_expired.to_string(),
            "refused": pool.dropped_refused.to_string(),
        },
        "guard": {
            "signs": guard.is_trusted,
            "height": guard.height.to_string(),
            "floor": guard.floor.to_string(),
            "refusals": guard.refusals.to_string(),
        },
    });
    Ok(status)
}

pub(super) fn commit(chain: &Chain, height: Option<i64>) -> Result<Value, Trouble> {
    let block = outline_at(chain, height)?;
    let (commit, canonical) = chain
        .commit(block.header.height)
        .map_err(fault)?
        .ok_or_else(|| Trouble::internal("the commit is not available"))?;
    Ok(json!({
        "signed_header": {
            "header": super::json::header(&block.header),
            "commit": super::json::commit(&commit),
        },
        "canonical": canonical,
    }))
}

pub(super) fn validators(
    chain: &Chain,
    height: Option<i64>,
    page: Option<i64>,
    per_page: Option<i64>,
) -> Result<Value, Trouble> {
    let newest = chain.progress().height;
    // The next height's validators are known; where nothing is said, they are meant.
    let height = known(height, newest + 1)?;
    let set = chain
        .validators(height)
        .map_err(fault)?
        .ok_or_else(|| Trouble::internal("the validators are not available"))?;
    let range = self::page(set.len(), page, per_page)?;
    let shown = set.iter().skip(range.start).take(range.len());
    let shown: Vec<Value> = shown.map(super::json::validator).collect();
    Ok(json!({
        "block_height": height.to_string(),
        "count": shown.len().to_string(),
        "total": set.len().to_string(),
        "validators": shown,
    }))
}

/// Which of so many things are on a page.
pub(crate) fn page(
    total: usize,
    page: Option<i64>,
    per_page: Option<i64>,
) -> Result<Range<usize>, Trouble> {
    let per_page = match per_page.and_then(|count| usize::try_from(count).ok()) {
        None | Some(0) => PAGE_DEFAULT,
        Some(count) => count.min(PAGE_MAX),
    };
    let pages = total.div_ceil(per_page) as i64;
    let page = page.unwrap_or(1);
    if !(1..=pages).contains(&page) {
        return Err(Trouble::internal(&format!(
            "page should be within [1, {pages}] range, given {page}"
        )));
    }
    let start = (page - 1) as usize * per_page;
    Ok(start..total.min(start + per_page))
}

pub(super) fn consensus_params(chain: &Chain, height: Option<i64>) -> Result<Value, Trouble> {
    let height = known(height, chain.progress().height + 1)?;
    let params = chain
        .params(height)
        .map_err(fault)?
        .ok_or_else(|| Trouble::internal("the parameters are not available"))?;
    Ok(json!({
        "block_height": height.to_string(),
        "consensus_params": super::json::params(&params),
    }))
}

pub(super) fn blockchain(chain: &Chain, min: i64, max: i64) -> Result<Value, Trouble> {
    let newest = chain.progress().height;
    let heights = headers(min, max, newest)?;
    let metas = metas(heights.rev(), |height| chain.outline(height))?;
    Ok(json!({"last_height": newest.to_string(), "block_metas": metas}))
}

/// The heights whose headers are told, of those that were asked for; 0 leaves a side open.
pub(crate) fn headers(min: i64, max: i64, newest: u64) -> Result<RangeInclusive<u64>, Trouble> {
    let (Ok(min), Ok(max)) = (u64::try_from(min), u64::try_from(max)) else {
        return Err(Trouble::internal("heights must be non-negative"));
    };
    let max = if max == 0 { newest } else { max.min(newest) };
    let min = min.max(1).max((max + 1).saturating_sub(HEADERS_MAX));
    if min > max {
        return Err(Trouble::internal(&format!(
            "min height {min} can't be greater than max height {max}"
        )));
    }
    Ok(min..=max)
}

/// What blocks say of themselves: of the first of these heights, as many as are read with the bytes of their blocks.
fn metas(
    heights: impl Iterator<Item = u64>,
    read: impl Fn(u64) -> Result<Option<Outline>, Fault>,
) -> Result<Vec<Value>, Trouble> {
    let (mut metas, mut bytes) = (Vec::new(), 0);
    for height in heights {
        if bytes >= BLOCKS_BYTES {
            break;
        }
        if let Some(block) = read(height).map_err(fault)? {
            bytes += block.bytes;
            metas.push(super::json::meta(&block));
        }
    }
    Ok(metas)
}

pub(super) fn block_at(chain: &Chain, height: Option<i64>) -> Result<SealedBlock, Trouble> {
    let height = known(height, chain.progress().height)?;
    chain
        .block(height)
        .map_err(fault)?
        .ok_or_else(|| Trouble::internal(&format!("block {height} is not available")))
}

pub(super) fn outline_at(chain: &Chain, height: Option<i64>) -> Result<Outline, Trouble> {
    let height = known(height, chain.progress().height)?;
    chain
        .outline(height)
        .map_err(fault)?
        .ok_or_else(|| Trouble::internal(&format!("block {height} is not available")))
}

pub(super) fn block_by_hash(chain: &Chain, hash: &[u8]) -> Result<Option<SealedBlock>, Trouble> {
    match chain.height_of(hash).map_err(fault)? {
        Some(height) => chain.block(height).map_err(fault),
        None => Ok(None),
    }
}

pub(super) fn outline_by_hash(chain: &Chain, hash: &[u8]) -> Result<Option<Outline>, Trouble> {
    match chain.height_of(hash).map_err(fault)? {
        Some(height) => chain.outline(height).map_err(fault),
        None => Ok(None),
    }
}

/// CometBFT's rules and words for a height that is asked for.
fn known(height: Option<i64>, newest: u64) -> Result<u64, Trouble> {
    let Some(asked) = height else {
        return Ok(newest);
    };
    match u64::try_from(asked) {
        Err(_) | Ok(0) => Err(Trouble::internal(&format!(
            "height must be greater than 0, but got {asked}"
        ))),
        Ok(height) if height > newest => Err(Trouble::internal(&format!(
            "height {height} must be less than or equal to the current blockchain height {newest}"
        ))),
        Ok(height) => Ok(height),
    }
}

#[cfg(test)]
mod tests {
    use polity_engine::application::Timestamp;
    use polity_engine::embedded::canonical::{Address, BlockId, Commit, Header};

    use super::*;

    #[test]
    fn no_more_large_blocks_are_read_for_headers_than_small_ones() {
        let read_of = |bytes: usize| {
            let read = |height| Ok(Some(outline(height, bytes)));
            metas((1..=20).rev(), read).expect("read").len()
        };
        assert_eq!([1_000, 1 << 20, 4 << 20].map(read_of), [20, 4, 1]);
    }

    fn outline(height: u64, bytes: usize) -> Outline {
        let header = Header {
            app_version: 1,
            chain_id: "acme".to_owned(),
            height,
            time: Timestamp::default(),
            last_block_id: BlockId::default(),
            last_commit_hash: [0; 32],
            data_hash: [0; 32],
            validators_hash: [0; 32],
            next_validators_hash: [0; 32],
            consensus_hash: [0; 32],
            app_hash: Vec::new(),
            last_results_hash: [0; 32],
            evidence_hash: [0; 32],
            proposer_address: Address([0; 20]),
        };
        Outline {
            id: BlockId::default(),
            header,
            last_commit: Commit::default(),
            transactions: 0,
            bytes,
        }
    }
}
