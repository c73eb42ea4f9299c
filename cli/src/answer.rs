//! Answers about the state: what was read, at which height, and whether it is proven.

use std::time::{Duration, SystemTime};

use polity_client::session::{Moment, View};
use serde_json::Value;

use crate::context::Context;
use crate::output::Form;
use crate::time;

/// Twice the longest pause between blocks that the parameters allow: what is older may be kept back from us.
const FRESH: Duration = Duration::from_secs(1_200);

impl Context {
    /// Shows what was read through a view.
    pub fn answer(&self, view: &View<'_>, json: Value, text: impl FnOnce() -> String) {
        self.answer_of(view.moment(), json, text);
    }

    /// Shows what was read of a moment: its height, its time, and whether all of it is proven.
    pub fn answer_of(&self, moment: Moment, mut json: Value, text: impl FnOnce() -> String) {
        let seconds = moment.time.map_or(0, time::seconds);
        if let Value::Object(fields) = &mut json {
            fields.insert("height".into(), moment.height.into());
            fields.insert("time".into(), time::json(seconds));
            fields.insert("proven".into(), moment.is_proven.into());
        }
        self.output.show(&json, text);
        self.tell(moment);
    }

    /// Says beside an answer of which height and time it is, where it is not proven, and where it is old.
    pub fn tell(&self, moment: Moment) {
        let height = moment.height;
        let seconds = moment.time.map_or(0, time::seconds);
        if !moment.is_proven {
            self.output
                .note(format!("as the node says of height {height}; not proven"));
        } else if self.output.form == Form::Text {
            let time = time::shown(seconds);
            self.output
                .note(format!("as of height {height} {time}").trim_end());
        }
        let age = moment
            .time
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        if let Some(age) = age.filter(|age| *age > FRESH) {
            self.output.note(format!(
                "Nothing newer was shown to us for {}: the network stands still, or the node keeps back what came since.",
                time::length(age.as_secs())
            ));
        }
    }

    /// Shows what a node says and nothing proves.
    pub fn hearsay(&self, mut json: Value, text: impl FnOnce() -> String) {
        if let Value::Object(fields) = &mut json {
            fields.insert("proven".into(), false.into());
        }
        self.output.show(&json, text);
        self.output.note("as the node says; not proven");
    }
}
