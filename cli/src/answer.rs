//! Answers about the state: what was read, at which height, and whether it is proven.

use polity_client::session::Moment;
use serde_json::Value;

use crate::context::Context;

impl Context {
    /// Shows what was read. JSON says the height and whether the answer is proven; a person is told where it is not.
    pub fn answer(&self, moment: Moment, mut json: Value, text: impl FnOnce() -> String) {
        if let Value::Object(fields) = &mut json {
            fields.insert("height".into(), moment.height.into());
            fields.insert("proven".into(), moment.is_proven.into());
        }
        if !moment.is_proven {
            self.output.note(format!(
                "as the node remembers height {}; not proven",
                moment.height
            ));
        }
        self.output.show(&json, text);
    }
}
