//! The CometBFT process: started, watched, stopped.

use std::env;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::binary::{CometBinary, CometError, at};
use super::{Home, leftover};

/// A running CometBFT. Dropping it kills it, so stop it first.
#[derive(Debug)]
pub struct CometProcess {
    child: Child,
    binary: PathBuf,
}

impl CometProcess {
    /// Starts CometBFT in its home directory; what it prints is appended to a log file. The application must listen
    /// already: then nobody else runs this home, and a CometBFT that an earlier, killed run left in it is ended first.
    ///
    /// It gets a process group of its own, so that an interrupt from a terminal reaches it through [`Self::stop`]
    /// alone, and no setting from the environment, because the home directory is the only place for settings.
    pub async fn start(binary: &CometBinary, home: &Home, log: &Path) -> Result<Self, CometError> {
        Self::run(binary, home, log, &["start"]).await
    }

    /// Starts a CometBFT that shows the blocks in its home by RPC at `address`, and makes none.
    pub async fn inspect(
        binary: &CometBinary,
        home: &Home,
        address: &str,
        log: &Path,
    ) -> Result<Self, CometError> {
        let address = format!("tcp://{address}");
        Self::run(binary, home, log, &["inspect", "--rpc.laddr", &address]).await
    }

    async fn run(
        binary: &CometBinary,
        home: &Home,
        log: &Path,
        arguments: &[&str],
    ) -> Result<Self, CometError> {
        let home = std::path::absolute(home.path()).map_err(at(home.path()))?;
        leftover::end(&home).await.map_err(at(&home))?;
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(log)
            .map_err(at(log))?;
        let errors = output.try_clone().map_err(at(log))?;
        let mut command = Command::new(binary.path());
        command
            .args(arguments)
            .arg("--home")
            .arg(&home)
            .stdin(Stdio::null())
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(errors))
            .process_group(0)
            .kill_on_drop(true);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("CMT") || name == "TMHOME" {
                command.env_remove(&name);
            }
        }

        let process = Self {
            child: command.spawn().map_err(at(binary.path()))?,
            binary: binary.path().to_owned(),
        };
        match process.id() {
            Some(pid) => leftover::remember(&home, pid).map_err(at(&home))?,
            None => tracing::debug!("cometbft ended at once"),
        }
        Ok(process)
    }

    /// The process id; `None` once it has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it ends by itself. Can be cancelled and repeated.
    pub async fn ended(&mut self) -> Result<ExitStatus, CometError> {
        self.child.wait().await.map_err(at(&self.binary))
    }

    /// Asks it to end, waits, and kills it when it does not end in time: when its application has gone away, it may
    /// wait forever for an answer.
    pub async fn stop(&mut self, patience: Duration) -> Result<ExitStatus, CometError> {
        if let Some(pid) = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
        {
            // It may have ended meanwhile; then there is nobody to ask.
            let _ = kill_process(pid, Signal::TERM);
        }
        if let Ok(ended) = timeout(patience, self.ended()).await {
            return ended;
        }

        tracing::warn!("cometbft does not end and is killed");
        let _ = self.child.start_kill();
        self.ended().await
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::sample::script;
    use super::*;

    const TELL_VERSION: &str = "test \"$1\" = version && echo 0.38.25 && exit";
    const DEAF: &str = "trap '' TERM; echo deaf; while :; do sleep 0.01; done";

    /// Starts a script in the directory `home` beside it, once it has said `word`.
    async fn started(path: &Path, word: &str) -> CometProcess {
        let directory = path.parent().unwrap();
        let (home, log) = (directory.join("home"), directory.join("log"));
        fs::create_dir_all(&home).unwrap();
        let binary = CometBinary::find(Some(path)).await.unwrap();
        let process = CometProcess::start(&binary, &Home::new(home), &log)
            .await
            .unwrap();
        while !fs::read_to_string(&log).unwrap().contains(word) {
            tokio::task::yield_now().await;
        }
        process
    }

    #[tokio::test]
    async fn a_process_is_stopped_gently_and_its_words_are_kept() {
        let (directory, path) = script(&format!(
            "{TELL_VERSION}\ntrap 'echo ended; exit 3' TERM\necho began \"$@\" >&2\nwhile :; do sleep 0.01; done"
        ));
        let mut process = started(&path, "began").await;
        assert_eq!(
            process.stop(Duration::from_secs(10)).await.unwrap().code(),
            Some(3)
        );
        let home = directory.path().join("home");
        let expected = format!("began start --home {}\nended\n", home.display());
        assert_eq!(
            fs::read_to_string(directory.path().join("log")).unwrap(),
            expected
        );
        assert_eq!(process.id(), None);
    }

    #[tokio::test]
    async fn a_process_that_does_not_listen_is_killed() {
        let (_directory, path) = script(&format!("{TELL_VERSION}\n{DEAF}"));
        let mut process = started(&path, "deaf").await;
        assert_eq!(
            process
                .stop(Duration::from_millis(50))
                .await
                .unwrap()
                .code(),
            None
        );
    }

    #[tokio::test]
    async fn a_process_left_by_an_earlier_run_is_ended_before_the_next_one() {
        let (directory, path) = script(&format!("{TELL_VERSION}\n{DEAF}"));
        let mut leftover = started(&path, "deaf").await;
        fs::remove_file(directory.path().join("log")).unwrap();
        let mut process = started(&path, "deaf").await;
        assert_eq!(leftover.ended().await.unwrap().code(), None);
        assert!(process.id().is_some());
        process.stop(Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn a_process_of_another_home_is_left_alone() {
        let (directory, path) = script(&format!("{TELL_VERSION}\n{DEAF}"));
        let mut other = started(&path, "deaf").await;
        let home = directory.path().join("another home");
        fs::create_dir(&home).unwrap();
        fs::copy(
            directory.path().join("home/cometbft.pid"),
            home.join("cometbft.pid"),
        )
        .unwrap();
        leftover::end(&home).await.unwrap();
        assert!(
            tokio::time::timeout(Duration::from_millis(50), other.ended())
                .await
                .is_err()
        );
        other.stop(Duration::ZERO).await.unwrap();
    }
}
