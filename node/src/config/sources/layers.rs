//! The environment and the command line as layers of the configuration.

use std::collections::{BTreeMap, BTreeSet};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::{ENVIRONMENT_PREFIX, Flags};
use crate::config::ConfigError;

/// By these names a value tells later where it comes from.
pub(super) const ENVIRONMENT: &str = "environment";
pub(super) const FLAG: &str = "flag";

/// What the environment says of these keys.
pub(super) fn environment_layer(
    keys: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<Layer, ConfigError> {
    let by_variable: BTreeMap<String, &String> =
        keys.iter().map(|key| (variable(key), key)).collect();
    let first_words: BTreeSet<String> = by_variable
        .keys()
        .map(|name| first_word(name).to_owned())
        .collect();

    let mut values = Vec::new();
    for (name, value) in environment {
        match by_variable.get(name) {
            Some(key) => values.push(((*key).clone(), value.clone())),
            // One letter too many, too few or wrong, or two that changed places.
            None if first_words
                .iter()
                .any(|word| strsim::osa_distance(first_word(name), word) <= 1) =>
            {
                return Err(ConfigError(format!(
                    "environment {ENVIRONMENT_PREFIX}{name}: there is no such setting"
                )));
            }
            None => {}
        }
    }
    Ok(Layer {
        name: ENVIRONMENT,
        values,
    })
}

fn first_word(name: &str) -> &str {
    name.split_once('_').map_or(name, |(word, _)| word)
}

/// What the command line says.
pub(super) fn flag_layer(flags: &Flags) -> Layer {
    Layer {
        name: FLAG,
        values: flags.settings.clone(),
    }
}

/// The variable of a key, after our prefix.
pub(super) fn variable(key: &str) -> String {
    key.replace('.', "_").to_uppercase()
}

/// Texts that become values: numbers, truth values and lists as TOML writes them, texts bare.
pub(super) struct Layer {
    name: &'static str,
    values: Vec<(String, String)>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let name = self.name;
        Metadata::named(name).interpolater(move |_: &Profile, path: &[&str]| {
            let key = path.join(".");
            match name {
                ENVIRONMENT => format!("{ENVIRONMENT_PREFIX}{}", variable(&key)),
                _ => key,
            }
        })
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        let mut whole = Dict::new();
        for (key, text) in &self.values {
            let mut section = &mut whole;
            let mut parts = key.split('.').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    section.insert(part.to_owned(), parse(text));
                    break;
                }
                let entry = section
                    .entry(part.to_owned())
                    .or_insert_with(|| Value::from(Dict::new()));
                let Value::Dict(_, inner) = entry else {
                    return Err(figment::Error::from(format!(
                        "{key}: {part} is not a section"
                    )));
                };
                section = inner;
            }
        }
        Ok(Profile::Default.collect(whole))
    }
}

fn parse(text: &str) -> Value {
    match text.parse::<Value>() {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
