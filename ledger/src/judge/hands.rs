//! Whose hand leads a newcomer: nobody becomes two people by inviting a second self.
//!
//! The ledger sees keys and no faces. So until the admission distance is over, a newcomer counts as the one who
//! admitted them, and that one, where they are a newcomer too, as whoever admitted them: up to somebody who has been
//! here for longer, or whom the genesis admitted. Where people of their own are asked for, a hand counts once.
//!
//! | question | function |
//! |---|---|
//! | Who leads this member, and until when? | [`hand_of`], [`newcomer_until`] |
//! | Do these count as one person? | [`are_one`]; of two groups, [`meet`]; of many, [`Hands`] |
//! | How many people are these? | [`count`] |
//! | As whom is this owner paid? | [`payee`] |
//! | Who stands behind this act? | [`behind`]; behind that somebody joined a unit, [`behind_joining`] |
//! | Did nobody else have to agree to it? | [`is_of_one`]; to a proposal, [`is_decided_by_one`] |
//! | Did it happen within the admission distance? | [`is_recent`] |
//! | May they not use this, because it is their own gift? | [`withholds`] for a grant, [`withholds_tier`] for a policy |

use std::collections::BTreeSet;

use polity_proto::v1::{
    Assignment, Basis, BasisSource, Grant, Member, MemberKind, ModeKind, Owner, OwnerKind, Policy,
    Proposal, Tier, WhoKind,
};

use super::{Actor, asks_nobody_to_agree, policies, power};
use crate::decisions::mode;
use crate::parameters;
use crate::state::{Read, objects};

/// Most admissions that are followed. Whoever is behind a longer line is nobody of their own.
pub const ADMISSIONS_MAX: usize = 16;

/// Most gifts that are followed behind an act: what was given for it, what was given for that, and so on. Whoever acts
/// behind a longer line is nobody of their own there.
const GIFTS_MAX: usize = 16;

/// Who leads the member: the member, unless they are a newcomer. `None` behind too long a line.
pub(crate) fn hand_of(state: &dyn Read, now: u64, member: u64) -> Option<u64> {
    let distance = || parameters::get(state).admission_distance;
    hand(member, |one| {
        leader(&*objects::look(state, one)?, now, distance)
    })
}

/// The same for a caller that reads members otherwise: `leader` says whom a member counts as, if as somebody else.
pub fn hand(member: u64, leader: impl Fn(u64) -> Option<u64>) -> Option<u64> {
    let mut hand = member;
    for _ in 0..ADMISSIONS_MAX {
        match leader(hand) {
            Some(one) => hand = one,
            None => return Some(hand),
        }
    }
    None
}

/// Who admitted the member, while they are a newcomer: for this admission distance, in seconds. A service is nobody of its own,
/// however long it has been here.
pub fn leader(member: &Member, now: u64, distance: impl FnOnce() -> u64) -> Option<u64> {
    let is_led = member.admitted_by != 0
        && (member.kind() == MemberKind::Service
            || now < member.admitted_at.saturating_add(distance()));
    is_led.then_some(member.admitted_by)
}

/// Until when the member counts as whoever admitted them; a service, which always does, has no such time.
pub(crate) fn newcomer_until(state: &dyn Read, member: &Member) -> Option<u64> {
    let distance = parameters::get(state).admission_distance;
    (member.kind() != MemberKind::Service).then(|| member.admitted_at.saturating_add(distance))
}

/// Whether two members count as one person: nothing shows that they are two.
pub(crate) fn are_one(state: &dyn Read, now: u64, one: u64, other: u64) -> bool {
    if one == other {
        return true;
    }
    let hands = [one, other].map(|member| hand_of(state, now, member));
    hands[0] == hands[1] || hands.contains(&None)
}

/// Whether somebody among these counts as somebody among those.
pub(crate) fn meet(state: &dyn Read, now: u64, these: &[u64], those: &[u64]) -> bool {
    let [these, those] = [these, those].map(|members| Hands::of(state, now, members));
    these.meet(&those)
}

/// The hands of members: each is looked for once, however many others they are compared with. Whoever has none counts as
/// everybody.
#[derive(Default)]
pub(crate) struct Hands(BTreeSet<Option<u64>>);

