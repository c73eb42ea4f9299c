//! Bounds of everything that comes from outside, as configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The gateway's limits. Each has a default that suits a department's node; unknown names are errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Bytes of all large bodies that are being received or answered at a time.
    pub bodies_bytes_max: usize,
    /// Bytes of a websocket message.
    pub websocket_message_bytes_max: usize,
    /// Bytes of a request's line and headers.
    pub header_bytes_max: usize,
    /// Calls in one JSON-RPC batch.
    pub batch_calls_max: usize,
    /// Bytes of the answers of one JSON-RPC batch; the calls after it are told so.
    pub batch_answer_bytes_max: usize,
    /// Transactions in one `broadcast_batch`.
    pub batch_transactions_max: usize,
    /// Calls that one address may make in a second, on average; 0 means without limit.
    pub calls_per_second: u32,
    /// Calls that one address may make at once after a rest.
    pub calls_burst: u32,
    /// Calls that a transaction with a bad signature costs its sender.
    pub bad_transaction_cost: u32,
    /// Addresses whose calls are counted at a time. An IPv6 address counts by its first 64 bits.
    pub addresses_max: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// Connections at a time from one address; neighbours of one /64 of IPv6 count as one.
    pub connections_per_address_max: usize,
    /// Questions read from the store at a time.
    pub queries_at_once: usize,
    /// Questions that are answered by judging actions (`/simulate`, `/can`, `/who-can`, `/outlook`) at a time.
    pub judged_at_once: usize,
    /// Calls that each action which is judged for a question costs the address that asks.
    pub judged_action_cost: u32,
    /// Questions put to the engine at a time.
    pub engine_calls_at_once: usize,
    /// Websocket subscriptions at a time on one connection.
    pub subscriptions_per_connection_max: usize,
    /// Websocket subscriptions at a time on all connections.
    pub subscriptions_max: usize,
    /// Messages that wait for a slow websocket client; one more, and it is dropped.
    pub websocket_queue_messages: usize,
    /// Bytes that wait for a slow websocket client; more, and it is dropped.
    pub websocket_queue_bytes: usize,
    /// Bytes that wait for all slow websocket clients, beyond the first MiB of each; who needs more then is dropped.
    pub websocket_queues_bytes_max: usize,
    /// Seconds within which a request's headers, and a TLS handshake, must arrive; also how long a connection may idle.
    pub header_seconds_max: u64,
    /// Seconds within which a request's body must arrive.
    pub body_seconds_max: u64,
    /// Seconds within which a call is answered.
    pub call_seconds_max: u64,
    /// Seconds that `broadcast_tx_commit` waits for the block.
    pub commit_wait_seconds: u64,
    /// Seconds for which a client may take none of the bytes sent to it.
    pub write_stall_seconds_max: u64,
    /// Seconds between pings on an idle websocket. A client that shows no life for two of them is dropped.
    pub websocket_ping_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes_max: 4 << 20,
            bodies_bytes_max: 64 << 20,
            websocket_message_bytes_max: 1 << 20,
            header_bytes_max: 64 << 10,
            batch_calls_max: 100,
            batch_answer_bytes_max: 16 << 20,
            batch_transactions_max: 10_000,
            calls_per_second: 500,
            calls_burst: 1_000,
            bad_transaction_cost: 20,
            addresses_max: 16_384,
            connections_max: 1_000,
            connections_per_address_max: 250,
            queries_at_once: 64,
            judged_at_once: 2,
            judged_action_cost: 2,
            engine_calls_at_once: 64,
            subscriptions_per_connection_max: 16,
            subscriptions_max: 1_000,
            websocket_queue_messages: 256,
            websocket_queue_bytes: 32 << 20,
            websocket_queues_bytes_max: 256 << 20,
            header_seconds_max: 15,
            body_seconds_max: 15,
            call_seconds_max: 10,
            commit_wait_seconds: 10,
            write_stall_seconds_max: 15,
            websocket_ping_seconds: 20,
        }
    }
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
    /// Refuses values that would lock everyone out or leave a bound without meaning.
    pub fn validate(&self) -> Result<(), LimitError> {
        // Without `..`: the compiler asks for a range for each limit.
        let Limits {
            body_bytes_max,
            bodies_bytes_max,
            websocket_message_bytes_max,
            header_bytes_max,
            batch_calls_max,
            batch_answer_bytes_max,
            batch_transactions_max,
            calls_per_second,
            calls_burst,
            bad_transaction_cost,
            addresses_max,
            connections_max,
            connections_per_address_max,
            queries_at_once,
            judged_at_once,
            judged_action_cost,
            engine_calls_at_once,
            subscriptions_per_connection_max,
            subscriptions_max,
            websocket_queue_messages,
            websocket_queue_bytes,
            websocket_queues_bytes_max,
            header_seconds_max,
            body_seconds_max,
            call_seconds_max,
            commit_wait_seconds,
            write_stall_seconds_max,
            websocket_ping_seconds,
        } = *self;
        let ranges: [(&'static str, u64, u64, u64); 28] = [
            ("body_bytes_max", body_bytes_max as u64, 1 << 10, 256 << 20),
            (
                "bodies_bytes_max",
                bodies_bytes_max as u64,
                body_bytes_max as u64,
                4 << 30,
            ),
            (
                "websocket_message_bytes_max",
                websocket_message_bytes_max as u64,
                1 << 10,
                256 << 20,
            ),
            (
                "header_bytes_max",
                header_bytes_max as u64,
                8 << 10,
                1 << 20,
            ),
            ("batch_calls_max", batch_calls_max as u64, 1, 10_000),
            (
                "batch_answer_bytes_max",
                batch_answer_bytes_max as u64,
                1 << 10,
                1 << 30,
            ),
            (
                "batch_transactions_max",
                batch_transactions_max as u64,
                1,
                1_000_000,
            ),
            ("calls_per_second", calls_per_second.into(), 0, 10_000_000),
            ("calls_burst", calls_burst.into(), 1, 10_000_000),
            (
                "bad_transaction_cost",
                bad_transaction_cost.into(),
                0,
                1_000_000,
            ),
            ("addresses_max", addresses_max as u64, 16, 16 << 20),
            ("connections_max", connections_max as u64, 1, 1 << 20),
            (
                "connections_per_address_max",
                connections_per_address_max as u64,
                1,
                1 << 20,
            ),
            ("queries_at_once", queries_at_once as u64, 1, 400),
            ("judged_at_once", judged_at_once as u64, 1, 400),
            (
                "judged_action_cost",
                judged_action_cost.into(),
                0,
                1_000_000,
            ),
            (
                "engine_calls_at_once",
                engine_calls_at_once as u64,
                1,
                10_000,
            ),
            (
                "subscriptions_per_connection_max",
                subscriptions_per_connection_max as u64,
                1,
                10_000,
            ),
            ("subscriptions_max", subscriptions_max as u64, 1, 1 << 20),
            (
                "websocket_queue_messages",
                websocket_queue_messages as u64,
                1,
                1 << 20,
            ),
            (
                "websocket_queue_bytes",
                websocket_queue_bytes as u64,
                1 << 20,
                1 << 30,
            ),
            (
                "websocket_queues_bytes_max",
                websocket_queues_bytes_max as u64,
                websocket_queue_bytes as u64,
                16 << 30,
            ),
            ("header_seconds_max", header_seconds_max, 1, 3_600),
            ("body_seconds_max", body_seconds_max, 1, 3_600),
            ("call_seconds_max", call_seconds_max, 1, 3_600),
            ("commit_wait_seconds", commit_wait_seconds, 1, 3_600),
            ("write_stall_seconds_max", write_stall_seconds_max, 1, 3_600),
            ("websocket_ping_seconds", websocket_ping_seconds, 1, 3_600),
        ];

        for (name, value, least, most) in ranges {
            if value < least || value > most {
                return Err(LimitError {
                    name,
                    least,
                    most,
                    value,
                });
            }
        }
        Ok(())
    }

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
