//! Where each value of the configuration comes from.

mod layers;

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::{Kind, OneOf};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};

use super::{CONFIG_FILE, Config, ConfigError};
use layers::{ENVIRONMENT, FLAG, environment_layer, flag_layer, variable};

/// What the environment's variables begin with.
pub const ENVIRONMENT_PREFIX: &str = "POLITY_";

/// The variable that names the home. `POLITY_HOME` is the member's, of `polity`: one shell has both.
pub const HOME_VARIABLE: &str = "POLITYD_HOME";

/// What was said on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Keys and values, such as `("log.level", "debug")`; of two with one key the later holds.
    pub settings: Vec<(String, String)>,
}

/// A configuration, and where each value of it comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// Every value, `home` first, then in the order of keys.
    pub settings: Vec<Setting>,
}

/// One value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key, such as `gateway.listen`.
    pub key: String,
    /// The value as TOML writes it; `None` where an optional value is not set.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a value comes from. The later in this list wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => formatter.write_str("default"),
            Origin::File(path) => write!(formatter, "file {}", path.display()),
            Origin::Environment(variable) => write!(formatter, "environment {variable}"),
            Origin::Flag => formatter.write_str("flag"),
        }
    }
}

/// Reads the configuration: defaults, file, environment, flags.
///
/// A key that does not exist is an error wherever it stands. Variables of the environment are taken
/// for ours when they begin with `POLITY_` and the first word of a key (`POLITY_STORE_…`), or that word
/// with one letter wrong, so that a misspelt one is told and other programs keep theirs.
pub fn load(
    flags: &Flags,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigError> {
    let mut home_variable = None;
    let mut environment_of_ours = BTreeMap::new();
    for (name, value) in environment {
        if name == HOME_VARIABLE {
            home_variable = Some(value);
        } else if let Some(name) = name.strip_prefix(ENVIRONMENT_PREFIX) {
            environment_of_ours.insert(name.to_owned(), value);
        }
    }
    let (home, home_origin) = find_home(flags, home_variable)?;
    let file = home.join(CONFIG_FILE);

    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let keys = keys(&defaults)?;
    let mut figment = defaults;
    if !is_absent(&file) {
        figment = figment.merge(Toml::file_exact(&file));
    }
    figment = figment.merge(environment_layer(&keys, &environment_of_ours)?);
    figment = figment.merge(flag_layer(flags));

    let mut config: Config = figment.extract().map_err(|error| in_words(&error))?;
    config.home = home.clone();
    config.validate()?;

    let mut settings = vec![Setting {
        key: "home".into(),
        value: Some(quoted(&home)),
        origin: home_origin,
    }];
    for key in keys {
        settings.push(setting(&figment, key, &file)?);
    }
    Ok(Loaded { config, settings })
}

fn find_home(flags: &Flags, variable: Option<String>) -> Result<(PathBuf, Origin), ConfigError> {
    let (home, origin) = if let Some(home) = &flags.home {
        (home.clone(), Origin::Flag)
    } else if let Some(home) = variable.filter(|home| !home.is_empty()) {
        (
            PathBuf::from(home),
            Origin::Environment(HOME_VARIABLE.to_owned()),
        )
    } else {
        let user = std::env::home_dir().ok_or_else(|| {
            ConfigError("home: no home directory of the user, give --home".into())
        })?;
        (user.join(".polityd"), Origin::Default)
    };
    let home = std::path::absolute(&home).map_err(|error| ConfigError(format!("home: {error}")))?;
    Ok((home, origin))
}

/// Whether there is no file of this name. A link to nothing, and what may not be looked at, is a mistake and no wish for
/// the defaults.
fn is_absent(file: &Path) -> bool {
    let looked_at = file.symlink_metadata();
    looked_at.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

/// Every key that exists, in order.
fn keys(defaults: &Figment) -> Result<Vec<String>, ConfigError> {
    fn collect(prefix: &str, dictionary: &Dict, keys: &mut Vec<String>) {
        for (name, value) in dictionary {
            let key = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            match value.as_dict() {
                Some(section) => collect(&key, section, keys),
                None => keys.push(key),
            }
        }
    }

    let whole: Value = defaults.extract().map_err(|error| in_words(&error))?;
    let mut keys = Vec::new();
    if let Some(dictionary) = whole.as_dict() {
        collect("", dictionary, &mut keys);
    }
    Ok(keys)
}

fn setting(figment: &Figment, key: String, file: &Path) -> Result<Setting, ConfigError> {
    let value = figment.find_value(&key).map_err(|error| in_words(&error))?;
    let origin = match figment.get_metadata(value.tag()) {
        Some(metadata) if metadata.name == ENVIRONMENT => {
            Origin::Environment(format!("{ENVIRONMENT_PREFIX}{}", variable(&key)))
        }
        Some(metadata) if metadata.name == FLAG => Origin::Flag,
        Some(metadata)
            if metadata
                .source
                .as_ref()
                .is_some_and(|source| source.file_path().is_some()) =>
        {
            Origin::File(file.to_owned())
        }
        Some(_) | None => Origin::Default,
    };
    Ok(Setting {
        key,
        value: written(&value),
        origin,
    })
}

/// A value as TOML writes it.
fn written(value: &Value) -> Option<String> {
    if matches!(value, Value::Empty(..)) {
        return None;
    }
    // TOML ends with the whole numbers of 64 bits and a sign; an environment and flags do not.
    if let Some(number) = value.to_u128() {
        return Some(number.to_string());
    }
    toml::Value::try_from(value)
        .ok()
        .map(|value| value.to_string())
}

fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

/// One line a mistake: the key, what is wrong, where it stands.
fn in_words(error: &figment::Error) -> ConfigError {
    let lines = error.clone().into_iter().map(|error| {
        let mut line = String::new();
        if !error.path.is_empty() {
            line.push_str(&format!("{}: ", error.path.join(".")));
        }
        line.push_str(&kind_in_words(&error.kind));
        if let Some(metadata) = &error.metadata {
            match metadata
                .source
                .as_ref()
                .and_then(|source| source.file_path())
            {
                Some(path) => line.push_str(&format!(" (file {})", path.display())),
                None => line.push_str(&format!(" ({})", metadata.name)),
            }
        }
        line
    });
    ConfigError(lines.collect::<Vec<_>>().join("\n"))
}

fn kind_in_words(kind: &Kind) -> String {
    match kind {
        // The library would quote the list of quoted names once more.
        Kind::UnknownField(found, known) => {
            format!("unknown field: found `{found}`, expected {}", OneOf(known))
        }
        Kind::UnknownVariant(found, known) => {
            format!(
                "unknown variant: found `{found}`, expected {}",
                OneOf(known)
            )
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
