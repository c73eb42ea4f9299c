//! `document list | show | anchor | supersede`.

use clap::{Args, Subcommand};
use polity_client::ledger::form;
use polity_client::session::{View, lettered, number_of};
use polity_client::v1::{
    AnchorDocument, Document as DocumentState, ObjectKind, SupersedeDocument, action::Kind,
};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::time;

/// Documents: their hashes stand on the chain, the documents themselves stay where they are.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity document anchor acme contract.pdf --label contract\n  \
    polity document list acme\n  \
    polity document show contract.pdf\n  \
    polity document show contract.pdf --unit acme/ops\n  \
    polity document supersede k3 contract-2.pdf")]
pub struct Document {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Anchor(Anchor),
    Supersede(Supersede),
    Show(Show),
}

impl Document {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Anchor(verb) => verb.run(context).await,
            Verb::Supersede(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
        }
    }
}

/// Lists anchored documents, also those that others replaced.
#[derive(Args, Debug)]
struct List {
    /// Only those of this unit.
    unit: Option<String>,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = match &self.unit {
            Some(unit) => Some(session.unit(unit).await?.number),
            None => None,
        };
        let all = view.every(ObjectKind::Document).await?;
        let mut documents: Vec<DocumentState> = view.existing(&all).await?;
        documents.retain(|one| unit.is_none_or(|unit| one.unit == unit));
        let names = names_of(&view, &documents).await?;
        let mut table = Table::new([
            "document",
            "unit",
            "label",
            "anchored",
            "by",
            "replaced by",
            "hash",
        ]);
        for one in &documents {
            table.row([
                lettered(ObjectKind::Document, one.number),
                names.shown(ObjectKind::Unit, one.unit),
                one.label.clone(),
                time::shown(one.anchored_at),
                names.shown(ObjectKind::Member, one.anchored_by),
                names::letter(ObjectKind::Document, one.superseded_by),
                hex::encode(&one.hash),
            ]);
        }
        let rows: Vec<Value> = documents.iter().map(|one| as_json(one, &names)).collect();
        context.answer(&view, json!({"documents": rows}), || {
            if documents.is_empty() {
                "No documents.".to_owned()
            } else {
                table.to_string()
            }
        });
        Ok(())
    }
}

async fn names_of<'s>(view: &'s View<'s>, documents: &[DocumentState]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    names
        .load_units(documents.iter().map(|one| one.unit))
        .await?;
    names
        .load_members(documents.iter().map(|one| one.anchored_by))
        .await?;
    Ok(names)
}

fn as_json(document: &DocumentState, names: &Names<'_>) -> Value {
    json!({
        "document": lettered(ObjectKind::Document, document.number),
        "unit": lettered(ObjectKind::Unit, document.unit),
        "unit_name": names.unit(document.unit),
        "hash": hex::encode(&document.hash),
        "label": document.label,
        "anchored_by": names::json(ObjectKind::Member, document.anchored_by),
        "anchored_at": time::json(document.anchored_at),
        "effective_at": time::json(document.effective_at),
        "superseded_by": names::json(ObjectKind::Document, document.superseded_by),
    })
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
    /// The unit that anchored the old one, where several did.
    #[arg(long)]
    unit: Option<String>,
    /// SHA-256 of the new one, 64 hexadecimal digits, or a file to hash.
    #[arg(value_name = "HASH|FILE")]
    document: String,
}

impl Supersede {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let old = find(context, &view, &self.old, self.unit.as_deref()).await?;
        let supersede = SupersedeDocument {
            document: form::numbered(old.number),
            hash: super::document_hash(&self.document)?,
        };
        context.act(vec![Kind::SupersedeDocument(supersede)]).await
    }
}

/// Shows an anchored document, and whether another replaced it.
#[derive(Args, Debug)]
struct Show {
    /// The document: k3, its hash, or its file.
    document: String,
    /// The unit that anchored it, where several did.
    #[arg(long)]
    unit: Option<String>,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let document = find(context, &view, &self.document, self.unit.as_deref()).await?;
        let names = names_of(&view, std::slice::from_ref(&document)).await?;
        context.answer(&view, as_json(&document, &names), || {
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

/// The document that a text means: by its number, or by its hash the one of the unit that is named, or that which stands.
async fn find(
    context: &Context,
    view: &View<'_>,
    text: &str,
    unit: Option<&str>,
) -> Result<DocumentState> {
    let mut documents = match number_of(ObjectKind::Document, text) {
        Some(number) => view.get(number).await?.into_iter().collect(),
        None => view.documents_of(&super::document_hash(text)?).await?,
    };
    if let Some(unit) = unit {
        let unit = context.session().await?.unit(unit).await?.number;
        documents.retain(|document| document.unit == unit);
    }
    match meant(documents) {
        Meant::One(document) => Ok(document),
        Meant::Nothing => Err(absent(text, unit)),
        Meant::Several(documents) => {
            let mut names = Names::new(view);
            let units = documents.iter().map(|document| document.unit);
            names.load_units(units).await?;
            let each = documents.iter().map(|document| {
                let number = lettered(ObjectKind::Document, document.number);
                format!(
                    "{number} of {}",
                    names.shown(ObjectKind::Unit, document.unit)
                )
            });
            let each = each.collect::<Vec<_>>().join(", ");
            Err(usage(format!(
                "several units have anchored {text} ({each}): name the number, or one with --unit"
            )))
        }
    }
}

/// Which of the documents of one hash is meant.
#[derive(Debug, PartialEq)]
enum Meant {
    Nothing,
    One(DocumentState),
    Several(Vec<DocumentState>),
}

/// The only one, or the only one that nothing has replaced.
fn meant(documents: Vec<DocumentState>) -> Meant {
    let mut standing = documents.iter().filter(|one| one.superseded_by == 0);
    match (&documents[..], standing.next(), standing.next()) {
        ([], _, _) => Meant::Nothing,
        ([only], _, _) => Meant::One(only.clone()),
        (_, Some(only), None) => Meant::One(only.clone()),
        (_, _, _) => Meant::Several(documents),
    }
}

fn absent(text: &str, unit: Option<&str>) -> Error {
    usage(match unit {
        Some(unit) => format!("{unit} has anchored no document like {text}"),
        None => format!("no document like {text} is anchored"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_units_documents_of_one_hash_the_one_that_stands_is_meant_and_else_none() {
        let document = |number, superseded_by| DocumentState {
            number,
            superseded_by,
            ..DocumentState::default()
        };
        let (first, second) = (document(1, 0), document(2, 0));
        let replaced = [document(1, 3), document(2, 4)];
        for (documents, expected) in [
            (vec![], Meant::Nothing),
            (vec![replaced[0].clone()], Meant::One(replaced[0].clone())),
            (
                vec![replaced[0].clone(), second.clone()],
                Meant::One(second.clone()),
            ),
            (
                vec![first.clone(), second.clone()],
                Meant::Several(vec![first, second]),
            ),
            (replaced.to_vec(), Meant::Several(replaced.to_vec())),
        ] {
            assert_eq!(meant(documents), expected);
        }
    }
}
