//! The fields of a line, read one by one, so that what is wrong is told by the name of the field.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use crate::visible::visible;

/// The fields of a JSON object, each by its name.
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// The fields of a line.
    pub(super) fn of(line: &[u8]) -> Result<Fields, String> {
        serde_json::from_slice(line)
            .map_err(|_| "is not one JSON object that has each of its fields once".to_owned())
    }

    /// A field's value.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// What is read of a field's value, or why it cannot be.
    pub(super) fn read<T>(
        &self,
        field: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, String> {
        let value = self.get(field).and_then(read);
        value.ok_or_else(|| self.unread(field, expected))
    }

    /// That a field is missing, or has a value that it cannot have.
    pub(super) fn unread(&self, field: &str, expected: &str) -> String {
        match self.get(field) {
            None => format!("`{field}` is missing; it is {expected}"),
            Some(value) => {
                let value = value.to_string();
                format!("`{field}` is {}, not {expected}", visible(&value))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    /// Of two fields of one name nobody could tell which one is meant.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(A::Error::custom("a field twice"));
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
