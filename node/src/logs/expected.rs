//! What the engine's libraries call an error although it is not one.
//!
//! While they stop, their actors find each other gone, one after another: that is the stop that was asked for. And
//! where the guard refuses to sign, no message leaves, and this node's own consensus finds no signature on it: the
//! guard counts that, and the node says why. A word about a height to come, of a validator that a node which is behind
//! does not know yet, is dropped and will be repeated; one from somebody who does not vote, or who says more than
//! anybody has to say, is dropped too, and would fill the disk if each were told. Everything else is said.

use std::fmt::{Debug, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The crates of the engine's library.
const LIBRARIES: &str = "arc_malachitebft_";
/// Where a message is encoded before it leaves, and decoded when it comes.
const CODING: &str = "arc_malachitebft_engine::network";
/// What is said there of a message, of consensus or of liveness, that the guard refused to sign, or that is dropped because
/// it is too early.
const DROPPED: [&str; 4] = [
    "Failed to encode consensus message: Refused",
    "Failed to encode liveness message: Refused",
    "Failed to decode consensus message: TooEarly",
    "Failed to decode liveness message: TooEarly",
];
/// Where a word is heard, one's own too.
const HEARING: &str = "arc_malachitebft_core_consensus::handle::";
/// What is said there of a word that nobody signed.
const UNSIGNED: [&str; 2] = [
    "Received vote with invalid signature",
    "Received invalid signature for proposal",
];

/// The address of this node's validator.
static OWN: OnceLock<String> = OnceLock::new();
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// From now on the engine's libraries stop, because somebody asked for it.
pub fn stop_was_asked_for() {
    IS_STOPPING.store(true, Ordering::Relaxed);
}

/// This node speaks as the validator with this address: 40 hexadecimal digits.
pub fn speaks_as(address: String) {
    // A process runs one node.
    let _ = OWN.set(address);
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
            || !(IS_STOPPING.load(Ordering::Relaxed)
                || is_expected(target, &Said::by(event), OWN.get().map(String::as_str)))
    }
}

fn is_expected(target: &str, said: &Said, own: Option<&str>) -> bool {
    let is_own = || own.is_some_and(|own| said.speaker.eq_ignore_ascii_case(own));
    let is_unsigned = || UNSIGNED.iter().any(|words| said.message.starts_with(words));
    (target == CODING && DROPPED.contains(&said.message.as_str()))
        || (target.starts_with(HEARING) && is_unsigned() && is_own())
}

/// What an event says, and of whose words.
#[derive(Default)]
struct Said {
    message: String,
    speaker: String,
}

impl Said {
    fn by(event: &Event<'_>) -> Said {
        let mut said = Said::default();
        event.record(&mut said);
        said
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = match field.name() {
            "message" => &mut self.message,
            "validator" | "proposer" => &mut self.speaker,
            _ => return,
        };
        let _ = write!(text, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_error_is_left_out() {
        let hearing = format!("{HEARING}vote");
        let (own, other) = ("ab".repeat(20), "cd".repeat(20));
        let unsigned = format!("{}: Prevote at height 7", UNSIGNED[0]);
        for (target, message, speaker, expected) in [
            (CODING, DROPPED[0], "", true),
            (CODING, DROPPED[1], "", true),
            (CODING, DROPPED[2], "", true),
            (CODING, DROPPED[3], "", true),
            (
                CODING,
                "Failed to decode consensus message: Malformed",
                "",
                false,
            ),
            (
                CODING,
                "Failed to encode consensus message: Malformed",
                "",
                false,
            ),
            (
                CODING,
                "Actor has died, stopping network: SendErr",
                "",
                false,
            ),
            (&hearing, &unsigned, &own.to_uppercase(), true),
            (&hearing, UNSIGNED[1], &own, true),
            (&hearing, &unsigned, &other, false),
            (
                &hearing,
                "Received vote from unknown validator",
                &own,
                false,
            ),
            (CODING, &unsigned, &own, false),
        ] {
            let said = Said {
                message: message.to_owned(),
                speaker: speaker.to_owned(),
            };
            let told = is_expected(target, &said, Some(&own));
            assert_eq!(told, expected, "{target}: {message}, {speaker}");
        }
        let said = Said {
            message: unsigned,
            speaker: own,
        };
        assert!(!is_expected(&hearing, &said, None), "who speaks is unknown");
    }
}
