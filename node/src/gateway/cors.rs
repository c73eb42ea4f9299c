//! Which web pages may read the gateway's answers in a browser. Programs that are not browsers do not notice.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use reqwest::Url;

/// How long a browser may remember the answer to its question, in seconds.
const REMEMBER_SECONDS: &str = "600";

/// The origins whose pages may read answers. Nobody's, as long as nobody is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "gateway.cors_allowed_origins: {0:?} is not SCHEME://HOST[:PORT] as a browser writes it, nor \"*\""
)]
pub struct OriginError(String);

impl Origins {
    /// The origins of a configuration: `https://explorer.example`, or `*` for every page.
    ///
    /// # Errors
    /// The first text that no browser would send.
    pub fn parse(texts: &[String]) -> Result<Origins, OriginError> {
        let origin = |text: &String| {
            let wrong = || OriginError(text.clone());
            let is_origin = text == "*"
                || Url::parse(text).is_ok_and(|url| {
                    matches!(url.scheme(), "http" | "https")
                        // A host may be called so; whoever writes it means a pattern, and there are none.
                        && !text.contains('*')
                        && url.origin().ascii_serialization() == *text
                });
            if is_origin {
                HeaderValue::from_str(text).map_err(|_| wrong())
            } else {
                Err(wrong())
            }
        };
        texts
            .iter()
            .map(origin)
            .collect::<Result<_, _>>()
            .map(Origins)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the answer says to a page of this origin; `None` where the page must not read it.
    fn allowance(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        let allows = |one: &&HeaderValue| *one == origin || one.as_bytes() == b"*";
        self.0.iter().find(allows).cloned()
    }
}

/// Lets allowed pages read an answer, and answers the question that a browser asks before some calls.
pub(super) async fn cors(
    State(origins): State<Arc<Origins>>,
    request: Request,
    next: Next,
) -> Response {
    if origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    let allowance = origin.and_then(|origin| origins.allowance(origin));

    let mut response = match &allowance {
        Some(_) if asks_beforehand(&request) => may_call(),
        Some(_) | None => next.run(request).await,
    };
    let headers = response.headers_mut();
    // Whether a cache may give this answer to another page depends on that page.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(allowance) = allowance {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowance);
    }
    response
}

fn asks_beforehand(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn may_call() -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBER_SECONDS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Origins, OriginError> {
        Origins::parse(&[text.to_owned()])
    }

    #[test]
    fn an_origin_is_what_a_browser_would_send() {
        for text in ["https://explorer.example", "http://127.0.0.1:8080", "*"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "explorer.example",
            "https://explorer.example/",
            "https://explorer.example:443",
            "https://Explorer.example",
            "https://*.example",
            "file:///index.html",
            "null",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
