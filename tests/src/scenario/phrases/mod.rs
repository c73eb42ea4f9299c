//! What people can do, as a story says it: one phrase an action.

mod authority;
mod decisions;
mod elections;
mod network;
mod outlooks;
mod people;
mod records;
mod structure;
mod value;

use polity_proto::v1::Capability;
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::text::Words;
use super::trouble::{Outcome, trouble};

pub(super) use decisions::seal;
pub(super) use network::parameter;
pub(super) use outlooks::ask as outlook;
pub(super) use value::moved_by;

/// The hash of the text that every organisation of a story agrees to.
pub(super) fn constitution() -> Vec<u8> {
    document(people::CONSTITUTION)
}

/// Reads one phrase, such as `pays 1.00 EUR from acme:main to finn:main`; the verb may stand in
/// the third person or, in a founding, as a command.
pub(super) fn read(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let verb = words.word("a verb")?;
    let verb = match verb.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => verb.strip_suffix('s').unwrap_or(&verb).to_owned(),
    };
    let known = people::read(draft, &verb, words)?
        || structure::read(draft, &verb, words)?
        || authority::read(draft, &verb, words)?
        || decisions::read(draft, &verb, words)?
        || elections::read(draft, &verb, words)?
        || value::read(draft, &verb, words)?
        || network::read(draft, &verb, words)?
        || records::read(draft, &verb, words)?;
    if known {
        words.done()
    } else {
        trouble(format!("nobody knows how to `{verb}` so"))
    }
}

/// A capability by its name.
fn capability(name: &str) -> Option<Capability> {
    Capability::from_str_name(&format!("CAPABILITY_{}", name.to_uppercase()))
}

/// The next word as a capability.
fn need_capability(words: &mut Words) -> Outcome<Capability> {
    let name = words.word("capability")?;
    match capability(&name) {
        Some(capability) => Ok(capability),
        None => trouble(format!("`{name}` is no capability")),
    }
}

/// All capabilities that come next; `everything`, or `everything but` some.
fn capabilities(words: &mut Words) -> Outcome<Vec<Capability>> {
    let everything = words.take("everything");
    let except = everything && words.take("but");
    let mut named = Vec::new();
    while let Some(capability) = words.peek().and_then(capability) {
        named.push(capability);
        words.word("capability")?;
    }
    if !everything {
        return Ok(named);
    }
    if except && named.is_empty() {
        return trouble("everything but what?");
    }
    Ok((1..)
        .map_while(|value| Capability::try_from(value).ok())
        .filter(|capability| !named.contains(capability))
        .collect())
}

/// The hash by which a story knows a document.
fn document(name: &str) -> Vec<u8> {
    Sha256::digest(name).to_vec()
}
