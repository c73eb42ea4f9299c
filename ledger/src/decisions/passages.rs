//! Whom somebody alone took into a unit, or sent out of it, before it was asked.
//!
//! An electorate is not made for a decision. Those whom the proposer, or somebody who counts as the
//! proposer, sent out within the admission distance are still asked; those whom they brought in may
//! say no but not yes. So neither makes it easier to win. In a circle people take part by a role:
//! revoking it sends them out.
//!
//! | what happens, or is asked | function |
//! |---|---|
//! | A member is taken into a unit, or out of one that asks its joined members. | `note_taken_in`, `note_taken_out` |
//! | An assignment in a circle ends, or is shortened. | `note_unassigned` |
//! | A unit is moved from circle to circle, or becomes or stops being one. | `note_moved`, `note_amended` |
//! | A member leaves a unit. | `forget_entering` |
//! | Whom did the proposer, or anybody, send out a short time ago? | `sent_out`, `recently_sent_out` |
//! | Did the proposer take this member in? Is the member asked for nothing else? | `took_in`, `is_made` |

use polity_proto::v1::{
    Assignment, BasisSource, Member, ObjectKind, Passage, Proposal, Role, Unit,
};

use super::{approve, electorate};
use crate::context::Context;
use crate::judge::{Actor, hands, power};
use crate::state::keys::List;
use crate::state::{lists, objects};

/// Notes that somebody took the member into the unit (even the member themselves, by what they may do there), or
/// received the member, who came by their own act. The caller writes the member.
pub(crate) fn note_taken_in(
    context: &Context<'_, '_>,
    member: &mut Member,
    unit: u64,
    receiver: Option<Actor>,
) {
    let entered = match receiver {
        Some(by) => Some(Passage {
            unit,
            member: member.number,
            by: by.member,
            at: context.now().time,
            brought_in: false,
            basis: Some(by.basis(context, context.now(), BasisSource::Own, 0)),
        }),
        // A guild is open: whoever comes by their own act alone made use of nothing.
        None => by_one(context, unit, member.number).filter(|entered| {
            entered.by != member.number || context.basis.source() != BasisSource::Own
        }),
    };
    if let Some(entered) = entered {
        enter(context, member, entered);
    }
}

/// Notes who takes the member out of a unit that asks its joined members.
pub(crate) fn note_taken_out(context: &mut Context<'_, '_>, unit: u64, member: u64) {
    note_in(context, unit, false, &[member]);
}

/// Notes who ends or shortens an assignment by which its holder takes part in circles: the histories
/// of these, for the event.
pub(crate) fn note_unassigned(
    context: &mut Context<'_, '_>,
    assignment: &Assignment,
) -> Vec<(ObjectKind, u64)> {
    if !power::assignment_empowers(context, assignment, context.now().time) {
        return Vec::new();
    }
    let Some(role) = objects::look::<Role>(context, assignment.role) else {
        return Vec::new();
    };
    let mut circles = vec![role.unit];
    if electorate::speaks(&role) {
        let unit = objects::look::<Unit>(context, role.unit);
        circles.extend(unit.map(|unit| unit.parent));
    }
    circles.retain(|circle| note_in(context, *circle, true, &[assignment.member]));
    circles
        .into_iter()
        .map(|circle| (ObjectKind::Unit, circle))
        .collect()
}

/// Notes who takes a unit, and so those who speak for it, out of the circle around it and into the one around `parent`: the
/// histories of whom they brought in, for the event.
pub(crate) fn note_moved(
    context: &mut Context<'_, '_>,
    moved: &Unit,
    parent: &Unit,
) -> Vec<(ObjectKind, u64)> {
    let now = context.now().time;
    let mut speakers = electorate::speakers(context, now, moved.number);
    speakers.sort_unstable();
    speakers.dedup();
    note_in(context, moved.parent, true, &speakers);
    if !power::is_circle(parent) || moved.parent == parent.number {
        return Vec::new();
    }
    // Whom the circle asks already, nobody brings in but whoever brought them there.
    let asked = electorate::of_unit(context, now, parent);
    speakers.retain(|member| {
        let is_asked = asked.binary_search(member).is_ok();
        let entered = by_another(context, parent.number, *member);
        !is_asked || entered.is_some_and(|entered| brought_in(context, &entered))
    });
    note_brought_in(context, parent.number, speakers)
}

