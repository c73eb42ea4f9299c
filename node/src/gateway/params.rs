//! Arguments of a call, from JSON or from a URI, by CometBFT's rules.
//!
//! CometBFT writes 64-bit numbers as strings; a plain number is accepted too, because people write it. In a URI a
//! string stands in quotes, bytes stand as `0x…` or, taken literally, in quotes, and an empty argument is absent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Bytes, hexadecimal in JSON.
    Hex,
    /// Bytes, base64 in JSON.
    Base64,
    /// A list of byte strings, each base64.
    Base64List,
    /// Any JSON, kept as its text.
    Json,
    Integer,
    Flag,
}

/// A parameter of a method: its name and what it is.
pub(super) type Parameter = (&'static str, Kind);

/// The arguments of one call; what was not given has its type's zero value, or is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Args(Vec<(&'static str, Arg)>);

#[derive(Clone, Debug, PartialEq)]
enum Arg {
    Text(String),
    Bytes(Bytes),
    List(Vec<Bytes>),
    Integer(i64),
    Flag(bool),
}

impl Args {
    /// Reads the `params` of a JSON-RPC call: an object by name, an array by position, or nothing.
    pub(super) fn from_json(parameters: &[Parameter], params: Value) -> Result<Args, String> {
        let given = match params {
            Value::Null => return Ok(Args::default()),
            Value::Object(mut fields) => parameters
                .iter()
                .map(|(name, _)| fields.remove(*name).unwrap_or(Value::Null))
                .collect(),
            Value::Array(items) if items.len() == parameters.len() => items,
            Value::Array(items) => {
                return Err(format!(
                    "expected {} parameters, got {}",
                    parameters.len(),
                    items.len()
                ));
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err("params must be an object or an array".to_owned());
            }
        };

        Args::read(parameters, given)
    }

    /// Reads the query of a URI, already split and percent-decoded. Of a repeated name the first counts.
    pub(super) fn from_uri(
        parameters: &[Parameter],
        pairs: &[(String, String)],
    ) -> Result<Args, String> {
        let mut args = Vec::new();
        for &(name, kind) in parameters {
            let text = pairs
                .iter()
                .find(|(given, _)| given == name)
                .map_or("", |(_, value)| value.as_str());
            if text.is_empty() {
                continue;
            }
            let arg = uri_arg(kind, text).map_err(|detail| format!("{name}: {detail}"))?;
            args.extend(arg.map(|arg| (name, arg)));
        }
        Ok(Args(args))
    }

    fn read(parameters: &[Parameter], given: Vec<Value>) -> Result<Args, String> {
        let mut args = Vec::new();
        for (&(name, kind), value) in parameters.iter().zip(given) {
            let arg = json_arg(kind, value).map_err(|detail| format!("{name}: {detail}"))?;
            args.extend(arg.map(|arg| (name, arg)));
        }
        Ok(Args(args))
    }

    pub(super) fn text(&mut self, name: &str) -> String {
        match self.take(name) {
            Some(Arg::Text(text)) => text,
            None | Some(Arg::Bytes(_) | Arg::List(_) | Arg::Integer(_) | Arg::Flag(_)) => {
                String::new()
            }
        }
    }

    pub(super) fn bytes(&mut self, name: &str) -> Bytes {
        match self.take(name) {
            Some(Arg::Bytes(bytes)) => bytes,
            None | Some(Arg::Text(_) | Arg::List(_) | Arg::Integer(_) | Arg::Flag(_)) => {
                Bytes::new()
            }
        }
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<Bytes> {
        match self.take(name) {
            Some(Arg::List(list)) => list,
            None | Some(Arg::Text(_) | Arg::Bytes(_) | Arg::Integer(_) | Arg::Flag(_)) => {
                Vec::new()
            }
        }
    }

    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        match self.take(name) {
            Some(Arg::Integer(integer)) => Some(integer),
            None | Some(Arg::Text(_) | Arg::Bytes(_) | Arg::List(_) | Arg::Flag(_)) => None,
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.take(name) {
            Some(Arg::Flag(flag)) => flag,
            None | Some(Arg::Text(_) | Arg::Bytes(_) | Arg::List(_) | Arg::Integer(_)) => false,
        }
    }

    fn take(&mut self, name: &str) -> Option<Arg> {
        let position = self.0.iter().position(|(given, _)| *given == name)?;
        Some(self.0.swap_remove(position).1)
    }
}

fn json_arg(kind: Kind, value: Value) -> Result<Option<Arg>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let arg = match (kind, value) {
        (Kind::Json, value) => Arg::Text(value.to_string()),
        (Kind::Text, Value::String(text)) => Arg::Text(text),
        (Kind::Hex, Value::String(text)) => Arg::Bytes(hexadecimal(&text)?),
        (Kind::Base64, Value::String(text)) => Arg::Bytes(base64(&text)?),
        (Kind::Base64List, Value::Array(items)) => {
            Arg::List(items.into_iter().map(list_item).collect::<Result<_, _>>()?)
        }
        (Kind::Integer, Value::String(text)) => Arg::Integer(integer(&text)?),
        (Kind::Integer, Value::Number(number)) => Arg::Integer(
            number
                .as_i64()
                .ok_or("expected a whole number of 64 bits")?,
        ),
        (Kind::Flag, Value::Bool(flag)) => Arg::Flag(flag),
        (Kind::Text, _) => return Err("expected a string".to_owned()),
        (Kind::Hex, _) => return Err("expected a hexadecimal string".to_owned()),
        (Kind::Base64, _) => return Err("expected a base64 string".to_owned()),
        (Kind::Base64List, _) => return Err("expected a list of base64 strings".to_owned()),
        (Kind::Integer, _) => return Err("expected a whole number".to_owned()),
        (Kind::Flag, _) => return Err("expected true or false".to_owned()),
    };
    Ok(Some(arg))
}

fn uri_arg(kind: Kind, text: &str) -> Result<Option<Arg>, String> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let bytes = hexadecimal(digits)?;
        return match kind {
            Kind::Hex | Kind::Base64 => Ok(Some(Arg::Bytes(bytes))),
            Kind::Text => {
                let text = String::from_utf8(bytes.to_vec())
                    .map_err(|_| "hexadecimal string is no UTF-8")?;
                Ok(Some(Arg::Text(text)))
            }
            Kind::Base64List | Kind::Json | Kind::Integer | Kind::Flag => {
                Err("unexpected hexadecimal string".to_owned())
            }
        };
    }

    if kind == Kind::Integer
        && let Ok(integer) = text.parse()
    {
        return Ok(Some(Arg::Integer(integer)));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match (kind, value) {
        (Kind::Hex | Kind::Base64, Value::String(literal)) => {
            Ok(Some(Arg::Bytes(literal.into_bytes().into())))
        }
        (kind, value) => json_arg(kind, value),
    }
}