impl Hands {
    /// Those of these members.
    pub(crate) fn of(state: &dyn Read, now: u64, members: &[u64]) -> Hands {
        let hands = members.iter().map(|member| hand_of(state, now, *member));
        Hands(hands.collect())
    }

    /// Whether somebody counts here and there.
    pub(crate) fn meet(&self, other: &Hands) -> bool {
        let somebody = !self.0.is_empty() && !other.0.is_empty();
        let is_anybody = self.0.contains(&None) || other.0.contains(&None);
        somebody && (is_anybody || !self.0.is_disjoint(&other.0))
    }

    /// Counts others in.
    pub(crate) fn join(&mut self, other: Hands) {
        self.0.extend(other.0);
    }
}

/// As whom an owner is paid: a newcomer as their hand. What splitting does not lower, admitting payees does not lower
/// either. All those of whom nothing tells which hand leads them count as one.
pub(crate) fn payee(state: &dyn Read, now: u64, owner: Owner) -> Owner {
    match owner.kind() {
        OwnerKind::Member => Owner {
            number: hand_of(state, now, owner.number).unwrap_or_default(),
            ..owner
        },
        OwnerKind::None
        | OwnerKind::Unit
        | OwnerKind::Party
        | OwnerKind::Issuance
        | OwnerKind::Escrow => owner,
    }
}

/// How many people these members are.
pub(crate) fn count(state: &dyn Read, now: u64, members: impl Iterator<Item = u64>) -> usize {
    let mut hands: Vec<u64> = members
        .filter_map(|member| hand_of(state, now, member))
        .collect();
    hands.sort_unstable();
    hands.dedup();
    hands.len()
}

/// Everybody who stands behind an act by its basis, the one who did it first. Behind them stand whoever delegated the
/// grant that they used, and whoever, alone and not long ago, gave that grant, assigned them, took them in where the
/// policy names those who joined, or set the policy; and so on behind each of these gifts. Where several people are
/// asked for, all of these are one. `None` behind too long a line of gifts.
pub(crate) fn behind(state: &dyn Read, now: u64, basis: &Basis) -> Option<Vec<u64>> {
    let (mut people, mut acts) = (Vec::new(), vec![*basis]);
    let mut next = 0;
    while let Some(act) = acts.get(next).copied() {
        if next == GIFTS_MAX {
            return None;
        }
        next += 1;
        let grant = grant_of(state, &act);
        let delegator = grant
            .as_ref()
            .and_then(|grant| power::delegator(state, grant));
        let given = grant
            .as_ref()
            .and_then(|grant| behind_grant(state, now, grant));
        let policy = behind_policy(state, now, &act);
        let delegation = grant.filter(|grant| grant.source != 0);
        let assignment = delegation.map_or(act.assignment, |grant| grant.source_assignment);
        let assigned = behind_assignment(state, now, assignment);
        people.push(act.member);
        people.extend(delegator);
        let service = behind_service(state, act.member);
        let delegators = delegator.and_then(|delegator| behind_service(state, delegator));
        let entered = behind_entering(state, now, &act);
        let gifts = [given, policy, assigned, service, delegators];
        for gift in gifts.into_iter().flatten().chain(entered) {
            if !acts.contains(&gift) {
                acts.push(gift);
            }
        }
    }
    Some(people)
}

/// The grant, or delegation, by which something was done, or by which a policy let it be done.
pub(crate) fn grant_of(state: &dyn Read, basis: &Basis) -> Option<Grant> {
    match basis.source() {
        BasisSource::Grant => objects::get(state, basis.number),
        BasisSource::Policy => objects::get(state, basis.named_by),
        BasisSource::None
        | BasisSource::Genesis
        | BasisSource::Own
        | BasisSource::Proposal
        | BasisSource::Timer => None,
    }
}

/// By what one person gave the grant to the role, alone and not long ago.
fn behind_grant(state: &dyn Read, now: u64, grant: &Grant) -> Option<Basis> {
    let given = match grant.source {
        0 => Some(grant.clone()),
        source => objects::get::<Grant>(state, source),
    };
    given
        .filter(|given| is_recent(state, now, given.from))
        .and_then(|given| of_one(state, given.basis))
}

