//! What the engine says again and again: so often, and no more.
//!
//! A forged vote, or a block that is not what was announced, is worth a warning. Whoever sends a million of them must
//! not fill the disk of every other department with warnings.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// Libraries that speak of what others send.
const ENGINE: [&str; 3] = ["arc_malachitebft_", "libp2p", "polity_engine"];
/// Warnings and errors from one place in the program, within a time.
const LINES_MAX: u32 = 60;
const TIME: Duration = Duration::from_secs(60);

/// Lets through what was not said too often. The places in a program are few, so all of them are remembered.
#[derive(Default)]
pub(super) struct NotTooOften(Mutex<HashMap<Identifier, Said>>);

/// What was said at one place.
struct Said {
    since: Instant,
    lines: u32,
}

impl<S: Subscriber> Filter<S> for NotTooOften {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _metadata: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let is_bounded = *metadata.level() <= Level::WARN
            && ENGINE
                .iter()
                .any(|name| metadata.target().starts_with(name));
        !is_bounded || self.is_said_again(metadata.callsite(), Instant::now())
    }
}

impl NotTooOften {
    fn is_said_again(&self, place: Identifier, now: Instant) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = places.entry(place).or_insert_with(|| Said::nothing(now));
        said.once_more(now)
    }
}

impl Said {
    fn nothing(now: Instant) -> Said {
        Said {
            since: now,
            lines: 0,
        }
    }

    /// Whether one more line may be said now.
    fn once_more(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= TIME {
            *self = Said::nothing(now);
        }
        self.lines = self.lines.saturating_add(1);
        self.lines <= LINES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_while_it_is_said_again() {
        let begun = Instant::now();
        let mut said = Said::nothing(begun);
        let mut lines = |at: Duration| {
            let lines = (0..1_000).filter(|_| said.once_more(begun + at));
            lines.count()
        };
        assert_eq!(lines(Duration::ZERO), LINES_MAX as usize);
        assert_eq!(lines(TIME / 2), 0);
        assert_eq!(lines(TIME), LINES_MAX as usize);
    }
}
