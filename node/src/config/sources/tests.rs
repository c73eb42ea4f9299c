use super::*;
use crate::config::{Engine, LogFormat};

/// A home with a file, the environment, and flags of the form `key=value`.
fn loaded(file: &str, environment: &[(&str, &str)], settings: &[&str]) -> Result<Loaded, String> {
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
fn a_file_that_is_a_link_to_nothing_is_refused() {
    let home = home("");
    let file = home.join(CONFIG_FILE);
    std::fs::remove_file(&file).unwrap();
    let flags = Flags {
        home: Some(home.clone()),
        settings: Vec::new(),
    };
    let load = || load(&flags, []).map_err(|error| error.to_string());
    assert!(load().is_ok(), "without a file the defaults hold");
    std::os::unix::fs::symlink("/no/such/mount/config.toml", &file).unwrap();
    let refused = load().unwrap_err();
    assert!(refused.contains(&file.display().to_string()), "{refused}");
    std::fs::remove_dir_all(home).unwrap();
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "[log]\nlevel = 'warn'\n[share]\nrefused_cost = 7\nactions_burst = 8\n[store]\nhot_bytes_max = 2_000_000";
    let environment = [
        ("POLITY_LOG_LEVEL", "error"),
        ("POLITY_SHARE_REFUSED_COST", "9"),
    ];

    let loaded = loaded(file, &environment, &["log.level=trace", "log.format=json"]).unwrap();

    let config = &loaded.config;
    assert_eq!(
        (config.log.level.as_str(), config.log.format),
        ("trace", LogFormat::Json)
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
fn what_was_expected_is_quoted_once() {
    for (file, expected) in [
        ("[log]\nlevl = 'info'", "expected `format` or `level`"),
        ("engine = 'another'", "expected `embedded` or `cometbft`"),
        (
            "[store]\nheights = 1",
            "expected one of `history_heights`, ",
        ),
    ] {
        let error = loaded(file, &[], &[]).unwrap_err();
        assert!(error.contains(expected) && !error.contains("``"), "{error}");
    }
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
    for name in [
        "PATH",
        "POLITY_PASSPHRASE",
        "POLITY_HOME",
        "POLITY_NODES",
        "POLITY_CA_FILE",
        "POLITY_TRUSTING_DAYS",
        "POLITY_KEY",
        "POLITY_MEMBER",
        "POLITY_ROOT",
        "POLITY_BLOCKS",
        "POLITY_FOO",
    ] {
        assert!(loaded("", &[(name, "x")], &[]).is_ok(), "{name}");
    }
}

#[test]
fn a_variable_that_is_nearly_ours_is_told() {
    for name in [
        "POLITY_ENGIN",
        "POLITY_ENGINES",
        "POLITY_ENGINE_NAME",
        "POLITY_GATEWY_LISTEN",
        "POLITY_GATEAWY_LISTEN",
        "POLITY_STORE_HISTORY_HEIGHT",
        "POLITY_LOGS_LEVEL",
    ] {
        let error = loaded("", &[(name, "x")], &[]).unwrap_err();
        assert!(error.contains(name), "{error}");
    }
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

#[test]
fn a_number_that_toml_has_no_room_for_is_shown_as_it_holds() {
    let loaded = loaded("", &[], &["store.free_bytes_min=18446744073709551615"]).unwrap();
    let shown = loaded
        .settings
        .iter()
        .find(|setting| setting.key == "store.free_bytes_min");
    assert_eq!(
        shown.unwrap().value.as_deref(),
        Some("18446744073709551615")
    );
}
