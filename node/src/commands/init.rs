//! `polityd init`: a home with its configuration and keys.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use clap::Args;

use super::{Common, Trouble, keys};
use crate::config::{CONFIG_FILE, template};
use crate::fault::Fault;
use crate::keys::NodeKeys;
use crate::whole_file;

/// Make a home directory for a node: its configuration file and its keys.
///
/// Settings given by --set are written into the file. Files that are there already are kept, so the
/// command can be repeated. It prints what the other departments need to know about this node.
///
/// Example:
///   polityd init --home /var/lib/polity --set gateway.listen=0.0.0.0:26657
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Init {}

impl Init {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        // Judged as a whole first: a home with a file that does not hold together helps nobody.
        let config = common.load()?.config;
        let text = template::fill(&common.settings).map_err(Fault::from)?;

        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.home)
            .map_err(|error| format!("{}: {error}", config.home.display()))?;
        let written = write_once(
            &config.home.join(CONFIG_FILE),
            &text,
            !common.settings.is_empty(),
        )?;
        let (keys, made) = NodeKeys::create(&config.keys_directory()).map_err(Fault::from)?;

        let verb = |fresh: bool| if fresh { "made" } else { "kept" };
        eprintln!("home directory   {}", config.home.display());
        eprintln!("configuration    {CONFIG_FILE} ({})", verb(written));
        eprintln!("keys             keys/ ({})", verb(made));
        keys::show(&keys, common.output);
        Ok(())
    }
}

/// Writes a file that is not there. One that is there stays, and must have this very text if its
/// content was asked for.
fn write_once(path: &Path, text: &str, asked: bool) -> Result<bool, Trouble> {
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.try_exists().map_err(trouble)? {
        let found = fs::read_to_string(path).map_err(trouble)?;
        if asked && found != text {
            return Err(
                format!("{} exists: edit it instead of giving --set", path.display()).into(),
            );
        }
        return Ok(false);
    }

    // Half of a configuration may read as a whole one, with defaults in the place of what is missing.
    whole_file::put_new(path, 0o644, text.as_bytes()).map_err(trouble)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_written_once_and_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(CONFIG_FILE);
        let half = home
            .path()
            .join(format!("{CONFIG_FILE}.0123456789abcdef.new"));
        fs::write(&half, "eng").unwrap();
        assert!(write_once(&path, "one", true).unwrap());
        assert!(!half.exists(), "a crash left it");
        assert!(!write_once(&path, "two", false).unwrap());
        assert!(write_once(&path, "two", true).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    }
}
