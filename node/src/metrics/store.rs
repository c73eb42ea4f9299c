//! What the store counts by itself, read when somebody asks.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::store::{Store, free_bytes};

/// The store's counters as metrics: `store_commits`, `store_syncs` (one for each commit),
/// `store_hot_hits` and `store_hot_misses`; and the room: `store_file_bytes`, and `store_free_bytes` that
/// the disk has left, where the node stops at `store.free_bytes_min`.
pub struct StoreMetrics(pub Arc<Store>);

impl Collector for StoreMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counters = self.0.counters();
        for (name, help, value) in [
            (
                "store_commits",
                "Heights that the store made durable",
                counters.commits,
            ),
            (
                "store_syncs",
                "Times that the store waited for the disk, one for each commit",
                counters.synced_writes,
            ),
            (
                "store_hot_hits",
                "Reads of state that were answered from memory",
                counters.hot_hits,
            ),
            (
                "store_hot_misses",
                "Reads of state that went to the files",
                counters.hot_misses,
            ),
        ] {
            let counter = ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        // What cannot be asked is left out rather than told as zero.
        for (name, help, bytes) in [
            (
                "store_file_bytes",
                "Bytes of the store's files",
                self.0.file_bytes(),
            ),
            (
                "store_free_bytes",
                "Bytes that the disk under the store has left",
                free_bytes(self.0.directory()),
            ),
        ] {
            if let Ok(bytes) = bytes {
                let gauge = ConstGauge::new(bytes);
                let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
                gauge.encode(metric)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for StoreMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoreMetrics")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::metrics::Metrics;
    use crate::store::StoreOptions;

    /// Everything that a node shows before its first block.
    fn shown(directory: &Path) -> String {
        let options = StoreOptions {
            free_bytes_min: 0,
            ..StoreOptions::default()
        };
        let store = Arc::new(Store::open(directory, options).unwrap());
        let mut registry = Registry::with_prefix("polity");
        let metrics = Metrics::register(&mut registry, "embedded");
        // Shown once there was a block.
        metrics.count_proposed("c0ffee");
        registry.register_collector(Box::new(StoreMetrics(Arc::clone(&store))));
        assert_eq!(store.snapshot().get(b"\x01absent"), None);

        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn the_stores_counters_are_shown_as_they_are_when_asked() {
        let directory = tempfile::tempdir().unwrap();
        let text = shown(directory.path());
        assert!(text.contains("polity_store_commits_total 0\n"), "{text}");
        assert!(text.contains("polity_store_hot_misses_total"), "{text}");
        assert!(text.contains("polity_store_free_bytes "), "{text}");
    }

    #[test]
    fn what_operators_are_told_to_watch_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let text = shown(directory.path());
        let guide = include_str!("../../../docs/operators.md");
        let rules = include_str!("../../../docs/examples/alerts.yml");
        let words =
            |told: &'static str| told.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        // The gateway's are shown once they count something: its own tests look at them.
        let is_ours =
            |word: &&str| word.starts_with("polity_") && !word.starts_with("polity_gateway_");
        let mut told = words(guide).chain(words(rules)).filter(is_ours);
        assert!(told.clone().count() > 10);
        assert_eq!(
            told.find(|name| {
                let is_shown = |end| text.contains(&format!("\n{name}{end}"));
                !is_shown(' ') && !is_shown('{')
            }),
            None
        );
    }
}
