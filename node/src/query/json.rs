//! Questions about the state and their answers in JSON: protobuf's own mapping, with fields named as the `.proto` files
//! name them. Bytes are base64, numbers of 64 bits are strings.
//!
//! Where a field of bytes holds an encoded message, a question may give the message instead, and an answer has it
//! beside the bytes, which are what proofs speak of.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use polity_engine::application::QueryResult;
use polity_ledger::state::objects;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::{Map, Value, json};

/// Bytes of a question's JSON: what takes more would be refused for its length after it has been read.
const QUESTION_BYTES_MAX: usize = 256 << 10;

static DESCRIPTORS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(polity_proto::DESCRIPTORS).expect("compiled together with the messages")
});

/// The messages of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Messages {
    pub(super) path: &'static str,
    question: Question,
    answer: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Message(&'static str),
    /// A transaction's id: 64 hexadecimal digits.
    Id,
    Nothing,
}

/// All paths but `/key`, whose answer has its proof outside of the value: `/keys` asks the same.
pub(super) const PATHS: [Messages; 15] = [
    messages("/can", Question::Message("CanRequest"), "CanAnswer"),
    messages(
        "/consistency",
        Question::Message("ConsistencyRequest"),
        "ConsistencyAnswer",
    ),
    messages(
        "/health",
        Question::Message("HealthRequest"),
        "HealthAnswer",
    ),
    messages(
        "/history",
        Question::Message("HistoryRequest"),
        "HistoryAnswer",
    ),
    messages("/inbox", Question::Message("InboxRequest"), "InboxAnswer"),
    messages(
        "/inclusion",
        Question::Message("InclusionRequest"),
        "InclusionAnswer",
    ),
    messages("/keys", Question::Message("KeysRequest"), "KeysAnswer"),
    messages("/list", Question::Message("ListRequest"), "ListAnswer"),
    messages(
        "/outlook",
        Question::Message("OutlookRequest"),
        "OutlookAnswer",
    ),
    messages("/receipt", Question::Id, "ReceiptAnswer"),
    messages(
        "/receipt-at",
        Question::Message("ReceiptAtRequest"),
        "ReceiptAnswer",
    ),
    messages(
        "/refusals",
        Question::Message("RefusalsRequest"),
        "RefusalsAnswer",
    ),
    messages(
        "/simulate",
        Question::Message("SimulateRequest"),
        "SimulateAnswer",
    ),
    messages("/status", Question::Nothing, "StatusAnswer"),
    messages(
        "/who-can",
        Question::Message("WhoCanRequest"),
        "WhoCanAnswer",
    ),
];

const fn messages(path: &'static str, question: Question, answer: &'static str) -> Messages {
    Messages {
        path,
        question,
        answer,
    }
}

/// Messages whose field of bytes, or each of whose bytes, is another message.
const ENCODED: [(&str, &str, &str); 7] = [
    ("Envelope", "body", "Body"),
    ("HistoryAnswer", "entries", "HistoryEntry"),
    ("InclusionAnswer", "entry", "HistoryEntry"),
    ("OutlookRequest", "actions", "Action"),
    ("ReceiptAnswer", "receipt", "Receipt"),
    ("ReceiptAnswer", "transaction", "Envelope"),
    ("SimulateRequest", "body", "Body"),
];

impl Messages {
    /// The messages of a path that can be asked in JSON.
    pub(crate) fn of(path: &str) -> Option<Messages> {
        PATHS.into_iter().find(|messages| messages.path == path)
    }

    /// The data of a question; without JSON, all its fields have their zero values.
    pub(crate) fn question(self, json: &str) -> Result<Bytes, String> {
        if json.len() > QUESTION_BYTES_MAX {
            return Err(format!("longer than {QUESTION_BYTES_MAX} bytes"));
        }
        let value = match json {
            "" => Value::Object(Map::new()),
            json => serde_json::from_str(json).map_err(|error| error.to_string())?,
        };
        let bytes = match self.question {
            Question::Message(name) => encode(name, value)?,
            Question::Id => {
                let id = value.as_str().and_then(|id| hex::decode(id).ok());
                id.ok_or("expected an id, in hexadecimal digits")?
            }
            Question::Nothing => Vec::new(),
        };
        Ok(bytes.into())
    }

    /// What became of it.
    pub(crate) fn result(self, result: &QueryResult) -> Value {
        let answer = (result.code == 0).then(|| decode(self.answer, &result.value));
        json!({
            "code": result.code,
            "log": result.log,
            "height": result.height.to_string(),
            "answer": answer.flatten(),
        })
    }
}

fn descriptor(name: &str) -> MessageDescriptor {
    DESCRIPTORS
        .get_message_by_name(&format!("polity.v1.{name}"))
        .expect("a test asks for each name")
}

fn encode(name: &str, mut value: Value) -> Result<Vec<u8>, String> {
    for (_, field, inner) in ENCODED.iter().filter(|(outer, ..)| *outer == name) {
        match value.get_mut(*field) {
            Some(Value::Array(items)) => {
                for item in items.iter_mut().filter(|item| item.is_object()) {
                    *item = STANDARD.encode(encode(inner, item.take())?).into();
                }
            }
            Some(item) if item.is_object() => {
                *item = STANDARD.encode(encode(inner, item.take())?).into();
            }
            Some(_) | None => {}
        }
    }
    let message = DynamicMessage::deserialize(descriptor(name), value);
    Ok(message.map_err(|error| error.to_string())?.encode_to_vec())
}

