//! HTTP: JSON-RPC by POST, single calls by GET, and the door to the websocket.

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use super::body::BodyError;
use super::budget::Share;
use super::cors::cors;
use super::limits::Limits;
use super::listen::Peer;
use super::means::Gateway;
use super::methods::{METHODS, Method, Signature};
use super::metrics::TurnedAway;
use super::params::Args;
use super::rpc::{Body, Call, Id, Reply, RpcError};
use super::websocket::session;

/// The id of answers to GET requests, which have none of their own.
const URI_ID: Id = Id::Number(-1);

/// All routes. Anything else is a 404 as CometBFT words it.
pub(super) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/", get(endpoints).post(call))
        .route("/websocket", get(websocket))
        .route("/{method}", get(call_by_uri))
        .fallback(not_found)
        .layer(from_fn_with_state(gateway.origins(), cors))
        .with_state(gateway)
}

/// A request with a JSON body: one call or a batch.
async fn call(
    State(gateway): State<Gateway>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    if !gateway.may_call(peer.address, 1) {
        return too_many_calls(&gateway, &peer);
    }
    let received = match gateway.bodies().receive(request.into_body()).await {
        Ok(received) => received,
        Err(error) => return body_refused(&gateway, &peer, error),
    };
    peer.has_asked();

    let limits = gateway.limits();
    let values_max = limits.batch_transactions_max;
    match Body::parse(&received.bytes, limits.batch_calls_max, values_max) {
        Ok(Body::Empty) => endpoints(HeaderMap::new()).await,
        Ok(Body::Calls(calls)) => answer_all(&gateway, &peer, calls).await,
        Err(error) => {
            gateway.turned_away(peer.address, TurnedAway::Malformed);
            respond(
                StatusCode::INTERNAL_SERVER_ERROR,
                Reply::unaddressed(error).text(),
            )
        }
    }
}

/// Answers a batch in order. The first call was paid for by the request itself.
async fn answer_all(gateway: &Gateway, peer: &Peer, calls: Vec<Option<Call>>) -> Response {
    // Together with the first, a batch never costs more than the burst, which a rest gives back.
    let more = calls.len().min(gateway.limits().calls_burst as usize);
    if more > 1 && !gateway.may_call(peer.address, more - 1) {
        return too_many_calls(gateway, peer);
    }

    let deadline = gateway.deadline();
    let mut answers = Answers::new(gateway, peer);
    for call in calls.into_iter().flatten() {
        let reply = if answers.text.len() < gateway.limits().batch_answer_bytes_max {
            gateway.reply(call, peer.address, deadline).await
        } else {
            Reply::new(call.id, Err(batch_is_full(gateway.limits())))
        };
        answers.push(reply);
    }
    match answers.close() {
        Some(answer) => respond(StatusCode::OK, answer),
        // Notifications alone get an empty answer.
        None => StatusCode::OK.into_response(),
    }
}

/// The answers of a request, one after the other, so that none is kept twice.
struct Answers<'a> {
    gateway: &'a Gateway,
    peer: &'a Peer,
    share: Share,
    text: String,
    count: usize,
}

impl<'a> Answers<'a> {
    fn new(gateway: &'a Gateway, peer: &'a Peer) -> Answers<'a> {
        Answers {
            gateway,
            peer,
            share: Share::default(),
            text: String::new(),
            count: 0,
        }
    }

    /// Adds an answer, or that there is no room for it; says whether it is a success.
    fn push(&mut self, reply: Reply) -> bool {
        self.text.push(if self.count == 0 { '[' } else { ',' });
        let text = reply.text();
        let bytes = self.text.len() + text.len();
        self.count += 1;
        match self.gateway.answers().cover(&mut self.share, bytes) {
            Ok(()) => {
                self.text.push_str(&text);
                reply.outcome.is_ok()
            }
            Err(crowded) => {
                self.gateway
                    .turned_away(self.peer.address, TurnedAway::Crowded);
                let outcome = Err(crowded.into());
                self.text.push_str(&Reply { outcome, ..reply }.text());
                false
            }
        }
    }

    fn close(mut self) -> Option<Bytes> {
        match self.count {
            0 => return None,
            // CometBFT answers a batch of one without brackets.
            1 => drop(self.text.remove(0)),
            _ => self.text.push(']'),
        }
        Some(self.share.hold(self.text))
    }
}

