//! `document anchor | supersede | show`.

use clap::{Args, Subcommand};
use polity_client::ledger::form;
use polity_client::ledger::state::keys;
use polity_client::session::{lettered, number_of};
use polity_client::v1::{
    AnchorDocument, Document as DocumentState, Index, ObjectKind, SupersedeDocument, action::Kind,
};
use polity_client::{Error, Result};
use serde_json::json;

use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::facts;
use crate::time;

/// Documents: their hashes stand on the chain, the documents themselves stay where they are.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity document anchor acme contract.pdf --label contract\n  \
    polity document show contract.pdf\n  \
    polity document supersede k3 contract-2.pdf")]
pub struct Document {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Anchor(Anchor),
    Supersede(Supersede),
    Show(Show),
}

impl Document {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Anchor(verb) => verb.run(context).await,
            Verb::Supersede(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
        }
    }
}

/// Records that a document existed, by its hash.
#[derive(Args, Debug)]
struct Anchor {
    /// The unit that it belongs to.
    unit: String,
    /// SHA-256, 64 hexadecimal digits, or a file to hash.
    #[arg(value_name = "HASH|FILE")]
    document: String,
    /// What sort of document, in one word.
    #[arg(long)]
    label: String,
}

impl Anchor {
    async fn run(self, context: &Context) -> Result<()> {
        let anchor = AnchorDocument {
            unit: context.unit_ref(&self.unit).await?,
            hash: super::document_hash(&self.document)?,
            label: self.label,
        };
        context.act(vec![Kind::AnchorDocument(anchor)]).await
    }
}

/// Records that a document replaces another.
#[derive(Args, Debug)]
struct Supersede {
    /// The document that is replaced: k3, its hash, or its file.
    old: String,
    /// SHA-256 of the new one, 64 hexadecimal digits, or a file to hash.
    #[arg(value_name = "HASH|FILE")]
    document: String,
}

impl Supersede {
    async fn run(self, context: &Context) -> Result<()> {
        let supersede = SupersedeDocument {
            document: form::numbered(number(context, &self.old).await?),
            hash: super::document_hash(&self.document)?,
        };
        context.act(vec![Kind::SupersedeDocument(supersede)]).await
    }
}

/// Shows an anchored document, and whether another replaced it.
#[derive(Args, Debug)]
struct Show {
    /// The document: k3, or its hash or file, of which the one that was anchored first is shown.
    document: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = number(context, &self.document).await?;
        let found = view.get::<DocumentState>(number).await?;
        let document = found.ok_or_else(|| absent(&self.document))?;
        let mut names = Names::new(&view);
        names.load_units([document.unit]).await?;
        names.load_members([document.anchored_by]).await?;
        let value = json!({
            "document": lettered(ObjectKind::Document, document.number),
            "unit": lettered(ObjectKind::Unit, document.unit),
            "unit_name": names.unit(document.unit),
            "hash": hex::encode(&document.hash),
            "label": document.label,
            "anchored_by": names::json(ObjectKind::Member, document.anchored_by),
            "anchored_at": time::json(document.anchored_at),
            "effective_at": time::json(document.effective_at),
            "superseded_by": names::json(ObjectKind::Document, document.superseded_by),
        });
        context.answer(&view, value, || {
            facts(&[
                ("document", lettered(ObjectKind::Document, document.number)),
                ("unit", names.shown(ObjectKind::Unit, document.unit)),
                ("label", document.label.clone()),
                ("hash", hex::encode(&document.hash)),
                ("anchored", time::shown(document.anchored_at)),
                ("by", names.shown(ObjectKind::Member, document.anchored_by)),
                ("happened", time::shown(document.effective_at)),
                (
                    "replaced by",
                    names::letter(ObjectKind::Document, document.superseded_by),
                ),
            ])
        });
        Ok(())
    }
}

async fn number(context: &Context, text: &str) -> Result<u64> {
    if let Some(number) = number_of(ObjectKind::Document, text) {
        return Ok(number);
    }
    let hash = super::document_hash(text)?;
    let key = keys::key_with(keys::DOCUMENT_HASH, &[], &hash);
    let index: Option<Index> = context.session().await?.value(key).await?;
    index.map(|index| index.number).ok_or_else(|| absent(text))
}

fn absent(text: &str) -> Error {
    usage(format!("no document like {text} is anchored"))
}
