//! JSON-RPC 2.0 as CometBFT speaks it: requests in, answers and errors out.

use serde::Serialize;
use serde_json::Value;

use super::backend::Trouble;
use crate::fault::Fault;

/// A request's id. CometBFT knows numbers, whose fraction it drops, and strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Id {
    /// The id of answers to GET requests is -1.
    Number(i64),
    Text(String),
}

/// One call of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) method: String,
    /// An object or an array of arguments; null when there are none.
    pub(super) params: Value,
}

/// What a request's body holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Empty,
    /// The calls in order; a call without an id is a notification, `None` here, and is not answered.
    Calls(Vec<Option<Call>>),
}

/// An answer's failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RpcError {
    pub(super) code: i64,
    pub(super) message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) data: String,
}

/// An answer's `result`, already JSON.
pub(super) type Json = String;

/// An answer. Without an id where the request's own id could not be read.
pub(super) struct Reply {
    pub(super) id: Option<Id>,
    pub(super) outcome: Result<Json, RpcError>,
}

impl Body {
    /// Reads a body of one call or a batch of some, whose parameters have at most so many values. Depth is bounded by the
    /// parser (128 levels), length by the caller.
    pub(super) fn parse(
        bytes: &[u8],
        batch_calls_max: usize,
        values_max: usize,
    ) -> Result<Body, RpcError> {
        if bytes.is_empty() {
            return Ok(Body::Empty);
        }
        let (containers, commas) = containers_and_commas(bytes);
        if containers > CALL_CONTAINERS_MAX * batch_calls_max
            || commas > CALL_COMMAS_MAX * batch_calls_max + values_max
        {
            return Err(RpcError::parse("more values than calls can have"));
        }

        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| RpcError::parse(&error.to_string()))?;
        match value {
            Value::Array(items) if items.len() > batch_calls_max => {
                Err(RpcError::invalid_request(&format!(
                    "batch of {} calls, at most {batch_calls_max} are allowed",
                    items.len()
                )))
            }
            Value::Array(items) => items
                .into_iter()
                .map(Call::read)
                .collect::<Result<_, _>>()
                .map(Body::Calls),
            single => Ok(Body::Calls(vec![Call::read(single)?])),
        }
    }
}

/// Objects and lists of a call, itself among them; and commas, beside those of a list that a method takes.
const CALL_CONTAINERS_MAX: usize = 8;
const CALL_COMMAS_MAX: usize = 16;

/// How many objects and lists JSON has, and commas between its values, in one look at the bytes: in memory an object of seven
/// bytes takes six hundred.
fn containers_and_commas(json: &[u8]) -> (usize, usize) {
    let (mut containers, mut commas) = (0, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => containers += 1,
            b',' if !is_text => commas += 1,
            _ => {}
        }
    }
    (containers, commas)
}

impl Call {
    /// Reads one call. As with CometBFT, whatever is no call is a parse error.
    fn read(value: Value) -> Result<Option<Call>, RpcError> {
        let Value::Object(mut fields) = value else {
            return Err(RpcError::parse("a call must be an object"));
        };
        let id = match fields.remove("id") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => Id::Text(text),
            Some(Value::Number(number)) => Id::Number(whole(&number)?),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(RpcError::parse("id must be a string or a number"));
            }
        };
        let method = match fields.remove("method") {
            Some(Value::String(method)) => method,
            None | Some(Value::Null) => String::new(),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(RpcError::parse("method must be a string"));
            }
        };
        let params = fields.remove("params").unwrap_or(Value::Null);

        Ok(Some(Call { id, method, params }))
    }
}

fn whole(number: &serde_json::Number) -> Result<i64, RpcError> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    let truncated = number.as_f64().map(f64::trunc);
    match truncated {
        Some(value) if value.abs() < 9e15 => Ok(value as i64),
        _ => Err(RpcError::parse("id is out of range")),
    }
}

impl RpcError {
    pub(super) fn parse(detail: &str) -> RpcError {
        RpcError::new(
            -32700,
            "Parse error. Invalid JSON",
            &format!("error unmarshaling request: {detail}"),
        )
    }

    pub(super) fn invalid_request(detail: &str) -> RpcError {
        RpcError::new(-32600, "Invalid Request", detail)
    }

    pub(super) fn method_not_found() -> RpcError {
        RpcError::new(-32601, "Method not found", "")
    }

    pub(super) fn invalid_params(detail: &str) -> RpcError {
        RpcError::new(-32602, "Invalid params", detail)
    }

