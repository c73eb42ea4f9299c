//! Every kind of action that the ledger has, in the order of its table.

use polity_ledger::actions;
use polity_proto::v1::Action;
use polity_proto::v1::action::Kind;
use prost::Message;
use prost::encoding::{WireType, encode_key};

/// An empty action of each kind.
pub fn all() -> Vec<Kind> {
    let tags = actions::ALL.iter().map(|(tag, _, _)| *tag);
    tags.filter_map(empty).collect()
}

/// The name of an action by its number on the wire.
pub fn name(tag: u32) -> &'static str {
    let found = actions::ALL.iter().find(|(number, _, _)| *number == tag);
    found.map_or("nothing", |(_, name, _)| name)
}

/// An action without content: its field, and nothing in it.
fn empty(tag: u32) -> Option<Kind> {
    let mut bytes = Vec::new();
    encode_key(tag, WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    Action::decode(bytes.as_slice()).ok()?.kind
}
