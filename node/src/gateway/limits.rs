//! Bounds of everything that comes from outside, as configuration.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Makes [`Limits`] of one row for each limit: what it bounds, its name, its default, and the range that is allowed.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:expr, $range:expr;)+) => {
        /// The gateway's limits. Each has a default that suits a department's node; unknown names are errors.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $kind,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// Refuses values that would lock everyone out or leave a bound without meaning.
            pub fn validate(&self) -> Result<(), LimitError> {
                // A range may begin at another limit.
                let Limits { $($name,)+ } = *self;
                $(within(stringify!($name), $name as u64, $range)?;)+
                Ok(())
            }
        }
    };
}

limits! {
    /// Bytes of a request's body.
    body_bytes_max: usize = 4 << 20, 1 << 10..=256 << 20;
    /// Bytes of all large bodies that are being received or answered at a time.
    bodies_bytes_max: usize = 64 << 20, body_bytes_max as u64..=4 << 30;
    /// Bytes of a websocket message.
    websocket_message_bytes_max: usize = 1 << 20, 1 << 10..=256 << 20;
    /// Bytes of a request's line and headers.
    header_bytes_max: usize = 64 << 10, 8 << 10..=1 << 20;
    /// Calls in one JSON-RPC batch.
    batch_calls_max: usize = 100, 1..=10_000;
    /// Bytes of the answers of one JSON-RPC batch; the calls after it are told so.
    batch_answer_bytes_max: usize = 16 << 20, 1 << 10..=1 << 30;
    /// Bytes of all large answers by HTTP that are being made or wait to be taken; whoever asks for more then is told
    /// so.
    answers_bytes_max: usize = 256 << 20, batch_answer_bytes_max as u64..=2 << 30;
    /// Transactions in one `broadcast_batch`.
    batch_transactions_max: usize = 10_000, 1..=1_000_000;
    /// Calls that one address may make in a second, on average; 0 means without limit.
    calls_per_second: u32 = 500, 0..=10_000_000;
    /// Calls that one address may make at once after a rest.
    calls_burst: u32 = 1_000, 1..=10_000_000;
    /// Calls that a transaction with a bad signature costs its sender.
    bad_transaction_cost: u32 = 20, 0..=1_000_000;
    /// Addresses whose calls are counted at a time. An IPv6 address counts by its first 64 bits.
    addresses_max: usize = 16_384, 16..=16 << 20;
    /// Connections at a time.
    connections_max: usize = 1_000, 1..=1 << 20;
    /// Connections at a time from one address; neighbours of one /64 of IPv6 count as one.
    connections_per_address_max: usize = 250, 1..=1 << 20;
    /// Questions read from the store at a time.
    queries_at_once: usize = 64, 1..=400;
    /// Questions that are answered by judging actions or looking at many units (`/simulate`, `/can`, `/who-can`,
    /// `/outlook`, `/inbox`, `/health`) at a time.
    judged_at_once: usize = 2, 1..=400;
    /// Calls that each action which is judged for a question costs the address that asks; many units count as ten.
    judged_action_cost: u32 = 2, 0..=1_000_000;
    /// Questions put to the engine at a time.
    engine_calls_at_once: usize = 64, 1..=10_000;
    /// Websocket subscriptions at a time on one connection.
    subscriptions_per_connection_max: usize = 16, 1..=10_000;
    /// Websocket subscriptions at a time on all connections.
    subscriptions_max: usize = 1_000, 1..=1 << 20;
    /// Messages that wait for a slow websocket client; one more, and it is dropped.
    websocket_queue_messages: usize = 256, 1..=1 << 20;
    /// Bytes that wait for a slow websocket client; more, and it is dropped.
    websocket_queue_bytes: usize = 32 << 20, 1 << 20..=1 << 30;
    /// Bytes that wait for all slow websocket clients, beyond the first MiB of each; whoever needs more then is
    /// dropped.
    websocket_queues_bytes_max: usize = 256 << 20, websocket_queue_bytes as u64..=16 << 30;
    /// Seconds within which a request's headers, and a TLS handshake, must arrive; also how long a connection may idle.
    header_seconds_max: u64 = 15, 1..=3_600;
    /// Seconds within which a request's body must arrive.
    body_seconds_max: u64 = 15, 1..=3_600;
    /// Seconds within which a call is answered.
    call_seconds_max: u64 = 10, 1..=3_600;
    /// Seconds that `broadcast_tx_commit` waits for the block.
    commit_wait_seconds: u64 = 10, 1..=3_600;
    /// Seconds within which a client takes 64 KiB of what is sent to it, or all of it.
    write_stall_seconds_max: u64 = 15, 1..=3_600;
    /// Seconds between pings on an idle websocket. A client that shows no life for two of them is dropped.
    websocket_ping_seconds: u64 = 20, 1..=3_600;
}

fn within(name: &'static str, value: u64, range: RangeInclusive<u64>) -> Result<(), LimitError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(LimitError {
        name,
        least,
        most,
        value,
    })
}

/// A limit with which the gateway could not serve anyone, or not safely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gateway.limits.{name}: must be between {least} and {most}, is {value}")]
pub struct LimitError {
    /// The field's name.
    pub name: &'static str,
    /// Least allowed value.
    pub least: u64,
    /// Greatest allowed value.
    pub most: u64,
    /// The configured value.
    pub value: u64,
}

impl Limits {
    pub(super) fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_seconds_max)
    }

    pub(super) fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_seconds_max)
    }

    pub(super) fn call_time(&self) -> Duration {
        Duration::from_secs(self.call_seconds_max)
    }

    pub(super) fn commit_wait(&self) -> Duration {
        Duration::from_secs(self.commit_wait_seconds)
    }

    pub(super) fn write_stall(&self) -> Duration {
        Duration::from_secs(self.write_stall_seconds_max)
    }

    pub(super) fn websocket_ping(&self) -> Duration {
        Duration::from_secs(self.websocket_ping_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_own_bounds() {
        assert_eq!(Limits::default().validate(), Ok(()));
    }

    #[test]
    fn a_limit_that_locks_everyone_out_is_refused_by_name() {
        let limits = Limits {
            connections_max: 0,
            ..Limits::default()
        };
        assert_eq!(limits.validate().unwrap_err().name, "connections_max");
    }
}