/// Notes who makes a circle of a unit, or something else of a circle: others are asked from then on. The histories of whom
/// they brought in, for the event. The caller writes the unit as it shall be.
pub(crate) fn note_amended(
    context: &mut Context<'_, '_>,
    before: &Unit,
    amended: &mut Unit,
) -> Vec<(ObjectKind, u64)> {
    if power::is_circle(before) == power::is_circle(amended) {
        return Vec::new();
    }
    let now = context.now().time;
    let mut asked = electorate::of_unit(context, now, before);
    let mut asked_now = electorate::of_unit(context, now, amended);
    let asked_before = asked.clone();
    asked.retain(|member| asked_now.binary_search(member).is_err());
    asked_now.retain(|member| asked_before.binary_search(member).is_err());
    // A unit asks no more than these, so of more there is nothing to note.
    if asked.len() <= electorate::MEMBERS_MAX {
        for member in asked {
            note(context, amended, member);
        }
    }
    note_brought_in(context, amended.number, asked_now)
}

/// Notes who brings members among those whom a unit asks, otherwise than by taking them in or by a role.
fn note_brought_in(
    context: &mut Context<'_, '_>,
    unit: u64,
    mut members: Vec<u64>,
) -> Vec<(ObjectKind, u64)> {
    // A unit asks no more than these, so of more there is nothing to note.
    if members.len() > electorate::MEMBERS_MAX {
        return Vec::new();
    }
    members.retain(|member| note_entered(context, unit, *member));
    members
        .into_iter()
        .map(|member| (ObjectKind::Member, member))
        .collect()
}

fn note_entered(context: &mut Context<'_, '_>, unit: u64, member: u64) -> bool {
    let entered = by_another(context, unit, member);
    let found = objects::get::<Member>(context, member);
    let (Some(entered), Some(mut member)) = (entered, found) else {
        return false;
    };
    enter(context, &mut member, entered);
    context.put(&member);
    true
}

/// Keeps the newest passage of a member into a unit by the same person. Of units that they have not joined, only living ones
/// count, and for the distance: otherwise whoever moves a unit from circle to circle makes its lead's record longer without
/// end.
fn enter(context: &Context<'_, '_>, member: &mut Member, entered: Passage) {
    let number = member.number;
    let is_same = |earlier: &Passage| (earlier.unit, earlier.by) == (entered.unit, entered.by);
    let counts = |earlier: &Passage| {
        lists::contains(context, List::JoinedBy, number, earlier.unit)
            || is_recent(context, earlier.at) && power::unit_lives(context, earlier.unit)
    };
    member
        .taken_in
        .retain(|earlier| !is_same(earlier) && counts(earlier));
    member.taken_in.push(entered);
}

/// Forgets how a member came into a unit that they leave. Who took them in not long ago stays: it may ask them still, as a circle
/// does, and what they did there because they had joined is behind that person all the same.
pub(crate) fn forget_entering(context: &Context<'_, '_>, member: &mut Member, unit: u64) {
    let number = member.number;
    let stays = |entered: &Passage| entered.by != number && is_recent(context, entered.at);
    member
        .taken_in
        .retain(|entered| entered.unit != unit || stays(entered));
}

/// Whom the proposer sent out of the unit a short time ago.
pub(super) fn sent_out(context: &Context<'_, '_>, proposal: &Proposal) -> Vec<Passage> {
    let mut sent = recently_sent_out(context, proposal.unit);
    sent.retain(|sent| approve::is_of_proposer(context, proposal, sent.by));
    sent
}

/// Whom anybody alone sent out of the unit a short time ago.
pub(super) fn recently_sent_out(context: &Context<'_, '_>, unit: u64) -> Vec<Passage> {
    let unit = objects::get::<Unit>(context, unit);
    let mut sent = unit.map_or_else(Vec::new, |unit| unit.sent_out);
    sent.retain(|sent| is_recent(context, sent.at));
    sent
}

