//! What a node goes through while the others go on.

use std::path::Path;

use polity_node::crash_point::CrashPoint;

use super::chain::Chain;
use super::replica::{Finding, Replica};
use crate::dice::Dice;

/// One trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It dies at a crash point of the block's way, and starts again.
    Crash(CrashPoint),
    /// It is stopped and started before the block.
    Restart,
    /// It executes the block, is not asked to commit it, and is given it again.
    AskedTwice,
    /// It is down for some blocks.
    Down,
    /// Its disk is full.
    FullDisk,
    /// The power goes within the write of the block.
    TornLog,
    /// Its operator takes the block back; it may die there.
    RollBack(Option<CrashPoint>),
    /// Its operator restores a backup; it may die there.
    Restore(Option<CrashPoint>),
    /// Its store is lost, and it begins from the genesis.
    Emptied,
}

impl Trouble {
    /// Every trouble, each crash point by itself.
    pub const ALL: [Trouble; 18] = [
        Trouble::Crash(CrashPoint::AppAfterFinalize),
        Trouble::Crash(CrashPoint::AppBeforeCommit),
        Trouble::Crash(CrashPoint::StoreBeforeWrite),
        Trouble::Crash(CrashPoint::StoreAfterWrite),
        Trouble::Crash(CrashPoint::StoreAfterSwap),
        Trouble::Crash(CrashPoint::AppAfterCommit),
        Trouble::Restart,
        Trouble::AskedTwice,
        Trouble::Down,
        Trouble::FullDisk,
        Trouble::TornLog,
        Trouble::RollBack(None),
        Trouble::RollBack(Some(CrashPoint::RollbackBeforeWrite)),
        Trouble::RollBack(Some(CrashPoint::RollbackAfterWrite)),
        Trouble::Restore(None),
        Trouble::Restore(Some(CrashPoint::BackupBeforeRename)),
        Trouble::Restore(Some(CrashPoint::RestoreBeforeRename)),
        Trouble::Emptied,
    ];

    /// How reports call it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Takes a running node that lacks the newest block of the chain through this trouble; after it
    /// the node has the block, or is down.
    pub(super) fn meet(self, replica: &mut Replica, chain: &Chain, dice: &mut Dice) -> Finding<()> {
        let block = chain.blocks.last().ok_or("the chain has no block")?;
        match self {
            Trouble::Crash(point) => {
                if replica.apply(block, Some(point))?.is_some() {
                    return Err(format!("it did not die at {}", point.name()));
                }
                replica.start()?;
            }
            Trouble::Restart => replica.start()?,
            Trouble::AskedTwice => replica.execute_in_vain(block)?,
            Trouble::Down => {
                replica.stop();
                return Ok(());
            }
            Trouble::FullDisk => {
                replica.start_on_full_disk()?;
                replica.fail_to_commit(block)?;
                replica.start()?;
            }
            Trouble::TornLog => {
                let (log, before) = replica.log()?;
                replica.apply(block, None)?;
                let (newest, bytes) = replica.log()?;
                replica.stop();
                // A log that began anew is left alone: what is before it is in files already.
                let is_torn = newest == log;
                if is_torn {
                    let written = bytes.checked_sub(before).filter(|written| *written > 0);
                    let written = written.ok_or("a block was committed past the log")?;
                    tear(&log, before + dice.below(written))?;
                }
                replica.start()?;
                if is_torn && replica.height()? == chain.height() {
                    return Err("a torn block came back".into());
                }
            }
            Trouble::RollBack(crash_at) => {
                replica.apply(block, None)?;
                replica.roll_back(crash_at)?;
                replica.start()?;
            }
            Trouble::Restore(crash_at) => {
                replica.apply(block, None)?;
                replica.restore_backup(crash_at)?;
                replica.start()?;
            }
            Trouble::Emptied => {
                replica.wipe()?;
                replica.start()?;
            }
        }
        replica.catch_up(chain)
    }
}

/// Cuts a stopped node's log, as if the power went within its last write.
fn tear(log: &Path, bytes: u64) -> Finding<()> {
    let log = std::fs::OpenOptions::new().write(true).open(log);
    log.and_then(|log| log.set_len(bytes))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crash_point_is_met_that_a_node_without_an_engine_reaches() {
        let is_met = |point: CrashPoint| {
            Trouble::ALL.iter().any(|trouble| match trouble {
                Trouble::Crash(at) | Trouble::RollBack(Some(at)) | Trouble::Restore(Some(at)) => {
                    *at == point
                }
                Trouble::RollBack(None)
                | Trouble::Restore(None)
                | Trouble::Restart
                | Trouble::AskedTwice
                | Trouble::Down
                | Trouble::FullDisk
                | Trouble::TornLog
                | Trouble::Emptied => false,
            })
        };
        let of_an_engine = [CrashPoint::StoreBeforeKeep, CrashPoint::StoreAfterKeep];
        for point in CrashPoint::ALL {
            assert_eq!(is_met(point), !of_an_engine.contains(&point), "{point:?}");
        }
    }
}