    pub(super) fn internal(detail: &str) -> RpcError {
        RpcError::new(-32603, "Internal error", detail)
    }

    pub(super) fn server(detail: &str) -> RpcError {
        RpcError::new(-32000, "Server error", detail)
    }

    fn new(code: i64, message: &str, data: &str) -> RpcError {
        RpcError {
            code,
            message: message.to_owned(),
            data: data.to_owned(),
        }
    }
}

impl From<Trouble> for RpcError {
    fn from(trouble: Trouble) -> RpcError {
        match trouble {
            Trouble::Refused {
                code,
                message,
                detail,
            } => RpcError {
                code,
                message,
                data: detail,
            },
            Trouble::NotReached(_) | Trouble::TooSlow | Trouble::Garbled(_) => {
                RpcError::server(&trouble.to_string())
            }
        }
    }
}

impl From<Fault> for RpcError {
    fn from(fault: Fault) -> RpcError {
        RpcError::internal(&fault.to_string())
    }
}

impl Reply {
    pub(super) fn new(id: Id, outcome: Result<Json, RpcError>) -> Reply {
        Reply {
            id: Some(id),
            outcome,
        }
    }

    /// An answer to a request whose id could not be read.
    pub(super) fn unaddressed(error: RpcError) -> Reply {
        Reply {
            id: None,
            outcome: Err(error),
        }
    }

    /// The answer as JSON text.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(r#"{"jsonrpc":"2.0""#);
        if let Some(id) = &self.id {
            text.push_str(r#","id":"#);
            text.push_str(&json(id));
        }
        match &self.outcome {
            Ok(result) => {
                text.push_str(r#","result":"#);
                text.push_str(result);
            }
            Err(error) => {
                text.push_str(r#","error":"#);
                text.push_str(&json(error));
            }
        }
        text.push('}');
        text
    }
}

/// A value of our own as JSON. Our shapes have string keys only, the one thing that the encoder could refuse.
pub(super) fn json(value: &impl Serialize) -> Json {
    serde_json::to_string(value)
        .unwrap_or_else(|error| json_text(&format!("unwritable answer: {error}")))
}

fn json_text(text: &str) -> Json {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let shown = match Body::parse(body.as_bytes(), 2, 0) {
            Ok(Body::Empty) => "empty".to_owned(),
            Ok(Body::Calls(calls)) => calls
                .iter()
                .map(|call| match call {
                    None => "notification".to_owned(),
                    Some(call) => format!("{}:{}", json(&call.id), call.method),
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.code.to_string(),
        };
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn a_body_has_as_many_values_as_its_calls_can_have() {
        let call =
            |params: &str| format!(r#"{{"id":1,"method":"tx","params":[{params}"a,{{\"{{"]}}"#);
        check(&call(""), "1:tx");
        check(&call(&r#""{,","#.repeat(20)), "1:tx");
        check(&call(&r#"{"":0},"#.repeat(20)), "-32700");
        let many = call(&r#""","#.repeat(100));
        assert!(Body::parse(many.as_bytes(), 2, 0).is_err());
        assert!(Body::parse(many.as_bytes(), 2, 100).is_ok());
    }

    #[test]
    fn bodies_are_read_as_cometbft_reads_them() {
        check("", "empty");
        check(r#"{"jsonrpc":"2.0","id":1,"method":"health"}"#, "1:health");
        check(
            r#"{"id":"a","method":"health","params":null}"#,
            r#""a":health"#,
        );
        check(r#"{"id":1.5,"method":"health"}"#, "1:health");
        check(r#"{"jsonrpc":"1.0","id":-1,"method":"x"}"#, "-1:x");
        check(r#"{"jsonrpc":"2.0","method":"health"}"#, "notification");
        check(r#"{"id":null,"method":"health"}"#, "notification");
        check(
            r#"[{"id":1,"method":"a"},{"method":"b"}]"#,
            "1:a notification",
        );
        check("[]", "");
        check(r#"{"id":true,"method":"a"}"#, "-32700");
        check(r#"{"id":1e300,"method":"a"}"#, "-32700");
        check(r#"{"id":1,"method":7}"#, "-32700");
        check("[1,2]", "-32700");
        check("7", "-32700");
        check("{", "-32700");
        check(r#"[{"id":1},{"id":2},{"id":3}]"#, "-32600");
    }

    #[test]
    fn nesting_beyond_the_parsers_depth_is_a_parse_error() {
        check(&"[".repeat(1_000_000), "-32700");
        check(
            &format!(
                r#"{{"id":1,"method":"a","params":{}{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
            "-32700",
        );
    }
}