fn batch_is_full(limits: &Limits) -> RpcError {
    let most = limits.batch_answer_bytes_max;
    RpcError::server(&format!(
        "the answers of this batch have {most} bytes already; ask again in another one"
    ))
}

/// A request such as `/block?height=5`.
async fn call_by_uri(
    State(gateway): State<Gateway>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let Some(signature) = Signature::find(&name) else {
        return not_found().await;
    };
    if let Method::Websocket(_) = signature.method {
        let reply = Reply::new(URI_ID, Err(RpcError::method_not_found()));
        return respond(StatusCode::NOT_FOUND, reply.text());
    }
    if !gateway.may_call(peer.address, 1) {
        return too_many_calls(&gateway, &peer);
    }

    let pairs = match Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
        Ok(Query(pairs)) => pairs,
        Err(rejection) => return uri_refused(&gateway, &peer, &rejection.body_text()),
    };
    let args = match Args::from_uri(signature.parameters, &pairs) {
        Ok(args) => args,
        Err(detail) => return uri_refused(&gateway, &peer, &detail),
    };
    let outcome = gateway
        .answer(signature, args, peer.address, gateway.deadline())
        .await;
    let mut answers = Answers::new(&gateway, &peer);
    let status = if answers.push(Reply::new(URI_ID, outcome)) {
        StatusCode::OK
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    respond(status, answers.close().unwrap_or_default())
}

async fn websocket(
    State(gateway): State<Gateway>,
    Extension(peer): Extension<Peer>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    if !gateway.may_call(peer.address, 1) {
        return too_many_calls(&gateway, &peer);
    }
    match upgrade {
        Ok(upgrade) => {
            let most = gateway.limits().websocket_message_bytes_max;
            upgrade
                .max_message_size(most)
                .max_frame_size(most)
                .on_upgrade(move |socket| session(socket, gateway, peer))
        }
        Err(rejection) => {
            let error = RpcError::invalid_request(&rejection.body_text());
            respond(rejection.status(), Reply::unaddressed(error).text())
        }
    }
}

/// The page for a person who opens the port in a browser.
async fn endpoints(headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(*c))
        .collect();
    let links: String = METHODS
        .iter()
        .map(|signature| {
            let names: Vec<String> = signature
                .parameters
                .iter()
                .map(|(name, _)| format!("{name}=_"))
                .collect();
            let question = if names.is_empty() { "" } else { "?" };
            let link = format!(
                "//{host}/{}{question}{}",
                signature.name,
                names.join("&amp;")
            );
            format!("<a href=\"{link}\">{link}</a><br>")
        })
        .collect();
    let page = format!("<html><body><br>Available endpoints:<br>{links}</body></html>");
    ([(header::CONTENT_TYPE, "text/html")], page).into_response()
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

fn uri_refused(gateway: &Gateway, peer: &Peer, detail: &str) -> Response {
    gateway.turned_away(peer.address, TurnedAway::Malformed);
    let error = RpcError::invalid_params(&format!(
        "error converting http params to arguments: {detail}"
    ));
    respond(
        StatusCode::INTERNAL_SERVER_ERROR,
        Reply::new(URI_ID, Err(error)).text(),
    )
}

fn body_refused(gateway: &Gateway, peer: &Peer, error: BodyError) -> Response {
    let (status, why) = match error {
        BodyError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, TurnedAway::TooLarge),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, TurnedAway::TooSlow),
        BodyError::Crowded => (StatusCode::SERVICE_UNAVAILABLE, TurnedAway::Crowded),
        BodyError::BrokeOff => (StatusCode::BAD_REQUEST, TurnedAway::BrokeOff),
    };
    gateway.turned_away(peer.address, why);
    let mut response = respond(
        status,
        Reply::unaddressed(RpcError::invalid_request(&error.to_string())).text(),
    );
    // The rest of the body is not read, so the connection cannot be used again.
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_many_calls(gateway: &Gateway, peer: &Peer) -> Response {
    gateway.turned_away(peer.address, TurnedAway::TooManyCalls);
    let reply = Reply::unaddressed(RpcError::server("too many calls from this address"));
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, reply.text());
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn respond(status: StatusCode, json: impl Into<Bytes>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, json.into()).into_response()
}
