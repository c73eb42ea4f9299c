//! Makes a body of a deed: finds out who may do it, by asking the ledger.

use polity_ledger::block;
use polity_ledger::check;
use polity_ledger::state::keys::List;
use polity_ledger::{Block, Family, Rejection, actions, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{Action, Body, Capability, Grant, MemberState, Second, Signer};
use prost::Message;

use super::workload::{By, Deed, Scene};

/// People who are tried for one act.
const TRIES: usize = 20;
/// Most people who stand behind one act.
const SECONDS_MAX: usize = 4;

/// Somebody who acts: member, and role or 0.
type Person = (u64, u64);

/// A body, and whether the ledger accepts it on the state as it is.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// What is to be signed.
    pub(super) body: Body,
    /// The receipt's code; 0: accepted.
    pub(super) code: u32,
}

/// Writes a body that is accepted if any of those who are tried may do it; else the last attempt.
pub(super) fn write(scene: &mut Scene<'_>, block: Block, deed: &Deed) -> Option<Written> {
    let mut last = None;
    for kind in &deed.kinds {
        for (person, seconds) in attempts(scene, kind, &deed.by) {
            let body = body(scene, kind, person, &seconds);
            let code = simulate(scene, block, &body);
            let written = Written { body, code };
            if code == 0 {
                return Some(written);
            }
            let is_hopeless = !may_be_another(code);
            last = Some(written);
            if is_hopeless {
                break;
            }
        }
    }
    last
}

/// What the ledger would say.
pub(super) fn simulate(scene: &Scene<'_>, block: Block, body: &Body) -> u32 {
    match check::parse_body(&body.encode_to_vec()) {
        Ok(body) => block::simulate(scene.view.state, block, &body).code,
        Err(rejection) => rejection.code(),
    }
}

/// Whether somebody else might do it: authority and decisions depend on the person.
fn may_be_another(code: u32) -> bool {
    let of_the_act = [Rejection::ProposalForeign, Rejection::ActionNotProposable];
    let of_people = [Family::Signers, Family::Authority, Family::Decisions];
    let family = Family::of_code(code);
    family.is_some_and(|family| of_people.contains(&family))
        && !of_the_act.iter().any(|known| known.code() == code)
}

fn attempts(scene: &mut Scene<'_>, kind: &Kind, by: &By) -> Vec<(Person, Vec<Person>)> {
    match by {
        By::Member(member) if !can_sign(scene, *member) => Vec::new(),
        By::MemberWith(member, (second, _))
            if !can_sign(scene, *member) || !can_sign(scene, *second) =>
        {
            Vec::new()
        }
        By::Member(member) => {
            let mut roles = scene.view.roles_of(*member);
            roles.insert(0, 0);
            roles
                .into_iter()
                .map(|role| ((*member, role), Vec::new()))
                .collect()
        }
        By::MemberWith(member, second) => vec![((*member, 0), vec![*second])],
        By::Anyone => {
            let people = people(scene, actions::capability(kind));
            let alone = people
                .iter()
                .take(TRIES)
                .map(|person| (*person, Vec::new()));
            let mut attempts: Vec<_> = alone.collect();
            // Where one is not enough, several who could are asked together.
            for first in people.iter().take(SECONDS_MAX + 1) {
                let others = people.iter().filter(|other| other.0 != first.0);
                let mut seconds: Vec<Person> = Vec::new();
                for other in others {
                    if seconds.len() < SECONDS_MAX && seconds.iter().all(|known| known.0 != other.0)
                    {
                        seconds.push(*other);
                    }
                }
                attempts.push((*first, seconds));
            }
            attempts
        }
    }
}

/// Everybody in each of their roles and in none; whoever holds the capability comes first.
fn people(scene: &mut Scene<'_>, capability: Capability) -> Vec<Person> {
    let mut people = Vec::new();
    for member in scene.view.members(MemberState::Active) {
        if !can_sign(scene, member.number) {
            continue;
        }
        let roles = scene.view.roles_of(member.number);
        people.push((member.number, 0));
        people.extend(roles.into_iter().map(|role| (member.number, role)));
    }
    scene.dice.shuffle(&mut people);
    people.sort_by_key(|(_, role)| !holds(scene, *role, capability));
    people
}

fn can_sign(scene: &Scene<'_>, member: u64) -> bool {
    let keys = scene.view.keys_of(member);
    keys.iter().any(|key| scene.keyring.has(key))
}

fn holds(scene: &Scene<'_>, role: u64, capability: Capability) -> bool {
    let grants = scene.view.list(List::Grants, role);
    grants
        .into_iter()
        .filter_map(|grant| scene.view.get::<Grant>(grant))
        .any(|grant| grant.capability() == capability)
}

fn body(scene: &mut Scene<'_>, kind: &Kind, person: Person, seconds: &[Person]) -> Body {
    let people = std::iter::once(&person).chain(seconds);
    let signers = people.map(|(member, _)| signer(scene, *member)).collect();
    let role = |role: u64| (role != 0).then(|| form::numbered(role)).flatten();
    let action = Action {
        actor: 0,
        acting_role: role(person.1),
        seconds: (1..)
            .zip(seconds)
            .map(|(signer, second)| Second {
                signer,
                acting_role: role(second.1),
            })
            .collect(),
        effective_at: 0,
        kind: Some(kind.clone()),
    };
    Body {
        version: check::VERSION,
        organisation: scene.organisation.to_vec(),
        valid_until: scene.time() + 60 + scene.dice.below(86_400),
        salt: scene.dice.bytes(16),
        signers,
        actions: vec![action],
    }
}

fn signer(scene: &mut Scene<'_>, member: u64) -> Signer {
    let keys = scene.view.keys_of(member);
    Signer {
        member,
        key: scene
            .dice
            .pick(&keys)
            .cloned()
            .unwrap_or_else(|| vec![1; 32]),
    }
}

/// One body of two: what both signed, in this order.
pub(super) fn joined(first: Body, second: Body) -> Body {
    let mut joined = first;
    let mut places = Vec::new();
    for signer in second.signers {
        let known = joined
            .signers
            .iter()
            .position(|other| other.member == signer.member);
        places.push(known.unwrap_or(joined.signers.len()) as u32);
        if known.is_none() {
            joined.signers.push(signer);
        }
    }
    let place = |index: u32| places.get(index as usize).copied().unwrap_or(index);
    for mut action in second.actions {
        action.actor = place(action.actor);
        for second in &mut action.seconds {
            second.signer = place(second.signer);
        }
        joined.actions.push(action);
    }
    joined
}
