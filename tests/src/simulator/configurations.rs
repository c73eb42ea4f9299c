//! How the nodes of a simulation are configured: as differently as can be, because it must make no difference.

use polity_node::config::{Config, Engine, Share, Store};

/// Which node keeps no more of the past than can be taken back.
pub(super) const FORGETFUL: usize = 2;

/// One for each node.
pub(super) fn configurations() -> [Config; 3] {
    [as_shipped(), small(), forgetful()]
}

fn as_shipped() -> Config {
    Config {
        // The blocks of a simulation are kept by nobody's engine. Under the embedded one, what is asked is dated by the
        // wall clock.
        engine: Engine::Cometbft,
        // Fair share is read off the wall clock: here nobody has too little.
        share: Share {
            actions_per_second: 0,
            ..Share::default()
        },
        // A test's disk may be fuller than an operator's.
        store: Store {
            free_bytes_min: 1 << 20,
            ..Store::default()
        },
        ..Config::default()
    }
}

/// Smaller than an operator may choose: a simulation writes and merges files too, its state does not fit into memory, and
/// what others propose is more than this node would.
pub(super) fn small() -> Config {
    let shipped = as_shipped();
    Config {
        store: Store {
            hot_bytes_max: 64 << 10,
            block_cache_bytes: 64 << 10,
            write_buffer_bytes: 256 << 10,
            ..shipped.store
        },
        share: Share {
            block_actions_max: 10,
            ..shipped.share
        },
        ..shipped
    }
}

fn forgetful() -> Config {
    let small = small();
    Config {
        store: Store {
            history_heights: 1,
            hot_bytes_max: 1 << 20,
            block_cache_bytes: 1 << 20,
            ..small.store
        },
        share: Share {
            block_actions_max: usize::MAX,
            ..small.share
        },
        ..small
    }
}
