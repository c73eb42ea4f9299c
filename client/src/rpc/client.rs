//! One client over several nodes: bounds, time limits, and the next node when one fails.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::{Response, StatusCode, Url};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::failure::{CallFailure, NodeFailure};
use super::json::{AnswerError, parse_answer};
use super::nodes::Nodes;
use super::tls;
use crate::{Error, ErrorKind, Result};

/// How nodes are reached.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Base addresses, `http://HOST:PORT` or `https://…`; the first that answers is used.
    pub nodes: Vec<String>,
    /// A file of PEM certificates that replaces the public authorities for `https`.
    pub ca_file: Option<PathBuf>,
    /// How long a connection may take to come about.
    pub connect_limit: Duration,
    /// How long one call to one node may take, its answer included.
    pub request_limit: Duration,
    /// How long a node that is asked may keep silent before another one is asked as well.
    pub patience: Duration,
    /// The largest answer that is read, in bytes.
    pub answer_bytes_max: usize,
}

impl ClientOptions {
    /// The defaults for these nodes: 3 s to connect, 15 s for a call and 3 s before another node is asked as well, answers
    /// up to 64 MiB.
    pub fn for_nodes<I: IntoIterator<Item = S>, S: Into<String>>(nodes: I) -> Self {
        Self {
            nodes: nodes.into_iter().map(Into::into).collect(),
            ca_file: None,
            connect_limit: Duration::from_secs(3),
            request_limit: Duration::from_secs(15),
            patience: Duration::from_secs(3),
            answer_bytes_max: 64 * 1024 * 1024,
        }
    }
}

/// A client of one or several nodes of one organisation. Clones share connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What another node says, and which two nodes there are to compare.
pub(crate) struct SecondAnswer<T> {
    /// The node that answers usually.
    pub(crate) first: String,
    /// The other one.
    pub(crate) second: String,
    /// What the other one says.
    pub(crate) answer: T,
}

/// What a call is for.
enum Sort {
    /// It reads: another node may answer where one keeps silent, or reports an error.
    Read,
    /// It hands something over: one node after the other, and what one reports is the answer.
    HandOver,
}

/// So many other nodes are asked at once: one of them may be away.
const SECOND_NODES_MAX: usize = 2;

struct Shared {
    http: reqwest::Client,
    tls: Arc<ClientConfig>,
    nodes: Nodes,
    connect_limit: Duration,
    patience: Duration,
    answer_bytes_max: usize,
}

