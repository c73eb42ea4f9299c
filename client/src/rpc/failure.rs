//! Why a call has no answer, and whether a node may have read it all the same.

use crate::Error;
use crate::visible::of_node;

/// What a node without room comes to: 503, said before the question where it is full already.
const NO_PLACE: &str =
    "has no room for another connection (503): try again, or ask another by --node";
/// What 429 comes to: a node bounds the calls of one address.
const TOO_OFTEN: &str =
    "takes no more calls from this address for now (429): try again, or ask another by --node";
/// What a node that speaks TLS comes to where it is called without.
const WITHOUT_TLS: &str =
    "answers as no HTTP does: it may speak TLS, so that its address begins with https://";
/// How the HTTP client tells of an answer that is not one of HTTP, such as an alert of TLS.
const NO_HTTP: &str = "invalid HTTP version parsed";
/// How the HTTP client tells of an answer that came before the question.
const ANSWERED_EARLY: &str = "received unexpected message from connection";

/// Why no node gave a result.
pub(super) enum CallFailure {
    /// An answer came and is the last one: a node understood and says no, or its proof failed.
    Ended(Error),
    /// None answered with sense; whether one was reached, so that it may have read the call.
    Unanswered { words: String, reached: bool },
}

/// Why one node has no answer, and whether it may have read the call.
pub(super) struct NodeFailure {
    pub(super) words: String,
    pub(super) reached: bool,
    /// Whether nothing came in time: whoever asks it again waits as long again.
    pub(super) is_silence: bool,
}

impl NodeFailure {
    /// A call that did not come to its end: where there was no connection, nobody has read it.
    pub(super) fn of_call(error: &reqwest::Error) -> NodeFailure {
        NodeFailure {
            words: words(error),
            reached: !error.is_connect(),
            is_silence: error.is_timeout(),
        }
    }

    /// An answer that is not one.
    pub(super) fn of_answer(words: String) -> NodeFailure {
        NodeFailure {
            words,
            reached: true,
            is_silence: false,
        }
    }

    /// A node that says that it has no room.
    pub(super) fn without_room() -> NodeFailure {
        NodeFailure::of_answer(NO_PLACE.to_owned())
    }

    /// A node that was called too often.
    pub(super) fn too_often() -> NodeFailure {
        NodeFailure::of_answer(TOO_OFTEN.to_owned())
    }
}

/// The whole chain of causes in one line; the address is named by the caller.
fn words(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    // A caller for whom no place is left is told so before asking anything, which an HTTP client does not expect.
    if words.iter().any(|one| one.contains(ANSWERED_EARLY)) {
        return NO_PLACE.to_owned();
    }
    let is_plain = error.url().is_some_and(|url| url.scheme() == "http");
    if is_plain && words.iter().any(|one| one.contains(NO_HTTP)) {
        return WITHOUT_TLS.to_owned();
    }
    if error.is_timeout() {
        words.insert(0, "no answer in time".into());
    }
    if words.is_empty() {
        words.push(error.to_string());
    }
    of_node(&words.join(": "))
}
