//! What a proposal would change, told before anybody decides: roles without holder, grants that end,
//! duties that collide, value that must go elsewhere, warnings that appear.
//!
//! The same state and actions give the same outlook, byte for byte, so its hash can be bound to a
//! proposal: where another one would come of it by then, the proposal is not carried out.

mod facts;
mod places;
#[cfg(test)]
mod tests;
mod touched;

use polity_proto::v1::{Action, Outlook};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::context::{Authority, Context};
use crate::judge::Actor;
use crate::{Rejection, actions};
use facts::Facts;
use touched::Touched;

/// Most units that an outlook looks at.
pub const UNITS_MAX: usize = 500;

/// So a transaction opens at most three proposals that are bound.
const BOUND_WORK: usize = 24;

/// What carrying out actions would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The differences, up to where the actions stop.
    pub outlook: Outlook,
    /// The action that cannot be carried out, and why.
    pub stops: Option<(u32, Rejection)>,
}

/// What it costs to compare an outlook to which a proposal is bound, in actions: it is seen whole, before and after, at
/// the opening and again at the decision. Empty: bound to none.
pub(crate) fn work(bound: &[u8]) -> usize {
    if bound.is_empty() { 0 } else { BOUND_WORK }
}

/// SHA-256 of an outlook.
pub fn hash(outlook: &Outlook) -> [u8; 32] {
    Sha256::digest(outlook.encode_to_vec()).into()
}

/// What these actions would change if `proposer` carried them out now; nothing stays. Refuses what
/// would touch more units than are looked at.
pub fn of_actions(
    context: &mut Context<'_, '_>,
    proposer: Actor,
    actions: &[Action],
) -> Result<Seen, Rejection> {
    let mut touched = Touched::default();
    let (after, stops) = context.dry(Authority::Proposal(0), proposer, |context| {
        let first_event = context.events.len();
        let mut stops = None;
        for (index, action) in actions.iter().enumerate() {
            touched.by_action(context, action);
            if let Err(rejection) = carry_out(context, index as u32, action) {
                stops = Some((index as u32, rejection));
                break;
            }
        }
        touched.by_events(context, first_event);
        Ok((Facts::read(context, &touched.units()?), stops))
    })?;
    let before = Facts::read(context, &touched.units()?);
    let (ended_grants, ended_assignments) = touched.ended(context);
    let (accounts_to_move, holds_to_move) = touched.value(context);
    let outlook = Outlook {
        ended_grants,
        ended_assignments,
        accounts_to_move,
        holds_to_move,
        ..after.without(&before)
    };
    Ok(Seen { outlook, stops })
}

fn carry_out(context: &mut Context<'_, '_>, index: u32, action: &Action) -> Result<(), Rejection> {
    context.begin(index, action)?;
    actions::needs(context, action)?;
    actions::apply(context, action)
}

/// Refuses actions that are bound to another outlook than the state gives. Empty: bound to none.
pub(crate) fn check_bound(
    context: &mut Context<'_, '_>,
    proposer: Actor,
    actions: &[Action],
    bound: &[u8],
) -> Result<(), Rejection> {
    if bound.is_empty() {
        return Ok(());
    }
    let seen = of_actions(context, proposer, actions)?;
    match seen.stops {
        Some((_, rejection)) => Err(rejection),
        None if hash(&seen.outlook)[..] == *bound => Ok(()),
        None => Err(Rejection::OutlookStale),
    }
}
