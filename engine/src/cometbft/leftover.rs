//! A CometBFT that outlived the process that had started it.
//!
//! CometBFT ends by itself when its application goes away, but not always: its stop can wait for an answer that
//! nobody gives any more. It would hold the home directory's locks and the ports against its successor.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

/// Time in which it may end by itself once asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time in which the system takes a killed process away.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);

/// Remembers the process that runs in a home directory.
pub(super) fn remember(home: &Path, pid: u32) -> io::Result<()> {
    fs::write(pid_path(home), pid.to_string())
}

/// Ends the remembered process, if it still runs in this home directory.
pub(super) async fn end(home: &Path) -> io::Result<()> {
    let Some(pid) = remembered(home) else {
        return Ok(());
    };
    for (signal, patience) in [(Signal::TERM, PATIENCE), (Signal::KILL, KILL_TIMEOUT)] {
        if !runs_in(home, pid) {
            return Ok(());
        }
        tracing::warn!(
            pid = pid.as_raw_nonzero().get(),
            ?signal,
            "cometbft of an earlier run is ended"
        );
        // It may have ended meanwhile; the next look says so.
        let _ = kill_process(pid, signal);
        let deadline = Instant::now() + patience;
        while runs_in(home, pid) && Instant::now() < deadline {
            sleep(Duration::from_millis(20)).await;
        }
    }
    if runs_in(home, pid) {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(())
    }
}

fn pid_path(home: &Path) -> PathBuf {
    home.join("cometbft.pid")
}

fn remembered(home: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pid_path(home)).ok()?;
    Pid::from_raw(text.trim().parse().ok()?)
}

/// Ids are used again, so the process must have been started for this very directory. A process that has ended, or a
/// system that does not show the arguments, has none.
fn runs_in(home: &Path, pid: Pid) -> bool {
    let arguments = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
    let arguments: Vec<_> = arguments.split(|byte| *byte == 0).collect();
    arguments
        .windows(2)
        .any(|pair| pair[0] == b"--home" && pair[1] == home.as_os_str().as_encoded_bytes())
}