/// Whether the member is asked only because of what the proposer did alone: took them in, even if
/// only to send them out again. Those whom the proposer sent out first had been there before.
pub(super) fn is_made(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    sent_out: &[Passage],
    member: u64,
) -> bool {
    let mut sent = sent_out.iter().filter(|sent| sent.member == member);
    match sent.next() {
        None => took_in(context, proposal, member),
        Some(first) => first.brought_in && sent.all(|sent| sent.brought_in),
    }
}

/// Whether the proposer took the member into the unit a short time ago.
pub(super) fn took_in(context: &Context<'_, '_>, proposal: &Proposal, member: u64) -> bool {
    let by_proposer = |entered: &Passage| {
        entered.unit == proposal.unit
            && is_recent(context, entered.at)
            && approve::is_of_proposer(context, proposal, entered.by)
    };
    objects::look::<Member>(context, member)
        .is_some_and(|member| member.taken_in.iter().any(by_proposer))
}

/// Notes who sends members out of the unit, if the unit is a circle (`circle`) or is none. Answers whether there was
/// anything to note.
fn note_in(context: &mut Context<'_, '_>, unit: u64, circle: bool, members: &[u64]) -> bool {
    let found = objects::get::<Unit>(context, unit);
    let Some(mut unit) = found.filter(|unit| power::is_circle(unit) == circle) else {
        return false;
    };
    let noted = members
        .iter()
        .filter(|member| note(context, &mut unit, **member))
        .count();
    if noted != 0 {
        context.put(&unit);
    }
    noted != 0
}

/// Notes who sends the member out, if that is somebody else.
fn note(context: &Context<'_, '_>, unit: &mut Unit, member: u64) -> bool {
    let Some(mut sent) = by_another(context, unit.number, member) else {
        return false;
    };
    let is_same = |earlier: &Passage| (earlier.member, earlier.by) == (sent.member, sent.by);
    unit.sent_out
        .retain(|earlier| is_recent(context, earlier.at));
    // Whoever had been there at first was not brought in, however often they came and went since.
    let was_there = |earlier: &Passage| is_same(earlier) && !earlier.brought_in;
    let brought_in = !unit.sent_out.iter().any(was_there) && brought_in(context, &sent);
    unit.sent_out.retain(|earlier| !is_same(earlier));

    sent.brought_in = brought_in;
    unit.sent_out.push(sent);
    true
}

/// Whether the one who sends the member out had taken them in, or given them a role, a short time
/// ago.
fn brought_in(context: &Context<'_, '_>, sent: &Passage) -> bool {
    let now = context.now().time;
    let is_own = |by: u64, at: u64| {
        is_recent(context, at) && by != 0 && hands::are_one(context, now, by, sent.by)
    };
    let taken_in = |entered: &Passage| entered.unit == sent.unit && is_own(entered.by, entered.at);
    objects::look::<Member>(context, sent.member)
        .is_some_and(|member| member.taken_in.iter().any(taken_in))
        || lists::objects::<Assignment>(context, List::Assignments, sent.member)
            .any(|assignment| is_own(assignment.assigned_by, assignment.assigned_at))
}

/// The passage of a member by the present action, where it is another one's act.
fn by_another(context: &Context<'_, '_>, unit: u64, member: u64) -> Option<Passage> {
    by_one(context, unit, member).filter(|passage| passage.by != member)
}

/// The passage of a member by the present action. What a unit decides is no one person's.
fn by_one(context: &Context<'_, '_>, unit: u64, member: u64) -> Option<Passage> {
    context.is_of_one().then(|| Passage {
        unit,
        member,
        by: context.basis.member,
        at: context.now().time,
        brought_in: false,
        basis: Some(context.basis),
    })
}

fn is_recent(context: &Context<'_, '_>, at: u64) -> bool {
    hands::is_recent(context, context.now().time, at)
}
