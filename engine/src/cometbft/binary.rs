//! The CometBFT program: found, and of the one release that fits.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

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

/// An error of the system at a path.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> CometError + '_ {
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
    use super::super::sample::script;
    use super::*;

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
}
