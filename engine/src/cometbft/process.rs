//! The CometBFT process: found, checked, started, watched, stopped.

use std::env;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{Home, leftover};

/// The one release that is known to work with this crate.
pub const VERSION: &str = "0.38.25";

/// A program that does not tell its version in this time is something else.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Why CometBFT was not started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CometError {
    /// No binary at any of the usual places.
    #[error(
        "cometbft {VERSION} was not found ({looked}); \
         install it with: go install github.com/cometbft/cometbft/cmd/cometbft@v{VERSION}"
    )]
    NotFound {
        /// Where it was looked for.
        looked: String,
    },
    /// The binary is another release.
    #[error(
        "{path} is version {found}, and {VERSION} is needed; \
         install it with: go install github.com/cometbft/cometbft/cmd/cometbft@v{VERSION}"
    )]
    Version {
        /// The binary.
        path: PathBuf,
        /// What it says of itself.
        found: String,
    },
    /// The binary cannot be run, its log not be written, or its home not be taken over.
    #[error("{path}: {source}")]
    Io {
        /// The binary, the log file or the home directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A binary of the right release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CometBinary(PathBuf);

impl CometBinary {
    /// Takes the configured path, or else the first `cometbft` of `PATH`, or else the one that `go install` leaves in
    /// `~/go/bin`, and asks it for its version.
    pub async fn find(configured: Option<&Path>) -> Result<Self, CometError> {
        let path = match configured {
            Some(path) if path.is_file() => path.to_owned(),
            Some(path) => {
                return Err(CometError::NotFound {
                    looked: format!("no file at {}", path.display()),
                });
            }
            None => find_installed()?,
        };
        let found = version_of(&path).await?;
        if found == VERSION {
            Ok(Self(path))
        } else {
            Err(CometError::Version { path, found })
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

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
        let mut command = Command::new(&binary.0);
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
            child: command.spawn().map_err(at(&binary.0))?,
            binary: binary.0.clone(),
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

fn at(path: &Path) -> impl Fn(io::Error) -> CometError + '_ {
    |source| CometError::Io {
        path: path.to_owned(),
        source,
    }
}

fn find_installed() -> Result<PathBuf, CometError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let go = env::var_os("HOME").map(|home| PathBuf::from(home).join("go/bin"));
    let mut candidates = env::split_paths(&path)
        .chain(go)
        .map(|directory| directory.join("cometbft"));
    candidates
        .find(|candidate| candidate.is_file())
        .ok_or(CometError::NotFound {
            looked: "neither in PATH nor in ~/go/bin".to_owned(),
        })
}

async fn version_of(path: &Path) -> Result<String, CometError> {
    let mut command = Command::new(path);
    command
        .arg("version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(VERSION_TIMEOUT, command.output()).await;
    let output = output
        .map_err(|_| at(path)(io::ErrorKind::TimedOut.into()))?
        .map_err(at(path))?;
    // Only a line of it is wanted, whatever the program prints.
    let text = String::from_utf8_lossy(&output.stdout[..output.stdout.len().min(100)]).into_owned();
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A program, written by another process: a file that this one had open for writing could not be run while a
    /// child of a neighbouring test still held it.
    fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cometbft");
        let write = "printf '#!/bin/sh\n%s\n' \"$1\" > \"$2\" && chmod 700 \"$2\"";
        let written = std::process::Command::new("sh")
            .args(["-c", write, "sh", text])
            .arg(&path)
            .status();
        assert!(written.unwrap().success());
        (directory, path)
    }

    #[tokio::test]
    async fn another_release_is_refused_with_the_way_to_the_right_one() {
        let (_directory, path) = script("echo 1.0.1");
        let error = CometBinary::find(Some(&path))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("is version 1.0.1, and 0.38.25 is needed"),
            "{error}"
        );
        assert!(error.contains("go install"), "{error}");
    }

    #[tokio::test]
    async fn an_absent_binary_is_refused_with_the_way_to_get_it() {
        let error = CometBinary::find(Some(Path::new("/nowhere/cometbft")))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("no file at /nowhere/cometbft"), "{error}");
        assert!(error.contains("go install"), "{error}");
    }

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
