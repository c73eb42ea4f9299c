//! `history OBJECT`: everything that happened to something, proven.

mod subject;

use clap::Args;
use polity_client::Result;
use polity_client::session::{self, AsOf, HistoryItem, ProvenEvent, Session, Source, lettered};
use serde_json::{Value, json};

use self::subject::{Subject, elsewhere, subject};
use crate::context::Context;
use crate::event::Told;
use crate::names::Names;
use crate::output::Table;
use crate::progress::Progress;
use crate::{event, time};

/// Shows the whole history of anything, each event proven by its receipt.
///
/// Members, units, roles, proposals, accounts and the organisation have histories of their own. Of a grant, an
/// assignment, a policy, an asset, a party, a budget line, a hold, a node or a document, the events in the history that
/// holds them are shown.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity history finn\n  \
    polity history acme/dev:main\n  \
    polity history acme/dev#storefront-api\n  \
    polity history g41\n  \
    polity history organisation")]
pub struct History {
    /// Number, handle or code: finn, acme/dev, acme/dev#lead, acme/dev:main, m12, g41, p7, EUR.
    object: String,
    /// Only the newest so many: verified to be the newest.
    #[arg(long, value_name = "COUNT")]
    newest: Option<u32>,
}

impl History {
    /// Shows it.
    pub async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let subject = subject(session, &self.object).await?;
        let at = context.as_of().await?;
        let history = self.read(session, &subject, at).await?;
        let bar = Progress::new("proving events");
        let events = session
            .proven_events(&history, &mut |done, of| bar.at(done, of))
            .await?;
        drop(bar);

        let mut told = Vec::new();
        for proven in &events {
            told.push(Told::of_proven(session, proven).await?);
        }

        let view = session.view(AsOf::Newest);
        let mut names = Names::new(&view);
        event::load_names(&mut names, &told).await?;
        let mut table = Table::new(["time", "block", "what", "by", "as", "basis"]);
        let mut entries = Vec::new();
        for ((item, proven), told) in history.items.iter().zip(&events).zip(&told) {
            let event = &told.event;
            if subject
                .only
                .is_some_and(|(kind, number)| (event.object(), event.number) != (kind, number))
            {
                continue;
            }
            table.row([
                time::shown(proven.time),
                item.entry.height.to_string(),
                event::line(&names, told),
                names.members(&told.people()),
                names.roles(&told.roles()),
                event::basis_words(event.basis),
            ]);
            entries.push(entry_json(&names, item, proven, told));
        }
        let shown = lettered(subject.kind, subject.number);
        let elsewhere = elsewhere(session, &subject).await?;
        let json = json!({
            "object": shown,
            "count": history.count,
            "root": hex::encode(&history.root),
            "at": match at { AsOf::Newest => Value::Null, AsOf::Height(height) => height.into() },
            "entries": entries,
        });
        context.answer_of(history.moment, json, || {
            let whole = match (self.newest, subject.only) {
                (Some(_), _) => "the newest of",
                (None, Some(_)) => "those that concern it, of",
                (None, None) => "all of",
            };
            let then = match at {
                AsOf::Newest => String::new(),
                AsOf::Height(height) => format!(" until height {height}"),
            };
            format!(
                "{table}\n{whole} {} entries of the history of {shown}{then}, whose root the state of height {} proves{elsewhere}",
                history.count, history.moment.height
            )
        });
        Ok(())
    }

    async fn read(
        &self,
        session: &Session,
        subject: &Subject,
        at: AsOf,
    ) -> Result<session::History> {
        let (kind, number) = (subject.kind, subject.number);
        match (at, self.newest) {
            (AsOf::Newest, Some(limit)) => session.newest_history(kind, number, limit).await,
            (at, None) => session.history_as_of(kind, number, at).await,
            (at, Some(limit)) => {
                let then = session.history_as_of(kind, number, at).await?;
                Ok(then.newest(limit))
            }
        }
    }
}

fn entry_json(names: &Names<'_>, item: &HistoryItem, proven: &ProvenEvent, told: &Told) -> Value {
    let mut value = event::json(names, told);
    value["index"] = item.index.into();
    value["height"] = item.entry.height.into();
    value["time"] = time::json(proven.time);
    value["object_hash"] = hex::encode(&item.entry.object_hash).into();
    value["id"] = match &proven.source {
        Source::Transaction(id) => hex::encode(id).into(),
        Source::Genesis | Source::Timer => Value::Null,
    };
    value
}