impl Client {
    /// Prepares a client. Nothing is sent yet; an address that cannot be one is a usage error.
    pub fn new(options: ClientOptions) -> Result<Self> {
        let nodes = Nodes::new(&options.nodes)?;
        let tls = tls::client_config(options.ca_file.as_deref())?;
        let http = reqwest::Client::builder()
            .use_preconfigured_tls((*tls).clone())
            .connect_timeout(options.connect_limit)
            .timeout(options.request_limit)
            .redirect(reqwest::redirect::Policy::none())
            // A node is named outright: no variable of the environment sends us elsewhere.
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::trouble("no HTTP client can be made").with_source(error))?;
        Ok(Self {
            shared: Arc::new(Shared {
                http,
                tls,
                nodes,
                connect_limit: options.connect_limit,
                patience: options.patience,
                answer_bytes_max: options.answer_bytes_max,
            }),
        })
    }

    /// Calls one method, and reads the result. A node that cannot be reached, is overloaded, reports an error, or has an
    /// answer that cannot be read is passed over, and beside one that keeps silent the next is called; an answer whose
    /// proof fails ends the search. Where no node has an answer, the first error that one reported is told.
    pub(super) async fn call<F, T>(
        &self,
        method: &str,
        params: Value,
        read: impl Fn(F) -> Result<T, AnswerError>,
    ) -> Result<T>
    where
        F: DeserializeOwned,
    {
        let called = self.call_any(method, params, read, Sort::Read);
        called.await.map_err(|failure| match failure {
            CallFailure::Ended(error) => error,
            CallFailure::Unanswered { words, .. } => Error::not_reached(words),
        })
    }

    /// Calls one method that hands something over, as [`Client::call`] does, but that an error which a node reports ends
    /// the search: it says what became of it there. A node that was reached and gave no answer may have acted on it.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] where such a node is among those that were called.
    pub(super) async fn hand_over<F, T>(
        &self,
        method: &str,
        params: Value,
        read: impl Fn(F) -> Result<T, AnswerError>,
    ) -> Result<T>
    where
        F: DeserializeOwned,
    {
        let called = self.call_any(method, params, read, Sort::HandOver);
        called.await.map_err(|failure| match failure {
            CallFailure::Ended(error) => error,
            CallFailure::Unanswered { words, reached } => {
                if reached {
                    Error::new(ErrorKind::OutcomeUnknown, words)
                } else {
                    Error::not_reached(words)
                }
            }
        })
    }

    async fn call_any<F, T>(
        &self,
        method: &str,
        params: Value,
        read: impl Fn(F) -> Result<T, AnswerError>,
        sort: Sort,
    ) -> Result<T, CallFailure>
    where
        F: DeserializeOwned,
    {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut failures = Vec::new();
        let mut reached = false;
        let mut first_reported = None;
        let (client, body) = (self, &body);
        let call = |place| async move { (place, client.call_node(place, body).await) };
        let mut left = self.nodes().in_order().into_iter();
        let mut calls = FuturesUnordered::new();
        let mut patience = match sort {
            Sort::Read => self.shared.patience,
            Sort::HandOver => Duration::MAX,
        };
        // Each time round the next node is called: the one before it has no answer, or keeps silent and may have one still.
        loop {
            let newest = left.next();
            match newest {
                Some(place) => calls.push(call(place)),
                None => patience = Duration::MAX,
            }
            let (place, called) = match (timeout(patience, calls.next()).await, newest) {
                (Ok(Some(called)), _) => called,
                (Ok(None), _) => break,
                (Err(_), Some(silent)) => {
                    self.nodes().note_silence(silent, true);
                    continue;
                }
                (Err(_), None) => continue,
            };
            let node = self.nodes().url(place);
            match called {
                Ok(bytes) => match parse_answer(&bytes).and_then(&read) {
                    Ok(answer) => {
                        self.nodes().prefer(place);
                        return Ok(answer);
                    }
                    Err(AnswerError::Reported(reported)) => match sort {
                        Sort::HandOver => return Err(CallFailure::Ended(reported.into())),
                        Sort::Read => {
                            first_reported.get_or_insert(reported);
                        }
                    },
                    Err(AnswerError::Unproven(error)) => {
                        let error = Error::proof(format!("{node}: {error}"));
                        return Err(CallFailure::Ended(error));
                    }
                    Err(AnswerError::Malformed(why)) => {
                        reached = true;
                        failures.push(format!("{node} answered {method} without sense: {why}"));
                    }
                },
                Err(failure) => {
                    reached |= failure.reached;
                    failures.push(format!("{node}: {}", failure.words));
                }
            }
        }
        Err(match first_reported {
            Some(reported) => CallFailure::Ended(reported.into()),
            None => CallFailure::Unanswered {
                words: failures.join("; "),
                reached,
            },
        })
    }

    /// Calls one method of other nodes than the one that answered last, at once, and gives the first answer in
    /// time together with the names of both; `None` where no other node has one.
    pub(super) async fn call_another<T>(
        &self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Option<SecondAnswer<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let (first, others) = self.nodes().witnesses();
        let mut calls = JoinSet::new();
        let mut awaited = BTreeSet::new();
        for place in others.into_iter().take(SECOND_NODES_MAX) {
            let (client, body) = (self.clone(), body.clone());
            awaited.insert(place);
            calls.spawn(async move {
                let bytes = client.call_node(place, &body).await.ok();
                (place, bytes.and_then(|bytes| parse_answer(&bytes).ok()))
            });
        }

        let answered = async {
            while let Some(ended) = calls.join_next().await {
                let Ok((place, answer)) = ended else { continue };
                awaited.remove(&place);
                if let Some(answer) = answer {
                    return Some((place, answer));
                }
            }
            None
        };
        let Ok(answered) = timeout(limit, answered).await else {
            // The next time others come first, so that two who keep silent do not stand for all.
            for place in awaited {
                self.nodes().note_silent_witness(place, true);
            }
            return None;
        };
        let (second, answer) = answered?;
        self.nodes().note_silent_witness(second, false);
        Some(SecondAnswer {
            first: self.nodes().url(first).to_string(),
            second: self.nodes().url(second).to_string(),
            answer,
        })
    }

    /// The nodes.
    pub(super) fn nodes(&self) -> &Nodes {
        &self.shared.nodes
    }

    /// How many nodes are known.
    pub(crate) fn nodes_known(&self) -> usize {
        self.nodes().count()
    }

    /// Asks another node first from now on, where another is known: what the usual one says is of no use.
    pub(crate) fn prefer_another(&self) {
        self.nodes().prefer_another();
    }

    pub(super) fn tls(&self) -> &Arc<ClientConfig> {
        &self.shared.tls
    }

    pub(super) fn connect_limit(&self) -> Duration {
        self.shared.connect_limit
    }

    pub(super) fn answer_bytes_max(&self) -> usize {
        self.shared.answer_bytes_max
    }

    /// Calls one node, and remembers whether it kept silent.
    async fn call_node(&self, place: usize, body: &Value) -> Result<Vec<u8>, NodeFailure> {
        let answered = self.ask(self.nodes().url(place), body).await;
        let is_silent = matches!(&answered, Err(failure) if failure.is_silence);
        self.nodes().note_silence(place, is_silent);
        answered
    }

    async fn ask(&self, node: &Url, body: &Value) -> Result<Vec<u8>, NodeFailure> {
        let sent = self.shared.http.post(node.clone()).json(body).send().await;
        let response = sent.map_err(|error| NodeFailure::of_call(&error))?;
        let status = response.status();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => return Err(NodeFailure::without_room()),
            StatusCode::TOO_MANY_REQUESTS => return Err(NodeFailure::too_often()),
            _ => {}
        }
        let bytes = read_bounded(response, self.shared.answer_bytes_max).await?;

        // CometBFT reports errors of a call as JSON under 500 as well.
        if status.is_success() || (status == StatusCode::INTERNAL_SERVER_ERROR && is_json(&bytes)) {
            return Ok(bytes);
        }
        Err(NodeFailure::of_answer(format!("answered {status}")))
    }
}

async fn read_bounded(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, NodeFailure> {
    let mut bytes = Vec::new();
    let broken = |error| NodeFailure::of_call(&error);
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > bytes_max {
            let words = format!("the answer is larger than {bytes_max} bytes");
            return Err(NodeFailure::of_answer(words));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

#[cfg(test)]
mod tests;