/// By what one person assigned a role, alone and not long ago. An assignment that has ended counts too, and a service's
/// however long ago it was made.
fn behind_assignment(state: &dyn Read, now: u64, number: u64) -> Option<Basis> {
    let made = objects::get::<Assignment>(state, number).filter(|made| {
        is_recent(state, now, made.assigned_at) || power::is_service(state, made.member)
    })?;
    of_one(state, made.basis)
}

/// By what somebody admitted a service: nobody of its own, however long it has been here.
fn behind_service(state: &dyn Read, member: u64) -> Option<Basis> {
    let service = objects::look::<Member>(state, member)
        .filter(|member| member.kind() == MemberKind::Service)?;
    service.admission.filter(|admission| admission.member != 0)
}

/// By what one person set the policy, alone and not long ago.
fn behind_policy(state: &dyn Read, now: u64, basis: &Basis) -> Option<Basis> {
    let is_policy = basis.source() == BasisSource::Policy;
    is_policy
        .then(|| objects::get::<Policy>(state, basis.number))?
        .filter(|policy| is_recent(state, now, policy.set_at))
        .and_then(|policy| of_one(state, policy.basis))
}

/// By what somebody was taken in, alone and not long ago, where a policy let them act because they had joined.
fn behind_entering(state: &dyn Read, now: u64, basis: &Basis) -> Vec<Basis> {
    let is_by_policy = basis.source() == BasisSource::Policy;
    if !is_by_policy || basis.assignment != 0 || basis.named_by != 0 {
        return Vec::new();
    }
    let policy = objects::look::<Policy>(state, basis.number);
    let member = objects::look::<Member>(state, basis.member);
    let (Some(policy), Some(member)) = (policy, member) else {
        return Vec::new();
    };
    // One that is not recursive lets them act in its own unit alone.
    let is_of_policy = |unit| {
        unit == policy.unit || policy.recursive && power::is_within(state, unit, policy.unit)
    };
    let taken_in = member.taken_in.iter();
    taken_in
        .filter(|passage| is_recent(state, now, passage.at) && is_of_policy(passage.unit))
        .filter_map(|passage| of_one(state, passage.basis))
        .collect()
}

/// The member, and everybody who stands behind it that they were taken into the unit, alone and not long ago. `None`
/// behind too long a line of gifts.
pub(crate) fn behind_joining(
    state: &dyn Read,
    now: u64,
    member: u64,
    unit: u64,
) -> Option<Vec<u64>> {
    let mut people = vec![member];
    let member = objects::look::<Member>(state, member)?;
    let mut taken_in = member.taken_in.iter().rev();
    let entered =
        taken_in.find(|passage| passage.unit == unit && is_recent(state, now, passage.at));
    if let Some(basis) = entered.and_then(|passage| passage.basis) {
        people.extend(behind(state, now, &basis)?);
    }
    Some(people)
}

/// A basis, where it is of one person.
fn of_one(state: &dyn Read, basis: Option<Basis>) -> Option<Basis> {
    basis.filter(|basis| basis.member != 0 && is_of_one(state, basis))
}

/// Whether something happened within the admission distance.
pub(crate) fn is_recent(state: &dyn Read, now: u64, since: u64) -> bool {
    now.saturating_sub(since) < parameters::get(state).admission_distance
}

/// Whether a grant over value is held back from whoever would use it: they, or whoever leads them,
/// gave it, or gave them the role, alone. In whichever order that came about, it would be theirs.
pub(crate) fn withholds(state: &dyn Read, now: u64, grant: &Grant, member: u64) -> bool {
    power::is_over_value(grant.capability()) && is_own_gift(state, now, grant, member)
}

fn is_own_gift(state: &dyn Read, now: u64, grant: &Grant, member: u64) -> bool {
    // A delegation is as good as its source in the hands of whoever delegated.
    let (given, held) = match grant.source {
        0 => (None, power::holding(state, member, grant.role, now)),
        source => (
            objects::get::<Grant>(state, source),
            objects::get::<Assignment>(state, grant.source_assignment),
        ),
    };
    let Some(held) = held else {
        return false;
    };
    let given = given.as_ref().unwrap_or(grant);
    // Nor does whoever gave it have it back by a delegation sooner than by a place among its holders.
    let mut users = [held.member, member].into_iter();
    users.any(|user| is_given_by_own_hand(state, now, given, user)) || is_taken(state, now, &held)
}