/// `None` where the bytes are not this message.
fn decode(name: &str, bytes: &[u8]) -> Option<Value> {
    let message = DynamicMessage::decode(descriptor(name), bytes).ok()?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false);
    let value = message.serialize_with_options(serde_json::value::Serializer, &options);
    let Ok(Value::Object(mut fields)) = value else {
        return None;
    };
    for (_, field, inner) in ENCODED.iter().filter(|(outer, ..)| *outer == name) {
        let decoded = match fields.get(*field) {
            Some(Value::Array(items)) => {
                let items = items.iter().map(|item| decode(inner, &base64(item)));
                items.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            Some(item) => decode(inner, &base64(item)),
            None => None,
        };
        fields.insert(format!("{field}_decoded"), decoded.unwrap_or_default());
    }
    if name == "KeysAnswer" {
        let answers = fields.get_mut("answers").and_then(Value::as_array_mut);
        for answer in answers.into_iter().flatten() {
            answer["value_decoded"] = stored(&base64(&answer["key"]), &base64(&answer["value"]));
        }
    }
    Some(Value::Object(fields))
}

/// An object with its history, as the state holds them under a key; null where it holds none, or something else.
fn stored(key: &[u8], value: &[u8]) -> Value {
    let kind = key.first().and_then(|prefix| objects::kind_at(*prefix));
    let Some((kind, has_history)) = kind.filter(|_| !value.is_empty()) else {
        return Value::Null;
    };
    let name = format!("{kind:?}");
    if !has_history {
        return decode(&name, value).unwrap_or_default();
    }
    let mut record = decode("Record", value).unwrap_or_default();
    if let Some(object) = record.get("object").map(base64) {
        record["object_decoded"] = decode(&name, &object).unwrap_or_default();
    }
    record
}

fn base64(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    STANDARD.decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Action, Body, ObjectKind, SimulateRequest};

    use super::*;

    fn question(path: &str, json: Value) -> Result<Bytes, String> {
        Messages::of(path).unwrap().question(&json.to_string())
    }

    #[test]
    fn every_message_that_is_named_is_there() {
        for messages in PATHS {
            descriptor(messages.answer);
            if let Question::Message(name) = messages.question {
                descriptor(name);
            }
        }
        for (outer, field, inner) in ENCODED {
            assert!(descriptor(outer).get_field_by_name(field).is_some());
            descriptor(inner);
        }
        let kinds = (0..=u8::MAX).filter_map(objects::kind_at);
        let objects: Vec<String> = kinds.map(|(kind, _)| format!("{kind:?}")).collect();
        assert!(objects.len() > 20, "{objects:?}");
        objects.iter().for_each(|name| drop(descriptor(name)));
    }

    #[test]
    fn a_message_within_a_question_is_given_as_it_is_or_encoded() {
        let body = Body {
            valid_until: 7,
            actions: vec![Action::default()],
            ..Body::default()
        };
        let expected = SimulateRequest {
            body: body.encode_to_vec(),
        };
        let encoded = STANDARD.encode(body.encode_to_vec());
        let given = json!({"valid_until": "7", "actions": [{}]});
        for body in [json!(encoded), given] {
            let data = question("/simulate", json!({ "body": body })).unwrap();
            assert_eq!(SimulateRequest::decode(data), Ok(expected.clone()));
        }
    }

    #[test]
    fn what_is_no_question_is_refused_with_what_is_wrong_with_it() {
        let long = "7".repeat(QUESTION_BYTES_MAX);
        for (path, json, expected) in [
            (
                "/inbox",
                json!({"membr": "1"}),
                "unrecognized field name 'membr'",
            ),
            ("/inbox", json!({"member": "one"}), "invalid digit"),
            ("/inbox", json!([1]), "invalid type"),
            ("/history", json!({"kind": "ACCOUNT"}), "unrecognized enum"),
            (
                "/simulate",
                json!({"body": {"when": 1}}),
                "unrecognized field name 'when'",
            ),
            ("/receipt", json!({"id": "00"}), "expected an id"),
            ("/receipt", json!("xy"), "expected an id"),
            ("/receipt", json!(long), "longer than"),
        ] {
            let refused = question(path, json).unwrap_err();
            assert!(refused.contains(expected), "{path}: {refused}");
        }
        assert_eq!(Messages::of("/key"), None);
    }

    #[test]
    fn what_a_key_holds_stands_beside_its_bytes() {
        let answer = polity_proto::v1::KeysAnswer {
            height: 9,
            answers: vec![polity_proto::v1::KeyAnswer {
                key: objects::object_key(
                    objects::prefix_with_history(ObjectKind::Account).unwrap(),
                    1,
                ),
                value: polity_proto::v1::Record {
                    object: polity_proto::v1::Account {
                        number: 1,
                        handle: "main".into(),
                        ..Default::default()
                    }
                    .encode_to_vec(),
                    history_count: 2,
                    history_root: vec![3; 32],
                }
                .encode_to_vec(),
                proof: vec![4],
            }],
        };
        let result = QueryResult {
            value: answer.encode_to_vec().into(),
            height: 9,
            ..QueryResult::default()
        };
        let told = Messages::of("/keys").unwrap().result(&result);
        let of_key = &told["answer"]["answers"][0];
        let account = &of_key["value_decoded"];
        assert_eq!(told["height"], "9");
        assert_eq!(of_key["proof"], "BA==");
        assert_eq!(account["history_count"], "2");
        assert_eq!(account["object_decoded"]["handle"], "main");

        let refused = QueryResult {
            code: 12,
            log: "not found".into(),
            ..QueryResult::default()
        };
        let told = Messages::of("/keys").unwrap().result(&refused);
        let expected = json!({"code": 12, "log": "not found", "height": "0", "answer": null});
        assert_eq!(told, expected);
    }
}
