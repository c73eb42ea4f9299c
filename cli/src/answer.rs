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
        self.answer_with(view.moment(), &view.proven_kinds(), json, text);
    }

    /// Shows what was read of a moment: its height, its time, and whether all of it is proven.
    pub fn answer_of(&self, moment: Moment, json: Value, text: impl FnOnce() -> String) {
        self.answer_with(moment, &[], json, text);
    }

    fn answer_with(
        &self,
        moment: Moment,
        proven_kinds: &[&str],
        mut json: Value,
        text: impl FnOnce() -> String,
    ) {
        let seconds = moment.time.map_or(0, time::seconds);
        if let Value::Object(fields) = &mut json {
            fields.insert("height".into(), moment.height.into());
            fields.insert("time".into(), time::json(seconds));
            fields.insert("proven".into(), moment.is_proven.into());
            if !moment.is_proven {
                fields.insert("proven_kinds".into(), proven_kinds.into());
            }
        }
        self.output.show(&json, text);
        self.tell(moment, proven_kinds);
    }

    /// Says beside an answer of which height and time it is, what of it is not proven, and where it is old. Where not all
    /// of it is proven, the objects of these kinds are.
    pub fn tell(&self, moment: Moment, proven_kinds: &[&str]) {
        if !moment.is_proven {
            self.output.note(not_proven(moment.height, proven_kinds));
        } else if self.output.form == Form::Text {
            let time = time::shown(moment.time.map_or(0, time::seconds));
            let height = moment.height;
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

/// That not all of an answer is proven, and what of it is.
fn not_proven(height: u64, proven_kinds: &[&str]) -> String {
    match proven_kinds {
        [] => format!("as the node says of height {height}; not proven"),
        kinds => format!(
            "as of height {height}: each {} is proven by its own history; which belong together, such as who held a role, \
             and how long outages lasted, is as the node says, not proven",
            kinds.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proven_and_what_is_not_is_told_apart() {
        let nothing = not_proven(20, &[]);
        assert_eq!(nothing, "as the node says of height 20; not proven");
        let told = not_proven(20, &["unit", "role"]);
        assert!(told.contains("each unit, role is proven"), "{told}");
    }
}