fn list_item(value: Value) -> Result<Bytes, String> {
    match value {
        Value::String(text) => base64(&text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err("expected a list of base64 strings".to_owned())
        }
    }
}

fn hexadecimal(text: &str) -> Result<Bytes, String> {
    hex::decode(text)
        .map(Bytes::from)
        .map_err(|error| format!("invalid hexadecimal string: {error}"))
}

fn base64(text: &str) -> Result<Bytes, String> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|error| format!("invalid base64 string: {error}"))
}

fn integer(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|error| format!("invalid number: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &[Parameter] = &[
        ("path", Kind::Text),
        ("data", Kind::Hex),
        ("height", Kind::Integer),
        ("prove", Kind::Flag),
    ];

    fn show(args: Result<Args, String>) -> String {
        match args {
            Err(_) => "refused".to_owned(),
            Ok(mut args) => format!(
                "{} {} {:?} {}",
                args.text("path"),
                hex::encode(args.bytes("data")),
                args.integer("height"),
                args.flag("prove")
            ),
        }
    }

    #[track_caller]
    fn check_json(params: &str, expected: &str) {
        let params = serde_json::from_str(params).unwrap();
        assert_eq!(show(Args::from_json(QUERY, params)), expected);
    }

    #[track_caller]
    fn check_uri(query: &str, expected: &str) {
        let pairs: Vec<_> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(show(Args::from_uri(QUERY, &pairs)), expected, "{query}");
    }

    #[test]
    fn json_arguments_come_by_name_or_by_position() {
        check_json(
            r#"{"path":"/key","data":"6A","height":"5","prove":true}"#,
            "/key 6a Some(5) true",
        );
        check_json(r#"["/key","6a",5,false]"#, "/key 6a Some(5) false");
        check_json(
            r#"{"path":"/key","unknown":1,"height":null}"#,
            "/key  None false",
        );
        check_json("null", "  None false");
        check_json(r#"["/key"]"#, "refused");
        check_json(r#"{"data":"6"}"#, "refused");
        check_json(r#"{"data":7}"#, "refused");
        check_json(r#"{"height":1.5}"#, "refused");
        check_json(r#"{"height":"five"}"#, "refused");
        check_json(r#"{"height":18446744073709551615}"#, "refused");
        check_json(r#"{"prove":1}"#, "refused");
        check_json("7", "refused");
    }

    #[test]
    fn uri_arguments_follow_cometbfts_quoting() {
        check_uri(
            r#"path="/key"&data=0x6A&prove=true&height=5"#,
            "/key 6a Some(5) true",
        );
        check_uri(
            r#"path="/key"&data="j"&height="5""#,
            "/key 6a Some(5) false",
        );
        check_uri("path=0x2f6b&data=&height=-1", "/k  Some(-1) false");
        check_uri(r#"path="a"&path="b""#, "a  None false");
        check_uri("path=/key", "refused");
        check_uri("data=6a", "refused");
        check_uri("data=0x6", "refused");
        check_uri("height=x", "refused");
        check_uri("height=0x05", "refused");
        check_uri("prove=1", "refused");
    }
}
