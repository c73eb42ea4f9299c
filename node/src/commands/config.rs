//! `polityd config show`: every setting that is in force, and where it comes from.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::config::{Loaded, Setting};

/// Show every setting that is in force, and where its value comes from.
///
/// Values come from defaults, then config.toml in the home directory, then the environment
/// (POLITY_GATEWAY_LISTEN for gateway.listen), then flags; the later wins. An unknown key is an
/// error. So is a variable that begins like a section (POLITY_GATEWAY_…), or is one letter away
/// from that, and names no setting. Other variables are left alone.
///
/// Example:
///   polityd config show --set log.level=debug
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print every value and where it comes from
    Show,
}

impl Config {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let loaded = common.load_home()?;
        match self.action {
            Action::Show => show(&loaded, common.output),
        }
        Ok(())
    }
}

fn show(loaded: &Loaded, output: Output) {
    match output {
        Output::Text => print!("{}", text(&loaded.settings)),
        Output::Json => println!("{:#}", json(&loaded.settings)),
    }
}

fn text(settings: &[Setting]) -> String {
    let key_width = settings.iter().map(|setting| setting.key.len()).max();
    let key_width = key_width.unwrap_or(0);
    // Only keys are padded: one long value would push every origin off the screen.
    let lines = settings.iter().map(|setting| {
        let value = setting.value.as_deref().unwrap_or("(not set)");
        format!(
            "{:key_width$}  {value}  ({})\n",
            setting.key, setting.origin
        )
    });
    lines.collect()
}

fn json(settings: &[Setting]) -> serde_json::Value {
    let rows = settings.iter().map(|setting| {
        json!({ "key": setting.key, "value": setting.value, "origin": setting.origin.to_string() })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    #[test]
    fn a_value_that_is_not_set_says_so_and_a_long_one_pushes_nothing_away() {
        let setting = |key: &str, value: Option<&str>| Setting {
            key: key.into(),
            value: value.map(String::from),
            origin: Origin::Default,
        };
        let long = "x".repeat(200);
        let settings = [
            setting("home", Some(&long)),
            setting("gateway.tls_key", None),
        ];
        let shown =
            format!("home             {long}  (default)\ngateway.tls_key  (not set)  (default)\n");
        assert_eq!(text(&settings), shown);
        assert!(json(&settings)[1]["value"].is_null());
    }
}
