//! The address at which others dial a node.

use polity_ledger::form;

/// Refuses what the ledger would not take for an address of a node, and none at all, in words for the operator.
pub(super) fn check_dialed(text: &str) -> Result<(), String> {
    form::address(text).map_err(|_| {
        format!(
            "{text:?} is nothing that others can dial: they need HOST:PORT with the node's name or address, \
             and not where it listens, such as 0.0.0.0"
        )
    })
}
