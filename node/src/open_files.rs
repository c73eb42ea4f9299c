//! How many files and connections the process may have open: raised at the start to what it may come to need.
//!
//! Systems allow a process a thousand or so unless it asks for more. A node whose gateway is full would then lack
//! descriptors for its store, and a store that cannot open a file stops the node.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::fault::{Fault, FaultKind};
use crate::gateway::OWN_PLACES;
use crate::serve::store_options;

/// Beside members' connections and the store's files: peers, the engine's files, whoever asks as the operator.
const OTHERS: u64 = 512;

/// Makes sure that the process may open as many files as these settings can need.
///
/// # Errors
/// `Usage` where the system allows fewer.
pub(crate) fn allow(config: &Config) -> Result<(), Fault> {
    let connections = config.gateway.limits.connections_max as u64;
    let files = store_options(config).open_files_max.unsigned_abs().into();
    let needed = [connections, OWN_PLACES as u64, files, OTHERS].iter().sum();
    let Some(raised) = raised(getrlimit(Resource::Nofile), needed).map_err(|allowed| {
        let words = format!(
            "this process may have {allowed} files and connections open (ulimit -Hn) and can come to need {needed}, \
             {connections} of them for gateway.limits.connections_max: raise the one or lower the other"
        );
        Fault::new(FaultKind::Usage, words)
    })?
    else {
        return Ok(());
    };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| Fault::from_io("raising the limit of open files", &error.into()))
}

/// The limit that is to be set, if it has to be raised; the most that may be open, where that is too few.
fn raised(limit: Rlimit, needed: u64) -> Result<Option<Rlimit>, u64> {
    // Without a number there is no limit.
    match limit {
        Rlimit {
            maximum: Some(maximum),
            ..
        } if maximum < needed => Err(maximum),
        Rlimit {
            current: Some(current),
            ..
        } if current < needed => Ok(Some(Rlimit {
            current: Some(needed),
            ..limit
        })),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(current: Option<u64>, maximum: Option<u64>) -> Rlimit {
        Rlimit { current, maximum }
    }

    #[test]
    fn what_is_allowed_is_raised_to_what_is_needed_and_never_lowered() {
        let few = limit(Some(1_024), Some(4_096));
        let enough = limit(Some(2_000), Some(4_096));
        assert_eq!(raised(few, 2_000), Ok(Some(enough)));
        let endless = limit(Some(1_024), None);
        assert_eq!(raised(endless, 2_000), Ok(Some(limit(Some(2_000), None))));
        for more in [enough, limit(Some(4_096), Some(4_096)), limit(None, None)] {
            assert_eq!(raised(more, 2_000), Ok(None));
        }
    }

    #[test]
    fn where_too_few_are_allowed_it_says_how_many() {
        let few = limit(Some(1_024), Some(1_999));
        assert_eq!(raised(few, 2_000), Err(1_999));
    }
}
