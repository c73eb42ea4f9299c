//! Where each value of the configuration comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{CONFIG_FILE, Config, ConfigError};

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
/// for ours when they begin with `POLITY_` and the name of a section (`POLITY_STORE_…`), so that a
/// misspelt one is told and other programs keep theirs.
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
    if file.exists() {
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

fn environment_layer(
    keys: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<Layer, ConfigError> {
    let by_variable: BTreeMap<String, &String> =
        keys.iter().map(|key| (variable(key), key)).collect();
    let sections: Vec<String> = keys
        .iter()
        .filter_map(|key| key.split_once('.'))
        .map(|(section, _)| format!("{}_", section.to_uppercase()))
        .collect();

    let mut values = Vec::new();
    for (name, value) in environment {
        match by_variable.get(name) {
            Some(key) => values.push(((*key).clone(), value.clone())),
            None if sections.iter().any(|section| name.starts_with(section)) => {
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

fn flag_layer(flags: &Flags) -> Layer {
    Layer {
        name: FLAG,
        values: flags.settings.clone(),
    }
}

fn variable(key: &str) -> String {
    key.replace('.', "_").to_uppercase()
}

const ENVIRONMENT: &str = "environment";
const FLAG: &str = "flag";

/// Texts that become values: numbers, truth values and lists as TOML writes them, texts bare.
struct Layer {
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
        line.push_str(&error.kind.to_string());
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

#[cfg(test)]
mod tests {
    use super::super::{Engine, LogFormat};
    use super::*;

    /// A home with a file, the environment, and flags of the form `key=value`.
    fn loaded(
        file: &str,
        environment: &[(&str, &str)],
        settings: &[&str],
    ) -> Result<Loaded, String> {
        let home = home(file);
        let settings = settings
            .iter()
            .map(|setting| setting.split_once('=').unwrap());
        let flags = Flags {
            home: Some(home.clone()),
            settings: settings
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        };
        let environment = environment
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let loaded = load(&flags, environment).map_err(|error| error.to_string());
        std::fs::remove_dir_all(home).unwrap();
        loaded
    }

    fn home(file: &str) -> PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "polity-config-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let home = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join(CONFIG_FILE), file).unwrap();
        home
    }

    fn origin(loaded: &Loaded, key: &str) -> Origin {
        loaded
            .settings
            .iter()
            .find(|setting| setting.key == key)
            .unwrap()
            .origin
            .clone()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = "[log]\nlevel = 'file'\n[share]\nrefused_cost = 7\nactions_burst = 8\n[store]\nhot_bytes_max = 2_000_000";
        let environment = [
            ("POLITY_LOG_LEVEL", "environment"),
            ("POLITY_SHARE_REFUSED_COST", "9"),
        ];

        let loaded = loaded(file, &environment, &["log.level=flag", "log.format=json"]).unwrap();

        let config = &loaded.config;
        assert_eq!(
            (config.log.level.as_str(), config.log.format),
            ("flag", LogFormat::Json)
        );
        assert_eq!(
            (config.share.refused_cost, config.share.actions_burst),
            (9, 8)
        );
        assert_eq!(config.store.hot_bytes_max, 2_000_000);
        assert_eq!(origin(&loaded, "log.level"), Origin::Flag);
        assert_eq!(
            origin(&loaded, "share.refused_cost"),
            Origin::Environment("POLITY_SHARE_REFUSED_COST".into())
        );
        assert_eq!(
            origin(&loaded, "share.actions_burst"),
            Origin::File(config.home.join(CONFIG_FILE))
        );
        assert_eq!(origin(&loaded, "share.actions_per_second"), Origin::Default);
        assert_eq!(origin(&loaded, "home"), Origin::Flag);
    }

    #[test]
    fn unknown_keys_are_errors_wherever_they_stand() {
        let file = loaded("[gateway]\nlistn = '127.0.0.1:1'", &[], &[]).unwrap_err();
        let section = loaded("[gatewy]\nlisten = '127.0.0.1:1'", &[], &[]).unwrap_err();
        let environment = loaded("", &[("POLITY_GATEWAY_LISTN", "127.0.0.1:1")], &[]).unwrap_err();
        let flag = loaded("", &[], &["gateway.listn=127.0.0.1:1"]).unwrap_err();

        assert!(
            file.contains("listn") && file.contains(CONFIG_FILE),
            "{file}"
        );
        assert!(
            section.contains("gatewy") && section.contains(CONFIG_FILE),
            "{section}"
        );
        assert!(
            environment.contains("POLITY_GATEWAY_LISTN"),
            "{environment}"
        );
        assert!(flag.contains("listn") && flag.contains("flag"), "{flag}");
    }

    #[test]
    fn the_home_of_the_node_is_not_that_of_the_member() {
        let directory = home("");
        let named = |name: &str| {
            let variable = (name.to_owned(), directory.display().to_string());
            let loaded = load(&Flags::default(), [variable]).unwrap();
            (loaded.config.home.clone(), origin(&loaded, "home"))
        };
        let variable = Origin::Environment("POLITYD_HOME".into());
        assert_eq!(named("POLITYD_HOME"), (directory.clone(), variable));
        assert_ne!(named("POLITY_HOME").0, directory);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn variables_of_other_programs_are_left_alone() {
        assert!(loaded("", &[("POLITY_PASSPHRASE", "x"), ("PATH", "y")], &[]).is_ok());
    }

    #[test]
    fn a_list_may_be_one_text_with_commas() {
        let a = format!("{}@10.0.0.1:26656", "a".repeat(64));
        let b = format!("{}@b.example:26656", "1".repeat(64));

        let texts = loaded(
            "",
            &[("POLITY_P2P_PERSISTENT_PEERS", &format!("{a},{b}"))],
            &[],
        );
        let list = loaded(
            &format!("[p2p]\npersistent_peers = ['{a}', '{b}']"),
            &[],
            &[],
        );

        assert_eq!(
            texts.unwrap().config.p2p.persistent_peers,
            [a.clone(), b.clone()]
        );
        assert_eq!(list.unwrap().config.p2p.persistent_peers, [a, b]);
    }

    #[test]
    fn an_engine_is_named() {
        let engine = |file| loaded(file, &[], &[]).map(|loaded| loaded.config.engine);
        assert_eq!(engine("engine = 'cometbft'"), Ok(Engine::Cometbft));
        assert_eq!(engine("engine = 'embedded'"), Ok(Engine::Embedded));
        assert!(engine("engine = 'another'").is_err());
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_key_and_its_file() {
        let error = loaded("[gateway]\nlisten = 'here'", &[], &[]).unwrap_err();
        assert!(
            error.contains("gateway.listen") && error.contains(CONFIG_FILE),
            "{error}"
        );
    }

    #[test]
    fn no_two_keys_share_a_variable() {
        let keys = keys(&Figment::from(Serialized::defaults(Config::default()))).unwrap();
        let variables: std::collections::BTreeSet<String> =
            keys.iter().map(|key| variable(key)).collect();
        assert_eq!(variables.len(), keys.len());
    }

    #[test]
    fn what_is_shown_can_be_written_into_a_file() {
        let loaded = loaded("", &[], &[]).unwrap();
        let listen = loaded
            .settings
            .iter()
            .find(|setting| setting.key == "gateway.listen")
            .unwrap();
        assert_eq!(listen.value.as_deref(), Some("\"127.0.0.1:26657\""));
        let certificate = loaded
            .settings
            .iter()
            .find(|setting| setting.key == "gateway.tls_certificate");
        assert_eq!(certificate.unwrap().value, None);
    }
}
