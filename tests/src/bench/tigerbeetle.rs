//! TigerBeetle, one replica on a data file of its own: a ledger that is made to be fast and asks nobody who signed.
//!
//! It is no part of this repository, nor does anything here install it: the program that stands in `PATH` is measured.
//! What it prints is its makers' own measure, of their own client, with the batches that they think best.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::comparison::Sample;
use super::cpu;
use crate::addresses::Addresses;
use crate::process::{self, Process};
use crate::wait;

const PROGRAM: &str = "tigerbeetle";
const PORT: u16 = 3_000;
/// It locks its memory and reads its whole log before it listens.
const PATIENCE: Duration = Duration::from_secs(120);
/// Precedes the rate, in whole transfers a second, where the program tells what it measured.
const RATE: &str = "load accepted = ";

/// A running replica. Dropping it ends it and removes its file.
pub(super) struct TigerBeetle {
    accounts: usize,
    server: Process,
    address: SocketAddr,
    _addresses: Addresses,
    _directory: TempDir,
}

/// Whether the program is there to be measured.
pub(super) fn is_installed() -> bool {
    Command::new(PROGRAM).arg("version").output().is_ok()
}

impl TigerBeetle {
    /// A new cluster of one replica, whose data file bypasses the cache of the file system as its makers demand.
    pub(super) fn start(accounts: usize) -> TigerBeetle {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let file = directory.path().join("0_0.tigerbeetle");
        let mut format = Command::new(PROGRAM);
        format
            .args(["format", "--cluster=0", "--replica=0", "--replica-count=1"])
            .arg(&file);
        process::run("tigerbeetle format", &mut format);
        let addresses = Addresses::reserve();
        let address = addresses.socket(0, PORT);
        let mut command = Command::new(PROGRAM);
        command.arg("start").arg(format!("--addresses={address}"));
        command.arg(&file);
        let log = directory.path().join("server.log");
        let server = Process::start(PROGRAM, &mut command, &log);
        wait::until("TigerBeetle listens", PATIENCE, || {
            server.printed().contains("listening on").then_some(())
        });
        TigerBeetle {
            accounts,
            server,
            address,
            _addresses: addresses,
            _directory: directory,
        }
    }

    /// Transfers between random accounts, which are new in each call and keep no history, in the largest batches that
    /// there are and one after the other: more clients at once gain nothing. The time is that of the transfers alone.
    pub(super) fn transfer(&self, transfers: u64) -> Sample {
        let before = cpu::of(self.server.id());
        let mut benchmark = Command::new(PROGRAM);
        benchmark
            .arg("benchmark")
            .arg(format!("--addresses={}", self.address))
            .arg(format!("--account-count={}", self.accounts))
            .arg(format!("--transfer-count={transfers}"))
            .args(["--no-history", "--query-count=0"]);
        let printed = process::run("tigerbeetle benchmark", &mut benchmark);
        let rate = rate(&printed).unwrap_or_else(|| panic!("no rate in: {printed}"));
        Sample {
            count: transfers,
            wall: Duration::from_secs_f64(transfers as f64 / rate),
            cpu: cpu::of(self.server.id()) - before,
        }
    }
}

/// Transfers a second, as the program tells them.
fn rate(printed: &str) -> Option<f64> {
    let told = printed.lines().find_map(|line| line.strip_prefix(RATE))?;
    let rate: u32 = told.strip_suffix(" tx/s")?.parse().ok()?;
    (rate > 0).then(|| f64::from(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_transfers() {
        let printed = "62 batches in 2.10 s\ntransfer batch size = 8189 txs\nload accepted = 238477 tx/s\n\
                       batch latency p50  = 27 ms\n";
        assert_eq!(rate(printed), Some(238_477.0));
    }

    #[test]
    fn what_tells_no_rate_has_none() {
        for printed in [
            "",
            "load accepted = tx/s",
            "load accepted = 0 tx/s",
            "load offered = 5 tx/s",
        ] {
            assert_eq!(rate(printed), None, "{printed}");
        }
    }
}
