//! What the node says: one line a block at `info`, one a transaction at `debug`, fields and not prose.

mod expected;
mod repeated;

use std::io::IsTerminal;

use tracing_subscriber::filter::{FilterExt as _, LevelFilter};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, registry};

pub use expected::{speaks_as, stop_was_asked_for};

use crate::config::{ConfigError, Log, LogFormat};

/// Sends everything that the process says to standard error, in the form that the configuration asks
/// for. To be called once, before the first line.
pub fn start(config: &Log) -> Result<(), ConfigError> {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = subscriber(config, std::io::stderr, colours)?;
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|_| ConfigError("log: was started before".into()))
}

/// What libraries below the engine say at `info` is for their makers; so is all that they say of connections, which they
/// call errors when a peer rests: the node tells itself who is lost and who is back. A stop that was asked for is a
/// warning of the actors' supervisor. A level for one of them in the configuration holds instead, because it comes later.
const QUIET: &str = "arc_malachitebft_app=warn,arc_malachitebft_core_consensus=warn,arc_malachitebft_discovery=off,\
                     arc_malachitebft_engine=warn,arc_malachitebft_engine::node=error,arc_malachitebft_network=off,\
                     arc_malachitebft_sync=warn,libp2p_swarm=warn";

type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

fn subscriber<W>(config: &Log, writer: W, colours: bool) -> Result<Subscriber, ConfigError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(&config.level)?
        .and(expected::Unexpected)
        .and(repeated::NotTooOften::default());
    let layer = fmt::layer().with_writer(writer);

    Ok(match config.format {
        LogFormat::Text => Box::new(registry().with(layer.with_ansi(colours).with_filter(filter))),
        LogFormat::Json => {
            Box::new(registry().with(layer.json().flatten_event(true).with_filter(filter)))
        }
    })
}

/// What a level lets pass.
///
/// # Errors
/// Where it is none: also a bare word that names no level, which the library would take for a module's name.
pub fn filter(level: &str) -> Result<EnvFilter, ConfigError> {
    let wrong =
        |words: String| ConfigError(format!("log.level: {level:?} is not a level: {words}"));
    for part in level.split(',') {
        let names_module = part.contains(['=', '[', ']', '{', '}']);
        if !names_module && (part.is_empty() || part.parse::<LevelFilter>().is_err()) {
            let words = format!(
                "{part:?} is none of off, error, warn, info, debug, trace and no MODULE=LEVEL"
            );
            return Err(wrong(words));
        }
    }
    EnvFilter::try_new(format!("{QUIET},{level}")).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, level: &str) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let config = Log {
            format,
            level: level.into(),
        };
        let subscriber = subscriber(&config, move || writer.clone(), false).unwrap();

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(height = 7, transactions = 2, "block");
            tracing::debug!("transaction");
        });

        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_carry_fields_for_machines() {
        let text = written(LogFormat::Json, "info");
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(
            (&line["message"], &line["height"]),
            (&"block".into(), &7.into())
        );
    }

    #[test]
    fn text_lines_carry_fields_for_people() {
        let text = written(LogFormat::Text, "info");
        assert!(
            text.contains("block") && text.contains("height=7"),
            "{text}"
        );
    }

    #[test]
    fn the_level_decides_what_is_said() {
        assert_eq!(written(LogFormat::Text, "debug").lines().count(), 2);
        assert_eq!(written(LogFormat::Text, "off").lines().count(), 0);
    }

    #[test]
    fn what_the_guard_refused_is_no_error_and_other_errors_are() {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber(&Log::default(), move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let word = "Refused";
            tracing::error!(target: "arc_malachitebft_engine::network", "Failed to encode consensus message: {word}");
            tracing::error!(target: "arc_malachitebft_engine::wal", "ATTENTION");
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("ATTENTION"), "{text}");
    }

    #[test]
    fn whoever_is_complained_of_fills_no_disk_with_complaints() {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber(&Log::default(), move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..1_000 {
                tracing::warn!(target: "arc_malachitebft_core_consensus::handle::vote", "FORGED");
                tracing::warn!(target: "polity_engine::embedded::consensus", "OTHER BLOCK");
                tracing::info!(target: "polity_node::app", "block");
            }
            tracing::warn!(target: "arc_malachitebft_core_consensus::handle::vote", "UNKNOWN");
        });
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let lines = |words: &str| text.lines().filter(|line| line.contains(words)).count();
        assert!((1..100).contains(&lines("FORGED")), "{}", lines("FORGED"));
        assert!((1..100).contains(&lines("OTHER BLOCK")));
        assert_eq!(lines("UNKNOWN"), 1, "another complaint has its own place");
        assert_eq!(lines("block"), 1_000);
    }

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        for level in [
            "loud",
            "inof",
            "",
            "info,",
            "polity_node=loud",
            "=,=",
            "debug loud",
            "info, debug",
        ] {
            assert!(filter(level).is_err(), "{level:?}");
        }
        for level in [
            "INFO",
            "off",
            "info,polity_node::gateway=debug",
            "warn,libp2p_swarm=off",
            "info,polity_node[call{method=\"tx\"}]=trace",
        ] {
            assert!(filter(level).is_ok(), "{level:?}");
        }
    }
}
