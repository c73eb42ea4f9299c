//! What the engine's libraries call an error and is none.
//!
//! While they stop, their actors find each other gone, one after another: that is the stop that was asked for. And where
//! the guard refuses to sign, no message leaves: the guard counts that, and the node says why. Everything else is said.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The crates of the engine's library.
const LIBRARIES: &str = "arc_malachitebft_";
/// Where a message is encoded before it leaves.
const ENCODING: &str = "arc_malachitebft_engine::network";
/// What is said there of a message that the guard refused to sign: of consensus, or of liveness.
const REFUSED: [&str; 2] = [
    "Failed to encode consensus message: Refused",
    "Failed to encode liveness message: Refused",
];

static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// From now on the engine's libraries stop, because somebody asked for it.
pub fn stop_was_asked_for() {
    IS_STOPPING.store(true, Ordering::Relaxed);
}

/// Lets through what is not expected.
pub(super) struct Unexpected;

impl<S: Subscriber> Filter<S> for Unexpected {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _metadata: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        let target = event.metadata().target();
        !target.starts_with(LIBRARIES)
            || !is_expected(target, &message(event), IS_STOPPING.load(Ordering::Relaxed))
    }
}

fn is_expected(target: &str, message: &str, is_stopping: bool) -> bool {
    is_stopping || (target == ENCODING && REFUSED.contains(&message))
}

fn message(event: &Event<'_>) -> String {
    struct Message(String);
    impl Visit for Message {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                let _ = write!(self.0, "{value:?}");
            }
        }
    }

    let mut message = Message(String::new());
    event.record(&mut message);
    message.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_error_is_left_out() {
        let network = ENCODING;
        let connector = "arc_malachitebft_app_channel::connector";
        for (target, message, is_stopping, expected) in [
            (network, REFUSED[0], false, true),
            (network, REFUSED[1], false, true),
            (
                network,
                "Failed to encode consensus message: Malformed",
                false,
                false,
            ),
            (
                network,
                "Actor has died, stopping network: SendErr",
                false,
                false,
            ),
            (
                network,
                "Actor has died, stopping network: SendErr",
                true,
                true,
            ),
            (connector, "Error processing message", false, false),
            (connector, "Error processing message", true, true),
        ] {
            let told = is_expected(target, message, is_stopping);
            assert_eq!(told, expected, "{target}: {message}, {is_stopping}");
        }
    }
}
