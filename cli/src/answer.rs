//! Answers about the state: what was read, at which height, and whether it is proven.

use std::time::SystemTime;

use polity_client::session::{AsOf, FRESH, Kinds, Moment, Session, View};
use serde_json::Value;

use crate::context::Context;
use crate::output::Form;
use crate::time;

impl Context {
    /// Shows what was read through a view.
    pub fn answer(&self, view: &View<'_>, json: Value, text: impl FnOnce() -> String) {
        self.answer_with(view.moment(), &view.kinds(), json, text);
    }

    /// Shows what was read of a moment: its height, its time, and whether all of it is proven.
    pub fn answer_of(&self, moment: Moment, json: Value, text: impl FnOnce() -> String) {
        self.answer_with(moment, &Kinds::default(), json, text);
    }

    fn answer_with(
        &self,
        moment: Moment,
        kinds: &Kinds,
        mut json: Value,
        text: impl FnOnce() -> String,
    ) {
        let seconds = moment.time.map_or(0, time::seconds);
        if let Value::Object(fields) = &mut json {
            fields.insert("height".into(), moment.height.into());
            fields.insert("time".into(), time::json(seconds));
            fields.insert("proven".into(), moment.is_proven.into());
            if !moment.is_proven {
                fields.insert("proven_kinds".into(), kinds.proven.clone().into());
            }
        }
        self.output.show(&json, text);
        self.tell(moment, kinds);
    }

    /// Says beside an answer of which height and time it is, what of it is not proven, and where it is old.
    pub fn tell(&self, moment: Moment, kinds: &Kinds) {
        if !moment.is_proven {
            self.output.note(not_proven(moment.height, kinds));
        } else if self.output.form == Form::Text {
            let time = time::shown(moment.time.map_or(0, time::seconds));
            let height = moment.height;
            self.output
                .note(format!("as of height {height} {time}").trim_end());
        }
        if let Some(time) = moment.time {
            self.tell_age(time);
        }
    }

    /// Says beside an answer where the newest header that it rests on is old.
    pub fn tell_age(&self, newest: SystemTime) {
        if let Some(age) = gap(newest, SystemTime::now()) {
            self.output.note(format!(
                "Nothing newer was shown to us for {age}: the network stands still, or the node keeps back what came since."
            ));
        }
    }

    /// Says before somebody signs where the state that the words rest on is old.
    pub fn tell_state_age(&self, session: &Session) {
        if let Some(time) = session.light().newest_time() {
            self.tell_age(time);
        }
    }

    /// Says beside an answer of a time where the block that was found lies long before it.
    pub(crate) fn tell_gap(&self, block: SystemTime, asked: SystemTime) {
        if let Some(gap) = gap(block, asked) {
            self.output.note(format!(
                "Of the {gap} before that time no block was shown to us: the network stood still, or the node keeps back \
                 what came then."
            ));
        }
    }

    /// Shows what a node says of a height and nothing proves.
    pub fn hearsay(&self, at: AsOf, mut json: Value, text: impl FnOnce() -> String) {
        if let Value::Object(fields) = &mut json {
            fields.insert("proven".into(), false.into());
        }
        self.output.show(&json, text);
        self.output.note(match at {
            AsOf::Newest => "as the node says; not proven".to_owned(),
            AsOf::Height(height) => not_proven(height, &Kinds::default()),
        });
    }
}

/// How long nothing was shown, where that is longer than a network pauses.
fn gap(block: SystemTime, until: SystemTime) -> Option<String> {
    let gap = until.duration_since(block).ok()?;
    (gap > FRESH).then(|| time::length(gap.as_secs()))
}

/// That not all of an answer is proven, and what of it is.
fn not_proven(height: u64, kinds: &Kinds) -> String {
    let rest = match (&kinds.proven[..], &kinds.unproven[..]) {
        ([], _) => return format!("as the node says of height {height}; not proven"),
        (_, []) => "which belong together, such as who held a role, and how long outages lasted,"
            .to_owned(),
        (_, unproven) => format!("each {}, and which belong together,", unproven.join(", ")),
    };
    format!(
        "as of height {height}: each {} is proven by its own history; {rest} is as the node says, not proven",
        kinds.proven.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_pause_that_no_network_makes_is_told() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(gap(at(0), at(1_200)), None);
        assert_eq!(gap(at(0), at(7_200)), Some("2h".to_owned()));
        assert_eq!(gap(at(9), at(0)), None);
    }

    #[test]
    fn what_is_proven_and_what_is_not_is_told_apart() {
        let told = |proven: &[&'static str], unproven: &[&'static str]| {
            let kinds = Kinds {
                proven: proven.to_vec(),
                unproven: unproven.to_vec(),
            };
            not_proven(20, &kinds)
        };
        let nothing = told(&[], &["document"]);
        assert_eq!(nothing, "as the node says of height 20; not proven");
        let lists = told(&["unit", "role"], &[]);
        assert!(lists.contains("each unit, role is proven"), "{lists}");
        assert!(lists.contains("how long outages lasted, is as"), "{lists}");
        let document = told(&["unit", "member"], &["document"]);
        assert!(document.contains("; each document, and"), "{document}");
        assert!(!document.contains("outages"), "{document}");
    }
}
