//! The shape of answers: which fields there are, and what sort of thing stands in each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Each path through the answers, with the sorts of things that stood there.
pub(crate) type Shape = BTreeMap<String, BTreeSet<String>>;

/// The shape of what a client printed: a line of JSON for each answer, `{"call", "answer"}`.
#[track_caller]
pub(crate) fn of(printed: &str) -> Shape {
    let mut shape = Shape::new();
    for line in printed.lines() {
        let line: Value = serde_json::from_str(line).expect("clients print lines of JSON");
        let call = line["call"].as_str().expect("a line names its call");
        add(&mut shape, &format!("{call}:"), &line["answer"]);
    }
    shape
}

/// Where two shapes differ: path, then what the first has and what the second has.
pub(crate) fn differences(first: &Shape, second: &Shape) -> Vec<String> {
    let paths: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let words = |shape: &Shape, path: &String| match shape.get(path) {
        Some(sorts) => sorts.iter().cloned().collect::<Vec<_>>().join("|"),
        None => "nothing".to_owned(),
    };
    paths
        .into_iter()
        .filter(|path| first.get(*path) != second.get(*path))
        .map(|path| format!("{path} {} / {}", words(first, path), words(second, path)))
        .collect()
}

fn add(shape: &mut Shape, path: &str, value: &Value) {
    let sort = match value {
        Value::Null => "null",
        Value::Bool(_) => "flag",
        Value::Number(_) => "number",
        Value::String(text) if path.ends_with(".refused") => &without_numbers(text),
        // The beginning of a key in hex: letters in it are chance.
        Value::String(_) if path.ends_with(".moniker") => "name",
        Value::String(text) => sort_of(text),
        Value::Array(items) => {
            for item in items.iter().filter(|item| !is_absent_vote(item)) {
                add(shape, &format!("{path}[]"), item);
            }
            if items.is_empty() {
                "empty list"
            } else {
                "list"
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                add(shape, &format!("{path}.{name}"), field);
            }
            "object"
        }
    };
    shape
        .entry(path.to_owned())
        .or_default()
        .insert(sort.to_owned());
}

/// Whoever was too late for a commit has an empty place in it, by chance on either engine.
fn is_absent_vote(item: &Value) -> bool {
    let flag = |name: &str| item.get(name).and_then(Value::as_u64);
    flag("block_id_flag").or(flag("blockIdFlag")) == Some(1)
}

/// What a refusal says is compared word for word, but for its numbers.
fn without_numbers(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_ascii_digit());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

fn sort_of(text: &str) -> &'static str {
    let all = |is: fn(&u8) -> bool| text.bytes().all(|byte| is(&byte));
    match text.len() {
        0 => "empty text",
        40 if all(u8::is_ascii_hexdigit) => "20 bytes",
        64 if all(u8::is_ascii_hexdigit) => "32 bytes",
        128 if all(u8::is_ascii_hexdigit) => "64 bytes",
        _ if text.parse::<i128>().is_ok() => "number as text",
        _ if text == "(absent)" => "absent",
        _ if text.ends_with('Z') && text.get(10..11) == Some("T") => "time",
        _ => "text",
    }
}
