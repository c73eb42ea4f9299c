use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::config::{Loaded, Setting};

/// Show what configuration holds, and where each value comes from.
///
/// Values come from defaults, then config.toml in the home directory, then the environment
/// (POLITY_GATEWAY_LISTEN for gateway.listen), then flags; the later wins. A key that does not exist
/// is an error in all of them.
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
        let loaded = common.load()?;
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
    let rows = settings.iter().map(|setting| {
        let value = setting.value.as_deref().unwrap_or("(not set)");
        (setting.key.as_str(), value, setting.origin.to_string())
    });
    let rows: Vec<_> = rows.collect();
    let key_width = rows.iter().map(|(key, _, _)| key.len()).max().unwrap_or(0);
    let value_width = rows
        .iter()
        .map(|(_, value, _)| value.len())
        .max()
        .unwrap_or(0);
    let lines = rows
        .iter()
        .map(|(key, value, origin)| format!("{key:key_width$}  {value:value_width$}  {origin}\n"));
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
    fn a_value_that_is_not_set_says_so() {
        let settings = [Setting {
            key: "gateway.tls_key".into(),
            value: None,
            origin: Origin::Default,
        }];
        assert_eq!(text(&settings), "gateway.tls_key  (not set)  default\n");
        assert!(json(&settings)[0]["value"].is_null());
    }
}
