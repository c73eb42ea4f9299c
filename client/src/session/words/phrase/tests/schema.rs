//! Messages as their definitions list them, and values for their fields: so a field that is added is asked for as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use prost::encoding::{WireType, encode_key, encode_varint};

/// Messages in messages: deeper ones say nothing that those above do not.
const DEPTH_MAX: usize = 3;

#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    pub(super) messages: BTreeMap<String, Vec<Field>>,
    /// The values of an enumeration, but for the one that is none.
    enums: BTreeMap<String, Vec<u64>>,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) form: String,
    number: u32,
}

impl Schema {
    /// What `proto/` defines.
    pub(super) fn read() -> Schema {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/polity/v1");
        let mut schema = Schema::default();
        for file in fs::read_dir(directory).expect("the definitions are there") {
            let text = fs::read_to_string(file.expect("a file").path()).expect("text");
            schema.add(&text);
        }
        schema
    }

    fn add(&mut self, text: &str) {
        let mut of = String::new();
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default();
            let words: Vec<&str> = line.split([' ', ';']).filter(|w| !w.is_empty()).collect();
            match words[..] {
                ["message", name, ..] => {
                    of = name.to_owned();
                    self.messages.insert(of.clone(), Vec::new());
                }
                ["enum", name, ..] => {
                    of = name.to_owned();
                    self.enums.insert(of.clone(), Vec::new());
                }
                [form, name, "=", number] | ["repeated", form, name, "=", number] => {
                    let field = Field {
                        name: name.to_owned(),
                        form: form.to_owned(),
                        number: number.parse().expect("a number"),
                    };
                    let fields = self.messages.get_mut(&of).expect("fields are in messages");
                    fields.push(field);
                }
                [_, "=", value] if self.enums.contains_key(&of) => {
                    let value: u64 = value.parse().expect("a number");
                    let values = self.enums.get_mut(&of).expect("it is there");
                    values.extend(Some(value).filter(|value| *value != 0));
                }
                _ => {}
            }
        }
    }

    /// A field set to something, in each way that its form has.
    pub(super) fn values(&self, field: &Field) -> Vec<Vec<u8>> {
        match self.enums.get(&field.form) {
            Some(values) => values.iter().map(|value| field.number(*value)).collect(),
            None => vec![self.value(field, 0)],
        }
    }

    /// A message in which all of these fields are set.
    pub(super) fn all(&self, fields: &[&Field]) -> Vec<u8> {
        let values = fields.iter().map(|field| self.value(field, 0));
        values.collect::<Vec<_>>().concat()
    }

    fn value(&self, field: &Field, depth: usize) -> Vec<u8> {
        if let Some(values) = self.enums.get(&field.form) {
            return field.number(values[0]);
        }
        match field.form.as_str() {
            "string" => field.bytes(b"office"),
            "bytes" => field.bytes(&[7]),
            "bool" | "uint32" | "uint64" => field.number(1),
            // What a step creates: its name needs no node to be read.
            "Ref" => field.bytes(&[2 << 3, 1]),
            message => {
                let fields = &self.messages[message];
                let fields = fields.iter().filter(|_| depth < DEPTH_MAX);
                let values = fields.map(|field| self.value(field, depth + 1));
                field.bytes(&values.collect::<Vec<_>>().concat())
            }
        }
    }
}

impl Field {
    fn number(&self, value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_key(self.number, WireType::Varint, &mut bytes);
        encode_varint(value, &mut bytes);
        bytes
    }

    pub(super) fn bytes(&self, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_key(self.number, WireType::LengthDelimited, &mut bytes);
        encode_varint(value.len() as u64, &mut bytes);
        bytes.extend_from_slice(value);
        bytes
    }
}
