//! Whom the proposer took into a unit, or sent out of it, before asking it.
//!
//! An electorate is not made for a decision: it is frozen as it would be without what the proposer,
//! or who counts as the proposer, changed about it alone within the admission distance.

use polity_proto::v1::{Member, Passage, Proposal, Unit};

use super::approve;
use crate::context::Context;
use crate::judge::hands;

/// Notes that somebody else took the member into the unit. The caller writes the member.
pub(crate) fn note_taken_in(context: &Context<'_, '_>, member: &mut Member, unit: u64) {
    member
        .taken_in
        .extend(by_another(context, unit, member.number));
}

/// Notes who sent the member out of the unit, unless that only undoes what the same hand did before.
/// The caller writes the unit.
pub(crate) fn note_sent_out(context: &Context<'_, '_>, unit: &mut Unit, member: &Member) {
    let Some(sent) = by_another(context, unit.number, member.number) else {
        return;
    };
    let now = context.now().time;
    let undone = member.taken_in.iter().any(|entered| {
        entered.unit == unit.number
            && is_recent(context, entered)
            && hands::are_one(context, now, entered.by, sent.by)
    });
    if undone {
        return;
    }

    unit.sent_out.retain(|earlier| {
        is_recent(context, earlier) && (earlier.member, earlier.by) != (sent.member, sent.by)
    });
    unit.sent_out.push(sent);
}

/// Whether the proposer took the member into the unit a short time ago.
pub(super) fn took_in(context: &Context<'_, '_>, proposal: &Proposal, member: u64) -> bool {
    let entered = context.get::<Member>(member).unwrap_or_default().taken_in;
    entered
        .iter()
        .any(|entered| entered.unit == proposal.unit && is_proposers(context, proposal, entered))
}

/// Whom the proposer sent out of the unit a short time ago.
pub(super) fn sent_out(context: &Context<'_, '_>, proposal: &Proposal) -> Vec<u64> {
    let sent = context
        .get::<Unit>(proposal.unit)
        .unwrap_or_default()
        .sent_out;
    sent.iter()
        .filter(|sent| is_proposers(context, proposal, sent))
        .map(|sent| sent.member)
        .collect()
}

/// The passage of a member by the present action, where it is another one's act. What a unit decides
/// is no one person's.
fn by_another(context: &Context<'_, '_>, unit: u64, member: u64) -> Option<Passage> {
    let by = context.basis.member;
    (by != member && context.is_of_one()).then(|| Passage {
        unit,
        member,
        by,
        at: context.now().time,
    })
}

fn is_proposers(context: &Context<'_, '_>, proposal: &Proposal, passage: &Passage) -> bool {
    is_recent(context, passage) && approve::is_of_proposer(context, proposal, passage.by)
}

fn is_recent(context: &Context<'_, '_>, passage: &Passage) -> bool {
    let distance = context.parameters().admission_distance;
    context.now().time.saturating_sub(passage.at) < distance
}
