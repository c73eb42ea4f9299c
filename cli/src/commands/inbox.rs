//! `inbox`: what waits for me.

use clap::Args;
use polity_client::Result;
use polity_client::session::{AsOf, lettered};
use polity_client::v1::{InboxItem, ObjectKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::Table;
use crate::time;

/// Shows what waits for you: proposals to answer or execute, ballots, objections, bank records to confirm, assignments to
/// accept; first, an invitation to join, or a recovery of your keys that others asked for.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity inbox\n  \
    polity inbox --member ada -o json")]
pub struct Inbox {}

impl Inbox {
    /// Shows it.
    pub async fn run(self, context: &Context) -> Result<()> {
        let member = context.member().await?;
        let at = context.as_of().await?;
        let answer = context.session().await?.inbox(member.number, at).await?;
        let mut table = Table::new(["what", "about", "when", "command"]);
        let mut items: Vec<Value> = Vec::new();
        for item in &answer.items {
            let about = lettered(item.kind(), item.number);
            let when = when(item, at)?;
            let command = command(item, &about);
            items.push(json!({
                "what": what(item),
                "object": about,
                "due": time::json(item.due),
                "command": command,
            }));
            table.row([what(item).to_owned(), about, when, command]);
        }
        let json = json!({
            "member": lettered(ObjectKind::Member, member.number),
            "height": answer.height,
            "items": items,
        });
        context.hearsay(at, json, || {
            if answer.items.is_empty() {
                format!("Nothing waits for {}.", member.shown)
            } else {
                table.to_string()
            }
        });
        Ok(())
    }
}

/// What there is to do, and the title of what it is about, where it has one.
fn what(item: &InboxItem) -> &str {
    item.what.strip_suffix(": ").unwrap_or(&item.what)
}

/// Until when it can be done; what was decided, from when on. How far a moment is from now says nothing of the past.
fn when(item: &InboxItem, at: AsOf) -> Result<String> {
    let is_to_execute = item.what.starts_with("execute: ");
    match (item.due, is_to_execute) {
        (0, _) => Ok(String::new()),
        (from, true) if at != AsOf::Newest => Ok(format!("from {}", time::shown(from))),
        (until, false) if at != AsOf::Newest => Ok(format!("until {}", time::shown(until))),
        (from, true) if from <= time::now()? => Ok("now".into()),
        (from, true) => Ok(format!("from {}", time::ahead(from)?)),
        (until, false) => Ok(format!("until {}", time::ahead(until)?)),
    }
}

/// What has a command that shows it.
const SHOWN: [(ObjectKind, &str); 5] = [
    (ObjectKind::Member, "member"),
    (ObjectKind::Proposal, "proposal"),
    (ObjectKind::Election, "election"),
    (ObjectKind::Assignment, "assignment"),
    (ObjectKind::Hold, "hold"),
];

/// The command that shows what waits, accepts an invitation, or ends what nobody asked for.
fn command(item: &InboxItem, about: &str) -> String {
    let kind = item.kind();
    if kind == ObjectKind::Recovery {
        return "polity member stop-recovery".to_owned();
    }
    if item.what.starts_with("join: ") {
        return "polity member join".to_owned();
    }
    match SHOWN.iter().find(|(shown, _)| *shown == kind) {
        Some((_, noun)) => format!("polity {noun} show {about}"),
        None => format!("polity history {about}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_title_is_told_without_one() {
        for (told, expected) in [
            ("answer: ", "answer"),
            ("test the objection: ", "test the objection"),
            ("answer: Chairs", "answer: Chairs"),
            ("join: you are invited", "join: you are invited"),
        ] {
            let item = InboxItem {
                what: told.into(),
                ..InboxItem::default()
            };
            assert_eq!(what(&item), expected);
        }
    }

    #[test]
    fn of_the_past_the_moment_itself_is_told() {
        let of = |what: &str, at| {
            let item = InboxItem {
                what: what.into(),
                due: 86_400,
                ..InboxItem::default()
            };
            when(&item, at).expect("a clock")
        };
        let day = "1970-01-02T00:00:00Z";
        assert_eq!(of("execute: p7", AsOf::Newest), "now");
        assert_eq!(of("execute: p7", AsOf::Height(5)), format!("from {day}"));
        assert_eq!(
            of("answer: p7", AsOf::Newest),
            format!("until {day} (over)")
        );
        assert_eq!(of("answer: p7", AsOf::Height(5)), format!("until {day}"));
    }
}