/// Whether the member's own hand gave a grant, alone. What a member gave long ago does not count: they gave it to
/// others, and somebody put the member among these later.
fn is_given_by_own_hand(state: &dyn Read, now: u64, grant: &Grant, member: u64) -> bool {
    let basis = grant.basis.unwrap_or_default();
    let is_old = basis.member == member && !is_recent(state, now, grant.from);
    !is_old && gives_to_own_hand(state, now, &basis, member)
}

/// Whether the holder's own hand made an assignment, alone.
fn is_taken(state: &dyn Read, now: u64, held: &Assignment) -> bool {
    let basis = held.basis.unwrap_or_default();
    gives_to_own_hand(state, now, &basis, held.member)
}

/// Whether a tier over value is held back from whoever would begin by it. It asks nobody to agree,
/// and their own hand set its policy alone: that would be a grant to oneself. Or it lets them do it
/// at once, and their own hand alone made them one of those whom it names.
pub(crate) fn withholds_tier(
    state: &dyn Read,
    now: u64,
    policy: &Policy,
    tier: &Tier,
    unit: u64,
    actor: Actor,
) -> bool {
    let mode = policies::mode_of(tier);
    if !power::is_over_value(policy.capability()) || !asks_nobody_to_agree(mode) {
        return false;
    }
    let basis = policy.basis.unwrap_or_default();
    gives_to_own_hand(state, now, &basis, actor.member)
        || mode.kind() == ModeKind::Alone && is_named_by_own_hand(state, now, tier, unit, actor)
}

/// Whether all that makes the actor one of those whom a tier names came from their own hand alone.
fn is_named_by_own_hand(state: &dyn Read, now: u64, tier: &Tier, unit: u64, actor: Actor) -> bool {
    let by = tier.by.unwrap_or_default();
    match by.kind() {
        WhoKind::None => false,
        WhoKind::JoinedMembers => is_taken_in(state, now, unit, actor.member),
        WhoKind::RoleHolders | WhoKind::Role | WhoKind::RoleKind => {
            power::holding(state, actor.member, actor.role, now)
                .is_some_and(|held| is_taken(state, now, &held))
        }
        WhoKind::Capability => power::grants_for(state, actor.member, by.capability(), unit, now)
            .iter()
            .all(|grant| is_own_gift(state, now, grant, actor.member)),
    }
}

/// Whether the member's own hand took them into the unit, alone.
fn is_taken_in(state: &dyn Read, now: u64, unit: u64, member: u64) -> bool {
    let Some(found) = objects::look::<Member>(state, member) else {
        return false;
    };
    let mut taken_in = found.taken_in.iter();
    taken_in.any(|passage| {
        let basis = passage.basis.unwrap_or_default();
        passage.unit == unit && gives_to_own_hand(state, now, &basis, member)
    })
}

fn gives_to_own_hand(state: &dyn Read, now: u64, basis: &Basis, member: u64) -> bool {
    basis.member != 0 && are_one(state, now, basis.member, member) && is_of_one(state, basis)
}

/// Whether what was done by this authority was one person's: nobody else had to agree.
pub(crate) fn is_of_one(state: &dyn Read, basis: &Basis) -> bool {
    match basis.source() {
        BasisSource::Grant | BasisSource::Policy | BasisSource::Own => true,
        BasisSource::Proposal => is_decided_by_one(state, basis.number),
        BasisSource::None | BasisSource::Genesis | BasisSource::Timer => false,
    }
}

/// Whether nobody but the proposer had to agree to a proposal: all who were asked are led by them or
/// were brought in by them; or nobody had to say yes, and that this is enough is the proposer's rule,
/// or was decided about something else.
pub(crate) fn is_decided_by_one(state: &dyn Read, proposal: u64) -> bool {
    let Some(proposal) = objects::get::<Proposal>(state, proposal) else {
        return false;
    };
    let mode = mode::standing(&proposal);
    proposal.asks_own_hand && mode::asks_electorate(&mode)
        || proposal.silence_is_own && asks_nobody_to_agree(&mode)
}

#[cfg(test)]
mod tests;
